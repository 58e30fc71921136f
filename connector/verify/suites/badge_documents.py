"""The documents of an Open Badge 2.0: how they are fetched, and who speaks for which (Open Badges 2.0 section 5).

Shared by the hosted and the signed kind. An embedded copy of a badge class or a profile counts as the object itself
only when the site that embeds it is the one its address names; otherwise its address is asked, for anybody could embed
anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import unquote

from connector import hosting
from connector.errors import FetchError, IntakeError
from connector.model.credential import Json
from connector.model.frozen import frozen
from connector.model.report import Outcome, Verdict
from connector.ports import DocumentSource, FetchedDocument, Purpose
from connector.verify import codes, published_json
from connector.verify.errors import CheckError
from connector.verify.keys import PublicKey

ACCEPT: Final = "application/ld+json, application/json;q=0.9, text/html;q=0.1"
CONTEXT: Final = "https://w3id.org/openbadges/v2"
SIGNED: Final = ("signed", "SignedBadge")
HOSTED: Final = ("hosted", "HostedBadge")
MAX_IDENTIFIER: Final = 4_000
"""As long as an address may be."""
_ASSERTION_TYPES: Final = frozenset({"Assertion"})
_BADGE_TYPES: Final = frozenset({"BadgeClass"})
_PROFILE_TYPES: Final = frozenset({"Issuer", "Profile"})


@dataclass(slots=True)
class Asked:
    """The site that was asked, as far as it got."""

    documents: DocumentSource
    host: str | None = None
    confirmed_on: datetime | None = None


@frozen
class BadgeFinding:
    """What was found out about a badge.

    Attributes:
        document: the assertion, with badge class under `badge` and profile under `badge.issuer`; None unless it was
            confirmed by its issuer's site, or its signature holds.
        issuer_id: the profile's id.
        bound: assertion, badge class and profile are the issuer's own, by their addresses and by the key.
        verdict: the word for the credential; None when nothing stands against it.
        confirmed_on: when the site answered for a hosted badge.
        host: which site that was (one name for a site with several hosts).
        key: what made the signature of a signed one.
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
    key: PublicKey | None = None


def finding(code: str, detail: str = "") -> BadgeFinding:
    """The answer that the table of codes gives, without anything established."""
    row = codes.CODES[code]
    return BadgeFinding(
        outcome=row.outcome,
        code=code,
        summary=row.summary,
        detail=detail,
        verdict=row.verdict,
        revoked=row.verdict is Verdict.REVOKED,
    )


@frozen
class Node:
    """A badge class or a profile, and the origin that spoke for it (None: only the copy inside another document)."""

    value: Json
    origin: str | None


# --- fetching --------------------------------------------------------------------------------------------------------


def fetch(address: str, asked: Asked, *, fresh: bool = False) -> FetchedDocument:
    """Ask for a document; a site that keeps it under several spellings is asked for each before a no."""
    *first, last = hosting.spellings(address)
    for spelling in first:
        document = ask(spelling, asked, fresh=fresh)
        if document.status != 404 and not hosting.is_page(document.content_type, document.content):
            return document
    return ask(last, asked, fresh=fresh)


def ask(address: str, asked: Asked, *, fresh: bool = False, purpose: Purpose = Purpose.HOSTED_BADGE) -> FetchedDocument:
    """Fetch over https; a plain http address is asked over https too (a recorded world may name it as it is)."""
    try:
        return asked.documents.get(address, purpose=purpose, accept=ACCEPT, fresh=fresh)
    except FetchError as error:
        secure = hosting.secure(address)
        if secure == address or not error.refused:
            raise CheckError("hosted_unreachable", error.code) from None
    try:
        return asked.documents.get(secure, purpose=purpose, accept=ACCEPT, fresh=fresh)
    except FetchError as error:
        raise CheckError("hosted_unreachable", error.code) from None


