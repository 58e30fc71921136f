"""Lists of bits that are credentials: Bitstring Status List 1.0, Status List 2021, Revocation List 2020.

Bitstring Status List 1.0 section 3.2 ("Validate Algorithm"). The three differ in names and in how the list is written
down; the first record has the left-most bits.
"""

from __future__ import annotations

import re
from typing import Any, Final

from connector import codec
from connector.errors import IntakeError
from connector.model.frozen import frozen
from connector.model.report import CheckResult
from connector.verify.checks import issuer as issuer_check
from connector.verify.checks.status.lists import MAX_LIST_BYTES, Record, StatusLists, believed
from connector.verify.codes import result
from connector.verify.errors import CheckError
from connector.verify.spelling import every, reference, single

Json = dict[str, Any]

MIN_ENTRIES: Final = 131_072
MAX_SIZE: Final = 32
"""Bits of one record's status; 2 or 4 occur."""
_ACCEPT: Final = "application/vc+jwt, application/vc, application/ld+json, application/json"
_INDEX = re.compile(r"(?:0|[1-9][0-9]{0,9})\Z", re.ASCII)
_HEX = re.compile(r"0[xX][0-9a-fA-F]{1,8}\Z", re.ASCII)
_ENDING: Final = {"revocation": "status_revoked", "suspension": "status_suspended"}
_REMARKING: Final = {"message": "status_message_set", "refresh": "status_refresh_due"}
"""Purposes that never end a record."""
_ZLIB: Final = b"\x78"


@frozen
class _Kind:
    """How one of the three is written: the types of its list, and what an entry's members are called."""

    name: str
    list_type: str
    bits_type: str
    index: str = "statusListIndex"
    address: str = "statusListCredential"


_BITSTRING: Final = _Kind("BitstringStatusListEntry", "BitstringStatusListCredential", "BitstringStatusList")
_2021: Final = _Kind("StatusList2021Entry", "StatusList2021Credential", "StatusList2021")
_2020: Final = _Kind(
    "RevocationList2020Status",
    "RevocationList2020Credential",
    "RevocationList2020",
    "revocationListIndex",
    "revocationListCredential",
)
KINDS: Final = {kind.name: kind for kind in (_BITSTRING, _2021, _2020)}


@frozen
class _Entry:
    kind: _Kind
    purpose: str
    index: int
    size: int
    url: str
    messages: Any
    remarks: tuple[CheckResult, ...]


