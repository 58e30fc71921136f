"""Whom the employer recognises, and what is decided from what was measured.

A policy may lower a decision, never raise it; an empty one recognises nobody (CONTRACT sections 2 and 6, DOMAIN
sections 1 and 3). Trust is by exact identifier, never by a name, a host or a path.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from connector.model.report import (
    STRONG_MATCHES,
    Assurance,
    CheckName,
    Decision,
    Outcome,
    SubjectMatch,
    Verdict,
    VerificationReport,
)
from connector.verify.codes import CODES

_PLACEHOLDER = re.compile(r"\{[a-z_]+\}")
_TEST_WORDS = re.compile(r"(?<![a-z])(?:test|for testing|sandbox|staging|playground)(?![a-z])", re.IGNORECASE)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def _instant(value: Any) -> Any:
    """A day in a policy file means its first instant, in UTC."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time.min, UTC)
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        return f"{value}T00:00:00Z"
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    return value


def _as_object(value: Any) -> Any:
    return {"id": value} if isinstance(value, str) else value


_Instant = Annotated[datetime | None, BeforeValidator(_instant)]


class TrustedIssuer(_Part):
    """An issuer that the employer recognises.

    Attributes:
        types: only credentials of one of these types; empty means any.
        from_, until: only credentials that begin in this time.
        replaced_by: the identifier that took its place: recognised in the same terms.
    """

    id: str = Field(min_length=1)
    name: str | None = None
    types: tuple[str, ...] = ()
    from_: _Instant = Field(default=None, alias="from")
    until: _Instant = None
    replaced_by: str | None = None


class Platform(_Part):
    """Issuers that live under one address pattern, each named: `https://host/issuers/{id}` and the list of ids."""

    template: str
    issuers: tuple[str, ...]

    @model_validator(mode="after")
    def _one_placeholder(self) -> Self:
        if len(_PLACEHOLDER.findall(self.template)) != 1:
            raise ValueError("template needs exactly one placeholder, as in https://host/issuers/{id}")
        return self

    def ids(self) -> Iterator[str]:
        before, after = _PLACEHOLDER.split(self.template)
        for issuer in self.issuers:
            yield f"{before}{issuer}{after}"


class Registry(_Part):
    """A registry whose words are shown; only the ids under `recognise` are recognised."""

    url: str | None = None
    file: str | None = None
    kind: Literal["dcc", "openid_federation"] = "dcc"
    shows: bool = True
    recognise: tuple[str, ...] | Literal[False] = False
    names: dict[str, str] = Field(default_factory=dict, exclude=True)
    """Read from `file` by `load_policy`: identifier -> the registry's name for it."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.url is None) == (self.file is None):
            raise ValueError("a registry needs either url or file")
        return self

    @property
    def is_test(self) -> bool:
        return bool(_TEST_WORDS.search(self.url or self.file or ""))


class Sensitive(_Part):
    """What may reveal a protected trait: starts unticked, goes only to private targets."""

    issuers: tuple[str, ...] = ()
    types: tuple[str, ...] = ()


class Require(_Part):
    """Narrows what is accepted: only these ways of matching the applicant."""

    subject: tuple[SubjectMatch, ...] = ()


class TestIssuers(StrEnum):
    REFUSE = "refuse"
    ALLOW = "allow"


class Recognition(StrEnum):
    RECOGNISED = "recognised"
    OUTSIDE_TERMS = "outside_terms"
    UNKNOWN = "unknown"


class RecognitionFinding(_Part):
    recognition: Recognition
    by: str | None = None
    name: str | None = None
    name_source: str | None = None


_Entry = Annotated[TrustedIssuer, BeforeValidator(_as_object)]


class Policy(_Part):
    """The employer's policy; `Policy()` recognises nobody."""

    trusted_issuers: tuple[_Entry, ...] = ()
    denied_issuers: tuple[str, ...] = ()
    platforms: tuple[Platform, ...] = ()
    registries: tuple[Registry, ...] = ()
    sensitive: Sensitive = Sensitive()
    require: Require = Require()
    test_issuers: TestIssuers = TestIssuers.REFUSE

    @classmethod
    def trusting(cls, ids: Iterable[str]) -> Policy:
        """A policy that recognises exactly these identifiers."""
        return cls(trusted_issuers=tuple(TrustedIssuer(id=id) for id in ids))

    def and_trusting(self, ids: Iterable[str]) -> Policy:
        """This policy, and these identifiers too."""
        more = tuple(TrustedIssuer(id=id) for id in ids)
        return self.model_copy(update={"trusted_issuers": self.trusted_issuers + more})

    def denies(self, issuer: str) -> bool:
        return issuer in self.denied_issuers

    def recognise(self, issuer: str, types: Iterable[str], valid_from: datetime | None) -> RecognitionFinding:
        """Whether the employer recognises `issuer` for a credential of these types, issued then."""
        listed = [entry for entry in self.trusted_issuers if issuer in (entry.id, entry.replaced_by)]
        if listed:
            name = next((entry.name for entry in listed if entry.name), None)
            fits = any(_in_terms(entry, set(types), valid_from) for entry in listed)
            recognition = Recognition.RECOGNISED if fits else Recognition.OUTSIDE_TERMS
            return _recognition(recognition, "policy" if fits else None, name, "policy" if name else None)
        if any(issuer in platform.ids() for platform in self.platforms):
            return _recognition(Recognition.RECOGNISED, "platform")
        return self._registered(issuer)

    def is_test_entry(self, issuer: str) -> bool:
        """Whether a registry of the policy that names `issuer`, or its entry, says that it is for tests."""
        for registry in self.registries:
            name = registry.names.get(issuer)
            listed = name is not None or issuer in (registry.recognise or ())
            if listed and (registry.is_test or _TEST_WORDS.search(name or "")):
                return True
        return False

    def is_sensitive(self, issuer: str | None, types: Iterable[str]) -> bool:
        return issuer in self.sensitive.issuers or not set(self.sensitive.types).isdisjoint(types)

    def trusted_names(self) -> dict[str, str]:
        """The names of recognised issuers, by identifier; for finding look-alikes."""
        return {entry.id: entry.name for entry in self.trusted_issuers if entry.name}

    def _registered(self, issuer: str) -> RecognitionFinding:
        for registry in self.registries:
            name = registry.names.get(issuer) if registry.shows else None
            if registry.recognise and issuer in registry.recognise:
                return _recognition(Recognition.RECOGNISED, "policy", name, "registry" if name else None)
            if name:
                return _recognition(Recognition.UNKNOWN, None, name, "registry")
        return _NOT_KNOWN


