"""Claims as a mapping sees them: plain dictionaries, with the members that a mapping may use and no others.

Not among them: the date of issue (it tells an age; DOMAIN section 5 keeps it in the report), descriptions, and what
identifies the document.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from connector.model.claims import AchievementClaim, Alignment, Claim, SkillClaim, SkillSource
from connector.model.report import Assurance

_HIDDEN: Final = frozenset({"issued_on", "document_sha256", "preselected", "credential", "description"})


def as_view(index: int, claim: Claim) -> dict[str, Any]:
    """One claim. `index` is its place among the claims of the plan."""
    return {"index": index, **claim.model_dump(mode="json", exclude=set(_HIDDEN))}


def environment(views: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """What an expression that selects claims looks at."""
    return {"claims": list(views)}


def sample_environment() -> dict[str, Any]:
    """Two full claims, on which a mapping's expressions are tried when it is loaded."""
    return environment(as_view(i, c) for i, c in enumerate(_SAMPLE))


_ALIGNMENT: Final = Alignment(framework="esco", code="1", url="https://skills.example/1", name="Sample")
_COMMON: Final[dict[str, Any]] = {
    "name": "Sample",
    "credential": "$",
    "document_sha256": "0" * 64,
    "issuer_id": "did:web:issuer.example",
    "issuer_name": "Issuer",
    "issuer_name_source": "policy",
    "issuer_recognised": True,
    "subject_match": "email",
    "verdict": "verified",
    "expires_on": "2030-01-01",
    "assurance": Assurance.VERIFIED,
    "trusted": True,
    "alignments": (_ALIGNMENT,),
    "achievement_id": "https://issuer.example/achievements/1",
}
_SAMPLE: Final[tuple[Claim, ...]] = (
    AchievementClaim(
        id="c_0",
        achievement_type="Badge",
        criteria_url="https://issuer.example/criteria",
        **_COMMON,
    ),
    SkillClaim(id="c_1", source=SkillSource.ALIGNMENT, achievement="Sample", level="Sample", **_COMMON),
)
MEMBERS: Final = tuple(sorted({name for i, c in enumerate(_SAMPLE) for name in as_view(i, c)}))
"""What an expression may name of a claim."""
VALUES: Final[dict[str, tuple[str, ...]]] = {
    "kind": tuple(c.kind for c in _SAMPLE),
    "assurance": tuple(Assurance),
    "source": (*SkillSource, AchievementClaim.model_fields["source"].default),
}
"""Members of which every value is known beforehand."""
