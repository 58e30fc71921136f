"""Claims: what a credential says, in one shape whatever its format.

An achievement is what was earned; a skill is what a source named in the credential (or the employer's crosswalk) says
the achievement stands for. Skills never come from an achievement's name.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from connector.model.report import Assurance


class SkillSource(StrEnum):
    """Where a skill was read."""

    ALIGNMENT = "alignment"
    COMPETENCY = "competency"
    TAG = "tag"
    RESULT = "result"
    LER_RS = "ler_rs"
    CROSSWALK = "crosswalk"


class Alignment(BaseModel):
    """A link to a statement of a framework (`esco`, `onet`, `ctdl`, `case`, `lightcast`, or `other`)."""

    model_config = ConfigDict(frozen=True)

    framework: str
    code: str | None = None
    url: str | None = None
    name: str | None = None


class _Claim(BaseModel):
    """What every claim carries.

    Attributes:
        id: stable for the same document and place; a consent ticks claims by it.
        credential: path of the credential it was read from.
        document_sha256: digest of that credential.
        issuer_id, issuer_name, issuer_name_source: who says it, as the report knows them.
        issued_on, expires_on: dates (`YYYY-MM-DD`) or None.
        assurance: how well it is founded.
        trusted: True only where the credential's decision is `accepted`.
        sensitive: may reveal a protected trait; starts unticked and goes only to private targets.
        confirmed_on: for hosted badges the date on which the issuer's site confirmed it, with its host.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    credential: str
    document_sha256: str
    issuer_id: str | None = None
    issuer_name: str | None = None
    issuer_name_source: str | None = None
    issuer_recognised: bool = False
    subject_match: str = "none"
    verdict: str = ""
    issued_on: str | None = None
    expires_on: str | None = None
    assurance: Assurance = Assurance.STATED
    trusted: bool = False
    sensitive: bool = False
    preselected: bool = True
    confirmed_on: str | None = None
    confirmed_by: str | None = None


class AchievementClaim(_Claim):
    """What was earned. `achievement_type` as the credential says it; `achievement_id` is its stable id."""

    kind: Literal["achievement"] = "achievement"
    achievement_id: str | None = None
    achievement_type: str | None = None
    criteria_url: str | None = None
    description: str | None = None
    alignments: tuple[Alignment, ...] = ()
    source: str = "credential"


class SkillClaim(_Claim):
    """A skill, with where it was read (`source`) and the achievement it belongs to (its name)."""

    kind: Literal["skill"] = "skill"
    source: SkillSource
    achievement: str | None = None
    achievement_id: str | None = None
    alignments: tuple[Alignment, ...] = ()
    level: str | None = None


Claim = Annotated[AchievementClaim | SkillClaim, Field(discriminator="kind")]
