"""Finding keys: from a verification method or a `kid` to a public key, and whose it is.

DID methods: did:key, did:jwk, did:web, and whatever a recorded world holds. Besides them https addresses of controller
documents, of JWK Sets and of single keys (Open Badges 3.0 "requires only HTTP URL support"; Controlled Identifiers 1.0
section 3.3). Adding a DID method is adding a file here and a line to `_METHODS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, cast

from connector import hosting
from connector.errors import FetchError, IntakeError
from connector.model.frozen import frozen
from connector.ports import DocumentSource, FetchedDocument, Purpose
from connector.verify import published_json
from connector.verify.did import did_jwk, did_key, did_web, jwk_set, jwt_vc_issuer
from connector.verify.did.document import ControllerDocument
from connector.verify.did.method_types import read_key
from connector.verify.errors import CheckError
from connector.verify.jsonld.errors import TOO_COMPLEX, JsonLdError
from connector.verify.jsonld.limits import purse, spend
from connector.verify.keys import PublicKey

__all__ = [
    "NO_KEYS_THERE",
    "ControllerDocument",
    "FoundKey",
    "KeyQuestion",
    "authorised_keys",
    "find_in_metadata",
    "find_key",
    "find_key_of",
    "resolve",
]

MAX_KEY_DOCUMENT_BYTES: Final = 1_000_000
NO_KEYS_THERE: Final = frozenset({"key_document_unreachable", "key_document_malformed", "key_document_mismatch"})
"""How an address answers that is only a name, or a web page, and no document of keys."""
_UNITS_PER_KEY: Final = 100
"""Of a submission's work: the point of a large curve takes 0.3 ms to read."""
_ACCEPT: Final = "application/did+json, application/did+ld+json, application/json, application/jwk-set+json"
_METHODS: Final[Mapping[str, Callable[[str], ControllerDocument]]] = {
    "did:key:": did_key.resolve,
    "did:jwk:": did_jwk.resolve,
}
_OWN_KEY: Final = tuple(_METHODS)
"""Identifiers that are a key, so that naming one without a fragment leaves nothing open."""

Json = dict[str, Any]


@frozen
class FoundKey:
    """A key, and the identifier whose own document lists it for the purpose asked.

    Attributes:
        controller: None for a bare JWK, of which nobody says whose it is.
        method: the full id of the key.
        short: the reference was in a short form (a did:key without its fragment, a bare `kid`).
    """

    key: PublicKey
    controller: str | None
    method: str
    short: bool = False


@frozen
class KeyQuestion:
    """What a key is wanted for.

    Attributes:
        purpose: `assertionMethod`, or `authentication` for a holder's proof.
        signed_at: when the signature says it was made (else now).
    """

    purpose: str
    signed_at: datetime
    now: datetime


def find_key(method: str, question: KeyQuestion, documents: DocumentSource) -> FoundKey:
    """The key that `method` (a DID URL, or an https or recorded URL) names.

    Raises:
        CheckError: it cannot be had (`key_document_*`, `key_method_unknown`), or it does not count (`key_*`).
    """
    if method.startswith("did:key:") and "#" in method:
        return _find_in_did_key(method, question.purpose)
    base, separator, fragment = method.partition("#")
    if not base or (separator and not fragment):
        raise CheckError("key_identifier_malformed", method[:200])
    if not separator and base.startswith(_OWN_KEY):
        found = find_key(f"{base}#{_fragment_of(base)}", question, documents)
        return FoundKey(found.key, found.controller, found.method, short=True)
    if base.startswith("https:"):
        return _find_at_address(method, base, question, documents)
    document = resolve(base, documents)
    key = document.key(method, question.purpose, signed_at=question.signed_at, now=question.now)
    return FoundKey(key, document.id, method)


@lru_cache(maxsize=1024)
def _find_in_did_key(method: str, purpose: str) -> FoundKey:
    """The same for a did:key, whose document has no dates, so that the answer is always the same."""
    base, _, fragment = method.partition("#")
    if not fragment:
        raise CheckError("key_identifier_malformed", method[:200])
    return FoundKey(did_key.resolve(base).key(method, purpose, signed_at=_ANY_TIME, now=_ANY_TIME), base, method)


