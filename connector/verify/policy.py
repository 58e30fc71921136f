"""Whom the employer recognises, and what is decided from what was measured.

A policy may lower a decision, never raise it; an empty one recognises nobody (CONTRACT sections 2 and 6, DOMAIN
sections 1 and 3). Trust is by exact identifier, never by a name, a host or a path.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from enum import StrEnum
from pathlib import PurePath
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from connector.model.frozen import frozen
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
from connector.verify import keys
from connector.verify.checks.published_keys import is_published
from connector.verify.codes import CODES
from connector.verify.errors import CheckError
from connector.verify.keys import PublicKey
from connector.verify.registries import (
    Book,
    Entry,
    RegistryProblem,
    UnreadBook,
    Words,
    host_of,
    is_test_source,
    read_dcc,
    says_test,
)
from connector.verify.trusted_certificates import TrustedCertificate, as_certificate

_PLACEHOLDER = re.compile(r"\{[a-z_]+\}")
_TEMPLATE = re.compile(r"(?:https://[a-z0-9.-]+(?::\d+)?/|did:web:[a-z0-9.-]+(?:%3A\d+)?:)[!-~]*\Z")
_PLATFORM_ID = re.compile(r"[^\s{}\x00-\x1f]+\Z")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, defer_build=True)


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
        if not _TEMPLATE.match(self.template):
            raise ValueError("template must name its host in small letters before the placeholder: https://host/{id}")
        if not all(_PLATFORM_ID.match(issuer) for issuer in self.issuers):
            raise ValueError("issuers must be the ids as they stand in the address, none empty")
        return self

    def ids(self) -> Iterator[str]:
        before, after = _PLACEHOLDER.split(self.template)
        for issuer in self.issuers:
            yield f"{before}{issuer}{after}"


class KeySet(_Part):
    """A JWK Set (RFC 7517 section 5) that the employer pins."""

    keys: tuple[dict[str, Any], ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _public_keys(self) -> Self:
        for jwk in self.keys:
            try:
                key = keys.from_jwk(jwk)
            except CheckError as error:
                raise ValueError(f"a key cannot be used: {error.detail or error.code}") from None
            if is_published(key):
                raise ValueError("a key's secret half is published: what it signs is anybody's word")
        return self


class Registry(_Part):
    """A registry whose words are shown; only the ids under `recognise` are recognised.

    Attributes:
        name: what it is called in reports; without one its host or file.
        sha256: only content with this hash is believed (DCC).
        jwks: the keys whose statements are believed (OpenID Federation); without them none is.
        book: what was read of it; attached by whoever loads it.
    """

    url: str | None = None
    file: str | None = None
    kind: Literal["dcc", "openid_federation"] = "dcc"
    shows: bool = True
    recognise: tuple[str, ...] | Literal[False] = False
    name: str | None = None
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    jwks: KeySet | None = None
    book: Book = Field(default=UnreadBook(), exclude=True, repr=False)

    model_config = ConfigDict(arbitrary_types_allowed=True)

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.url is None) == (self.file is None):
            raise ValueError("a registry needs either url or file")
        if self.url is not None and not self.url.startswith("https://"):
            raise ValueError("a registry's url must be https")
        return self

    @property
    def label(self) -> str:
        return self.name or (host_of(self.url) if self.url else PurePath(self.file or "").name)

    @property
    def is_test(self) -> bool:
        return is_test_source(self.url or self.file or "") or says_test(self.name or "")

    def words(self, issuer: str) -> Words:
        """What it says of `issuer`."""
        entry, as_of, problem = self.book.look(issuer)
        recognises = bool(self.recognise) and issuer in (self.recognise or ())
        return Words(self.label, entry, as_of, problem, recognises, self.is_test, self.shows)


def read_pinned(registry: Registry, content: bytes) -> dict[str, Entry]:
    """What a DCC registry holds.

    Raises:
        RegistryProblem: it is not the content that the policy pins, or cannot be read.
    """
    if registry.sha256 is not None and hashlib.sha256(content).hexdigest() != registry.sha256:
        raise RegistryProblem("its content is not the one that the policy pins (sha256)")
    return read_dcc(content)


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


class Refresh(StrEnum):
    """When an issuer is asked for the newest version of a record that names a refresh service."""

    ALWAYS = "always"
    WHEN_DUE = "when_due"
    """Only for a record that has expired, or of which the issuer's status list says that there is a newer one."""
    NEVER = "never"


class Recognition(StrEnum):
    RECOGNISED = "recognised"
    OUTSIDE_TERMS = "outside_terms"
    UNKNOWN = "unknown"


@frozen
class RecognitionFinding:
    recognition: Recognition
    by: str | None = None
    name: str | None = None
    name_source: str | None = None


