"""API keys: 256 random bits, shown once; only a hash goes into the settings."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

PREFIX: Final = "ler_"
SCHEME: Final = "sha256$"


def new_api_key() -> tuple[str, str]:
    """A new key, and the hash of it that goes into `LER_API_KEYS`."""
    key = PREFIX + secrets.token_urlsafe(32)
    return key, hash_api_key(key)


def hash_api_key(key: str) -> str:
    """`sha256$<hex>`. A slow hash is for passwords; nobody guesses 256 bits."""
    return SCHEME + hashlib.sha256(key.encode()).hexdigest()
