"""did:jwk (quartzjer/did-jwk): the identifier is a JWK in base64url."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from connector import codec
from connector.errors import IntakeError
from connector.verify.did.document import ControllerDocument
from connector.verify.errors import CheckError

_REMEMBERED_CHARS: Final = 1_200
"""What is remembered must be small; a key of RSA-4096 takes 1,000, and empty lists take twenty times their text."""


def resolve(did: str) -> ControllerDocument:
    """The document that the identifier itself stands for.

    Raises:
        CheckError: it does not hold a JSON Web Key.
    """
    return _remembered(did) if len(did) <= _REMEMBERED_CHARS else _resolve(did)


def _resolve(did: str) -> ControllerDocument:
    try:
        jwk = codec.parse_json(codec.b64url_decode(did.removeprefix("did:jwk:"), max_bytes=8_192), max_depth=4)
    except IntakeError as error:
        raise CheckError("key_identifier_malformed", f"did:jwk, {error.code}") from None
    if not isinstance(jwk, dict):
        raise CheckError("key_identifier_malformed", "did:jwk")
    method = {"id": f"{did}#0", "type": "JsonWebKey", "controller": did, "publicKeyJwk": jwk}
    document: dict[str, object] = {"id": did, "verificationMethod": [method]}
    if jwk.get("use", "sig") == "sig":
        document |= {"assertionMethod": [f"{did}#0"], "authentication": [f"{did}#0"]}
    return ControllerDocument(did, document)


_remembered = lru_cache(maxsize=1024)(_resolve)
