"""Open Badges 2.0, signed: a JWS over the assertion, by a key that the issuer's profile lists (section "SignedBadge
Verification").

Whose badge it is follows from the profile that the badge class names, asked at its own address: a key that it does not
list proves nothing, whatever the key's own document says of its owner. What is embedded in the assertion is covered by
the signature; what is only linked counts as far as its own address answers for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from connector import hosting
from connector.errors import IntakeError
from connector.model.credential import CompactJws, Json, UnverifiedCredential
from connector.model.frozen import frozen
from connector.ports import DocumentSource, Purpose
from connector.verify import keys, published_json
from connector.verify.errors import CheckError
from connector.verify.keys import PublicKey
from connector.verify.spelling import every, reference
from connector.verify.suites import jose
from connector.verify.suites.badge_documents import (
    SIGNED,
    Asked,
    BadgeFinding,
    Node,
    address_of,
    ask,
    badge_class,
    check_form,
    finding,
    id_of,
    origin_of,
    profile_of,
    scope_of,
    verification_of,
    verification_type,
    within,
)
from connector.verify.suites.base import spend

MAX_KEYS: Final = 10
"""Keys that one profile may make us try."""
_UNITS_PER_FURTHER_KEY: Final = 300
"""Of a submission's work: with a key of P-521 a signature takes a millisecond."""
_KEY_MEMBERS: Final = ("publicKeyPem", "publicKeyJwk")


@frozen
class _Key:
    """A CryptographicKey.

    Attributes:
        id: its address, or None for one that stands in the profile without a name.
        owner: whose it says it is; None when it does not say.
    """

    id: str | None
    owner: str | None
    key: PublicKey


def verify(credential: UnverifiedCredential, documents: DocumentSource) -> BadgeFinding:
    """Check the signature of a badge, and whose it is.

    1. The token's header allows a check.
    2. The key that the assertion names (`verification.creator`) is fetched; without one, or where it is kept only in
       the profile, those that the profile lists.
    3. The signature holds. Only now anything else that the assertion names is looked at.
    4. The assertion is one of Open Badges 2.0, with badge class and profile.
    5. The profile lists the key, the key names no other owner, and the profile allows the assertion's id.
    """
    asked = Asked(documents)
    try:
        jws, assertion = _read(credential)
        jose.check_header(jws.header)
        creator = _creator(assertion)
        named = _named_key(creator, asked) if creator is not None else None
        used = _checked(jws, [named]) if named is not None else None
        check_form(assertion)
        badge, profile = _described(assertion, asked)
        if used is None:
            used = _checked(jws, list(_listed_keys(profile, asked, creator)))
        _check_assertion(assertion)
        _check_owner(used, profile)
        _check_scope(assertion, profile)
    except CheckError as stop:
        return finding(stop.code, stop.detail)
    return replace(
        finding("proof_valid", "JWS"),
        document={**assertion, "badge": {**badge.value, "issuer": profile.value}},
        issuer_id=id_of(profile.value),
        bound=_is_bound(assertion, badge, profile),
        key=used.key,
    )


def _read(credential: UnverifiedCredential) -> tuple[CompactJws, Json]:
    """The token, and intake's own parse of what is in it: the verified object is the mapped one."""
    if credential.jws is None:
        raise CheckError("proof_missing")
    return credential.jws, credential.document


def _creator(assertion: Json) -> str | None:
    """Which key the assertion says made it; older badges say so in `verify.url`."""
    verification = verification_of(assertion)
    named = reference(verification.get("creator", verification.get("url")))
    if named is None:
        return None
    address = address_of(named)
    if address is None:
        raise CheckError("key_method_unknown", "creator is not a web address")
    return address


def _checked(jws: CompactJws, candidates: list[_Key]) -> _Key:
    """The key of `candidates` that made the token.

    Raises:
        CheckError: none did, or the header's own key is another one.
    """
    if not candidates:
        raise CheckError("key_document_unreachable", "neither the badge nor its issuer's profile leads to a key")
    embedded = keys.from_jwk(jws.header["jwk"]) if "jwk" in jws.header else None
    failure: CheckError | None = None
    for candidate in candidates:
        if candidate is not candidates[0]:
            spend(_UNITS_PER_FURTHER_KEY)
        try:
            jose.check_signature(jws, candidate.key)
        except CheckError as error:
            failure = failure or error
            continue
        if embedded is not None and embedded.spki != candidate.key.spki:
            raise CheckError("key_conflict", "creator and jwk")
        return candidate
    raise failure or CheckError("proof_signature_wrong", "JWS")


def _check_assertion(assertion: Json) -> None:
    if not id_of(assertion):
        raise CheckError("hosted_nonconformant", "id")
    if verification_type(assertion) not in SIGNED:
        raise CheckError("hosted_nonconformant", "verification")


# --- keys ------------------------------------------------------------------------------------------------------------


def _named_key(address: str, asked: Asked) -> _Key | None:
    """The key at `address`; None where nothing is: it may stand in the profile alone."""
    try:
        return _fetch_key(address, asked)
    except CheckError as error:
        if error.code != "key_document_unreachable":
            raise
        return None


