"""Open Badges 2.0, hosted: the issuer's site is asked whether it issued the badge (Open Badges 2.0 section 5, 5.1).

There is no signature. What the site answers at the assertion's own address is the truth; the copy that was handed in
only has to agree with it. Who issued it follows from the addresses: the assertion must live where the issuer's profile
allows (`verification.allowedOrigins` and `startsWith`, else the profile's own host), and badge class and profile count
only as far as their own addresses answered for them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import unquote

from connector import codec, hosting
from connector.errors import FetchError, IntakeError
from connector.model.credential import Json, UnverifiedCredential
from connector.model.report import Outcome, Verdict
from connector.ports import DocumentSource, FetchedDocument, Purpose
from connector.verify import codes
from connector.verify.dates import parse_date_time

ACCEPT: Final = "application/ld+json, application/json;q=0.9, text/html;q=0.1"
CONTEXT: Final = "https://w3id.org/openbadges/v2"
_ASSERTION_TYPES: Final = frozenset({"Assertion"})
_BADGE_TYPES: Final = frozenset({"BadgeClass"})
_PROFILE_TYPES: Final = frozenset({"Issuer", "Profile"})
_COMPARED: Final = ("recipient", "badge", "issuedOn")
MAX_IDENTIFIER: Final = 4_000
"""As long as an address may be."""


@dataclass(frozen=True, slots=True)
class HostedFinding:
    """What the issuer's site said.

    Attributes:
        document: the assertion as the site has it, with badge class under `badge` and profile under `badge.issuer`;
            None unless it was confirmed.
        issuer_id: the profile's id.
        bound: assertion, badge class and profile each came from an origin that the profile allows.
        verdict: the word for the credential; None when it was confirmed.
        confirmed_on: when the site answered.
        host: which site that was (one name for a site with several hosts).
    """

    outcome: Outcome
    code: str
    summary: str
    detail: str = ""
    document: Json | None = None
    issuer_id: str | None = None
    bound: bool = False
    revoked: bool = False
    verdict: Verdict | None = None
    confirmed_on: datetime | None = None
    host: str | None = None


class _Stop(Exception):  # internal: one step did not hold
    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code, self.detail = code, detail


@dataclass(slots=True)
class _Asked:
    """The site that was asked, as far as it got."""

    documents: DocumentSource
    host: str | None = None
    confirmed_on: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Node:
    """A badge class or a profile, and the origin that spoke for it (None: only the copy inside another document)."""

    value: Json
    origin: str | None


def confirm(credential: UnverifiedCredential, documents: DocumentSource) -> HostedFinding:
    """Ask the issuer's site about a hosted badge.

    1. The assertion is fetched from its own address, never from a cache.
    2. It says itself that it lives there, and it agrees with the copy that was handed in.
    3. It is an Open Badges 2.0 assertion with what it must have.
    4. Its badge class and the issuer's profile are fetched, or taken where the same site embeds them.
    5. The profile allows the assertion's address.
    """
    asked = _Asked(documents)
    try:
        address = _address(credential)
        assertion = _assertion(address, asked)
        _check_agreement(credential.document, assertion)
        _check_assertion(assertion)
        badge = _badge_class(assertion, asked)
        profile = _profile(badge, asked)
        bound = _check_origins(assertion, badge, profile)
    except _Stop as stop:
        return replace(_finding(stop.code, stop.detail), host=asked.host)
    return replace(
        _finding("hosted_confirmed"),
        document={**assertion, "badge": {**badge.value, "issuer": profile.value}},
        issuer_id=_id_of(profile.value),
        bound=bound,
        confirmed_on=asked.confirmed_on,
        host=asked.host,
    )


def _finding(code: str, detail: str = "") -> HostedFinding:
    row = codes.CODES[code]
    return HostedFinding(
        outcome=row.outcome,
        code=code,
        summary=row.summary,
        detail=detail,
        verdict=row.verdict,
        revoked=row.verdict is Verdict.REVOKED,
    )


# --- 1: the assertion, from its own address --------------------------------------------------------------------------


def _address(credential: UnverifiedCredential) -> str:
    """Where to ask: the assertion's own id, for a link the link."""
    if credential.jws is not None or _verification_type(credential.document) in ("signed", "SignedBadge"):
        raise _Stop("hosted_signed_badge")
    if not credential.url:
        raise _Stop("hosted_no_address")
    return hosting.assertion_address(credential.url) or credential.url


