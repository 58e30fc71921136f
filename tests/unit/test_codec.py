"""Strict decoding: what the quick ways through `codec` answer is what the plain, slow ways below would answer."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connector import codec
from connector.errors import ConnectorError

MAX_DEPTH = 6

# --- the slow ways ---------------------------------------------------------------------------------------------------


class Refused(Exception):
    """With the code that `codec` must raise."""


def slow_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise Refused("duplicate_member")
    return dict(pairs)


def slow_integer(text: str) -> int:
    if len(text) > 40:
        raise Refused("number_too_long")
    return int(text)


def slow_float(text: str) -> float:
    if float(text) in (float("inf"), float("-inf")):
        raise Refused("number_too_long")
    return float(text)


def slow_constant(text: str) -> Any:
    raise Refused("not_json")


def slow_depth(text: str) -> int:
    depth = deepest = 0
    in_string = False
    for match in re.finditer(r'["\[\]{}]|\\.', text, re.DOTALL):
        token = match.group()
        if token == '"':
            in_string = not in_string
        elif not in_string and token[0] != "\\":
            depth += 1 if token in "[{" else -1
            deepest = max(deepest, depth)
    return deepest


def texts_in(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in texts_in(part)]
    if isinstance(value, list):
        return [text for item in value for text in texts_in(item)]
    return [value] if isinstance(value, str) else []


def slow_parse(data: bytes | str) -> Any:
    try:
        text = data.decode() if isinstance(data, bytes) else data
    except UnicodeDecodeError:
        raise Refused("not_utf8") from None
    if text.count("{") + text.count("[") > MAX_DEPTH and slow_depth(text) > MAX_DEPTH:
        raise Refused("too_deep")
    try:
        value = json.loads(
            text,
            object_pairs_hook=slow_pairs,
            parse_int=slow_integer,
            parse_float=slow_float,
            parse_constant=slow_constant,
        )
    except json.JSONDecodeError:
        raise Refused("not_json") from None
    if any(re.search("[\ud800-\udfff]", found) for found in texts_in(value)):
        raise Refused("lone_surrogate")
    return value


def slow_b64url_decode(text: str) -> bytes:
    if not re.match(r"[A-Za-z0-9_-]*\Z", text) or len(text) % 4 == 1:
        raise Refused("bad_base64")
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != text:
        raise Refused("bad_base64")
    return raw


def outcome(decode: Callable[[Any], Any], data: bytes | str) -> str:
    """The value with the types in it, or the code."""
    try:
        return repr(decode(data))
    except Refused as refused:
        return f"refused: {refused}"
    except ConnectorError as error:
        return f"refused: {error.code}"


def quick_parse(data: bytes | str) -> Any:
    return codec.parse_json(data, max_depth=MAX_DEPTH)


# --- JSON ------------------------------------------------------------------------------------------------------------

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**22), 10**22)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(
        ["", '"', "\\", '\\"', ":", '":', "[", "]]", "{", "}", "\n", "\x7f", "é", "\U0001f600", "\\u0041"]
    )
    | st.text(max_size=6)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=25,
)
STYLES = st.sampled_from(
    [
        {"separators": (",", ":"), "ensure_ascii": False},
        {"separators": (",", ":")},
        {"indent": 2, "ensure_ascii": False},
        {"indent": 2},
        {"indent": 4},
        {"ensure_ascii": False},
        {"separators": (" , ", " : ")},
    ]
)
PIECES = st.lists(
    st.sampled_from(
        [
            *("{", "}", "[", "]", ",", ":", '"', "\\", '"a"', '"a":', '"b":1', '{"a":', "true", "null"),
            *("1", "-0", "1.0", "0.1", "1e5", "1e999", "01", "NaN", "Infinity"),
            *(" ", "\n", "\x00", "\x7f", "\ufeff", "é", "\ud800", "\\u", '"\\ud800"', '"\\u0061"'),
            *("18446744073709551616", "-9223372036854775809", "9" * 20, "9" * 41),
        ]
    ),
    max_size=24,
).map("".join)


@given(VALUES, STYLES)
def test_what_a_serialiser_writes_is_read_as_it_was_written(value: Any, style: dict[str, Any]) -> None:
    text = json.dumps(value, **style)
    assert outcome(quick_parse, text) == outcome(slow_parse, text)
    raw = text.encode(errors="surrogatepass")
    assert outcome(quick_parse, raw) == outcome(slow_parse, raw)


@given(PIECES)
@example('{"a":1,"a":1}')
@example('{"a":1,"\\u0061":1}')
@example('{"a":{"b":1},"a":":","c":"\\u0022:"}')
@example("[18446744073709551616]")
@example("[-0]")
@example('["\ud800"]')
@example("[[[[[[[")
@example('[[[[[["[["]]]]]]')
@example('[[[[[[{"a":[]}]]]]]]')
def test_any_text_is_read_or_refused_as_the_slow_way_does(text: str) -> None:
    assert outcome(quick_parse, text) == outcome(slow_parse, text)
    raw = text.encode(errors="surrogatepass")
    assert outcome(quick_parse, raw) == outcome(slow_parse, raw)


@given(VALUES, STYLES, st.data())
def test_one_change_to_a_document_is_answered_as_the_slow_way_does(
    value: Any, style: dict[str, Any], data: st.DataObject
) -> None:
    text = json.dumps(value, **style)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 3)))
    instead = data.draw(st.sampled_from(['"', ":", ",", "[", "]", "{", "}", "\\", " ", "\n", "0", "é", "\\ud800", ""]))
    changed = text[:start] + instead + text[end:]
    assert outcome(quick_parse, changed) == outcome(slow_parse, changed)


BRACKETS_AND_STRINGS = st.lists(
    st.sampled_from(["[", "]", "{", "}", '""', '"["', '"]"', '"\\""', '"\\\\"', '"[\\\\\\"{"', '"\\u005b]"']),
    max_size=40,
).map("".join)


@given(BRACKETS_AND_STRINGS, st.sampled_from(["", '"', '"[']))
def test_the_quick_look_calls_nothing_shallow_that_is_deep(text: str, rest: str) -> None:
    for limit in range(5):
        if codec._is_shallow((text + rest).encode(), limit):
            assert slow_depth(text + rest) <= limit


@pytest.mark.parametrize("style", [{"separators": (",", ":")}, {"indent": 2}, {}])
@pytest.mark.parametrize("depth", [64, 65])
def test_the_limit_of_depth_is_the_same_in_every_style(style: dict[str, Any], depth: int) -> None:
    value: Any = "]"
    for level in range(depth):
        value = {"a": value} if level % 2 else [value, "[{"]
    text = json.dumps(value, **style)
    if depth == 64:
        assert codec.parse_json(text) == value
    else:
        with pytest.raises(ConnectorError) as refused:
            codec.parse_json(text)
        assert refused.value.code == "too_deep"


def test_a_file_of_more_parts_than_any_record_has_is_refused_for_their_number() -> None:
    most = "[" + "{}," * (codec.MAX_JSON_CONTAINERS - 2) + "{}]"
    assert len(codec.parse_json(most)) == codec.MAX_JSON_CONTAINERS - 1
    for text in (f"[{most}]", "[" + "{}, " * codec.MAX_JSON_CONTAINERS + "{}]"):
        with pytest.raises(ConnectorError) as refused:
            codec.parse_json(text)
        assert refused.value.code == "too_many"


def test_a_flood_of_brackets_is_refused_for_its_depth() -> None:
    for text in ("[" * 250_000, '{"a":' * 200_000, "[" * 250_000 + "]" * 250_000, '"' + '"[' * 100_000):
        with pytest.raises(ConnectorError) as refused:
            codec.parse_json(text)
        assert refused.value.code == "too_deep"


# --- base64url -------------------------------------------------------------------------------------------------------


@given(st.binary(max_size=64))
def test_base64url_comes_back_as_it_was(raw: bytes) -> None:
    assert codec.b64url_decode(codec.b64url_encode(raw)) == raw


@given(st.text(st.sampled_from('AQgwEZaz059-_+/=!\n é\x00"\\'), max_size=12))
@example("AA==")
@example("AB")
@example("=")
@example("A===")
@example('QUJD"')
@example("QU\\u0041")
def test_base64url_has_one_spelling_for_one_value(text: str) -> None:
    assert outcome(codec.b64url_decode, text) == outcome(slow_b64url_decode, text)


# --- base58 ----------------------------------------------------------------------------------------------------------


def slow_base58_decode(text: str) -> bytes:
    number = 0
    for char in text:
        if char not in "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz":
            raise Refused("bad_base58")
        number = number * 58 + "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".index(char)
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")


@given(st.binary(max_size=64))
def test_base58_comes_back_as_it_was(raw: bytes) -> None:
    assert codec.base58_decode(codec.base58_encode(raw)) == raw


@given(st.text(st.sampled_from("1112zZyAkm0OIl é\ud800\x00"), max_size=16))
def test_base58_is_decoded_digit_by_digit(text: str) -> None:
    assert outcome(codec.base58_decode, text) == outcome(slow_base58_decode, text)
