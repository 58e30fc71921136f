"""Mistakes in a mapping are found when it is loaded, with file, line, column and the nearest right name (INT-02)."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from connector.errors import MappingError
from connector.mapping import check_mapping, load_mapping, mapping_path, parse_mapping, shipped_mapping

from .conftest import CAPABLE

HEAD = "version: 1\nats: greenhouse\n"


def field(*lines: str) -> str:
    return HEAD + "fields:\n  skills:\n" + "".join(f"    {line}\n" for line in lines)


SKILLS = "select: claims[?kind == 'skill']"


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        (HEAD + "feilds: {}\n", 3, 1, "Unknown key `feilds`. Did you mean `fields`?"),
        (field("target: x", "type: longtext", SKILLS), 6, 11, "Did you mean `long_text`?"),
        (field("target: x", "typ: long_text", SKILLS), 6, 5, "Unknown key `typ` in `fields.skills`"),
        (field("type: long_text", SKILLS), 5, 5, "`fields.skills.target` is missing"),
        (field("target: x", "type: long_text", SKILLS, "lowest_assurance: verifed"), 8, 23, "Did you mean `verified`?"),
        (field("target: x", "type: long_text", "select: claims[?knd == 'skill']"), 7, 13, "Did you mean `kind`?"),
        (field("target: x", "type: long_text", "select: claims[].name"), 7, 13, "has to give claims"),
        (field("target: x", "type: long_text", "select: 'claims[].{name: name}'"), 7, 13, "has to give claims"),
        (field("target: x", "type: long_text", "select: 'claims['"), 7, 13, "not JMESPath"),
        (field("target: x", "type: text", SKILLS, "value: nosuch(name)"), 8, 12, "Unknown function"),
        (field("target: x", "type: url", "fixed: shared_on"), 5, 5, "does not fit type url"),
        (field("target: x", "type: url"), 5, 5, "exactly one of `select`, `fixed` and `constant`"),
        (field("target: x", "type: date", SKILLS, "take: lines"), 5, 5, "does not go with type date"),
        (field("target: x", "type: yes_no", "constant: 'yes'"), 5, 5, "does not fit type yes_no"),
        (HEAD + "note: {text: 'From {issuer}'}\n", 3, 14, "unknown placeholder {issuer}"),
        (HEAD + "note: {text: 'From {0}'}\n", 3, 14, "unknown placeholder"),
        (HEAD + "note: {text: 'From {date.year}'}\n", 3, 14, "unknown placeholder"),
        (HEAD, 1, 1, "writes nothing"),
        (HEAD + "tags:\n  Bad Name: {select: claims, vocabulary: any}\n", 4, 3, "lower-case"),
        (HEAD + "tags:\n  t: {select: claims, vocabulary: all}\n", 4, 35, "a list of words, or the word `any`"),
        ("version: 2\nats: lever\nnote: {}\n", 1, 10, "`version` cannot be `2`"),
        ("- a\n", 1, 1, "not a mapping"),
        ("", 1, 1, "not a mapping"),
        (HEAD + "note: {}\nnote: {}\n", 4, 1, "stands here twice"),
        (HEAD + "note: [\n", 4, 1, "not YAML"),
        (HEAD + "note: &n {}\nlinks: {a: *n}\n", 3, 7, "Anchors and aliases"),
        (HEAD + "note: !!python/object:os.system {}\n", 3, 7, "Tags (!)"),
        ("a: 1\n---\nb: 2\n", 2, 1, "not YAML"),
    ],
)
def test_mistakes_have_a_place_and_a_hint(text, line, column, words):
    with pytest.raises(MappingError) as caught:
        parse_mapping(text, "team.yaml")
    assert words in str(caught.value)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert str(caught.value).startswith(f"team.yaml:{line}:{column}: ")


def test_two_rules_cannot_write_one_field():
    rule = "{target: x, type: long_text, select: claims}"
    with pytest.raises(MappingError, match="two rules write to the field `x`"):
        parse_mapping(HEAD + f"fields:\n  a: {rule}\n  b: {rule}\n")


def test_one_rule_name_is_used_once():
    text = HEAD + "links:\n  a: {}\ntags:\n  a: {select: claims, vocabulary: any}\n"
    with pytest.raises(MappingError, match="rule name `a` is used twice"):
        parse_mapping(text)


def test_every_mistake_is_a_finding(tmp_path):
    path = tmp_path / "team.yaml"
    path.write_text(field("target: x", "type: longtext", "selct: claims"), "utf-8")
    found = check_mapping(path, CAPABLE)
    assert [(f.line, f.column) for f in found] == [(6, 11), (7, 5)]
    assert all(f.severity == "error" for f in found)


class TestHostileFiles:
    def test_an_alias_bomb_is_refused_before_anything_is_built(self):
        bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
            f"{new}: &{new} [{','.join(['*' + old] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
        )
        start = time.process_time()
        with pytest.raises(MappingError, match="Anchors and aliases"):
            parse_mapping(bomb)
        assert time.process_time() - start < 5

    def test_a_huge_file_is_refused(self, tmp_path):
        path = tmp_path / "huge.yaml"
        path.write_text(HEAD + "#" * 300_000, "utf-8")
        with pytest.raises(MappingError, match="larger than"):
            load_mapping(path)

    @pytest.mark.parametrize("text", ["[" * 5_000, "a: " + "{b: " * 100 + "1" + "}" * 100])
    def test_deep_nesting_is_refused(self, text):
        with pytest.raises(MappingError, match=r"nested too deeply|not YAML"):
            parse_mapping(text)

    def test_bytes_that_are_no_text_are_refused(self, tmp_path):
        path = tmp_path / "binary.yaml"
        path.write_bytes(b"\xff\xfe\x00\x01")
        with pytest.raises(MappingError, match="not UTF-8"):
            load_mapping(path)

    def test_a_missing_file_is_a_mapping_error(self, tmp_path):
        with pytest.raises(MappingError, match="cannot be read"):
            load_mapping(tmp_path / "none.yaml")

    def test_a_very_long_expression_is_refused(self):
        with pytest.raises(MappingError, match="at most 2000 characters"):
            parse_mapping(field("target: x", "type: text", "select: " + "a" * 2_001))


class TestVersion:
    def test_comments_and_layout_do_not_count(self):
        plain = parse_mapping(HEAD + "note: {private: true}\n")
        commented = parse_mapping("# team\n" + HEAD + "note:\n  private: true # few\n")
        assert plain.version == commented.version

    def test_what_the_file_says_does(self):
        assert parse_mapping(HEAD + "note: {}\n").version != parse_mapping(HEAD + "note: {private: false}\n").version


class TestFinding:
    def test_a_connections_own_file_comes_before_its_kinds(self, tmp_path):
        for name in ("greenhouse.yaml", "ghsandbox.yaml"):
            (tmp_path / name).write_text("x", "utf-8")
        assert mapping_path(tmp_path, "ghsandbox", "greenhouse", "greenhouse.yaml").name == "ghsandbox.yaml"
        assert mapping_path(tmp_path, "other", "greenhouse", "greenhouse.yaml") == tmp_path / "greenhouse.yaml"

    def test_without_one_the_shipped_mapping_is_used(self, tmp_path):
        shipped = shipped_mapping("lever.yaml")
        assert mapping_path(tmp_path, "lever", "lever", "lever.yaml") == shipped
        assert mapping_path(None, "lever", "lever", "lever.yaml") == shipped

    def test_a_name_that_is_not_shipped_gets_a_hint(self):
        with pytest.raises(MappingError, match=r"Did you mean `greenhouse\.yaml`"):
            shipped_mapping("grenhouse.yaml")
        assert isinstance(shipped_mapping("workday.yaml"), Path)