def _assertion(address: str, asked: _Asked) -> Json:
    """Fetch the assertion; when it says that it lives elsewhere, that address decides."""
    for _ in range(2):
        asked.host = hosting.site_of(_origin(address))
        assertion = _fetch_assertion(address, asked)
        own = _own_address(assertion)
        if own is None or hosting.same_document(own, address):
            return assertion
        address = own
    raise _Stop("hosted_id_mismatch")


def _fetch_assertion(address: str, asked: _Asked) -> Json:
    document = _fetch(address, asked, fresh=True)
    _check_stayed(address, document)
    _check_status(document)
    assertion = _object(document, asked)
    _check_revoked(assertion)
    asked.confirmed_on = document.fetched_at
    return assertion


def _check_revoked(assertion: Json) -> None:
    """`revoked` is a boolean; what is neither yes nor no is no "not revoked"."""
    revoked = assertion.get("revoked")
    if revoked is True:
        raise _Stop("hosted_revoked")
    if revoked is not None and revoked is not False:
        raise _Stop("hosted_nonconformant", "revoked")


def _fetch(address: str, asked: _Asked, *, fresh: bool = False) -> FetchedDocument:
    """Ask for a document; a site that keeps it under several spellings is asked for each before a no."""
    *first, last = hosting.spellings(address)
    for spelling in first:
        document = _ask(spelling, asked, fresh=fresh)
        if document.status != 404 and not hosting.is_page(document.content_type, document.content):
            return document
    return _ask(last, asked, fresh=fresh)


def _ask(address: str, asked: _Asked, *, fresh: bool = False) -> FetchedDocument:
    """Fetch over https; a plain http address is asked over https too (a recorded world may name it as it is)."""
    try:
        return asked.documents.get(address, purpose=Purpose.HOSTED_BADGE, accept=ACCEPT, fresh=fresh)
    except FetchError as error:
        secure = hosting.secure(address)
        if secure == address or not error.refused:
            raise _Stop("hosted_unreachable", error.code) from None
    try:
        return asked.documents.get(secure, purpose=Purpose.HOSTED_BADGE, accept=ACCEPT, fresh=fresh)
    except FetchError as error:
        raise _Stop("hosted_unreachable", error.code) from None


def _check_status(document: FetchedDocument) -> None:
    """404: the site knows no such badge; 410: it took it back (Open Badges 2.0 section 5.1)."""
    if document.status == 404:
        raise _Stop("hosted_not_found")
    if document.status == 410:
        raise _Stop("hosted_revoked")
    if document.status != 200:
        raise _Stop("hosted_unreachable", f"HTTP {document.status}")


def _object(document: FetchedDocument, asked: _Asked) -> Json:
    """The JSON object in an answer; a page may name the address of its JSON, on its own site."""
    if hosting.is_page(document.content_type, document.content):
        document = _behind_page(document, asked)
    try:
        value = codec.parse_json(document.content)
    except IntakeError as error:
        raise _Stop("hosted_unreadable", error.code) from None
    if not isinstance(value, dict):
        raise _Stop("hosted_unreadable", "no object")
    return value


def _behind_page(page: FetchedDocument, asked: _Asked) -> FetchedDocument:
    site = hosting.site_of(_origin(page.url))
    for address in hosting.read_page(page.content, page.url).alternates:
        if hosting.site_of(_origin(address)) == site:
            document = _ask(address, asked, fresh=True)
            _check_stayed(address, document)
            _check_status(document)
            return document
    raise _Stop("hosted_unreadable", "a web page")


def _check_stayed(address: str, document: FetchedDocument) -> None:
    """A redirect to another site would let that site speak for this one."""
    if hosting.site_of(_origin(document.url)) != hosting.site_of(_origin(address)):
        raise _Stop("hosted_moved", hosting.split(document.url).hostname or "")