@frozen
class _List:
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

    def value(self, index: int, size: int) -> int:
        """The `size` bits of record `index`, the left-most first.

        Raises:
            CheckError: it has no place in the list.
        """
        first, last = index * size, index * size + size - 1
        if last >= len(self.bits) * 8:
            raise CheckError("status_index_out_of_range", f"{index} of {len(self.bits) * 8 // size}")
        window = int.from_bytes(self.bits[first // 8 : last // 8 + 1], "big")
        return window >> (7 - last % 8) & ((1 << size) - 1)


def look_up(value: Json, name: str, record: Record, lists: StatusLists) -> list[CheckResult]:
    """One entry of the kind `name`.

    Raises:
        CheckError: it cannot be found out whether the record was ended.
    """
    entry = _read_entry(value, KINDS[name])
    if entry.purpose not in _REMARKING:
        return _follow(entry, record, lists)
    try:
        return _follow(entry, record, lists)
    except CheckError as error:
        return [result("status_message_unknown", f"{entry.purpose}: {error.code}")]


def _follow(entry: _Entry, record: Record, lists: StatusLists) -> list[CheckResult]:
    """The steps of the Validate Algorithm."""
    # 1. The list, fetched and believed.
    known = lists.once(("bits", entry.url), lambda: _load(entry.url, lists))
    # 2. It is for this purpose.
    if entry.kind.name not in known.kinds or entry.purpose not in known.purposes:
        raise CheckError(
            "status_purpose_mismatch", f"{entry.purpose} in a list for {', '.join(sorted(known.purposes))[:100]}"
        )
    # 3. The record has a place in it, and what stands there says no.
    answers = [_read_value(entry, known)]
    # 4. Whose list it is, and where it says it lives.
    if known.issuer != record.issuer and not lists.is_delegate(known.issuer):
        answers.append(result("status_list_other_issuer", known.issuer[:200]))
    if known.id != entry.url:
        answers.append(result("status_list_other_address", str(known.id)[:200]))
    if len(known.bits) * 8 // entry.size < MIN_ENTRIES:
        answers.append(result("status_list_short", f"{len(known.bits) * 8 // entry.size} records"))
    return [*answers, *entry.remarks]


def _read_value(entry: _Entry, known: _List) -> CheckResult:
    found = known.value(entry.index, entry.size)
    where = f"{entry.purpose}, {entry.url[:200]}"
    if entry.purpose in _REMARKING:
        said = _message(entry.messages, found) if entry.purpose == "message" else ""
        return result(_REMARKING[entry.purpose], f"{where}: {found:#x} {said}".rstrip()) if found else _no_remark(where)
    if found:
        return result(_ENDING[entry.purpose], where)
    if entry.kind is _2020 and known.value(entry.index ^ 7, 1):
        # Its text counts from the left; widespread tools of its time counted from the right of each byte.
        raise CheckError("status_list_ambiguous", f"{entry.index}, counted from the right, is set")
    return result("status_clear", where)


def _no_remark(where: str) -> CheckResult:
    return result("status_message", where)


def _message(messages: object, found: int) -> str:
    """What the issuer's signed record says that this value means."""
    for item in every(messages):
        status = item.get("status") if isinstance(item, dict) else None
        if isinstance(status, str) and _HEX.match(status) and int(status, 16) == found:
            text = item.get("message")
            return " ".join(text.split())[:200] if isinstance(text, str) else ""
    return ""


# --- entries -----------------------------------------------------------------------------------------------------


def _read_entry(value: Json, kind: _Kind) -> _Entry:
    url = reference(value.get(kind.address))
    purpose = "revocation" if kind is _2020 else single(value.get("statusPurpose"))
    known = isinstance(purpose, str) and (purpose in _ENDING or (kind is _BITSTRING and purpose in _REMARKING))
    if not known:
        raise CheckError("status_type_unknown", f"purpose {str(purpose)[:40]}")
    if not isinstance(url, str) or not url:
        raise CheckError("status_entry_malformed", kind.address)
    size = _read_size(single(value.get("statusSize", 1))) if kind is _BITSTRING else 1
    index, remarks = _read_index(single(value.get(kind.index)), kind)
    messages = value.get("statusMessage", value.get("statusMessages"))
    return _Entry(kind, purpose, index, size, url, messages, remarks)


def _read_size(value: object) -> int:
    """As a number, or as the text that is the same number under the context (`statusSize` is an xsd:integer)."""
    size = int(value) if isinstance(value, str) and _INDEX.match(value) else value
    if not isinstance(size, int) or isinstance(size, bool) or not 1 <= size <= MAX_SIZE:
        raise CheckError("status_entry_malformed", "statusSize")
    return size


def _read_index(value: object, kind: _Kind) -> tuple[int, tuple[CheckResult, ...]]:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**10:
        return value, (result("status_index_number"),)
    if isinstance(value, str) and _INDEX.match(value):
        return int(value), ()
    raise CheckError("status_entry_malformed", f"{kind.index} is not a plain number in text")


# --- lists -------------------------------------------------------------------------------------------------------


def _load(url: str, lists: StatusLists) -> _List:
    document, issuer = believed(lists.fetch(url, _ACCEPT), lists)
    subject = document.get("credentialSubject")
    if not isinstance(subject, dict):
        raise CheckError("status_list_malformed", "credentialSubject")
    kinds = _kinds(document, subject)
    bits = _inflate(subject.get("encodedList"), kinds, lists)
    lists.keep(url, subject.get("ttl"), per_second=1000)
    own_id = document.get("id")
    return _List(own_id if isinstance(own_id, str) else None, issuer, kinds, _purposes(subject, kinds), bits)


def _purposes(subject: Json, kinds: frozenset[str]) -> frozenset[str]:
    """What the list is for; some issuers write it with a capital."""
    named = {name.lower() for name in every(subject.get("statusPurpose")) if isinstance(name, str)}
    return frozenset(named | ({"revocation"} if _2020.name in kinds else set()))


def _kinds(document: Json, subject: Json) -> frozenset[str]:
    """Which kinds of entry the list is for, by its types."""
    outer, inner = issuer_check.type_names(document), every(subject.get("type"))
    found = {kind.name for kind in KINDS.values() if kind.list_type in outer and kind.bits_type in inner}
    if not found:
        raise CheckError("status_list_malformed", "it is not a status list")
    return frozenset(found)


def _inflate(encoded: object, kinds: frozenset[str], lists: StatusLists) -> bytes:
    """The bits, decompressed within bounds.

    A Bitstring list is multibase `u` and GZIP. The older two were written as base64url or base64, with and without the
    `u`, and Revocation List 2020 also with ZLIB.
    """
    if not isinstance(encoded, str):
        raise CheckError("status_list_malformed", "encodedList")
    if _BITSTRING.name in kinds and not encoded.startswith("u"):
        raise CheckError("status_list_malformed", "encodedList has no multibase prefix u")
    text = encoded.removeprefix("u").rstrip("=")
    if _BITSTRING.name not in kinds:
        text = text.replace("+", "-").replace("/", "_")
    try:
        raw = codec.b64url_decode(text, max_bytes=MAX_LIST_BYTES)
        is_zlib = _2020.name in kinds and raw.startswith(_ZLIB)
        return lists.inflate(raw, gzip=not is_zlib)
    except IntakeError as error:
        raise CheckError("status_list_malformed", f"encodedList: {error.code}") from None
