"""Files that a person writes: plain data with places, and one kind of error for everything else."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connector.errors import MappingError
from connector.yaml_source import Place, parse_yaml, read_yaml


def parse(text: str):
    return parse_yaml(text, "x.yaml", MappingError)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("no", "no"),
        ("true", True),
        ("'true'", "true"),
        ("2026-11-23", "2026-11-23"),
        ("12", 12),
        ("012", 12),
        ("-1.5e3", -1500.0),
        ("'12'", "12"),
        ("~", None),
        ("1e999", "1e999"),
        ("9" * 30, "9" * 30),
        (".inf", ".inf"),
        ("|\n    two\n    lines", "two\nlines\n"),
    ],
)
def test_plain_values_are_read_by_the_core_schema(text, value):
    assert parse(f"a: {text}\n").data == {"a": value}


def test_every_value_and_key_has_its_place():
    source = parse("a:\n  - b: 1\n    c: [x, y]\n")
    assert source.place(("a", 0, "c", 1)) == Place(3, 12)
    assert source.place(("a", 0, "c"), key=True) == Place(3, 5)
    assert source.place(("a", 0, "none", "deeper")) == Place(2, 5)


def test_a_byte_order_mark_is_not_part_of_the_text(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert read_yaml(path, MappingError).data == {"a": 1}


_WORDS = ("- ", "&x ", "*x", "!t ", "!!map ", "!<x> ", "? ", "---", "...", "<<", "\ud7ff", "\U0001f600", "%YAML 9.9\n")
TOKENS = st.sampled_from([*" %a:[]{},|>'\"#@`\\!~1\n\t\x00\x85", *_WORDS])


@given(st.lists(TOKENS, max_size=40).map("".join))
@example("%YAML 9.9\n---\na: 1")
@example("? [a]\n: b")
@example("!!python/object/apply:os.system ['x']")
@example("{" * 3_000)
@example("- " * 3_000)
def test_whatever_the_file_holds_the_answer_is_data_or_a_mapping_error(text):
    try:
        source = parse(text)
    except MappingError as error:
        assert error.line >= 1 and error.column >= 1
    else:
        assert source.place(()).line >= 1