def _fetch_key(address: str, asked: Asked) -> _Key:
    """The key at `address`: a document of its own, or one of those that stand in a profile.

    Raises:
        CheckError: it cannot be had, or is another key's or no key's document.
    """
    document = _fetch_document(address, asked)
    own = id_of(document)
    if own is not None and hosting.same_document(own, address) and _holds_key(document):
        return _read_key(document)
    inside = [item for item in every(document.get("publicKey")) if isinstance(item, dict) and id_of(item) == address]
    if len(inside) == 1:
        return _read_key(inside[0])
    if _holds_key(document):
        raise CheckError("key_document_mismatch", f"asked for {address[:200]}")
    raise CheckError("key_document_malformed", address[:200])


def _fetch_document(address: str, asked: Asked) -> Json:
    try:
        answer = ask(address.partition("#")[0], asked, purpose=Purpose.KEY)
    except CheckError as error:
        raise CheckError("key_document_unreachable", f"{address[:200]}: {error.detail}") from None
    if answer.status != 200:
        raise CheckError("key_document_unreachable", f"{address[:200]}: HTTP {answer.status}")
    try:
        document = published_json.parse(answer.content)
    except IntakeError as error:
        raise CheckError("key_document_malformed", f"{address[:200]}: {error.code}") from None
    if not isinstance(document, dict):
        raise CheckError("key_document_malformed", address[:200])
    return document


def _holds_key(document: Json) -> bool:
    return any(name in document for name in _KEY_MEMBERS)  # two names


def _read_key(document: Json) -> _Key:
    found = [
        read(document[name])
        for name, read in zip(_KEY_MEMBERS, (_from_pem, keys.from_jwk), strict=True)
        if name in document
    ]
    if not found:
        raise CheckError("key_document_malformed", "no key in it")
    if any(key.spki != found[0].spki for key in found):
        raise CheckError("key_conflict", "publicKeyPem and publicKeyJwk")
    owner = reference(document.get("owner"))
    if owner is not None and not isinstance(owner, str):
        raise CheckError("key_document_malformed", "owner")
    return _Key(id_of(document), owner, found[0])


def _from_pem(text: object) -> PublicKey:
    if not isinstance(text, str):
        raise CheckError("key_malformed", "publicKeyPem is not text")
    return keys.from_pem(text)


def _listed_keys(profile: Node, asked: Asked, creator: str | None) -> Iterator[_Key]:
    """The keys of the profile, each fetched where only its address stands there; with `creator` the one of that name
    that stands in it.

    Raises:
        CheckError: one cannot be had or read.
    """
    for item in every(profile.value.get("publicKey"))[:MAX_KEYS]:
        inside = isinstance(item, dict) and _holds_key(item)
        if creator is not None:
            if inside and id_of(item) == creator:
                yield _read_key(item)
        elif inside:
            yield _read_key(item)
        elif (address := address_of(item)) is not None:
            yield _fetch_key(address, asked)
        else:
            raise CheckError("key_document_malformed", "publicKey of the issuer")


# --- whose it is -----------------------------------------------------------------------------------------------------


def _described(assertion: Json, asked: Asked) -> tuple[Node, Node]:
    badge = badge_class(assertion, asked, container=None)
    return badge, profile_of(badge, asked)


def _check_owner(used: _Key, profile: Node) -> None:
    """Both ways: the profile lists the key, and the key, where it names an owner, names the profile."""
    listed = every(profile.value.get("publicKey"))[:MAX_KEYS]
    is_listed = any([_is_listed(used, item) for item in listed])  # noqa: C419  # a few entries
    if not is_listed and (listed or profile.origin is not None):
        raise CheckError("key_not_authorised", "the issuer's profile does not list the key")
    own = id_of(profile.value)
    if used.owner is not None and (own is None or not hosting.same_document(used.owner, own)):
        raise CheckError("key_not_authorised", "the key names another owner than the issuer")


def _is_listed(used: _Key, item: Any) -> bool:
    """Whether an entry of `publicKey` is this key: by its own content where it has some, else by its address."""
    if isinstance(item, dict) and _holds_key(item):
        return _read_key(item).key.spki == used.key.spki
    address = address_of(item)
    return address is not None and used.id is not None and hosting.same_document(used.id, address)


def _check_scope(assertion: Json, profile: Node) -> None:
    """What the profile itself says of the ids of its assertions holds for signed ones too.

    Nothing is fetched from a signed assertion's id, which need not be an address, so where the profile says nothing
    there is no rule: the profile's own host is one for hosted badges alone.
    """
    sites, prefixes = scope_of(profile)
    own = id_of(assertion) or ""
    if prefixes and not within(own, prefixes):
        raise CheckError("hosted_outside_scope")
    if sites and address_of(own) is not None and hosting.site_of(origin_of(own)) not in sites:
        raise CheckError("hosted_origin_not_allowed", origin_of(own))


def _is_bound(assertion: Json, badge: Node, profile: Node) -> bool:
    """Whether the issuer's own site spoke for the key, and the issuer for the badge class.

    A badge class without an address is the issuer's word when it stands in what was signed.
    """
    if profile.origin is None:
        return False
    if badge.origin is None:
        return isinstance(assertion.get("badge"), dict)
    sites, _ = scope_of(profile)
    return hosting.site_of(badge.origin) in {*sites, hosting.site_of(profile.origin)}
