from __future__ import annotations

import pytest

from connector.verify.jsonld.nquads import is_absolute_iri, literal_suffix, quoted
from connector.verify.jsonld.rdfc import canonical_nquads


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ('a"b\\c', 'a\\"b\\\\c'),
        ("\b\t\n\f\r", "\\b\\t\\n\\f\\r"),
        ("\x00\x0b\x1f\x7f", "\\u0000\\u000B\\u001F\\u007F"),
        ("Zoë 🎓 \u0080 '", "Zoë 🎓 \u0080 '"),
    ],
)
def test_only_what_canonical_nquads_escape_is_escaped(text: str, escaped: str) -> None:
    assert quoted(text) == f'"{escaped}"'


@pytest.mark.parametrize(
    "iri", ["https://a.example/b?c#d", "urn:uuid:1", "did:web:a.example%3A80:b", "mailto:a@b.example"]
)
def test_absolute_iris_are_taken(iri: str) -> None:
    assert is_absolute_iri(iri)


@pytest.mark.parametrize(
    "iri",
    [
        "",
        "a",
        "/a",
        "//a.example",
        "_:b0",
        "https://a b",
        "https://a>b",
        'https://a"',
        "https://a\\u0041",
        "x\n:y",
        ":a",
    ],
)
def test_what_cannot_stand_between_angle_brackets_is_no_absolute_iri(iri: str) -> None:
    assert not is_absolute_iri(iri)


def test_a_string_carries_no_datatype_and_the_default_graph_no_name() -> None:
    assert literal_suffix("http://www.w3.org/2001/XMLSchema#string") == ""
    assert literal_suffix(language="en") == "@en"
    assert canonical_nquads([("<urn:s>", "<urn:p>", '"o"', "")], work=0) == '<urn:s> <urn:p> "o" .\n'
    assert canonical_nquads([("<urn:s>", "<urn:p>", '"o"', "_:g")], work=0) == '<urn:s> <urn:p> "o" _:c14n0 .\n'
    assert canonical_nquads([("<urn:s>", "<urn:p>", '"o"', "<urn:g>")], work=0) == '<urn:s> <urn:p> "o" <urn:g> .\n'
