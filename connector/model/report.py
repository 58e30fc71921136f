"""Answers: what each check found, and the words for it.

The names are promised (documented in docs/verdicts.md). A check measures; `verify.policy` judges.
"""

from __future__ import annotations

from enum import StrEnum

from connector.model.frozen import frozen


class Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    UNDETERMINED = "undetermined"
    NOT_APPLICABLE = "not_applicable"


class Verdict(StrEnum):
    """One word for the credential alone. The order is the order of precedence: the first that applies wins."""

    MALFORMED = "malformed"
    NO_CREDENTIAL = "no_credential"
    UNSUPPORTED = "unsupported"
    UNSIGNED = "unsigned"
    UNRESOLVABLE = "unresolvable"
    INVALID = "invalid"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    NONCONFORMANT = "nonconformant"
    STATUS_UNKNOWN = "status_unknown"
    VERIFIED = "verified"


class Decision(StrEnum):
    """Most severe first."""

    REFUSED = "refused"
    ACCEPTED_WITH_WARNING = "accepted_with_warning"
    ACCEPTED = "accepted"


DECISION_ORDER: tuple[Decision, ...] = tuple(Decision)


class Assurance(StrEnum):
    """How well a line is founded; best first."""

    VERIFIED = "verified"
    GENUINE_NAME_MATCH = "genuine_name_match"
    SOURCE_CONFIRMED = "source_confirmed"
    GENUINE_UNBOUND = "genuine_unbound"
    STATED = "stated"

    @property
    def rank(self) -> int:
        """0 is best; a mapping target that takes `lowest` takes every rank up to `lowest.rank`."""
        return list(Assurance).index(self)


class SubjectMatch(StrEnum):
    HOLDER_PROOF = "holder_proof"
    EMAIL_CODE = "email_code"
    EMAIL_HASH = "email_hash"
    EMAIL = "email"
    DID = "did"
    NAME_ONLY = "name_only"
    OTHER_IDENTITY = "other_identity"
    NONE = "none"
    CONTRADICTED = "contradicted"


STRONG_MATCHES = frozenset(
    {
        SubjectMatch.HOLDER_PROOF,
        SubjectMatch.EMAIL_CODE,
        SubjectMatch.EMAIL_HASH,
        SubjectMatch.EMAIL,
        SubjectMatch.DID,
    }
)


class CheckName(StrEnum):
    STRUCTURE = "structure"
    PROOF = "proof"
    VALIDITY = "validity"
    STATUS = "status"
    ISSUER = "issuer"
    SUBJECT = "subject"
    HOLDER = "holder"


@frozen
class CheckResult:
    """What one check found.

    Attributes:
        code: stable, safe to build rules on; listed in docs/verdicts.md.
        summary: one sentence a recruiter understands.
        detail: what an integrator needs to mend it; never personal data.
    """

    check: CheckName
    outcome: Outcome
    code: str
    summary: str
    detail: str = ""


@frozen
class IssuerFinding:
    """Who issued it, as far as that was established.

    Attributes:
        bound: the key that made the proof was obtained from `id` itself.
        name_source: `policy`, `registry` or `self_asserted`.
        recognised_by: `policy` or `platform`, when recognised.
        sensitive: the policy marks this issuer or type as one that may reveal a protected trait.
    """

    id: str | None = None
    name: str | None = None
    name_source: str | None = None
    bound: bool = False
    recognised: bool = False
    recognised_by: str | None = None
    sensitive: bool = False


@frozen
class SubjectFinding:
    match: SubjectMatch = SubjectMatch.NONE


@frozen
class VerificationReport:
    """All that was measured about one credential. It is not a verdict on a person, and not a truth value."""

    path: str
    format: str
    data_model: str | None
    securing: tuple[str, ...]
    verdict: Verdict
    issuer: IssuerFinding
    subject: SubjectFinding
    valid_from: str | None
    valid_until: str | None
    document_sha256: str
    checks: tuple[CheckResult, ...]

    def __bool__(self) -> bool:
        raise TypeError("a report is not a verdict; ask policy.decide(report)")

    def not_passed(self) -> dict[str, str]:
        """The checks that neither passed nor did not apply, by name."""
        fine = (Outcome.PASSED, Outcome.NOT_APPLICABLE)
        return {str(c.check): str(c.outcome) for c in self.checks if c.outcome not in fine}

    def check(self, name: CheckName) -> CheckResult | None:
        """The first result of that check."""
        return next((c for c in self.checks if c.check == name), None)


@frozen
class RequestRecord:
    """One URL that was wanted while answering. `outcome`: `answered`, `failed` (no usable answer), `refused`."""

    url: str
    outcome: str
    status: int | None = None
