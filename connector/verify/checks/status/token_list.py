"""Token Status List (IETF draft-ietf-oauth-status-list): the `status` claim of a token.

`status.status_list` names an index and the address of a signed token (`statuslist+jwt`) that holds the statuses of many
records, one, two, four or eight bits each, the first record in the lowest bits of the first byte.
"""

from __future__ import annotations

from typing import Any, Final

from connector import codec
from connector.errors import IntakeError
from connector.model.credential import CompactJws
from connector.model.frozen import frozen
from connector.model.report import CheckResult
from connector.verify.checks import proof
from connector.verify.checks.status.lists import (
    MAX_LIST_BYTES,
    Record,
    StatusLists,
    is_bound,
    parse_object,
    parse_token,
)
from connector.verify.codes import result
from connector.verify.dates import CLOCK_SKEW, parse_numeric_date
from connector.verify.did import FoundKey
from connector.verify.errors import CheckError
from connector.verify.suites import jose

Json = dict[str, Any]

_MEMBER: Final = "status_list"
_TYPE: Final = "statuslist+jwt"
_TYPES: Final = frozenset({_TYPE})
_SIZES: Final = (1, 2, 4, 8)
_VALUES: Final = {0: "status_clear", 1: "status_revoked", 2: "status_suspended"}
"""VALID, INVALID, SUSPENDED; all others are an application's own, or not assigned."""


@frozen
class _List:
    issuer: str
    size: int
    raw: bytes

    def value(self, index: int) -> int:
        place = index * self.size
        if place // 8 >= len(self.raw):
            raise CheckError("status_index_out_of_range", f"{index} of {len(self.raw) * 8 // self.size}")
        return self.raw[place // 8] >> place % 8 & ((1 << self.size) - 1)


def look_up(claim: object, record: Record, lists: StatusLists) -> list[CheckResult]:
    """What the `status` claim leads to.

    Raises:
        CheckError: it cannot be found out whether the record was ended.
    """
    if not isinstance(claim, dict) or not claim:
        raise CheckError("status_entry_malformed", "the status claim")
    others = sorted(name[:40] for name in claim if name != _MEMBER)
    answers = [result("status_type_unknown", ", ".join(others)[:100])] if others else []
    return answers + _follow(claim[_MEMBER], record, lists) if _MEMBER in claim else answers


def _follow(entry: object, record: Record, lists: StatusLists) -> list[CheckResult]:
    index, url = _read_entry(entry)
    known = lists.once((_MEMBER, url, record.issuer or ""), lambda: _load(url, record, lists))
    found = known.value(index)
    where = f"{url[:200]}"
    answers = [result(_VALUES[found], where) if found in _VALUES else result("status_value_unknown", f"{found:#04x}")]
    if known.issuer != record.issuer and not lists.is_delegate(known.issuer):
        answers.append(result("status_list_other_issuer", known.issuer[:200]))
    return answers


def _read_entry(entry: object) -> tuple[int, str]:
    if not isinstance(entry, dict):
        raise CheckError("status_entry_malformed", _MEMBER)
    index, url = entry.get("idx"), entry.get("uri")
    if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < 10**10:
        raise CheckError("status_entry_malformed", "idx is not a plain number")
    if not isinstance(url, str) or not url:
        raise CheckError("status_entry_malformed", "uri")
    return index, url


def _load(url: str, record: Record, lists: StatusLists) -> _List:
    """The list at `url`, its signature and claims checked (section 8.3 of the draft)."""
    jws = parse_token(lists.fetch(url, f"application/{_TYPE}").content.strip())
    claims = parse_object(jws.payload)
    issuer = _signer(jws, claims, record, lists)
    if claims.get("sub") != url:
        raise CheckError("status_list_misplaced", str(claims.get("sub"))[:200])
    _check_dates(claims, lists)
    content = claims.get(_MEMBER)
    if not isinstance(content, dict):
        raise CheckError("status_list_malformed", _MEMBER)
    size = content.get("bits")
    if not isinstance(size, int) or isinstance(size, bool) or size not in _SIZES:
        raise CheckError("status_list_malformed", "bits")
    raw = _inflate(content.get("lst"), lists)
    lists.keep(url, claims.get("ttl"))
    return _List(issuer, size, raw)


def _signer(jws: CompactJws, claims: Json, record: Record, lists: StatusLists) -> str:
    """Who signed the list, by a key of theirs; a list that names nobody is the record's issuer's."""
    if "typ" not in jws.header:
        raise CheckError("status_list_malformed", "typ is missing")
    issuer = claims.get("iss", record.issuer)
    if not isinstance(issuer, str) or not issuer:
        raise CheckError("status_list_unproven", "it names no issuer")
    try:
        jose.check_kind(jws.header, _TYPES)
        found = _key(jws, claims, issuer, lists)
    except CheckError as error:
        raise CheckError("status_list_unproven", f"{error.code}: {error.detail}") from None
    if "iss" not in claims and found.controller is not None:
        issuer = found.controller
    if not is_bound(issuer, (found,), lists):
        raise CheckError("status_list_unproven", "signed, but not by the issuer it names")
    return issuer


def _key(jws: CompactJws, claims: Json, issuer: str, lists: StatusLists) -> FoundKey:
    """The key that made the list, found in the ways in which keys of SD-JWT issuers are found."""
    if "x5c" in jws.header:
        from connector.verify import certificates

        found = certificates.found_key(jws.header["x5c"], issuer, lists.anchors, now=lists.now)
        jose.check_signature(jws, found.key)
        return found
    named = jose.Token({"issuer": issuer}, claims, "", jose.PublishedAs.EITHER)
    return proof.verify_token(jws, named, lists.documents, purpose=proof.ASSERTION, now=lists.now)


def _check_dates(claims: Json, lists: StatusLists) -> None:
    """`iat` must be there; what lies ahead or has passed is no list of today."""
    begins = [parse_numeric_date(claims[name]) for name in ("iat", "nbf") if name in claims]
    ends = [parse_numeric_date(claims["exp"])] if "exp" in claims else []
    if "iat" not in claims or None in begins or None in ends:
        raise CheckError("status_list_malformed", "iat, nbf or exp")
    if any(begin and lists.now + CLOCK_SKEW < begin for begin in begins):
        raise CheckError("status_list_outdated", "from the future")
    if any(end and lists.now - CLOCK_SKEW > end for end in ends):
        raise CheckError("status_list_outdated", "expired")


def _inflate(text: object, lists: StatusLists) -> bytes:
    if not isinstance(text, str):
        raise CheckError("status_list_malformed", "lst")
    try:
        return lists.inflate(codec.b64url_decode(text, max_bytes=MAX_LIST_BYTES), gzip=False)
    except IntakeError as error:
        raise CheckError("status_list_malformed", f"lst: {error.code}") from None
