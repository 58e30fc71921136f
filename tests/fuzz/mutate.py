"""Changes to inputs: of their bytes, and, where they are JSON, of what they say."""

from __future__ import annotations

import copy
import json
import random
from typing import Any, Final

_TOKENS: Final = [
    b"\x00", b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xf4\x90\x80\x80", b"{", b"}", b"[", b"]", b'"', b"\\", b"\\u0000",
    b"\\ud800", b"\\u0301", b",", b":", b"null", b"true", b"NaN", b"Infinity", b"1e999", b"-0", b"1.0", b"9" * 45, b"~", b".",
    b"..", b"=", b"-", b"_", b"+", b"/", b"%", b"%00", b"%2F", b"#", b"@", b" ", b"\n", b"\r\n", b"\t", b"<", b">", b"&", b"<!--",
    b"<![CDATA[", b"]]>", b"<!DOCTYPE a>", b"&amp;", b"http://", b"https://", b"data:", b"did:web:", b"did:key:z", b"eyJ",
    b"e30", b"zz", b"*a", b"&a ", b"!!python/none ", b"- ", b"? ", b"|\n", b"\x1f\x8b", b"\x78\x9c", b"IEND", b"iTXt",
]  # fmt: skip
_VALUES: Final[list[Any]] = [
    None, True, False, 0, -1, 1, 1.5, 2**53, 2**63, -(2**63), 10**39, 1e300, "", " ", "x", "\u0000", "\u212a", "a\u0301", "@", "#",
    "https://x.example/", "did:example:1", "urn:x", "2025-05-01T00:00:00Z", "9999-12-31T23:59:60Z", "1e5", "@id", "@type",
    "__proto__", [], {}, [[]], [None], [{}], {"": 0}, {"id": "urn:x"}, {"@value": "x"}, {"type": []}, "a" * 5_000, [0] * 200,
]  # fmt: skip
_MOST: Final = 60_000


def mutated(seed: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """One input from another: a few changes in a row."""
    data = seed
    for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
        changed = _change_json(data, others, chance) if chance.random() < 0.5 else None
        data = changed if changed is not None else _change_bytes(data, others, chance)
    return data[:_MOST]


# --- bytes -------------------------------------------------------------------------------------------------------


def _change_bytes(data: bytes, others: list[bytes], chance: random.Random) -> bytes:
    start = chance.randrange(len(data) + 1)
    end = min(len(data), start + chance.choice((0, 1, 1, 2, 4, 16, 64, 400)))
    before, piece, after = data[:start], data[start:end], data[end:]
    kind = chance.randrange(8)
    if kind == 0 and data:
        place = chance.randrange(len(data))
        return data[:place] + bytes([data[place] ^ 1 << chance.randrange(8)]) + data[place + 1 :]
    if kind == 1:
        return before + after
    if kind == 2:
        return before + piece * chance.choice((2, 3, 20)) + after
    if kind == 3:
        return before + chance.choice(_TOKENS) + after
    if kind == 4:
        return before + chance.choice(_TOKENS) + piece + after
    if kind == 5:
        other = chance.choice(others)
        cut = chance.randrange(len(other) + 1)
        return before + other[cut : cut + chance.choice((4, 40, 4_000))] + after
    if kind == 6:
        return before + piece[::-1] + after
    return before + bytes(chance.randrange(256) for _ in range(chance.choice((1, 2, 8)))) + after


# --- JSON --------------------------------------------------------------------------------------------------------


def _change_json(data: bytes, others: list[bytes], chance: random.Random) -> bytes | None:
    """None where the data is no JSON that has something in it."""
    value = _parsed(data)
    places = list(_places(value))
    if not places:
        return None
    value = copy.deepcopy(value)
    places = list(_places(value))
    holder, key = chance.choice(places)
    kind = chance.randrange(7)
    if kind == 0:
        del holder[key]
    elif kind == 1:
        holder[key] = [holder[key]] * chance.choice((1, 2, 3, 40))
    elif kind == 2:
        holder[key] = {chance.choice(("id", "@value", "@id", "type", "x")): holder[key]}
    elif kind == 3:
        other, its_key = chance.choice(places)
        holder[key] = copy.deepcopy(other[its_key])
    elif kind == 4 and isinstance(holder, dict):
        name = chance.choice(
            (key.upper(), f"{key}\u0301", f"@{key}", f"https://x.example/{key}", "", key[:-1], "proof", "@context")
        )
        holder[name] = holder.pop(key)
    elif kind == 5:
        graft = _parsed(chance.choice(others))
        holder[key] = graft if graft is not None else chance.choice(_VALUES)
    else:
        holder[key] = copy.deepcopy(chance.choice(_VALUES))
    try:
        return json.dumps(value, ensure_ascii=chance.random() < 0.3).encode("utf-8", "surrogatepass")
    except (RecursionError, ValueError):
        return None


def _parsed(data: bytes) -> Any:
    if data[:1] not in (b"{", b"["):
        return None
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _places(value: Any, depth: int = 0) -> Any:
    if depth > 40:
        return
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value[:50])
    for key, child in items:
        yield value, key
        yield from _places(child, depth + 1)
