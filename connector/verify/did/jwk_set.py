"""JWK Sets (RFC 7517 section 5): the one key that a `kid` means, and whether it is still in use.

A set has no order that means anything: no key is taken because it is the first, or the only one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from connector.verify import keys
from connector.verify.dates import parse_numeric_date
from connector.verify.errors import CheckError
from connector.verify.keys import PublicKey

Json = dict[str, Any]

MAX_KEYS: Final = 200
"""Keys read from one set; the largest that issuers publish hold a dozen."""


def select(jwks: object, names: tuple[str, ...], *, signed_at: datetime, now: datetime) -> tuple[str, PublicKey]:
    """The `kid` and the key of the one member whose `kid` is among `names`.

    Raises:
        CheckError: none has it, or several have; or the key is withdrawn, over, or unusable.
    """
    listed = jwks[:MAX_KEYS] if isinstance(jwks, list) else []
    found = [jwk for jwk in listed if isinstance(jwk, dict) and jwk.get("kid") in names]
    if len(found) != 1:
        raise CheckError("key_not_in_document", f"{len(found)} keys of that kid: {names[0][:200]}")
    return str(found[0]["kid"]), read(found[0], signed_at=signed_at, now=now)


def usable(jwks: list[Any], *, now: datetime) -> Iterator[PublicKey]:
    """The keys of a set that can be used now; the others bind nobody."""
    for jwk in jwks[:MAX_KEYS]:
        try:
            yield read(jwk, signed_at=now, now=now)
        except CheckError:
            continue


def read(jwk: object, *, signed_at: datetime, now: datetime) -> PublicKey:
    """A published key, unless its own `exp` or `revoked` ends it (OpenID Federation 1.0 section 8.7.2).

    Raises:
        CheckError: it is withdrawn, was over when it signed, or is unusable.
    """
    if isinstance(jwk, dict) and "revoked" in jwk:
        revoked = jwk["revoked"]
        since = parse_numeric_date(revoked.get("revoked_at")) if isinstance(revoked, dict) else None
        if since is None or since <= now:
            raise CheckError("key_revoked", "revoked")
    if isinstance(jwk, dict) and "exp" in jwk:
        end = parse_numeric_date(jwk["exp"])
        if end is None or end <= signed_at:
            raise CheckError("key_revoked", "expired before the signature was made")
    return keys.from_jwk(jwk)
