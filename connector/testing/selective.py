"""Mints selectively disclosed records: what issuers sign statement by statement, and what holders derive from it.

Data Integrity ECDSA Cryptosuites 1.0 sections 3.4 to 3.6, BBS Cryptosuites 1.0 section 3. For records without graphs
inside (a badge, not a CLR).
"""

from __future__ import annotations

import copy
import hashlib
import hmac
import re
from collections.abc import Callable, Sequence
from typing import Any, Final

import cbor2

from connector import codec
from connector.testing.pieces import SIGNED_ON
from connector.testing.signing import Json, SigningKey
from connector.verify.jsonld import canonicalize
from connector.verify.jsonld.nquads import Quad
from connector.verify.jsonld.rdfc import canonical_labels

MANDATORY: Final = ("/issuer", "/validFrom", "/validUntil", "/credentialStatus")
"""What an issuer that knows its business does not let a holder leave out."""
_SECRET: Final = b"s" * 32
_PRESENTATION_HEADER: Final = b"for this once"
_SKOLEM = re.compile(r"<urn:bnid:(\d+)>")

Components = list[Any]


class _Record:
    """A record that its issuer signed statement by statement, as its holder keeps it.

    Args:
        document: without a proof.
        key: the issuer's.
        method: the id of that key.
        mandatory: JSON pointers to what is always shown; those that lead nowhere are left out.
    """

    cryptosuite: str
    derived_header: bytes

    def __init__(self, document: Json, key: Any, method: str, mandatory: Sequence[str] = MANDATORY) -> None:
        self.document = document
        self.key = key
        self.mandatory = [pointer for pointer in mandatory if _leads_somewhere(document, pointer)]
        self._named = copy.deepcopy(document)
        _name_nodes(self._named, [0])
        self._proof = {
            "type": "DataIntegrityProof",
            "cryptosuite": self.cryptosuite,
            "created": SIGNED_ON,
            "verificationMethod": method,
            "proofPurpose": "assertionMethod",
        }

    def show(
        self,
        pointers: Sequence[str],
        *,
        edit: Callable[[Json], Any] | None = None,
        edit_components: Callable[[Components], Any] | None = None,
        edit_bytes: Callable[[bytes], bytes] | None = None,
        key: Any = None,
    ) -> Json:
        """The record with what is mandatory and what `pointers` lead to.

        Args:
            edit, edit_components, edit_bytes: change what is shown, the parts of the proof's value, or its bytes.
            key: whose signature it is in the issuer's place.
        """
        chosen = [*self.mandatory, *pointers]
        labels = self._labels_of(chosen)
        components = self._components(self._statements(_select(self._named, chosen)), labels, key or self.key)
        if edit_components:
            edit_components(components)
        raw = self.derived_header + cbor2.dumps(components)
        document = self._with_proof(_select(self.document, chosen), edit_bytes(raw) if edit_bytes else raw)
        if edit:
            edit(document)
        return document

    def _components(self, shown: list[str], labels: dict[int, Any], key: Any) -> Components:
        raise NotImplementedError

    def _labels(self) -> dict[str, Any]:
        """Number of a node -> what stands for its label in the label map."""
        raise NotImplementedError

    def _written(self, label: Any) -> str:
        """The label in a statement."""
        raise NotImplementedError

    def _with_proof(self, document: Json, value: bytes) -> Json:
        return document | {"proof": self._proof | {"proofValue": "u" + codec.b64url_encode(value)}}

    def _hashes(self) -> tuple[bytes, bytes]:
        """Of the proof's options, and of what is mandatory."""
        (options,) = next(canonicalize([{**self._proof, "@context": self.document["@context"]}]))
        mandatory = "".join(self._mandatory_statements())
        return hashlib.sha256(options.encode()).digest(), hashlib.sha256(mandatory.encode()).digest()

    def _mandatory_statements(self) -> list[str]:
        return self._statements(_select(self._named, self.mandatory))

    def _statements(self, named: Json) -> list[str]:
        """The statements of (a part of) the record, under the labels that belong to the whole of it, in order."""
        labels = {number: self._written(label) for number, label in self._labels().items()}
        (text,) = next(canonicalize([named]))
        return sorted(_SKOLEM.sub(lambda match: labels[match.group(1)], line) + "\n" for line in text.split("\n")[:-1])

    def _digests(self) -> dict[str, bytes]:
        """Number of a node -> HMAC of its canonical label in the whole record."""
        numbers = _canonical_numbers(self._named).items()
        return {number: hmac.digest(_SECRET, f"c14n{canonical}".encode(), "sha256") for number, canonical in numbers}

    def _labels_of(self, pointers: Sequence[str]) -> dict[int, Any]:
        labels = self._labels()
        part = _canonical_numbers(_select(self._named, pointers))
        return dict(sorted({canonical: labels[number] for number, canonical in part.items()}.items()))


