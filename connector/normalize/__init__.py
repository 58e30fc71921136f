"""From an assessed credential to claims: one shape for every format, one reader per format (DOMAIN section 5).

Claims are made of allow-listed members only. Whatever a reader does not name (birth dates, photos, addresses, genders,
student numbers, subject ids, grades) never leaves the document.

Which credentials speak (DOMAIN section 1):

- accepted, with or without warning: all their claims, with the assurance that was found;
- refused because nothing could be found out (`unresolvable`, `unsupported`, `status_unknown`), and nothing speaks
  against them: all their claims, as `stated`;
- LER-RS: `stated` also when unsigned, since it is the applicant's own statement by nature;
- every other refused credential (a proof that does not hold, revoked, not yet valid, malformed, unsigned, a denied or
  test issuer, another holder's, a key that is not the issuer's): none at all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from connector.model.claims import Claim
from connector.model.credential import AssessedCredential, CredentialFormat
from connector.model.report import CheckName, Decision, Outcome, SubjectMatch, Verdict
from connector.normalize.clr import read_clr
from connector.normalize.collect import Collector
from connector.normalize.crosswalk import EMPTY, Crosswalk
from connector.normalize.europass import read_europass
from connector.normalize.ler_rs import read_ler_rs
from connector.normalize.open_badges import read_open_badge_2, read_open_badge_3
from connector.normalize.plain_vc import read_plain_vc

__all__ = [
    "EMPTY",
    "Crosswalk",
    "read_claims",
]

_NOT_FOUND_OUT: Final = frozenset({Verdict.UNRESOLVABLE, Verdict.UNSUPPORTED, Verdict.STATUS_UNKNOWN})
_AGAINST: Final = frozenset({CheckName.ISSUER, CheckName.HOLDER})
"""Checks whose failure speaks against a credential (another's key, a denied or test issuer, another holder)."""

_READERS: Final[dict[CredentialFormat, Callable[[AssessedCredential, Collector], None]]] = {
    CredentialFormat.OPEN_BADGE_3: read_open_badge_3,
    CredentialFormat.OPEN_BADGE_2: read_open_badge_2,
    CredentialFormat.CLR_2: read_clr,
    CredentialFormat.LER_RS: read_ler_rs,
    CredentialFormat.EUROPASS_EDC: read_europass,
    CredentialFormat.VERIFIABLE_CREDENTIAL: read_plain_vc,
    CredentialFormat.SD_JWT_VC: read_plain_vc,
}
"""An endorsement speaks about somebody else's credential: no claims."""


def read_claims(assessed: AssessedCredential, crosswalk: Crosswalk = EMPTY) -> tuple[Claim, ...]:
    """The claims of one credential, in the order of the document.

    Args:
        crosswalk: the employer's own table from achievements to skills.
    """
    reader = _READERS.get(assessed.credential.format)
    if reader is None or not _speaks(assessed):
        return ()
    collector = Collector(assessed, crosswalk)
    reader(assessed, collector)
    return collector.claims()


def _speaks(assessed: AssessedCredential) -> bool:
    """Whether anything of it may become a claim."""
    report = assessed.report
    if assessed.decision is not Decision.REFUSED:
        return True
    if report.subject.match is SubjectMatch.CONTRADICTED:
        return False
    if any(c.outcome is Outcome.FAILED and c.check in _AGAINST for c in report.checks):
        return False
    return report.verdict in _NOT_FOUND_OUT or (
        assessed.credential.format is CredentialFormat.LER_RS and report.verdict is Verdict.UNSIGNED
    )