_ANY_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _fragment_of(own_key: str) -> str:
    """What the one key of a did:key or a did:jwk is called in its document."""
    return own_key.removeprefix("did:key:") if own_key.startswith("did:key:") else "0"


def find_key_of(issuer: str, kid: str | None, question: KeyQuestion, documents: DocumentSource) -> FoundKey:
    """The key of `issuer` that a short `kid` (no URL) means; without `kid` only where the issuer is its own one key.

    Raises:
        CheckError: as `find_key`.
    """
    if kid is None:
        if not issuer.startswith(_OWN_KEY):
            raise CheckError("key_not_named")
        kid = _fragment_of(issuer)
    if issuer.startswith("https:"):
        document = _fetch(issuer, documents)
        if "keys" in document:
            return _from_jwk_set(document, kid, issuer, question)
        controller = _controller_document(document, issuer)
    else:
        controller = resolve(issuer, documents)
    method = controller.method_with_kid(kid)
    if method is None:
        raise CheckError("key_not_in_document", kid[:200])
    key = controller.key(method, question.purpose, signed_at=question.signed_at, now=question.now)
    return FoundKey(key, controller.id, method, short=True)


def find_in_metadata(issuer: str, kid: str | None, question: KeyQuestion, documents: DocumentSource) -> FoundKey:
    """The key that `issuer` (an https address) publishes as an issuer of JWT VCs; without `kid` the only one.

    Raises:
        CheckError: as `find_key`.
    """
    listed = jwt_vc_issuer.published(issuer, lambda url: _fetch(url, documents))
    if kid is None and len(listed) != 1:
        raise CheckError("key_not_named", "no kid, and more than one key")
    if kid is None:
        return FoundKey(jwk_set.read(listed[0], signed_at=question.signed_at, now=question.now), issuer, "")
    name, key = jwk_set.select(listed, (kid,), signed_at=question.signed_at, now=question.now)
    return FoundKey(key, issuer, name)


def resolve(identifier: str, documents: DocumentSource) -> ControllerDocument:
    """The document of a DID, an https controller, or whatever else a recorded world holds.

    Raises:
        CheckError: there is no way to it, it could not be had, or it is not that identifier's.
    """
    for prefix, method in _METHODS.items():
        if identifier.startswith(prefix):
            return method(identifier)
    if identifier.startswith("https:"):
        return _controller_document(_fetch(identifier, documents), identifier)
    try:
        recorded = documents.recorded(identifier)
    except FetchError as error:
        raise CheckError("key_document_unreachable", f"{identifier[:200]}: {error.code}") from None
    if recorded is not None:
        return _controller_document(_parse(recorded), identifier)
    if identifier.startswith("did:web:"):
        return _controller_document(_fetch(did_web.address(identifier), documents), identifier)
    raise CheckError("key_method_unknown", identifier.split("#")[0][:100])


def authorised_keys(
    identifier: str, purpose: str, documents: DocumentSource, *, now: datetime
) -> list[tuple[str, PublicKey | None]]:
    """Every usable key that `identifier` itself lists for `purpose`, by id; None for a key kept at another address.

    They are read once for each submission, whose other records may ask again.

    Raises:
        CheckError: its document could not be had, or what one submission may cost is spent.
    """
    shared = purse()
    known = shared.listed.get((identifier, purpose)) if shared is not None else None
    if known is None:
        known = _listed_keys(identifier, purpose, documents, now)
        if shared is not None:
            shared.listed[identifier, purpose] = known
    return cast("list[tuple[str, PublicKey | None]]", known)


def _listed_keys(
    identifier: str, purpose: str, documents: DocumentSource, now: datetime
) -> list[tuple[str, PublicKey | None]]:
    if not identifier.startswith("https:"):
        return _authorised(resolve(identifier, documents), purpose, now)
    try:
        document = _fetch(identifier, documents)
        if isinstance(document.get("keys"), list):
            return _usable(document["keys"], now)
        return _authorised(_controller_document(document, identifier), purpose, now)
    except CheckError as error:
        if error.code not in NO_KEYS_THERE:
            raise
    return _usable(jwt_vc_issuer.published(identifier, lambda url: _fetch(url, documents)), now)