def _own_address(assertion: Json) -> str | None:
    verify = assertion.get("verify")
    return _address_of(_id_of(assertion) or (verify.get("url") if isinstance(verify, dict) else None))


# --- 2: does it agree with what was handed in -------------------------------------------------------------------------


def _check_agreement(handed_in: Json, assertion: Json) -> None:
    """Address, recipient, badge and date of the copy, where it has them, are those of the original."""
    claimed, own = _own_address(handed_in), _own_address(assertion)
    if claimed and own and not hosting.same_document(claimed, own):
        raise _Stop("hosted_mismatch", "id")
    for name in _COMPARED:
        if name in handed_in and not _agrees(name, handed_in[name], assertion.get(name)):
            raise _Stop("hosted_mismatch", name)


def _agrees(name: str, copy: Any, original: Any) -> bool:
    if name == "badge":
        return _same_badge(copy, original)
    if name == "issuedOn":
        instant = parse_date_time(copy)
        return bool(copy == original) or (instant is not None and instant == parse_date_time(original))
    return bool(_recipient(copy) == _recipient(original))


def _recipient(value: Any) -> Any:
    """What a recipient says, hex digits in either case."""
    if not isinstance(value, dict):
        return value
    identity, hashed = value.get("identity"), bool(value.get("hashed", False))
    if hashed and isinstance(identity, str):
        identity = identity.lower()
    return value.get("type"), identity, value.get("salt") or None, hashed


def _same_badge(copy: Any, original: Any) -> bool:
    """By address, however it is written; embedded ones without address by what they say."""
    first, second = _address_of(copy), _address_of(original)
    if first is not None and second is not None:
        return hosting.same_document(first, second)
    return bool(copy == original)


def _address_of(value: Any) -> str | None:
    identifier = _id_of(value) if isinstance(value, dict) else value
    return identifier if isinstance(identifier, str) and identifier.startswith(("https:", "http:")) else None


# --- 3: is it an Open Badges 2.0 assertion ----------------------------------------------------------------------------


def _check_assertion(assertion: Json) -> None:
    contexts = assertion.get("@context")
    if CONTEXT not in (contexts if isinstance(contexts, list) else [contexts]):
        raise _Stop("hosted_nonconformant", "@context")
    _check_type(assertion, _ASSERTION_TYPES)
    recipient = assertion.get("recipient")
    if not isinstance(recipient, dict) or not _text(recipient, "type") or not _text(recipient, "identity"):
        raise _Stop("hosted_nonconformant", "recipient")
    if not _text(assertion, "issuedOn"):
        raise _Stop("hosted_nonconformant", "issuedOn")
    if not _own_address(assertion):
        raise _Stop("hosted_nonconformant", "id")
    kind = _verification_type(assertion)
    if kind in ("signed", "SignedBadge"):
        raise _Stop("hosted_signed_badge")
    if kind not in ("hosted", "HostedBadge"):
        raise _Stop("hosted_nonconformant", "verification")


def _verification_type(assertion: Json) -> str | None:
    """`verification.type`; a list of types is read for the one that matters."""
    verification = assertion.get("verification", assertion.get("verify"))
    raw = verification.get("type") if isinstance(verification, dict) else None
    known = ("hosted", "HostedBadge", "signed", "SignedBadge")
    return next((item for item in (raw if isinstance(raw, list) else [raw]) if item in known), None)


def _check_type(value: Json, allowed: frozenset[str]) -> None:
    raw = value.get("type", value.get("@type"))
    types = {item for item in (raw if isinstance(raw, list) else [raw]) if isinstance(item, str)}
    if not types & allowed:
        raise _Stop("hosted_nonconformant", f"type of {'/'.join(sorted(allowed))}")


def _text(value: Json, name: str) -> bool:
    return isinstance(value.get(name), str) and bool(value[name].strip())


# --- 4: badge class and profile ---------------------------------------------------------------------------------------


def _badge_class(assertion: Json, asked: _Asked) -> _Node:
    node = _node(assertion.get("badge"), _origin(_own_address(assertion) or ""), asked, "badge")
    _check_type(node.value, _BADGE_TYPES)
    for name in ("name", "issuer"):
        if not node.value.get(name):
            raise _Stop("hosted_nonconformant", f"{name} of the badge class")
    return node


