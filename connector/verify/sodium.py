"""Ed25519 signatures, checked by libsodium (RFC 8032 section 5.1.7; why: docs/decisions/012-ed25519-by-libsodium.md).

libsodium takes half the time of OpenSSL and accepts less: besides what RFC 8032 refuses (S not below the order of the
group, points that are not on the curve) also points of small order and points that are not in canonical form.
"""

from __future__ import annotations

from typing import Final

from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError

KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64


def verifies(key: bytes, signature: bytes, data: bytes) -> bool:
    """Whether `signature` over `data` was made with the private half of `key`, which is a point in canonical form.

    libsodium reads signature and data as one, so that the lengths must be right before it looks at them: else a byte
    could go over from the one to the other.
    """
    if len(signature) != SIGNATURE_BYTES or len(key) != KEY_BYTES:
        return False
    try:
        crypto_sign_open(signature + data, key)
    except BadSignatureError:
        return False
    return True