def _authorised(document: ControllerDocument, purpose: str, now: datetime) -> list[tuple[str, PublicKey | None]]:
    _pay_for(document.json.get(purpose))
    return list(document.authorised(purpose, now=now))


def _usable(jwks: list[Any], now: datetime) -> list[tuple[str, PublicKey | None]]:
    _pay_for(jwks)
    return [("", key) for key in jwk_set.usable(jwks, now=now)]


def _pay_for(keys: object) -> None:
    if isinstance(keys, list):
        try:
            spend(_UNITS_PER_KEY * min(len(keys), jwk_set.MAX_KEYS))
        except JsonLdError as error:
            raise CheckError(error.code, "the keys of those it names") from None


def _find_at_address(method: str, base: str, question: KeyQuestion, documents: DocumentSource) -> FoundKey:
    document = _fetch(base, documents)
    if "kty" in document and method in (base, document.get("kid"), f"{base}#{document.get('kid')}"):
        return FoundKey(jwk_set.read(document, signed_at=question.signed_at, now=question.now), None, method)
    if "keys" in document:
        return _from_jwk_set(document, method, base, question)
    if method == base and document.get("id") == method and isinstance(document.get("controller"), str):
        return _standalone_method(document, method, question, documents)
    controller = _controller_document(document, base)
    key = controller.key(method, question.purpose, signed_at=question.signed_at, now=question.now)
    return FoundKey(key, controller.id, method)


def _standalone_method(document: Json, method: str, question: KeyQuestion, documents: DocumentSource) -> FoundKey:
    """A key with an address of its own: its controller's document must list it (CID 1.0 section 3.3)."""
    controller = resolve(document["controller"], documents)
    if method not in [
        listed for listed, _ in authorised_keys(controller.id, question.purpose, documents, now=question.now)
    ]:
        raise CheckError("key_not_authorised", f"{method} is not listed by its controller")
    controller.check_usable(document, signed_at=question.signed_at, now=question.now)
    return FoundKey(read_key(document), controller.id, method)


def _from_jwk_set(document: Json, kid: str, base: str, question: KeyQuestion) -> FoundKey:
    """The key of a set at `base` with this `kid`, which may be written whole, as the fragment, or alone."""
    names = (kid, kid.removeprefix(f"{base}#"), kid.removeprefix("#"))
    _, key = jwk_set.select(document["keys"], names, signed_at=question.signed_at, now=question.now)
    return FoundKey(key, base, kid, short=":" not in kid)


def _controller_document(document: Json, identifier: str) -> ControllerDocument:
    if document.get("id") != identifier:
        raise CheckError("key_document_mismatch", f"asked for {identifier[:200]}")
    return ControllerDocument(identifier, document)


def _fetch(url: str, documents: DocumentSource) -> Json:
    try:
        parts = hosting.split(url)
    except ValueError:
        raise CheckError("key_identifier_malformed", "the key's address") from None
    if not parts.hostname or parts.username is not None or parts.password is not None:
        raise CheckError("key_identifier_malformed", "the key's address")
    try:
        return _parse(documents.get(url, purpose=Purpose.KEY, accept=_ACCEPT))
    except FetchError as error:
        raise CheckError("key_document_unreachable", f"{url[:200]}: {error.code}") from None


def _parse(answer: FetchedDocument) -> Json:
    if answer.status != 200:
        raise CheckError("key_document_unreachable", f"{answer.url[:200]}: HTTP {answer.status}")
    try:
        document = published_json.parse(answer.content, max_bytes=MAX_KEY_DOCUMENT_BYTES)
    except IntakeError as error:
        spent = error.code == TOO_COMPLEX  # then nothing is said against the document
        raise CheckError(
            TOO_COMPLEX if spent else "key_document_malformed", f"{answer.url[:200]}: {error.code}"
        ) from None
    if not isinstance(document, dict):
        raise CheckError("key_document_malformed", answer.url[:200])
    return document