def check_status(document: FetchedDocument) -> None:
    """404: the site knows no such badge; 410: it took it back (Open Badges 2.0 section 5.1)."""
    if document.status == 404:
        raise CheckError("hosted_not_found")
    if document.status == 410:
        raise CheckError("hosted_revoked")
    if document.status != 200:
        raise CheckError("hosted_unreachable", f"HTTP {document.status}")


def json_object(document: FetchedDocument, asked: Asked) -> Json:
    """The JSON object in an answer; a page may name the address of its JSON, on its own site."""
    if hosting.is_page(document.content_type, document.content):
        document = _behind_page(document, asked)
    try:
        value = published_json.parse(document.content)
    except IntakeError as error:
        raise CheckError("hosted_unreadable", error.code) from None
    if not isinstance(value, dict):
        raise CheckError("hosted_unreadable", "no object")
    return value


def _behind_page(page: FetchedDocument, asked: Asked) -> FetchedDocument:
    site = hosting.site_of(origin_of(page.url))
    try:
        published_json.pay(page.content, b"<=")
    except IntakeError as error:
        raise CheckError("hosted_unreadable", error.code) from None
    for address in hosting.read_page(page.content, page.url).alternates:
        if hosting.site_of(origin_of(address)) == site:
            document = ask(address, asked, fresh=True)
            check_stayed(address, document)
            check_status(document)
            return document
    raise CheckError("hosted_unreadable", "a web page")


def check_stayed(address: str, document: FetchedDocument) -> None:
    """A redirect to another site would let that site speak for this one."""
    if hosting.site_of(origin_of(document.url)) != hosting.site_of(origin_of(address)):
        raise CheckError("hosted_moved", hosting.split(document.url).hostname or "")


def own_address(assertion: Json) -> str | None:
    """Where an assertion says that it lives."""
    verify = assertion.get("verify")
    return address_of(id_of(assertion) or (verify.get("url") if isinstance(verify, dict) else None))


def address_of(value: Any) -> str | None:
    """The web address that a reference, or the id of an object, is; None for any other."""
    identifier = id_of(value) if isinstance(value, dict) else value
    return identifier if isinstance(identifier, str) and identifier.startswith(("https:", "http:")) else None


def origin_of(url: str) -> str:
    """Host and port of an address, in lower case."""
    try:
        parts = hosting.split(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    return f"{host}:{port}" if port not in (None, 80, 443) else host


def id_of(value: Json) -> str | None:
    """`id` or `@id`."""
    raw = value.get("id", value.get("@id"))
    return raw if isinstance(raw, str) and raw else None


def strings(value: Any) -> list[str]:
    """The texts of a member that may have several."""
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, str) and item]


# --- form ------------------------------------------------------------------------------------------------------------


def check_form(assertion: Json) -> None:
    """What every assertion must have, however it is verified.

    Raises:
        CheckError: `hosted_nonconformant`, with the member.
    """
    contexts = assertion.get("@context")
    if CONTEXT not in (contexts if isinstance(contexts, list) else [contexts]):
        raise CheckError("hosted_nonconformant", "@context")
    check_type(assertion, _ASSERTION_TYPES)
    recipient = assertion.get("recipient")
    if not isinstance(recipient, dict) or not _has_text(recipient, "type") or not _has_text(recipient, "identity"):
        raise CheckError("hosted_nonconformant", "recipient")
    if not _has_text(assertion, "issuedOn"):
        raise CheckError("hosted_nonconformant", "issuedOn")


def verification_of(assertion: Json) -> Json:
    """`verification`, or `verify` as older badges call it."""
    verification = assertion.get("verification", assertion.get("verify"))
    return verification if isinstance(verification, dict) else {}


def verification_type(assertion: Json) -> str | None:
    """`verification.type`; a list of types is read for the one that matters."""
    raw = verification_of(assertion).get("type")
    return next((item for item in (raw if isinstance(raw, list) else [raw]) if item in SIGNED + HOSTED), None)