def _profile(badge: _Node, asked: _Asked) -> _Node:
    node = _node(badge.value.get("issuer"), badge.origin, asked, "issuer")
    _check_type(node.value, _PROFILE_TYPES)
    if not _text(node.value, "name"):
        raise _Stop("hosted_nonconformant", "name of the issuer")
    if len(_id_of(node.value) or "") > MAX_IDENTIFIER:
        raise _Stop("hosted_nonconformant", "id of the issuer")
    return node


def _node(value: Any, container: str | None, asked: _Asked, what: str) -> _Node:
    """A linked or embedded object, and who speaks for it.

    An embedded copy counts as the object itself only when the site that embeds it is the one its address names;
    otherwise its address is asked, for anybody could embed anything.
    """
    if isinstance(value, dict):
        identifier = _id_of(value)
        if identifier is None:
            raise _Stop("hosted_nonconformant", f"id of the {what}")
        if _address_of(identifier) is None:
            return _Node(value, None)
        if container and hosting.site_of(_origin(identifier)) == hosting.site_of(container):
            return _Node(value, _origin(identifier))
        value = identifier
    address = _address_of(value)
    if address is None:
        raise _Stop("hosted_nonconformant", what)
    return _linked(address, asked, what)


def _linked(address: str, asked: _Asked, what: str) -> _Node:
    """Fetch an object; it must say that it is the one that was asked for, or where it really lives."""
    for _ in range(2):
        document = _fetch(address, asked)
        _check_stayed(address, document)
        if document.status != 200:
            raise _Stop("hosted_incomplete", f"{what}: HTTP {document.status}")
        value = _object(document, asked)
        own = _id_of(value)
        if own is None:
            raise _Stop("hosted_nonconformant", f"id of the {what}")
        if hosting.same_document(own, address):
            return _Node(value, _origin(own))
        if _address_of(own) is None:
            return _Node(value, None)
        address = own
    raise _Stop("hosted_incomplete", f"{what}: another id")


# --- 5: may the assertion live there ----------------------------------------------------------------------------------


def _check_origins(assertion: Json, badge: _Node, profile: _Node) -> bool:
    """Open Badges 2.0, VerificationObject: `allowedOrigins`, `startsWith`; without them the profile's own host.

    Returns:
        Whether all three are bound to the issuer. A profile without an address of its own (an embedded one, a `urn:`)
        binds nothing.

    Raises:
        _Stop: the profile does not allow the assertion's address.
    """
    address = _own_address(assertion) or ""
    policy = profile.value.get("verification")
    policy = policy if isinstance(policy, dict) else {}
    prefixes = _strings(policy.get("startsWith"))
    origins = [_bare(origin) for origin in _strings(policy.get("allowedOrigins"))]
    if profile.origin is None:
        return False
    allowed = {hosting.site_of(origin) for origin in origins or [profile.origin]}
    if hosting.site_of(_origin(address)) not in allowed:
        raise _Stop("hosted_origin_not_allowed", _origin(address))
    if prefixes and not _within(address, prefixes):
        raise _Stop("hosted_outside_scope")
    return badge.origin is not None and hosting.site_of(badge.origin) in {*allowed, hosting.site_of(profile.origin)}


def _within(address: str, prefixes: list[str]) -> bool:
    """Dot segments, plain or encoded, could lead out of the place that the prefix names."""
    segments = unquote(hosting.split(address).path).replace("\\", "/").split("/")
    if "." in segments or ".." in segments:
        return False
    return any(hosting.secure(address).startswith(hosting.secure(prefix)) for prefix in prefixes)


def _strings(value: Any) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, str) and item]


def _bare(origin: str) -> str:
    """`allowedOrigins` holds host names; some issuers write whole origins."""
    return _origin(origin) if "://" in origin else origin.strip("/").lower()


def _origin(url: str) -> str:
    """Host and port of an address, in lower case."""
    try:
        parts = hosting.split(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    return f"{host}:{port}" if port not in (None, 80, 443) else host


def _id_of(value: Json) -> str | None:
    raw = value.get("id", value.get("@id"))
    return raw if isinstance(raw, str) and raw else None
