"""Private keys never come in: a wallet backup is refused before anything of it is kept.

Wallet exports carry the holder's keys beside the credentials (UniversalWallet2020 in LCW; `privateKeyMultibase`,
`privateKeyJwk`, a JWK's `d`, a seed). Whatever the type says, a document with one of these is refused.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

from connector.errors import UnsafeSubmission

_CONTAINERS: Final = (dict, list)
_KEY_PREFIXES: Final = ("privatekey", "secretkey")
_SEED_NAMES: Final = frozenset({"seed", "seedphrase", "mnemonic", "keyseed"})
_MAX_NAME: Final = 40
"""Longer than any name of a key; it also bounds what the names remembered by `_tells` weigh."""
_SEED_CHARS: Final = 32
"""A 128-bit seed in hex; a plant's or a tournament's `seed` is shorter."""

_CERTAIN = re.compile(
    rb"[\"'](?:private|secret)_?key_?(?:multibase|jwk|base58|base64|hex|pem)?[\"']\s*:\s*(?:[\"'][^\"']|\{)"
    rb"|-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----",
    re.IGNORECASE,
)


def may_hold_keys(content: bytes) -> bool:
    """A quick look at plain text: False means there is no private key in it, True means look closer.

    Without one of these words, in any case of letters, no member name below can occur, unless `\\u00` spells it.
    """
    if b"\\" in content and b"\\u00" in content:
        return True
    text = content.lower()
    return b"private" in text or b"secret" in text or b"mnemonic" in text or b"seed" in text or b'"kty"' in text


def surely_holds_keys(content: bytes) -> bool:
    """Whether the raw bytes show a private key, even where they are no JSON that can be read."""
    return bool(_CERTAIN.search(content))


def refuse_keys(value: Any) -> None:
    """Raise `UnsafeSubmission` when a parsed document holds a private key anywhere."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            if _holds_key(item):
                raise unsafe()
            stack += [value for value in item.values() if isinstance(value, _CONTAINERS)]
        elif isinstance(item, list):
            stack += [value for value in item if isinstance(value, _CONTAINERS)]


def unsafe() -> UnsafeSubmission:
    return UnsafeSubmission(
        "This is a wallet backup with private keys. It was not kept. Share the credentials instead, and keep the "
        "backup to yourself."
    )


def _holds_key(item: dict[str, Any]) -> bool:
    if "kty" in item and (isinstance(item.get("d"), str) or (item["kty"] == "oct" and isinstance(item.get("k"), str))):
        return True
    telling = [name for name in item if len(name) <= _MAX_NAME and _tells(name)]
    return any(_is_key_member(name, item[name]) for name in telling) if telling else False


@lru_cache(maxsize=4096)
def _tells(name: str) -> bool:
    """Whether a member of that name would hold a private key or the seed of one."""
    plain = _plain(name)
    return plain.startswith(_KEY_PREFIXES) or plain in _SEED_NAMES


def _is_key_member(name: str, value: Any) -> bool:
    if not value or not isinstance(value, str | dict):
        return False
    return _plain(name) not in _SEED_NAMES or (isinstance(value, str) and len(value) >= _SEED_CHARS)


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")