def check_type(value: Json, allowed: frozenset[str]) -> None:
    """Refuse an object of none of these types."""
    raw = value.get("type", value.get("@type"))
    types = {item for item in (raw if isinstance(raw, list) else [raw]) if isinstance(item, str)}
    if not types & allowed:
        raise CheckError("hosted_nonconformant", f"type of {'/'.join(sorted(allowed))}")


def _has_text(value: Json, name: str) -> bool:
    return isinstance(value.get(name), str) and bool(value[name].strip())


# --- badge class and profile -----------------------------------------------------------------------------------------


def badge_class(assertion: Json, asked: Asked, *, container: str | None) -> Node:
    """The badge class of an assertion that the site `container` answered with (None: nobody answered with it)."""
    node = _node(assertion.get("badge"), container, asked, "badge")
    check_type(node.value, _BADGE_TYPES)
    for name in ("name", "issuer"):
        if not node.value.get(name):
            raise CheckError("hosted_nonconformant", f"{name} of the badge class")
    return node


def profile_of(badge: Node, asked: Asked) -> Node:
    """The issuer's profile."""
    node = _node(badge.value.get("issuer"), badge.origin, asked, "issuer")
    check_type(node.value, _PROFILE_TYPES)
    if not _has_text(node.value, "name"):
        raise CheckError("hosted_nonconformant", "name of the issuer")
    if len(id_of(node.value) or "") > MAX_IDENTIFIER:
        raise CheckError("hosted_nonconformant", "id of the issuer")
    return node


def _node(value: Any, container: str | None, asked: Asked, what: str) -> Node:
    """A linked or embedded object, and who speaks for it.

    An embedded copy counts as the object itself only when the site that embeds it is the one its address names;
    otherwise its address is asked, for anybody could embed anything.
    """
    if isinstance(value, dict):
        identifier = id_of(value)
        if identifier is None:
            raise CheckError("hosted_nonconformant", f"id of the {what}")
        if address_of(identifier) is None:
            return Node(value, None)
        if container and hosting.site_of(origin_of(identifier)) == hosting.site_of(container):
            return Node(value, origin_of(identifier))
        value = identifier
    address = address_of(value)
    if address is None:
        raise CheckError("hosted_nonconformant", what)
    return _linked(address, asked, what)


def _linked(address: str, asked: Asked, what: str) -> Node:
    """Fetch an object; it must say that it is the one that was asked for, or where it really lives."""
    for _ in range(2):
        document = fetch(address, asked)
        check_stayed(address, document)
        if document.status != 200:
            raise CheckError("hosted_incomplete", f"{what}: HTTP {document.status}")
        value = json_object(document, asked)
        own = id_of(value)
        if own is None:
            raise CheckError("hosted_nonconformant", f"id of the {what}")
        if hosting.same_document(own, address):
            return Node(value, origin_of(own))
        if address_of(own) is None:
            return Node(value, None)
        address = own
    raise CheckError("hosted_incomplete", f"{what}: another id")


# --- scope -----------------------------------------------------------------------------------------------------------


def scope_of(profile: Node) -> tuple[list[str], list[str]]:
    """What the profile says of where its assertions live: sites (`allowedOrigins`), and beginnings (`startsWith`)."""
    policy = profile.value.get("verification")
    policy = policy if isinstance(policy, dict) else {}
    sites = [hosting.site_of(_bare(origin)) for origin in strings(policy.get("allowedOrigins"))]
    return sites, strings(policy.get("startsWith"))


def within(address: str, prefixes: list[str]) -> bool:
    """Dot segments, plain or encoded, could lead out of the place that the prefix names."""
    try:
        segments = unquote(hosting.split(address).path).replace("\\", "/").split("/")
    except ValueError:  # the id of a signed badge need not be an address, and was never asked
        return False
    if "." in segments or ".." in segments:
        return False
    return any(hosting.secure(address).startswith(hosting.secure(prefix)) for prefix in prefixes)


def _bare(origin: str) -> str:
    """`allowedOrigins` holds host names; some issuers write whole origins."""
    return origin_of(origin) if "://" in origin else origin.strip("/").lower()
