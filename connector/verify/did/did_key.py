"""did:key (W3C CCG "The did:key Method" v0.9): the identifier is the key."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from connector.verify import keys
from connector.verify.did.document import ControllerDocument
from connector.verify.errors import CheckError
from connector.verify.keys import PublicKey

_ANY_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=1024)
def resolve(did: str) -> ControllerDocument:
    """The document that the identifier itself stands for.

    Raises:
        CheckError: not a key, not exactly one, or of a kind that is not supported here.
    """
    multikey = did.removeprefix("did:key:")
    if not multikey.startswith("z") or not multikey.isalnum():
        raise CheckError("key_identifier_malformed", "did:key")
    keys.from_multikey(multikey)
    method_id = f"{did}#{multikey}"
    method = {"id": method_id, "type": "Multikey", "controller": did, "publicKeyMultibase": multikey}
    return ControllerDocument(
        did,
        {"id": did, "verificationMethod": [method], "assertionMethod": [method_id], "authentication": [method_id]},
    )


@lru_cache(maxsize=1024)
def key(method: str, purpose: str) -> PublicKey:
    """The key that a full DID URL of a did:key names; its document has no dates, so the answer is always the same.

    Raises:
        CheckError: as `resolve` and `ControllerDocument.key`.
    """
    document = resolve(method.partition("#")[0])
    return document.key(method, purpose, signed_at=_ANY_TIME, now=_ANY_TIME)
