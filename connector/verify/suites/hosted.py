"""Open Badges 2.0, hosted: the issuer's site is asked whether it issued the badge (Open Badges 2.0 section 5, 5.1).

There is no signature. What the site answers at the assertion's own address is the truth; the copy that was handed in
only has to agree with it. Who issued it follows from the addresses: the assertion must live where the issuer's profile
allows (`verification.allowedOrigins` and `startsWith`, else the profile's own host), and badge class and profile count
only as far as their own addresses answered for them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from connector import hosting
from connector.model.credential import Json, UnverifiedCredential
from connector.ports import DocumentSource
from connector.verify.dates import parse_date_time
from connector.verify.errors import CheckError
from connector.verify.suites.badge_documents import (
    HOSTED,
    SIGNED,
    Asked,
    BadgeFinding,
    Node,
    address_of,
    badge_class,
    check_form,
    check_status,
    check_stayed,
    fetch,
    finding,
    id_of,
    json_object,
    origin_of,
    own_address,
    profile_of,
    scope_of,
    verification_type,
    within,
)

_COMPARED: Final = ("recipient", "badge", "issuedOn")


def confirm(credential: UnverifiedCredential, documents: DocumentSource) -> BadgeFinding:
    """Ask the issuer's site about a hosted badge.

    1. The assertion is fetched from its own address, never from a cache.
    2. It says itself that it lives there, and it agrees with the copy that was handed in.
    3. It is an Open Badges 2.0 assertion with what it must have.
    4. Its badge class and the issuer's profile are fetched, or taken where the same site embeds them.
    5. The profile allows the assertion's address.
    """
    asked = Asked(documents)
    try:
        address = _address(credential)
        assertion = _assertion(address, asked)
        _check_agreement(credential.document, assertion)
        _check_assertion(assertion)
        badge = badge_class(assertion, asked, container=origin_of(own_address(assertion) or ""))
        profile = profile_of(badge, asked)
        bound = _check_origins(assertion, badge, profile)
    except CheckError as stop:
        return replace(finding(stop.code, stop.detail), host=asked.host)
    return replace(
        finding("hosted_confirmed"),
        document={**assertion, "badge": {**badge.value, "issuer": profile.value}},
        issuer_id=id_of(profile.value),
        bound=bound,
        confirmed_on=asked.confirmed_on,
        host=asked.host,
    )


# --- 1: the assertion, from its own address --------------------------------------------------------------------------


def _address(credential: UnverifiedCredential) -> str:
    """Where to ask: the assertion's own id, for a link the link."""
    if verification_type(credential.document) in SIGNED:
        raise CheckError("proof_missing", "it says that it is signed, and comes without its signature")
    if not credential.url:
        raise CheckError("hosted_no_address")
    return hosting.assertion_address(credential.url) or credential.url


def _assertion(address: str, asked: Asked) -> Json:
    """Fetch the assertion; when it says that it lives elsewhere, that address decides."""
    for _ in range(2):
        asked.host = hosting.site_of(origin_of(address))
        assertion = _fetch_assertion(address, asked)
        own = own_address(assertion)
        if own is None or hosting.same_document(own, address):
            return assertion
        address = own
    raise CheckError("hosted_id_mismatch")


def _fetch_assertion(address: str, asked: Asked) -> Json:
    document = fetch(address, asked, fresh=True)
    check_stayed(address, document)
    check_status(document)
    assertion = json_object(document, asked)
    _check_revoked(assertion)
    asked.confirmed_on = document.fetched_at
    return assertion


def _check_revoked(assertion: Json) -> None:
    """`revoked` is a boolean; what is neither yes nor no is no "not revoked"."""
    revoked = assertion.get("revoked")
    if revoked is True:
        raise CheckError("hosted_revoked")
    if revoked is not None and revoked is not False:
        raise CheckError("hosted_nonconformant", "revoked")


# --- 2: does it agree with what was handed in -------------------------------------------------------------------------


def _check_agreement(handed_in: Json, assertion: Json) -> None:
    """Address, recipient, badge and date of the copy, where it has them, are those of the original."""
    claimed, own = own_address(handed_in), own_address(assertion)
    if claimed and own and not hosting.same_document(claimed, own):
        raise CheckError("hosted_mismatch", "id")
    for name in _COMPARED:
        if name in handed_in and not _agrees(name, handed_in[name], assertion.get(name)):
            raise CheckError("hosted_mismatch", name)


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
    first, second = address_of(copy), address_of(original)
    if first is not None and second is not None:
        return hosting.same_document(first, second)
    return bool(copy == original)


# --- 3: is it an Open Badges 2.0 assertion ----------------------------------------------------------------------------


def _check_assertion(assertion: Json) -> None:
    check_form(assertion)
    if not own_address(assertion):
        raise CheckError("hosted_nonconformant", "id")
    kind = verification_type(assertion)
    if kind in SIGNED:
        raise CheckError("proof_missing", "it says that it is signed, and comes without its signature")
    if kind not in HOSTED:
        raise CheckError("hosted_nonconformant", "verification")


# --- 4: may the assertion live there ----------------------------------------------------------------------------------


def _check_origins(assertion: Json, badge: Node, profile: Node) -> bool:
    """Open Badges 2.0, VerificationObject: `allowedOrigins`, `startsWith`; without them the profile's own host.

    Returns:
        Whether all three are bound to the issuer. A profile without an address of its own (an embedded one, a `urn:`)
        binds nothing.

    Raises:
        CheckError: the profile does not allow the assertion's address.
    """
    if profile.origin is None:
        return False
    address = own_address(assertion) or ""
    sites, prefixes = scope_of(profile)
    home = hosting.site_of(profile.origin)
    allowed = set(sites or [home])
    if hosting.site_of(origin_of(address)) not in allowed:
        raise CheckError("hosted_origin_not_allowed", origin_of(address))
    if prefixes and not within(address, prefixes):
        raise CheckError("hosted_outside_scope")
    return badge.origin is not None and hosting.site_of(badge.origin) in {*allowed, home}
