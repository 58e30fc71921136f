"""The newest version of a record, where its issuer keeps one (Open Badges 3.0, verification step "Refresh").

1EdTech Verifiable Credential Refresh Service 1.0. It is asked once, only after the record's own proof holds and its key
is the issuer's own. What comes back is a stranger until it was verified like anything else that is handed in.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from connector import codec
from connector.errors import FetchError, IntakeError
from connector.model.credential import AssessedCredential, CompactJws, CredentialFormat, UnverifiedCredential
from connector.model.report import CheckName, CheckResult, Decision, Outcome, Verdict
from connector.ports import DocumentSource, Purpose
from connector.verify import published_json
from connector.verify.codes import result
from connector.verify.dates import parse_date_time
from connector.verify.errors import CheckError
from connector.verify.policy import Refresh
from connector.verify.spelling import comparable, every, identifier, reference

Json = dict[str, Any]

MAX_REFRESHES: Final = 50
"""Of one submission. Each asks a site about one person's record."""
ACCEPT: Final = "application/vc, application/vc+jwt, application/ld+json, application/json, text/plain"
_ALWAYS: Final = "1EdTechCredentialRefresh"
_WHEN_DUE: Final = "VerifiableCredentialRefreshService2021"
"""Made for wallets, which prove who they are to it; a verifier is answered only by chance."""
_HOLDING_OTHERS: Final = frozenset({CredentialFormat.CLR_2, CredentialFormat.LER_RS})
"""What is in them was taken out of the version that was handed in, and is judged by itself."""
_STANDING: Final = frozenset(
    {Verdict.VERIFIED, Verdict.REVOKED, Verdict.SUSPENDED, Verdict.EXPIRED, Verdict.STATUS_UNKNOWN}
)
"""Verdicts on a newer version that are the issuer's word; with any other it is no version of anything."""
_VC2: Final = "https://www.w3.org/ns/credentials/v2"


def address(original: AssessedCredential, when: Refresh) -> str | None:
    """Where to ask for the newest version of `original`; None when it is not asked for."""
    credential, report = original.credential, original.report
    proven = any(c.check is CheckName.PROOF and c.outcome is Outcome.PASSED for c in report.checks)
    if when is Refresh.NEVER or not proven or not report.issuer.bound or credential.format in _HOLDING_OTHERS:
        return None
    if credential.jws is not None and credential.jws.sd_jwt is not None:  # a new one would be bound to no presentation
        return None
    due = any(c.code in ("validity_expired", "status_refresh_due") for c in report.checks)
    for service in every(original.document.get("refreshService"))[:2]:
        types = every(service.get("type")) if isinstance(service, dict) else []
        if (_ALWAYS in types and (due or when is Refresh.ALWAYS)) or (_WHEN_DUE in types and due):
            place = reference(service.get("id", service.get("url")))
            return place if isinstance(place, str) and place else None
    return None


def fetch(place: str, original: AssessedCredential, documents: DocumentSource) -> UnverifiedCredential:
    """What the issuer's site gives, as a credential that nobody has looked at.

    Its path, envelopes and digest are those of the record that was handed in: it stands in that one's place.

    Raises:
        CheckError: `refresh_unavailable`, or `refresh_other_record` for what is no record of that kind.
    """
    try:
        answer = documents.get(place, purpose=Purpose.REFRESH, accept=ACCEPT, fresh=True)
    except FetchError as error:
        raise CheckError("refresh_unavailable", f"{place[:200]}: {error.code}") from None
    if answer.status != 200:
        raise CheckError("refresh_unavailable", f"{place[:200]}: HTTP {answer.status}")
    try:
        document, jws = _read(answer.content.strip())
    except (IntakeError, UnicodeDecodeError) as error:
        raise CheckError("refresh_unavailable", f"{place[:200]}: {getattr(error, 'code', 'not_ascii')}") from None
    if _types(document) != _types(original.document):
        raise CheckError("refresh_other_record", "type")
    return replace(
        original.credential,
        document=document,
        data_model="2.0" if _VC2 in every(document.get("@context")) else "1.1",
        jws=jws,
        endorsements=(),
    )


def choose(original: AssessedCredential, newer: AssessedCredential) -> AssessedCredential:
    """The newer version where it stands and is one of the same record; else the original, with a remark."""
    why = _against(original, newer)
    if why is not None:
        return remarked(original, why)
    return remarked(
        newer, result("record_refreshed", f"from {original.report.valid_from} to {newer.report.valid_from}")
    )


def remarked(assessed: AssessedCredential, remark: CheckResult) -> AssessedCredential:
    """`assessed` with one more answer behind those of its status."""
    checks = list(assessed.report.checks)
    place = max([index for index, check in enumerate(checks) if check.check is CheckName.STATUS], default=-1) + 1
    checks.insert(place, remark)
    return replace(assessed, report=replace(assessed.report, checks=tuple(checks)))


def _against(original: AssessedCredential, newer: AssessedCredential) -> CheckResult | None:
    """Why `newer` does not take the place of `original`; None when it does."""
    old, new = original.report, newer.report
    if _identity(original.document) is None or _identity(original.document) != _identity(newer.document):
        return result("refresh_other_record", "id or issuer")
    if _subjects(original.document) != _subjects(newer.document):
        return result("refresh_other_record", "subject")
    if new.verdict not in _STANDING or not new.issuer.bound:
        return result("refresh_not_sound", new.verdict.value)
    if newer.decision is Decision.REFUSED and new.verdict is not Verdict.REVOKED:
        return result("refresh_not_sound", "refused")
    begins, began = parse_date_time(new.valid_from), parse_date_time(old.valid_from)
    if original.document == newer.document or (began is not None and (begins is None or begins < began)):
        return result("refresh_not_newer")
    return None


def _identity(document: Json) -> tuple[str, str] | None:
    """What makes two credentials one ("Credential equality and comparison algorithm")."""
    issuer, own = identifier(document.get("issuer")), document.get("id")
    if issuer is None or not isinstance(own, str) or not own:
        return None
    return comparable(issuer), comparable(own)


def _subjects(document: Json) -> list[Any]:
    """Whom it is about: the ids, else whatever identifies the person."""
    subjects = [subject for subject in every(document.get("credentialSubject")) if isinstance(subject, dict)]
    return [subject.get("id") or (every(subject.get("identifier")), subject.get("name")) for subject in subjects]


def _types(document: Json) -> set[str]:
    return {name for name in every(document.get("type")) if isinstance(name, str)}


def _read(content: bytes) -> tuple[Json, CompactJws | None]:
    """A credential as JSON, or a token, which may also stand in a JSON string."""
    if content.startswith(b"eyJ"):
        return _read_token(content.decode("ascii"))
    value = published_json.parse(content)
    if isinstance(value, str) and value.startswith("eyJ"):
        return _read_token(value)
    if not isinstance(value, dict):
        raise CheckError("refresh_other_record", "no object")
    return value, None


def _read_token(token: str) -> tuple[Json, CompactJws]:
    header, payload, signing_input, signature = codec.split_compact_jws(token)
    claims = published_json.parse(payload)
    if not isinstance(claims, dict):
        raise CheckError("refresh_other_record", "no object")
    inner = claims.get("vc")
    jws = CompactJws(token, header, payload, signing_input, signature, claims)
    return (inner if isinstance(inner, dict) else claims), jws
