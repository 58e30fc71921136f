"""Mints selectively disclosed records: `ecdsa-sd-2023` base proofs, and what holders derive from them.

Data Integrity ECDSA Cryptosuites 1.0 sections 3.4 to 3.6. For records without graphs inside (a badge, not a CLR).
"""

from __future__ import annotations

import copy
import hashlib
import hmac
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
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
_BASE, _DERIVED = b"\xd9\x5d\x00", b"\xd9\x5d\x01"
_SKOLEM = re.compile(r"<urn:bnid:(\d+)>")

Components = list[Any]


@dataclass(slots=True)
class SelectiveRecord:
    """A record that its issuer signed statement by statement, as its holder keeps it.

    Args:
        document: without a proof.
        key: the issuer's, P-256.
        method: the id of that key.
        mandatory: JSON pointers to what is always shown; those that lead nowhere are left out.
    """

    document: Json
    key: SigningKey
    method: str
    mandatory: Sequence[str] = MANDATORY
    _named: Json = field(init=False)
    _secret: bytes = field(init=False, default=b"s" * 32)
    _own_key: SigningKey = field(init=False)
    _proof: Json = field(init=False)

    def __post_init__(self) -> None:
        self._named = copy.deepcopy(self.document)
        _name_nodes(self._named, [0])
        self.mandatory = [pointer for pointer in self.mandatory if _leads_somewhere(self.document, pointer)]
        self._own_key = SigningKey(b"own key of one record", "ES256")
        self._proof = {
            "type": "DataIntegrityProof",
            "cryptosuite": "ecdsa-sd-2023",
            "created": SIGNED_ON,
            "verificationMethod": self.method,
            "proofPurpose": "assertionMethod",
        }

    def base(self) -> Json:
        """The record as its issuer hands it to the holder: not meant for anybody else."""
        lines = self._statements(self._named)
        first = set(self._statements(_select(self._named, self.mandatory)))
        signatures = [self._own_key.sign(line.encode()) for line in lines if line not in first]
        components = [self._base_signature(first), self._own_multikey, self._secret, signatures, list(self.mandatory)]
        return self._with_proof(self.document, _BASE + cbor2.dumps(components))

    def show(
        self,
        pointers: Sequence[str],
        *,
        edit: Callable[[Json], Any] | None = None,
        edit_components: Callable[[Components], Any] | None = None,
        edit_bytes: Callable[[bytes], bytes] | None = None,
        key: SigningKey | None = None,
    ) -> Json:
        """The record with what is mandatory and what `pointers` lead to.

        Args:
            edit, edit_components, edit_bytes: change what is shown, the parts of the proof's value (base signature,
                key, signatures, labels, mandatory indexes), or its bytes.
            key: whose signature it is in the issuer's place.
        """
        chosen = [*self.mandatory, *pointers]
        mandatory = set(self._statements(_select(self._named, self.mandatory)))
        shown = self._statements(_select(self._named, chosen))
        components = [
            self._base_signature(mandatory, key),
            self._own_multikey,
            [self._own_key.sign(line.encode()) for line in shown if line not in mandatory],
            self._labels_of(chosen),
            [index for index, line in enumerate(shown) if line in mandatory],
        ]
        if edit_components:
            edit_components(components)
        raw = _DERIVED + cbor2.dumps(components)
        document = self._with_proof(_select(self.document, chosen), edit_bytes(raw) if edit_bytes else raw)
        if edit:
            edit(document)
        return document

    @property
    def _own_multikey(self) -> bytes:
        return codec.multibase_decode(self._own_key.multikey)

    def _with_proof(self, document: Json, value: bytes) -> Json:
        return document | {"proof": self._proof | {"proofValue": "u" + codec.b64url_encode(value)}}

    def _base_signature(self, mandatory: set[str], key: SigningKey | None = None) -> bytes:
        (options,) = next(canonicalize([{**self._proof, "@context": self.document["@context"]}]))
        first = "".join(sorted(mandatory))
        data = hashlib.sha256(options.encode()).digest() + self._own_multikey + hashlib.sha256(first.encode()).digest()
        return (key or self.key).sign(data)

    def _statements(self, named: Json) -> list[str]:
        """The statements of (a part of) the record, under the labels that belong to the whole of it, in order."""
        labels = self._labels()
        (text,) = next(canonicalize([named]))
        return sorted(_SKOLEM.sub(lambda match: labels[match.group(1)], line) + "\n" for line in text.split("\n")[:-1])

    def _labels(self) -> dict[str, str]:
        """Number of a node -> its label: an HMAC of the canonical label in the whole record."""
        return {
            number: "_:u" + codec.b64url_encode(hmac.digest(self._secret, f"c14n{canonical}".encode(), "sha256"))
            for number, canonical in _canonical_numbers(self._named).items()
        }

    def _labels_of(self, pointers: Sequence[str]) -> dict[int, bytes]:
        labels = self._labels()
        part = _canonical_numbers(_select(self._named, pointers))
        found = {canonical: codec.b64url_decode(labels[number][3:]) for number, canonical in part.items()}
        return dict(sorted(found.items()))


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
