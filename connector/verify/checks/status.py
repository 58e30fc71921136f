"""Check `status`: has the issuer revoked or suspended the record?

Bitstring Status List 1.0 section 3.2 ("Validate Algorithm") and Status List 2021. Every entry is looked up; a list
counts only when its own signature holds, made by the issuer it names, within its own dates. What cannot be found out
is `status_unknown`, never "not revoked".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

from connector import codec
from connector.errors import FetchError, IntakeError
from connector.model.credential import CompactJws
from connector.model.frozen import frozen
from connector.model.report import CheckResult, Outcome, Verdict
from connector.ports import DocumentSource, FetchedDocument, Purpose
from connector.verify.checks import issuer as issuer_check
from connector.verify.checks import proof, validity
from connector.verify.codes import CODES, result
from connector.verify.errors import CheckError
from connector.verify.spelling import reference, single

Json = dict[str, Any]

MAX_ENTRIES: Final = 16
MAX_LIST_BYTES: Final = 4_000_000
"""32 million records; the least that the standard asks for is 16 kB."""
MIN_LIST_BITS: Final = 131_072
MAX_KEEP_SECONDS: Final = 86_400.0
"""A list's `ttl` keeps it no longer than a day: the record is looked at again before a delivery that old."""

_KINDS: Final = {
    "BitstringStatusListEntry": ("BitstringStatusListCredential", "BitstringStatusList"),
    "StatusList2021Entry": ("StatusList2021Credential", "StatusList2021"),
}
_ENDING: Final = {"revocation": "status_revoked", "suspension": "status_suspended"}
_REMARKS: Final = frozenset({"refresh", "message"})
_INDEX = re.compile(r"(?:0|[1-9][0-9]{0,9})\Z", re.ASCII)
_ACCEPT: Final = "application/vc+jwt, application/vc, application/ld+json, application/json"


@frozen
class _Entry:
    kind: str
    purpose: str
    index: int
    url: str
    remarks: tuple[CheckResult, ...]


@frozen
class StatusList:
    """A list that may be believed.

    Attributes:
        id: the address it says it has; None when it says none.
        bits: the list, decompressed.
    """

    id: str | None
    issuer: str
    kinds: frozenset[str]
    purposes: frozenset[str]
    bits: bytes


class StatusLists:
    """The lists of one run: each is fetched and verified once.

    Args:
        is_delegate: whether a list of this issuer may speak for other issuers' records.
    """

    def __init__(self, documents: DocumentSource, *, now: datetime, is_delegate: Callable[[str], bool]) -> None:
        self._documents, self._now = documents, now
        self.is_delegate = is_delegate
        self._known: dict[str, StatusList | CheckError] = {}

    def get(self, url: str) -> StatusList:
        """The list at `url`.

        Raises:
            CheckError: it could not be had, read or believed.
        """
        known = self._known.get(url)
        if known is None:
            try:
                known = _load(url, self._documents, self._now)
            except CheckError as error:
                known = error
            self._known[url] = known
        if isinstance(known, CheckError):
            raise CheckError(known.code, known.detail)
        return known


def measure(document: Json, lists: StatusLists) -> tuple[CheckResult, ...]:
    """Look up every status entry of `document`, whose proof holds; the gravest answer comes first."""
    if "credentialStatus" not in document:
        return (result("status_none"),)
    value = document["credentialStatus"]
    entries = value if isinstance(value, list) else [value]
    if not entries or len(entries) > MAX_ENTRIES:
        return (result("status_entry_malformed", f"{len(entries)} entries"),)
    issuer = proof.identifier(document.get("issuer"))
    answers: list[CheckResult] = []
    for entry in entries:
        try:
            answers += _look_up(entry, issuer, lists)
        except CheckError as error:
            answers.append(result(error.code, error.detail))
    return _sorted(answers)


