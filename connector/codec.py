"""Strict decoding of what arrives: JSON, base64, multibase, JOSE segments, compressed bytes.

Nothing here guesses: an encoding that is not exactly what its specification says is an error, so that two readers can
never see two documents in the same bytes (RFC 8259, RFC 4648, RFC 7515, Controlled Identifiers 1.0 section 2.4).
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from array import array
from functools import lru_cache
from itertools import accumulate
from typing import Any, Final

import orjson
from pydantic_core import SchemaValidator

from connector.errors import SubmissionTooLarge, UnreadableSubmission

MAX_JSON_BYTES: Final = 5_000_000
"""A CLR with 100 signed badges is about 0.4 MB; ten times that leaves room for embedded images."""
MAX_JSON_DEPTH: Final = 64
"""The deepest published LER nests 14 levels."""
MAX_JSON_CONTAINERS: Final = 300_000
"""Objects and lists; 5 MB of badges hold 40,000. An empty one takes 3 bytes in the file and 80 in memory."""
MAX_INTEGER_DIGITS: Final = 40
MAX_JWT_BYTES: Final = 1_000_000
MAX_JOSE_HEADER_BYTES: Final = 8_192
"""An RSA-4096 `jwk` in the header is legal in Open Badges 3.0 and takes about 0.8 KB; certificates more."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_NO_DIGIT = 255
_BASE58_DIGITS = bytes(_BASE58.find(chr(code)) % 256 for code in range(256))  # -1 becomes _NO_DIGIT


def _malformed(message: str, code: str = "malformed", detail: str = "") -> UnreadableSubmission:
    return UnreadableSubmission(message, code=code, detail=detail)


# --- JSON --------------------------------------------------------------------------------------------------------


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        name = next(k for k, _ in pairs if k in seen or seen.add(k))  # type: ignore[func-returns-value]  # set.add is None
        raise _malformed("The file names the same member twice.", "duplicate_member", f"member {name[:60]!r}")
    return result


def _integer(text: str) -> int:
    if len(text) > MAX_INTEGER_DIGITS:
        raise _malformed("The file holds a number that is too long.", "number_too_long")
    return int(text)


def _constant(text: str) -> Any:
    raise _malformed("The file holds a number that JSON does not know.", "not_json", text)


def _float(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise _malformed("The file holds a number that is too large.", "number_too_long")
    return value


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant)


_NOT_STRUCTURE: Final = bytes(code for code in range(256) if code not in b'"[]{}')
_ONE_KIND: Final = bytes.maketrans(b"[]", b"{}")
_PASSES_WORTH_IT: Final = 8
"""What real records need is less than 3 times their brackets; chains of brackets are for the slow way."""


def _check_depth(text: str, limit: int) -> None:
    """Bound nesting before parsing, so that no recursion can run out."""
    containers = text.count("{") + text.count("[")
    if containers <= limit:  # not enough brackets to be nested too deeply
        return
    if containers > MAX_JSON_CONTAINERS:
        raise SubmissionTooLarge("The file has too many parts.", code="too_many")
    if not _is_shallow(text.encode("utf-8", errors="replace"), limit):
        _count_depth(text, limit)


def _is_shallow(raw: bytes, limit: int) -> bool:
    """Whether a few passes in C show that `raw` nests at most `limit` deep; False leaves it open.

    Only brackets and the quotes of strings are kept. Two quotes beside each other hold no bracket. If no quote is left
    without them, an even number stood in front of every bracket: all brackets are structure. Each time that the empty
    pairs are taken away, the nesting is one less.
    """
    if b"\\" in raw:
        raw = raw.replace(b"\\\\", b"").replace(b'\\"', b"")
    rest = raw.translate(_ONE_KIND, _NOT_STRUCTURE).replace(b'""', b"")
    if b'"' in rest:
        return False
    worth_it = _PASSES_WORTH_IT * len(rest)
    while rest and limit and worth_it > 0:
        worth_it -= len(rest)
        limit -= 1
        rest = rest.replace(b"{}", b"")
    return not rest


_STRINGS: Final = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\Z)', re.DOTALL)
_BRACKETS: Final = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
_NO_BRACKETS: Final = bytes(code for code in range(256) if code not in b"[]{}")


def _count_depth(text: str, limit: int) -> None:
    """The slow way: strings are taken out, an opening bracket counts one and a closing one minus one."""
    outside = _STRINGS.sub("", text).encode("utf-8", errors="replace")
    steps = array("b", outside.translate(_BRACKETS, _NO_BRACKETS))
    if max(accumulate(steps), default=0) > limit:
        raise _malformed("The file is nested too deeply.", "too_deep")