def _recognition(
    recognition: Recognition, by: str | None = None, name: str | None = None, source: str | None = None
) -> RecognitionFinding:
    return RecognitionFinding(recognition=recognition, by=by, name=name, name_source=source)


_NOT_KNOWN: Final = _recognition(Recognition.UNKNOWN)


def _in_terms(entry: TrustedIssuer, types: set[str], valid_from: datetime | None) -> bool:
    if entry.types and not types & set(entry.types):
        return False
    if (entry.from_ or entry.until) and valid_from is None:
        return False
    if entry.from_ and valid_from and valid_from < entry.from_:
        return False
    return not (entry.until and valid_from and valid_from > entry.until)


# --- judging -----------------------------------------------------------------------------------------------------

_AT_BEST_WITH_WARNING: Final = (Verdict.SUSPENDED, Verdict.EXPIRED, Verdict.STATUS_UNKNOWN)
_REFUSING_CHECKS: Final = (CheckName.ISSUER, CheckName.SUBJECT, CheckName.HOLDER)
_DOUBTFUL_CHECKS: Final = (CheckName.STRUCTURE, CheckName.STATUS, CheckName.HOLDER)
_PROOF: Final = CheckName.PROOF
_PASSED, _FAILED, _UNDETERMINED = Outcome.PASSED, Outcome.FAILED, Outcome.UNDETERMINED
_REFUSING_CODES: Final = frozenset(
    code
    for code, row in CODES.items()
    if row.verdict is not None and row.verdict not in {Verdict.VERIFIED, *_AT_BEST_WITH_WARNING}
)


def decide(report: VerificationReport, policy: Policy) -> Decision:
    """The decision on one credential (CONTRACT section 2).

    One answer that would refuse the record alone does refuse it: a graver word that is said first must not cover it up.
    Without the answer of the proof check, nothing is accepted. An open question about structure, status or the
    presentation is a doubt.
    """
    proven: bool | None = None
    doubts = False
    for check in report.checks:
        name, outcome = check.check, check.outcome
        if check.code in _REFUSING_CODES or (outcome is _FAILED and name in _REFUSING_CHECKS):
            return Decision.REFUSED
        if outcome is _UNDETERMINED and name in _DOUBTFUL_CHECKS:
            doubts = True
        if proven is None and name is _PROOF:
            proven = outcome is _PASSED
    if report.verdict in _AT_BEST_WITH_WARNING:
        return Decision.ACCEPTED_WITH_WARNING
    if report.verdict is not Verdict.VERIFIED or not proven:
        return Decision.REFUSED
    accepted = _issuer_stands(report) and _subject_stands(report, policy) and not doubts
    return Decision.ACCEPTED if accepted else Decision.ACCEPTED_WITH_WARNING


def assurance_of(report: VerificationReport, decision: Decision) -> Assurance:
    """How well what the credential says is founded (DOMAIN section 1)."""
    if report.verdict is not Verdict.VERIFIED or decision is Decision.REFUSED or not report.issuer.bound:
        return Assurance.STATED
    if "hosted" in report.securing:
        return Assurance.SOURCE_CONFIRMED if report.issuer.recognised else Assurance.STATED
    if decision is Decision.ACCEPTED:
        return Assurance.VERIFIED
    if report.issuer.recognised and report.subject.match is SubjectMatch.NAME_ONLY:
        return Assurance.GENUINE_NAME_MATCH
    return Assurance.GENUINE_UNBOUND


_ENVELOPE_VERDICTS: Final = {
    "holder_invalid": Verdict.INVALID,
    "holder_malformed": Verdict.INVALID,
    "holder_expired": Verdict.EXPIRED,
}


def verdict_of_file(reports: Iterable[VerificationReport]) -> Verdict:
    """One word for a whole file: the gravest of its credentials'.

    A presentation has no verdict of its own, but one whose signature does not hold, or that has expired, keeps the file
    from being called verified.
    """
    found: set[Verdict] = set()
    for report in reports:
        found.add(report.verdict)
        found |= {_ENVELOPE_VERDICTS[c.code] for c in report.checks if c.code in _ENVELOPE_VERDICTS}
    return next((verdict for verdict in Verdict if verdict in found), Verdict.NO_CREDENTIAL)


def _issuer_stands(report: VerificationReport) -> bool:
    return report.issuer.bound and report.issuer.recognised


def _subject_stands(report: VerificationReport, policy: Policy) -> bool:
    if report.subject.match not in STRONG_MATCHES:
        return False
    return not policy.require.subject or report.subject.match in policy.require.subject