def _sorted(answers: Iterable[CheckResult]) -> tuple[CheckResult, ...]:
    """The gravest first; "not revoked" is said only when nothing else stands against it."""
    unique = list({(answer.code, answer.detail): answer for answer in answers}.values())
    graver = [answer for answer in unique if answer.outcome in (Outcome.FAILED, Outcome.UNDETERMINED)]
    if graver:
        unique = [answer for answer in unique if answer.code != "status_clear"]
    order = [Outcome.FAILED, Outcome.UNDETERMINED, Outcome.PASSED, Outcome.NOT_APPLICABLE]

    def gravity(answer: CheckResult) -> tuple[int, int, bool]:
        verdict = CODES[answer.code].verdict
        rank = list(Verdict).index(verdict) if verdict else len(Verdict)
        return order.index(answer.outcome), rank, answer.code != "status_clear"

    return tuple(sorted(unique, key=gravity))


def _look_up(value: object, issuer: str | None, lists: StatusLists) -> list[CheckResult]:
    """One entry, in the steps of the Validate Algorithm."""
    # 1. An entry of a kind, and for a purpose, that is known here.
    entry = _read_entry(value)
    if entry is None:
        return [result("status_message")]
    # 2. Its list, fetched and believed.
    known = lists.get(entry.url)
    # 3. The list is for this purpose.
    if entry.kind not in known.kinds or entry.purpose not in known.purposes:
        raise CheckError(
            "status_purpose_mismatch", f"{entry.purpose} in a list for {', '.join(sorted(known.purposes))}"
        )
    # 4. The record has a place in it, and the bit there says no.
    if entry.index >= len(known.bits) * 8:
        raise CheckError("status_index_out_of_range", f"{entry.index} of {len(known.bits) * 8}")
    is_set = known.bits[entry.index // 8] >> (7 - entry.index % 8) & 1
    answers = [result(_ENDING[entry.purpose] if is_set else "status_clear", f"{entry.purpose}, {entry.url[:200]}")]
    # 5. Whose list it is, and where it says it lives.
    if known.issuer != issuer and not lists.is_delegate(known.issuer):
        answers.append(result("status_list_other_issuer", known.issuer[:200]))
    if known.id != entry.url:
        answers.append(result("status_list_other_address", str(known.id)[:200]))
    if len(known.bits) * 8 < MIN_LIST_BITS:
        answers.append(result("status_list_short", f"{len(known.bits) * 8} bits"))
    return [*answers, *entry.remarks]


def _read_entry(value: object) -> _Entry | None:
    """The entry; None for a purpose that does not end a record."""
    if not isinstance(value, dict):
        raise CheckError("status_entry_malformed", "no object")
    types = value.get("type")
    kinds = [name for name in (types if isinstance(types, list) else [types]) if isinstance(name, str)]
    kind = next((name for name in kinds if name in _KINDS), None)
    if kind is None:
        raise CheckError("status_type_unknown", ", ".join(kinds)[:100])
    purpose, url = single(value.get("statusPurpose")), reference(value.get("statusListCredential"))
    if isinstance(purpose, str) and purpose in _REMARKS and kind == "BitstringStatusListEntry":
        return None
    if not isinstance(purpose, str) or purpose not in _ENDING:
        raise CheckError("status_type_unknown", f"purpose {str(purpose)[:40]}")
    if not isinstance(url, str) or not url:
        raise CheckError("status_entry_malformed", "statusListCredential")
    if single(value.get("statusSize", 1)) != 1:
        raise CheckError("status_entry_malformed", "statusSize")
    index, remarks = _read_index(single(value.get("statusListIndex")))
    return _Entry(kind, purpose, index, url, remarks)


def _read_index(value: object) -> tuple[int, tuple[CheckResult, ...]]:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**10:
        return value, (result("status_index_number"),)
    if isinstance(value, str) and _INDEX.match(value):
        return int(value), ()
    raise CheckError("status_entry_malformed", "statusListIndex is not a plain number in text")


# --- lists -------------------------------------------------------------------------------------------------------


def _load(url: str, documents: DocumentSource, now: datetime) -> StatusList:
    try:
        answer = documents.get(url, purpose=Purpose.STATUS_LIST, accept=_ACCEPT)
    except FetchError as error:
        raise CheckError("status_list_unreachable", f"{url[:200]}: {error.code}") from None
    if answer.status != 200:
        raise CheckError("status_list_unreachable", f"{url[:200]}: HTTP {answer.status}")
    document, issuer = _believed(answer, documents, now)
    subject = document.get("credentialSubject")
    if not isinstance(subject, dict):
        raise CheckError("status_list_malformed", "credentialSubject")
    kinds = _kinds(document, subject)
    bits = _inflate(subject.get("encodedList"), prefixed="BitstringStatusListEntry" in kinds)
    _keep(url, subject.get("ttl"), documents)
    purposes = subject.get("statusPurpose")
    named = {name for name in (purposes if isinstance(purposes, list) else [purposes]) if isinstance(name, str)}
    own_id = document.get("id")
    return StatusList(own_id if isinstance(own_id, str) else None, issuer, kinds, frozenset(named), bits)


def _believed(answer: FetchedDocument, documents: DocumentSource, now: datetime) -> tuple[Json, str]:
    """The list credential and its issuer, once its proof holds and is the issuer's, and its dates too."""
    found = _measure_proof(answer, documents, now)
    if not found.holds:
        raise CheckError("status_list_unproven", f"{found.result.code}: {found.result.detail}")
    issuer = proof.identifier(found.document.get("issuer"))
    if issuer is None or issuer_check.bind(issuer, found.keys, documents, now=now) is not issuer_check.Binding.BOUND:
        raise CheckError("status_list_unproven", "signed, but not by the issuer it names")
    dates = validity.measure(found.document, found.claims, now=now)
    if dates.result.outcome not in (Outcome.PASSED, Outcome.NOT_APPLICABLE):
        raise CheckError("status_list_outdated", dates.result.code)
    return found.document, issuer


def _measure_proof(answer: FetchedDocument, documents: DocumentSource, now: datetime) -> proof.ProofFinding:
    try:
        text = answer.content.strip()
        if text.startswith(b"eyJ"):
            token = text.decode("ascii", errors="strict")
            jws = CompactJws(token, *codec.split_compact_jws(token))
            return proof.measure_token(jws, documents, now=now, fallback={})
        document = codec.parse_json(text)
    except (IntakeError, UnicodeDecodeError) as error:
        raise CheckError("status_list_malformed", getattr(error, "code", "not_utf8")) from None
    if not isinstance(document, dict):
        raise CheckError("status_list_malformed", "no object")
    return proof.measure_embedded(document, documents, purpose=proof.ASSERTION, now=now)


def _kinds(document: Json, subject: Json) -> frozenset[str]:
    """Which kinds of entry the list is for, by its types."""
    outer, inner = issuer_check.type_names(document), subject.get("type")
    inner_types = inner if isinstance(inner, list) else [inner]
    found = {
        entry for entry, (list_type, bits_type) in _KINDS.items() if list_type in outer and bits_type in inner_types
    }
    if not found:
        raise CheckError("status_list_malformed", "it is not a status list")
    return frozenset(found)


def _inflate(encoded: object, *, prefixed: bool) -> bytes:
    """The bits: multibase `u` for a Bitstring list, bare base64url for Status List 2021, GZIP in both."""
    if not isinstance(encoded, str):
        raise CheckError("status_list_malformed", "encodedList")
    if prefixed and not encoded.startswith("u"):
        raise CheckError("status_list_malformed", "encodedList has no multibase prefix u")
    try:
        raw = codec.b64url_decode(encoded.removeprefix("u").rstrip("="), max_bytes=MAX_LIST_BYTES)
        return codec.inflate(raw, max_bytes=MAX_LIST_BYTES, gzip=True)
    except IntakeError as error:
        raise CheckError("status_list_malformed", f"encodedList: {error.code}") from None


def _keep(url: str, ttl: object, documents: DocumentSource) -> None:
    """`ttl` is in milliseconds."""
    if isinstance(ttl, int | float) and not isinstance(ttl, bool) and ttl > 0:
        documents.keep_for(url, min(ttl / 1000, MAX_KEEP_SECONDS))
