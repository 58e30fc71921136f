"""Gathering the claims of one credential: what all of them carry, stable ids, and no statement twice."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable
from typing import Any, Final

from connector.model.claims import AchievementClaim, Alignment, Claim, SkillClaim, SkillSource
from connector.model.credential import AssessedCredential, CredentialFormat
from connector.model.report import Assurance, Decision
from connector.normalize.crosswalk import Crosswalk
from connector.normalize.values import day

MAX_CLAIMS: Final = 1_000
"""Per credential; a full transcript with its competencies stays under 400."""
MAX_NAME: Final = 500


class Collector:
    """The claims of one credential, in the order of the document."""

    def __init__(self, assessed: AssessedCredential, crosswalk: Crosswalk) -> None:
        self._assessed = assessed
        self._crosswalk = crosswalk
        self._common = _common(assessed)
        self._claims: list[Claim] = []
        self._achievements: set[tuple[str, str]] = set()
        self._skills: dict[tuple[str, str], int] = {}

    def achievement(self, name: str, place: str, *, unticked: bool = False, **members: Any) -> None:
        """Note what was earned. The same achievement a second time adds nothing."""
        key = (str(members.get("achievement_id")), _folded(name))
        if key in self._achievements or len(self._claims) >= MAX_CLAIMS:
            return
        self._achievements.add(key)
        known = {member: value for member, value in members.items() if value is not None}
        self._claims.append(AchievementClaim(**{**self._base("achievement", name, place, unticked), **known}))

    def skill(
        self,
        name: str,
        place: str,
        source: SkillSource,
        *,
        achievement: str | None = None,
        achievement_id: str | None = None,
        alignments: Iterable[Alignment] = (),
        level: str | None = None,
        unticked: bool = False,
    ) -> None:
        """Note a skill. One that is there already keeps its first source and gains alignments and a level."""
        given = tuple(dict.fromkeys(alignments))
        keys = [("name", _folded(name)), *((a.framework, a.code.casefold()) for a in given if a.code)]
        known = next((self._skills[k] for k in keys if k in self._skills), None)
        if known is not None:
            self._enrich(known, given, level)
        elif len(self._claims) < MAX_CLAIMS:
            known = len(self._claims)
            self._claims.append(
                SkillClaim(
                    **self._base("skill", name, place, unticked),
                    source=source,
                    achievement=achievement and achievement[:MAX_NAME],
                    achievement_id=achievement_id,
                    alignments=given,
                    level=level,
                )
            )
        else:
            return
        self._skills.update((k, known) for k in keys if k not in self._skills)

    def crosswalk(
        self, achievement: str | None, achievement_id: str | None, alignments: Iterable[Alignment], **members: Any
    ) -> None:
        """Add the skills that the employer says an achievement stands for."""
        for skill in self._crosswalk.skills(achievement_id, alignments):
            self.skill(
                skill.name,
                f"crosswalk:{achievement_id or achievement}:{_folded(skill.name)}",
                SkillSource.CROSSWALK,
                achievement=achievement,
                achievement_id=achievement_id,
                alignments=skill.alignments,
                **members,
            )

    def claims(self) -> tuple[Claim, ...]:
        return tuple(self._claims)

    def _enrich(self, index: int, alignments: tuple[Alignment, ...], level: str | None) -> None:
        claim = self._claims[index]
        assert isinstance(claim, SkillClaim)
        merged = tuple(dict.fromkeys((*claim.alignments, *alignments)))
        self._claims[index] = claim.model_copy(update={"alignments": merged, "level": claim.level or level})

    def _base(self, kind: str, name: str, place: str, unticked: bool) -> dict[str, Any]:
        ticked = not unticked and not self._common["sensitive"]
        return {
            **self._common,
            "id": _claim_id(self._assessed, kind, place),
            "name": name[:MAX_NAME],
            "preselected": ticked,
        }


def _common(assessed: AssessedCredential) -> dict[str, Any]:
    """What the report says, for every claim of the credential. Nothing here is read from the document."""
    report = assessed.report
    stated = states_only(assessed)
    return {
        "credential": report.path,
        "document_sha256": report.document_sha256,
        "issuer_id": report.issuer.id,
        "issuer_name": report.issuer.name,
        "issuer_name_source": report.issuer.name_source,
        "issuer_recognised": report.issuer.recognised,
        "subject_match": str(report.subject.match),
        "verdict": str(report.verdict),
        "issued_on": day(report.valid_from),
        "expires_on": day(report.valid_until),
        "assurance": Assurance.STATED if stated else assessed.assurance,
        "trusted": assessed.decision is Decision.ACCEPTED and not stated,
        "sensitive": report.issuer.sensitive,
        "confirmed_on": assessed.confirmed_on.date().isoformat() if assessed.confirmed_on else None,
        "confirmed_by": assessed.confirmed_by,
    }


def states_only(assessed: AssessedCredential) -> bool:
    """Whether its claims are the applicant's own statement, whatever a signature shows.

    The signature of an LER-RS is its holder's, or a wallet's on the holder's behalf: it proves self-assertion and
    nothing else. And a refused credential is never better than stated.
    """
    return assessed.credential.format is CredentialFormat.LER_RS or assessed.decision is Decision.REFUSED


def _claim_id(assessed: AssessedCredential, kind: str, place: str) -> str:
    report = assessed.report
    key = "\n".join((report.document_sha256, report.path, kind, place))
    return "c_" + hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