def parse_json(data: bytes | str, *, max_bytes: int = MAX_JSON_BYTES, max_depth: int = MAX_JSON_DEPTH) -> Any:
    """Parse JSON strictly.

    Refused: more than `max_bytes`, bad UTF-8, a byte order mark, duplicate members, NaN and infinities, integers of
    more than 40 digits, lone surrogates, nesting deeper than `max_depth`, anything after the value.

    Raises:
        SubmissionTooLarge: over `max_bytes`.
        UnreadableSubmission: anything else, with a code of its own.
    """
    if len(data) > max_bytes:
        raise SubmissionTooLarge(f"The file is larger than {max_bytes // 1000} kB.")
    value = _parse_plain(data, max_depth)
    if value is not _NOT_PLAIN:
        return value
    if isinstance(data, bytes):
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise _malformed("The file is not UTF-8 text.", "not_utf8", f"byte {error.start}") from None
    else:
        text = data
    _check_depth(text, max_depth)
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise _malformed("The file is not JSON.", "not_json", f"line {error.lineno}, column {error.colno}") from None
    if "\\u" in text or not text.isascii():
        _refuse_surrogates(value)
    return value


class Pairs(list[tuple[str, Any]]):
    """An object as it stands in the text: its members in order, whatever is named twice."""


_PAIRS_DECODER = json.JSONDecoder(
    object_pairs_hook=Pairs, parse_int=_integer, parse_float=_float, parse_constant=_constant
)


def parse_json_pairs(data: bytes, *, max_bytes: int) -> Any:
    """Parse JSON whose author names a member twice and means both; every object is `Pairs`. Bounds of `parse_json`."""
    if len(data) > max_bytes:
        raise SubmissionTooLarge(f"The file is larger than {max_bytes // 1000} kB.")
    try:
        text = data.decode("utf-8")
        _check_depth(text, MAX_JSON_DEPTH)
        return _PAIRS_DECODER.decode(text)
    except UnicodeDecodeError as error:
        raise _malformed("The file is not UTF-8 text.", "not_utf8", f"byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise _malformed("The file is not JSON.", "not_json", f"line {error.lineno}, column {error.colno}") from None


_NOT_PLAIN: Final = object()
_NOT_OPENING: Final = bytes(code for code in range(256) if code not in b"[{")


def _parse_plain(data: bytes | str, max_depth: int) -> Any:
    """The value of JSON that stands exactly as a serialiser writes it; `_NOT_PLAIN` for all other text.

    What is written again and comes out as the same bytes holds no member twice, no number or character that would be
    read in another way, and nothing else that `parse_json` refuses, save depth.
    """
    try:
        raw = data.encode() if isinstance(data, str) else data
        style = _style(raw)
        if style is None:
            return _NOT_PLAIN
        containers = len(raw.translate(None, _NOT_OPENING))
        if containers > max_depth and (containers > MAX_JSON_CONTAINERS or not _is_shallow(raw, max_depth)):
            return _NOT_PLAIN
        value = orjson.loads(raw)
        return value if orjson.dumps(value, option=style) == raw else _NOT_PLAIN
    except (UnicodeEncodeError, orjson.JSONDecodeError, orjson.JSONEncodeError):
        return _NOT_PLAIN


def _style(raw: bytes) -> int | None:
    """How the serialiser would have to be set; only a guess, so that other text is not parsed for nothing."""
    if raw.startswith(b'{\n  "'):
        return orjson.OPT_INDENT_2
    first = raw.find(b":")
    return None if b"\n" in raw or raw[first + 1 : first + 2] == b" " else 0


def _refuse_surrogates(value: Any) -> None:
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            if _SURROGATE.search(item):
                raise _malformed("The file holds broken characters.", "lone_surrogate")
        elif isinstance(item, dict):
            stack.extend(item)
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)


# --- base64, base58, multibase -----------------------------------------------------------------------------------


BASE64URL: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_IN_JSON: Final = SchemaValidator({"type": "bytes"}, {"val_json_bytes": "base64"})
"""pydantic reads bytes in JSON from base64url, in a fifth of the time of `binascii`; what is not strict there (padding,
escapes, other alphabets) never gets to it."""
_LAST: Final = {2: frozenset("AQgw"), 3: frozenset("AEIMQUYcgkosw048")}
"""What an incomplete last group may end with, by its length: letters whose surplus bits are zero."""