class SelectiveRecord(_Record):
    """`ecdsa-sd-2023`. Parts of a value: base signature, key of the record, signatures, labels, mandatory indexes."""

    cryptosuite = "ecdsa-sd-2023"
    derived_header = b"\xd9\x5d\x01"
    _own_key = SigningKey(b"own key of one record", "ES256")

    def base(self) -> Json:
        """The record as its issuer hands it to the holder: not meant for anybody else."""
        first = set(self._mandatory_statements())
        others = [line for line in self._statements(self._named) if line not in first]
        signatures = [self._own_key.sign(line.encode()) for line in others]
        components = [self._base_signature(self.key), self._own_multikey, _SECRET, signatures, self.mandatory]
        return self._with_proof(self.document, b"\xd9\x5d\x00" + cbor2.dumps(components))

    def _components(self, shown: list[str], labels: dict[int, Any], key: Any) -> Components:
        mandatory = set(self._mandatory_statements())
        signatures = [self._own_key.sign(line.encode()) for line in shown if line not in mandatory]
        indexes = [index for index, line in enumerate(shown) if line in mandatory]
        return [self._base_signature(key), self._own_multikey, signatures, labels, indexes]

    @property
    def _own_multikey(self) -> bytes:
        return codec.multibase_decode(self._own_key.multikey)

    def _base_signature(self, key: SigningKey) -> bytes:
        options, mandatory = self._hashes()
        return key.sign(options + self._own_multikey + mandatory)

    def _labels(self) -> dict[str, Any]:
        return dict(self._digests())

    def _written(self, label: Any) -> str:
        return "_:u" + codec.b64url_encode(label)


class BbsRecord(_Record):
    """`bbs-2023`. Parts of a value: proof, labels, mandatory indexes, selective indexes, presentation header."""

    cryptosuite = "bbs-2023"
    derived_header = b"\xd9\x5d\x03"

    def _components(self, shown: list[str], labels: dict[int, Any], key: Any) -> Components:
        mandatory = set(self._mandatory_statements())
        others = [line for line in self._statements(self._named) if line not in mandatory]
        selected = [index for index, line in enumerate(others) if line in set(shown)]
        messages = [line.encode() for line in others]
        proof = key.prove(b"".join(self._hashes()), messages, selected, _PRESENTATION_HEADER)
        indexes = [index for index, line in enumerate(shown) if line in mandatory]
        return [proof, labels, indexes, selected, _PRESENTATION_HEADER]

    def _labels(self) -> dict[str, Any]:
        """Shuffled: nodes are numbered in the order of their digests (BBS Cryptosuites section 3.2.1)."""
        digests = self._digests()
        return {number: place for place, number in enumerate(sorted(digests, key=lambda n: digests[n]))}

    def _written(self, label: Any) -> str:
        return f"_:b{label}"


def _canonical_numbers(named: Json) -> dict[str, int]:
    """Number of a node in `named` -> number of its canonical label."""
    (text,) = next(canonicalize([named]))
    quads = [_quad(_SKOLEM.sub(r"_:b\1", line)) for line in text.split("\n")[:-1]]
    blank = [quad for quad in quads if quad[0].startswith("_:") or quad[2].startswith("_:")]
    found = canonical_labels(dict.fromkeys(blank), work=60_000)
    return {node.removeprefix("_:b"): int(label.removeprefix("_:c14n")) for node, label in found.items()}


def _quad(line: str) -> Quad:
    subject, predicate, rest = line.removesuffix(" .").split(" ", 2)
    return subject, predicate, rest, ""


def _name_nodes(item: Any, count: list[int]) -> None:
    """Give each node without an id a temporary one (section 3.4.8)."""
    if isinstance(item, list):
        for one in item:
            _name_nodes(one, count)
    elif isinstance(item, dict):
        if "id" not in item:
            item["id"] = f"urn:bnid:{count[0]}"
            count[0] += 1
        for name, value in item.items():
            if name != "@context":
                _name_nodes(value, count)


# --- JSON pointers (section 3.4.11 and following) ---------------------------------------------------------------------


def _leads_somewhere(document: Any, pointer: str) -> bool:
    for step in pointer.split("/")[1:]:
        if isinstance(document, dict) and step not in document:
            return False
        document = document[int(step) if isinstance(document, list) else step]
    return True


def _select(document: Json, pointers: Sequence[str]) -> Json:
    """The part of `document` that `pointers` lead to, with types and ids on the way."""
    result = _frame(document) | {"@context": document["@context"]}
    for pointer in pointers:
        _copy(document, result, pointer.split("/")[1:])
    dense: Json = _without_gaps(result)
    return dense


def _frame(item: Json) -> Json:
    return {name: item[name] for name in ("id", "type") if name in item}


def _copy(source: Any, target: Any, steps: list[str]) -> None:
    step: Any = int(steps[0]) if isinstance(source, list) else steps[0]
    value = source[step]
    if len(steps) == 1:
        target[step] = copy.deepcopy(value)
        return
    present = target.get(step) if isinstance(target, dict) else target[step]
    if present is None:
        present = target[step] = _frame(value) if isinstance(value, dict) else [None] * len(value)
    _copy(value, present, steps[1:])


def _without_gaps(item: Any) -> Any:
    if isinstance(item, dict):
        return {name: _without_gaps(value) for name, value in item.items()}
    if isinstance(item, list):
        return [_without_gaps(value) for value in item if value is not None]
    return item
