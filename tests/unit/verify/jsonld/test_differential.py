"""The compiled walk against pyld: on every published document and on mutations of them.

The rule is "0 wrong": the same statements, or a refusal.
"""

from __future__ import annotations

import copy
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connector.verify.jsonld import JsonLdError, canonicalize
from connector.verify.jsonld.choice import vocabulary
from connector.verify.jsonld.limits import DEFAULT
from connector.verify.jsonld.rdfc import canonical, canonical_nquads
from connector.verify.jsonld.walk import Walker

SIGNED = ("verified", "revoked", "suspended", "expired", "not-yet-valid", "status-unknown")
PROOF_VALUES = ("proofValue", "jws", "signatureValue")

ByPyld = Callable[[Any], str]


def _cases(shared: Path) -> Iterator[tuple[dict[str, Any], list[Any]]]:
    """Each published JSON document without its proofs, and the options of each proof."""
    folder = shared / "vectors"
    for case in json.loads((folder / "vectors.json").read_bytes()):
        try:
            document = json.loads((folder / case["file"]).read_bytes())
        except ValueError:
            continue
        if not isinstance(document, dict) or "@context" not in document:
            continue
        proofs = document.pop("proof", None) or []
        options = [
            {**{k: v for k, v in proof.items() if k not in PROOF_VALUES}, "@context": document["@context"]}
            for proof in (proofs if isinstance(proofs, list) else [proofs])
        ]
        yield case, [document, *options]


def _ours(documents: list[Any]) -> tuple[str, ...] | None:
    try:
        return next(canonicalize(documents))
    except JsonLdError:
        return None


@pytest.mark.shared
def test_published_documents_come_out_as_pyld_makes_them(shared: Path, by_pyld: ByPyld) -> None:
    counts: Counter[str] = Counter()
    for case, documents in _cases(shared):
        ours = _ours(documents)
        if ours is None:
            counts["refused"] += 1
            continue
        assert ours == tuple(by_pyld(document) for document in documents), case["file"]
        counts["same"] += 1
    assert counts["same"] >= 170, counts


@pytest.mark.shared
@pytest.mark.parametrize("hash_algorithm", ["sha256", "sha384"])
def test_what_a_walk_made_is_labelled_as_any_dataset_is(shared: Path, hash_algorithm: str) -> None:
    """The short way of walked documents against the algorithm as the specification writes it."""
    alike = 0
    for _, documents in _cases(shared):
        if _ours(documents) is None:
            continue
        for document in documents:
            dataset = Walker(vocabulary(()), DEFAULT).walk(document)
            quads = list(dataset.quads())
            ours = canonical(dataset, work=DEFAULT.work, hash_algorithm=hash_algorithm)
            assert ours == canonical_nquads(quads, work=DEFAULT.work, hash_algorithm=hash_algorithm)
            alike += len({blank.hashed for blank in dataset.blanks}) < len(dataset.blanks)
    assert alike >= 5, "documents with blank nodes that only their neighbours tell apart"


@pytest.mark.shared
def test_every_document_with_a_genuine_proof_over_rdf_passes_the_strict_rules(shared: Path) -> None:
    suites = ("Ed25519Signature20", "JsonWebSignature2020", "-rdfc-", "ecdsa-sd-2023")
    refused = {
        case["file"]
        for case, documents in _cases(shared)
        if case["expected"] in SIGNED and case["expected_checked"] and any(suite in case["proof"] for suite in suites)
        if _ours(documents) is None
    }
    assert refused == set()


# --- mutations -------------------------------------------------------------------------------------------------------

_WORDS = ["name", "id", "type", "description", "achievement", "proof", "evidence", "issuer", "validUntil", "image",
          "@id", "@value", "tag", "criteria", "result", "credentialStatus", "nonsense",
          "https://a.example/x"]  # fmt: skip
_VALUES: list[Any] = [
    None, [], {}, "", "x", "urn:x", "https://a.example/y", "_:b0", 0, 5, -1.5, 1e30, True, ["x", "y"], [[]], [None],
    {"id": "urn:x"}, {"type": "Image"}, {"id": "urn:x", "name": "n"}, {"name": ["a", "b"]}, {"@value": "x"},
    {"@value": "x", "@language": "EN"}, "é\"\\\n", ["VerifiableCredential", "Achievement"], {"type": ["Profile"]},
]  # fmt: skip


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(pairs):
        if key != "@context":
            yield value, key
            yield from _places(inner)


def _mutate(document: Any, chance: random.Random) -> Any:
    document = copy.deepcopy(document)
    for _ in range(chance.randint(1, 3)):
        places = list(_places(document))
        if not places:
            break
        holder, key = chance.choice(places)
        kind = chance.randrange(6)
        if kind == 0:
            del holder[key]
        elif kind == 1:
            holder[key] = copy.deepcopy(chance.choice(_VALUES))
        elif kind == 2:
            holder[key] = [holder[key]]
        elif kind == 3 and isinstance(holder, dict):
            holder[chance.choice(_WORDS)] = copy.deepcopy(chance.choice(_VALUES))
        elif kind == 4 and isinstance(holder, dict):
            holder[chance.choice(_WORDS)] = holder.pop(key)
        else:
            other, other_key = chance.choice(places)
            holder[key] = (
                copy.deepcopy(other[other_key])
                if other_key in other or (isinstance(other_key, int) and other_key < len(other))
                else "x"
            )
    return document


@pytest.mark.shared
def test_mutated_documents_come_out_as_pyld_makes_them_or_are_refused(shared: Path, by_pyld: ByPyld) -> None:
    chance = random.Random(20261124)
    sources = [documents[0] for _, documents in _cases(shared) if _ours(documents[:1]) is not None]
    counts: Counter[str] = Counter()
    for _ in range(2000):
        document = _mutate(chance.choice(sources), chance)
        ours = _ours([document])
        if ours is None:
            counts["refused"] += 1
            continue
        counts["same"] += 1
        assert ours[0] == by_pyld(document), json.dumps(document)
    assert counts["same"] > 400, counts
    assert counts["refused"] > 400, counts


@pytest.mark.shared
def test_no_member_can_be_added_without_changing_the_statements(shared: Path) -> None:
    """A new member either adds a statement or is refused; nothing rides along unsigned (null and [] say nothing)."""
    chance = random.Random(7)
    for case, documents in _cases(shared):
        before = _ours(documents[:1])
        if before is None:
            continue
        document = copy.deepcopy(documents[0])
        objects = [holder for holder, _ in _places(document) if isinstance(holder, dict)]
        holder = chance.choice(objects)
        word = chance.choice([word for word in _WORDS if word not in holder])
        holder[word] = "urn:uuid:added"
        after = _ours([document])
        assert after is None or after != before, (case["file"], word)