def b64url_decode(text: str, *, max_bytes: int = MAX_JWT_BYTES) -> bytes:
    """Decode base64url without padding (RFC 7515 section 2), exactly one spelling per value."""
    if len(text) > max_bytes * 4 // 3 + 4:
        raise SubmissionTooLarge("An encoded part is too large.")
    surplus = len(text) % 4
    if surplus == 1 or not text.isascii():
        raise _malformed("An encoded part is not base64url.", "bad_base64")
    letters = text.encode("ascii")
    if letters.translate(None, BASE64URL):
        raise _malformed("An encoded part is not base64url.", "bad_base64")
    if surplus and text[-1] not in _LAST[surplus]:
        raise _malformed("An encoded part is not base64url.", "bad_base64", "stray bits at the end")
    raw: bytes = _IN_JSON.validate_json(b'"%b"' % letters)
    return raw


def b64url_encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def b64_decode(text: str) -> bytes:
    """Decode ordinary base64, padded, strictly."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _malformed("An encoded part is not base64.", "bad_base64") from None


def base58_decode(text: str, *, max_chars: int = 2_000) -> bytes:
    """Decode base58btc. It costs the square of its length, so `max_chars` bounds it (an RSA-4096 key takes 720)."""
    if len(text) > max_chars:
        raise SubmissionTooLarge("An encoded key or signature is too long.")
    digits = text.encode("utf-8", errors="replace").translate(_BASE58_DIGITS)
    if _NO_DIGIT in digits:
        raise _malformed("An encoded part is not base58.", "bad_base58")
    number = 0
    each = iter(bytes(-len(digits) % 5) + digits)
    for a, b, c, d, e in zip(each, each, each, each, each, strict=True):  # five at a time: small numbers are cheap
        number = number * 58**5 + ((((a * 58 + b) * 58 + c) * 58 + d) * 58 + e)
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")


def base58_encode(raw: bytes) -> str:
    number = int.from_bytes(raw, "big")
    digits = ""
    while number:
        number, rest = divmod(number, 58)
        digits = _BASE58[rest] + digits
    return "1" * (len(raw) - len(raw.lstrip(b"\0"))) + digits


def multibase_decode(text: str) -> bytes:
    """Decode multibase: `z` (base58btc) and `u` (base64url, no padding), the two that Controlled Identifiers allow."""
    if text.startswith("z"):
        return base58_decode(text[1:])
    if text.startswith("u"):
        return b64url_decode(text[1:])
    raise _malformed("An encoded part uses an unknown multibase.", "bad_multibase", text[:1])


# --- JOSE --------------------------------------------------------------------------------------------------------


def split_compact_jws(token: str) -> tuple[dict[str, Any], bytes, bytes, bytes]:
    """Take a compact JWS apart (RFC 7515 section 7.1); nothing is verified.

    Returns:
        The protected header (strict JSON object), the payload bytes, the signing input, the signature.
    """
    if len(token) > MAX_JWT_BYTES * 4 // 3:
        raise SubmissionTooLarge("The token is too large.")
    signed, _, tail = token.rpartition(".")
    head, dot, body = signed.partition(".")
    if not dot or "." in body or not token.isascii():
        raise _malformed("The token does not have three parts.", "not_jws")
    header = _known_header(head) if len(head) <= _KNOWN_HEADER_CHARS else _jose_header(head)
    return header, b64url_decode(body), signed.encode("ascii"), b64url_decode(tail)


def _jose_header(segment: str) -> dict[str, Any]:
    header = parse_json(b64url_decode(segment, max_bytes=MAX_JOSE_HEADER_BYTES), max_depth=8)
    if not isinstance(header, dict):
        raise _malformed("The token's header is not an object.", "not_jws")
    return header


_KNOWN_HEADER_CHARS: Final = 600
"""An algorithm, a type and the name of a key; what carries certificates is longer, and is not remembered."""
_known_header = lru_cache(maxsize=256)(_jose_header)
"""One issuer writes the same header on all its tokens. Nobody changes what was parsed."""


# --- compressed bytes --------------------------------------------------------------------------------------------


def inflate(raw: bytes, *, max_bytes: int, gzip: bool) -> bytes:
    """Decompress zlib or gzip data, stopping at `max_bytes`; exactly one stream, nothing behind it.

    Raises:
        SubmissionTooLarge: it would give more than `max_bytes`.
        UnreadableSubmission: it is broken or cut short.
    """
    engine = zlib.decompressobj(wbits=31 if gzip else 15)
    try:
        result = engine.decompress(raw, max_bytes + 1)
    except zlib.error:
        raise _malformed("Compressed data is broken.", "bad_compression") from None
    if len(result) > max_bytes:
        raise SubmissionTooLarge("Compressed data is too large.", code="too_large")
    if not engine.eof or engine.unused_data:
        raise _malformed("Compressed data is cut short or has something behind it.", "bad_compression")
    return result
