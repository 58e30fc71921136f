"""Encryption at rest and signed links, both from `LER_SECRET_KEY`.

AES-256-GCM with a fresh nonce per value (NIST SP 800-38D); keys derived by HKDF (RFC 5869), one per use. Each value is
bound to its place (table, column, row), so that a row's secret cannot be moved to another row. Several keys rotate:
the first is used, every one still opens.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from connector import codec
from connector.errors import ConfigurationError, StoreError

MIN_KEY_CHARS: Final = 32
KEY_FILE: Final = "secret.key"
_VERSION: Final = b"\x01"
_NONCE: Final = 12
_KEY_ID: Final = 4


class Vault:
    """Seals and opens values, signs and checks links.

    Args:
        keys: secret texts, the current one first.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise ConfigurationError("LER_SECRET_KEY is missing.")
        if any(len(key) < MIN_KEY_CHARS for key in keys):
            raise ConfigurationError(f"LER_SECRET_KEY needs at least {MIN_KEY_CHARS} characters for each key.")
        self._sealing = [(_key_id(k), AESGCM(_derive(k, b"storage"))) for k in keys]
        self._signing = [_derive(k, b"links") for k in keys]

    def seal(self, plain: bytes, place: str) -> bytes:
        """Encrypt `plain` for `place` (`table.column:row`)."""
        key_id, cipher = self._sealing[0]
        nonce = os.urandom(_NONCE)
        return _VERSION + key_id + nonce + cipher.encrypt(nonce, plain, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """Decrypt.

        Raises:
            StoreError: no key opens it, or it was changed or moved.
        """
        key_id, nonce = sealed[1 : 1 + _KEY_ID], sealed[1 + _KEY_ID : 1 + _KEY_ID + _NONCE]
        for known, cipher in self._sealing:
            if known == key_id and sealed[:1] == _VERSION:
                try:
                    return cipher.decrypt(nonce, sealed[1 + _KEY_ID + _NONCE :], place.encode())
                except InvalidTag:
                    break
        raise StoreError("A stored value cannot be opened with LER_SECRET_KEY.", code="store_wrong_key")

    def sign(self, message: str) -> str:
        """A signature that fits into a link."""
        return _mac(self._signing[0], message)

    def signed(self, message: str, signature: str) -> bool:
        """Whether one of our keys made that signature."""
        equal = [hmac.compare_digest(_mac(key, message).encode(), signature.encode()) for key in self._signing]
        return any(equal)


def secret_keys(configured: Sequence[str], data_dir: Path) -> tuple[tuple[str, ...], Path | None]:
    """The keys to use, and the file that was written when this is the first start without a configured one."""
    if configured:
        return tuple(configured), None
    path = data_dir / KEY_FILE
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read_keys(path), None
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written ({error.strerror}); set LER_SECRET_KEY.") from error
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(new_secret_key() + "\n")
        file.flush()
        os.fsync(file.fileno())
    return _read_keys(path), path


def _read_keys(path: Path) -> tuple[str, ...]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read ({error.strerror}).") from error
    return tuple(part.strip() for part in text.replace("\n", ",").split(",") if part.strip())


def new_secret_key() -> str:
    return secrets.token_urlsafe(32)


def _derive(key: str, use: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"ler-ats-connector/" + use).derive(key.encode())


def _key_id(key: str) -> bytes:
    return hashlib.sha256(b"ler-ats-connector/key-id/" + key.encode()).digest()[:_KEY_ID]


def _mac(key: bytes, message: str) -> str:
    return codec.b64url_encode(hmac.new(key, message.encode(), hashlib.sha256).digest())
