"""RDFC-1.0 against the W3C suite, and against graphs made to be expensive."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connector.verify.jsonld.dataset import OTHER, Blank, Dataset
from connector.verify.jsonld.errors import TOO_COMPLEX, JsonLdError
from connector.verify.jsonld.limits import DEFAULT
from connector.verify.jsonld.nquads import Quad
from connector.verify.jsonld.rdfc import canonical, canonical_labels, canonical_nquads

Read = Callable[[str], list[Quad]]


def _entries(shared: Path, kind: str) -> list[tuple[dict[str, Any], Path]]:
    folder = shared / "vectors" / "suites" / "rdf-canon"
    entries = json.loads((folder / "manifest.jsonld").read_bytes())["entries"]
    return [(entry, folder) for entry in entries if entry["type"] == kind]


def _algorithm(entry: dict[str, Any]) -> str:
    return {"SHA384": "sha384"}.get(entry.get("hashAlgorithm", ""), "sha256")


@pytest.mark.shared
def test_every_dataset_of_the_rdf_canon_suite_comes_out_as_published(shared: Path, read_nquads: Read) -> None:
    entries = _entries(shared, "rdfc:RDFC10EvalTest")
    wrong = [
        entry["id"]
        for entry, folder in entries
        if canonical_nquads(
            read_nquads((folder / entry["action"]).read_text("utf-8")),
            work=DEFAULT.work,
            hash_algorithm=_algorithm(entry),
        )
        != (folder / entry["result"]).read_text("utf-8")
    ]
    print(f"rdf-canon: {len(entries)} datasets, {len(wrong)} wrong")
    assert len(entries) >= 64
    assert {_algorithm(entry) for entry, _ in entries} == {"sha256", "sha384"}
    assert wrong == []


def _as_walked(quads: list[Quad]) -> Dataset | None:
    """The dataset as a walk would have made it; None where a blank node is no leaf or branch of a tree in one graph."""
    dataset = Dataset()
    graphs = {"": dataset.graphs[0]}
    blanks: dict[str, Blank] = {}
    said: set[str] = set()
    names = {graph for *_, graph in quads if graph}
    if any(name.startswith("<") or name in {s for s, *_ in quads} for name in names):
        return None
    for subject, predicate, obj, name in dict.fromkeys(quads):
        for node in (name, subject, obj):
            if node.startswith("_:") and node not in blanks:
                blanks[node] = dataset.new_blank(graphs[""])
        if name and name not in graphs:
            graphs[name] = dataset.new_graph(blanks[name])
        where = graphs[name]
        for node in {subject, obj} & blanks.keys():
            if blanks[node].home is not where.name and node in said:
                return None
            blanks[node].home = where.name
            said.add(node)
        if obj not in blanks:
            lines = blanks[subject].own if subject in blanks else where.ground
            lines.append(f"{'' if subject in blanks else subject} {predicate} {obj}")
            continue
        if blanks[obj].parent is not None or subject == obj:
            return None
        blanks[obj].parent, blanks[obj].middle = OTHER if subject in blanks else subject, f" {predicate} "
        if subject in blanks:
            blanks[subject].children.append(blanks[obj])
    for graph in dataset.graphs:
        graph.blanks = [blank for blank in dataset.blanks if blank.home is graph.name]
    return dataset


@pytest.mark.shared
def test_datasets_like_those_of_a_walk_come_out_as_published_the_short_way_too(shared: Path, read_nquads: Read) -> None:
    tried = 0
    for entry, folder in _entries(shared, "rdfc:RDFC10EvalTest"):
        dataset = _as_walked(read_nquads((folder / entry["action"]).read_text("utf-8")))
        if dataset is not None:
            ours = canonical(dataset, work=DEFAULT.work, hash_algorithm=_algorithm(entry))
            assert ours == (folder / entry["result"]).read_text("utf-8"), entry["id"]
            tried += 1
    print(f"rdf-canon, the short way: {tried} datasets, 0 wrong")
    assert tried >= 20


@pytest.mark.shared
def test_no_test_of_the_rdf_canon_suite_is_left_out(shared: Path) -> None:
    kinds = ("rdfc:RDFC10EvalTest", "rdfc:RDFC10MapTest", "rdfc:RDFC10NegativeEvalTest")
    manifest = json.loads((shared / "vectors" / "suites" / "rdf-canon" / "manifest.jsonld").read_bytes())
    assert sum(len(_entries(shared, kind)) for kind in kinds) == len(manifest["entries"]) == 86


@pytest.mark.shared
def test_every_label_of_the_rdf_canon_suite_comes_out_as_published(shared: Path, read_nquads: Read) -> None:
    entries = _entries(shared, "rdfc:RDFC10MapTest")
    assert len(entries) > 15
    for entry, folder in entries:
        dataset = dict.fromkeys(read_nquads((folder / entry["action"]).read_text("utf-8")))
        labels = canonical_labels(dataset, work=DEFAULT.work, hash_algorithm=_algorithm(entry))
        expected = json.loads((folder / entry["result"]).read_bytes())
        assert {node[2:]: name[2:] for node, name in labels.items()} == expected, entry["id"]


@pytest.mark.shared
def test_the_poisonous_dataset_of_the_rdf_canon_suite_is_refused(shared: Path, read_nquads: Read) -> None:
    entries = _entries(shared, "rdfc:RDFC10NegativeEvalTest")
    assert entries
    for entry, folder in entries:
        with pytest.raises(JsonLdError) as refusal:
            canonical_nquads(read_nquads((folder / entry["action"]).read_text("utf-8")), work=DEFAULT.work)
        assert refusal.value.code == TOO_COMPLEX


def _clique(size: int) -> list[Quad]:
    return [(f"_:n{i}", "<urn:p>", f"_:n{j}", "") for i in range(size) for j in range(size) if i != j]


def _ring(size: int) -> list[Quad]:
    return [(f"_:n{i}", "<urn:p>", f"_:n{(i + 1) % size}", "") for i in range(size)]


def _twins(parents: int, children: int) -> list[Quad]:
    pairs = [(f"_:n{i}", "<urn:q>", f"_:n{i}c{j}", "") for i in range(parents) for j in range(children)]
    return [("<urn:x>", "<urn:p>", f"_:n{i}", "") for i in range(parents)] + pairs


@pytest.mark.parametrize("poison", [_clique(10), _clique(40), _ring(1000), _twins(2, 10), _twins(40, 12)])
def test_nodes_that_only_their_neighbours_tell_apart_are_refused_within_the_budget(poison: list[Quad]) -> None:
    with pytest.raises(JsonLdError) as refusal:
        canonical_nquads(poison, work=DEFAULT.work)
    assert refusal.value.code == TOO_COMPLEX


@pytest.mark.parametrize("graph", [_clique(4), _ring(12), _twins(12, 3)])
def test_names_of_blank_nodes_and_order_of_statements_do_not_matter(graph: list[Quad]) -> None:
    nodes = sorted({part for quad in graph for part in (quad[0], quad[2]) if part.startswith("_:")})
    renamed = dict(zip(nodes, [f"_:x{position}" for position in range(len(nodes), 0, -1)], strict=True))
    shuffled = [(renamed.get(s, s), p, renamed.get(o, o), g) for s, p, o, g in reversed(graph)]
    assert canonical_nquads(shuffled, work=DEFAULT.work) == canonical_nquads(graph, work=DEFAULT.work)


def test_a_statement_made_twice_is_one_statement() -> None:
    quads: list[Quad] = [("_:a", "<urn:p>", '"x"', ""), ("_:a", "<urn:p>", '"x"', "")]
    assert canonical_nquads(quads, work=DEFAULT.work) == '_:c14n0 <urn:p> "x" .\n'
