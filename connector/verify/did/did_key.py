"""did:key (W3C CCG "The did:key Method" v0.9): the identifier is the key."""

from __future__ import annotations

from functools import lru_cache

from connector.verify import keys
from connector.verify.did.document import ControllerDocument
from connector.verify.errors import CheckError


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