def _key_digest(value: Any) -> Any:
    """A Multikey, a did:key of one, or `sha256:` with the hash of the DER SubjectPublicKeyInfo (RSA)."""
    if not isinstance(value, str) or re.fullmatch(r"[0-9a-f]{64}", value):
        return value
    if value.startswith("sha256:"):
        return value.removeprefix("sha256:").lower()
    try:
        key = keys.from_multikey(value.removeprefix("did:key:").partition("#")[0])
    except CheckError:
        raise ValueError("write a Multikey (z...), a did:key, or sha256: with the hash of the key") from None
    return hashlib.sha256(key.spki).hexdigest()


_Entry = Annotated[TrustedIssuer, BeforeValidator(_as_object)]
_KeyDigest = Annotated[str, BeforeValidator(_key_digest), Field(pattern=r"^[0-9a-f]{64}$")]


class Policy(_Part):
    """The employer's policy; `Policy()` recognises nobody."""

    trusted_issuers: tuple[_Entry, ...] = ()
    denied_issuers: tuple[str, ...] = ()
    platforms: tuple[Platform, ...] = ()
    registries: tuple[Registry, ...] = ()
    published_keys: tuple[_KeyDigest, ...] = ()
    """Keys whose secret half the employer knows to be published, beside those of `checks.published_keys`."""
    sensitive: Sensitive = Sensitive.model_construct()
    require: Require = Require.model_construct()
    test_issuers: TestIssuers = TestIssuers.REFUSE
    refresh: Refresh = Refresh.ALWAYS
    trusted_certificates: tuple[Annotated[TrustedCertificate, BeforeValidator(as_certificate)], ...] = ()

    @classmethod
    def empty(cls) -> Policy:
        """`Policy()`, without the rules for reading one: they take as long to make as a verification."""
        return cls.model_construct()

    @property
    def names_types(self) -> bool:
        """Whether it may matter here of which types a record is."""
        return bool(self.trusted_issuers or self.sensitive.types)

    @property
    def anchors(self) -> tuple[str, ...]:
        """The trusted certificates, as PEM."""
        trusted = self.trusted_certificates
        return tuple([one.pem for one in trusted if one.pem is not None]) if trusted else ()

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

    def recognise(
        self, issuer: str, types: Iterable[str], valid_from: datetime | None, words: Iterable[Words] | None = None
    ) -> RecognitionFinding:
        """Whether the employer recognises `issuer` for a credential of these types, issued then.

        Args:
            words: what the registries say of it, when they were asked already.
        """
        trusted = self.trusted_issuers
        listed = [entry for entry in trusted if issuer in (entry.id, entry.replaced_by)] if trusted else ()
        if listed:
            name = next((entry.name for entry in listed if entry.name), None)
            fits = any(_in_terms(entry, set(types), valid_from) for entry in listed)
            recognition = Recognition.RECOGNISED if fits else Recognition.OUTSIDE_TERMS
            return _recognition(recognition, "policy" if fits else None, name, "policy" if name else None)
        if self.platforms and any(issuer in platform.ids() for platform in self.platforms):
            return _recognition(Recognition.RECOGNISED, "platform")
        return self._registered(self.words(issuer) if words is None else words) if self.registries else _NOT_KNOWN

    def words(self, issuer: str) -> tuple[Words, ...]:
        """What each registry says of `issuer`; one that cannot be asked says so in its answer."""
        return tuple(registry.words(issuer) for registry in self.registries)

    def publishes(self, key: PublicKey) -> bool:
        """Whether the employer knows the secret half of `key` to be published."""
        return bool(self.published_keys) and hashlib.sha256(key.spki).hexdigest() in self.published_keys

    def is_sensitive(self, issuer: str | None, types: Iterable[str]) -> bool:
        sensitive = self.sensitive
        return issuer in sensitive.issuers or (bool(sensitive.types) and not set(sensitive.types).isdisjoint(types))

    def _registered(self, words: Iterable[Words]) -> RecognitionFinding:
        """By the employer's own words: an entry of a registry counts where the policy names it.

        One that the registry has taken out since, as its copy shows, no longer counts; a registry that could not be
        loaded takes nothing away.
        """
        for said in words:  # a name is only shown: a registry that recognises nobody here gives none to this answer
            if said.recognises and (said.entry is not None or said.problem):
                name = said.entry.name if said.entry and said.shows else ""
                return _recognition(Recognition.RECOGNISED, "policy", name or None, "registry" if name else None)
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
        if check.code in _REFUSING_CODES:
            return Decision.REFUSED
        name, outcome = check.check, check.outcome
        if name is _PROOF:
            proven = outcome is _PASSED if proven is None else proven
        elif outcome is _FAILED and name in _REFUSING_CHECKS:
            return Decision.REFUSED
        elif outcome is _UNDETERMINED and name in _DOUBTFUL_CHECKS:
            doubts = True
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
