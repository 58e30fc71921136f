"""The walk against pyld on generated documents: terms of every carried context, nested, typed, listed, in graphs.

`LER_DIFFERENTIAL_SECONDS=600 pytest tests/unit/verify/jsonld/test_generated.py -s` goes on for ten minutes, with a seed
of its own that it prints.
"""

from __future__ import annotations

import copy
import json
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pyld import jsonld

from connector.verify.jsonld import JsonLdError, canonicalize
from connector.verify.jsonld.choice import vocabulary
from connector.verify.jsonld.limits import shared_work
from connector.verify.jsonld.pinned import index
from connector.verify.jsonld.vocabulary import State

SEED = 20261128
DOCUMENTS = 400
SECONDS = float(os.environ.get("LER_DIFFERENTIAL_SECONDS", "0"))
V1, V2 = "https://www.w3.org/2018/credentials/v1", "https://www.w3.org/ns/credentials/v2"

ByPyld = Callable[[Any], str]

# pyld leaves other control characters as they are, which RDFC-1.0 does not (appendix A)
_TEXTS = ["", "x", "Zoë 🎓", 'a "b" \\ c', "line\nline\t\r", "2026-01-01T00:00:00Z", "5", "_:b0", "a:b"]
_IRIS = ["urn:x:1", "https://a.example/1", "did:web:a.example", "mailto:a@b.example", "https://a.example/é"]
_ODD = [
    None,
    [],
    {},
    True,
    False,
    0,
    -7,
    1.5,
    1e21,
    5.0,
    {"@value": "x", "@language": "EN-us"},
    {"@value": "x"},
    [["x"]],
]


class _Maker:
    """Makes documents that are mostly right: terms of the active context, each with a value of its kind."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.urls = sorted(index())
        self.vocabulary = vocabulary(())

    def document(self) -> dict[str, Any]:
        first = self.chance.choice([V1, V2])
        while True:
            context = [first, *self.chance.sample(self.urls, self.chance.randint(0, 2))]
            try:
                return self._record(self.vocabulary.initial, context, 0)
            except JsonLdError:  # contexts that contradict each other
                continue

    def _record(self, around: State, context: list[str], depth: int) -> dict[str, Any]:
        state = self.vocabulary.embed(around, context, {})
        extra = self.chance.sample(self._classes(state), 1) if self.chance.random() < 0.5 else []
        return {"@context": context, **self._node(state, ["VerifiableCredential", *extra], depth)}

    @staticmethod
    def _classes(state: State) -> list[str]:
        mappings = state.active["mappings"]
        return sorted(name for name in mappings if name[:1].isupper() and ":" in (mappings[name]["@id"] or ""))

    def _node(self, state: State, types: list[str], depth: int) -> dict[str, Any]:
        scoping = tuple(sorted({type_ for type_ in types if state.scoped_by_type(type_) is not None}))
        inner = self.vocabulary.type_scoped(state, scoping) if scoping else state
        node: dict[str, Any] = {}
        if types:
            node["type"] = types[0] if len(types) == 1 and self.chance.random() < 0.3 else types
        if self.chance.random() < 0.5:
            node["id"] = f"urn:x:{self.chance.randrange(12)}"
        names = [name for name, mapping in inner.active["mappings"].items() if ":" in (mapping["@id"] or "")]
        names = [name for name in names if not name[:1].isupper()]
        for name in self.chance.sample(names, min(len(names), self.chance.randint(1, 6 - depth))):
            if name not in node:
                node[name] = self._value(inner, name, depth)
        return node

    def _value(self, state: State, name: str, depth: int) -> Any:
        if self.chance.random() < 0.02:
            return self.chance.choice(_ODD)
        values = [self._item(state, name, depth) for _ in range(self.chance.choice([1, 1, 1, 2, 3]))]
        if len(values) == 1 and self.chance.random() < 0.7:
            return values[0]
        if self.chance.random() < 0.3:
            values.append(copy.deepcopy(values[0]))
        return values

    def _item(self, state: State, name: str, depth: int) -> Any:
        mapping = state.active["mappings"][name]
        kind = mapping.get("@type")
        if kind == "@json":
            return {"b": [1, 2.5, None, "é"], "a": {"@id": 5}}
        likely = 1.0 if "@graph" in (mapping.get("@container") or ()) else 0.6
        if kind in ("@id", "@vocab", None) and depth < 4 and self.chance.random() < likely:
            try:
                child = state.terms[name].enter()
                if depth < 2 and self.chance.random() < 0.2:
                    return {**self._record(child, [self.chance.choice([V1, V2])], depth + 2), "proof": self._proof()}
                classes = self._classes(child)
                return self._node(
                    child, self.chance.sample(classes, min(len(classes), self.chance.choice([0, 1, 1, 2]))), depth + 1
                )
            except (JsonLdError, KeyError):
                return self.chance.choice(_IRIS)
        if kind == "@id":
            return self.chance.choice(_IRIS)
        if kind == "@vocab":
            return self.chance.choice([*self._classes(state), *_IRIS])
        if kind is not None and self.chance.random() < 0.2:
            return self.chance.choice([3, 2.5, True])
        return self.chance.choice(_TEXTS)

    def _proof(self) -> dict[str, Any]:
        return {
            "type": "DataIntegrityProof", "cryptosuite": "eddsa-rdfc-2022", "created": "2026-01-01T00:00:00Z",
            "verificationMethod": "urn:x:key", "proofPurpose": "assertionMethod", "proofValue": "z1",
        }  # fmt: skip


def _documents() -> Iterator[dict[str, Any]]:
    maker = _Maker(SEED)
    for _ in range(DOCUMENTS):
        yield maker.document()
    if SECONDS:
        seed = time.time_ns()
        print(f"seed {seed}")
        maker, end = _Maker(seed), time.monotonic() + SECONDS
        while time.monotonic() < end:
            yield maker.document()


def _ours(document: Any) -> str | None:
    try:
        return next(canonicalize([document]))[0]
    except JsonLdError as error:
        return None if error.code != "too_complex" else "too_complex"


def _records(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "@context" in value:
            yield value
        for inner in value.values():
            yield from _records(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _records(inner)


@pytest.mark.timeout(300 + 4 * SECONDS)
def test_generated_documents_come_out_as_pyld_makes_them_or_are_refused(by_pyld: ByPyld) -> None:
    counts: Counter[str] = Counter()
    for document in _documents():
        ours = _ours(document)
        if ours is None or ours == "too_complex":
            counts["refused" if ours is None else ours] += 1
            continue
        try:
            theirs = by_pyld(document)
        except jsonld.JsonLdError as error:
            pytest.fail(f"pyld refuses what we take ({error.code}): {json.dumps(document)}")
        assert ours == theirs, json.dumps(document)
        counts["same"] += 1
        counts["with blank nodes"] += "_:c14n1 " in ours
    print(f"generated: {dict(counts)}")
    assert counts["same"] >= DOCUMENTS / 4, counts
    assert counts["with blank nodes"] >= DOCUMENTS / 8, counts


@pytest.mark.timeout(300 + 4 * SECONDS)
def test_records_in_generated_documents_say_by_themselves_what_they_say_inside() -> None:
    counts: Counter[bool] = Counter()
    for document in _documents():
        records = [{k: v for k, v in record.items() if k != "proof"} for record in _records(document)]
        alone = [_ours(record) for record in records]
        with shared_work(10**9):
            assert [_ours(record) for record in records] == alone, json.dumps(document)
        for one in alone[1:]:
            counts[one is not None] += 1
    print(f"records inside: {dict(counts)}")
    assert counts[True] >= DOCUMENTS / 8, counts
