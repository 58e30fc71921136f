"""Proofs that sign over earlier proofs (VC Data Integrity 1.0 section 4.5, "Verify Proof Sets and Chains").

A proof names the earlier ones in `previousProof`; what it signs is the document with exactly those proofs in it. That
those hold themselves is asked of every proof anyway. The order of the array plays no part.
"""

from __future__ import annotations

from typing import Any

from connector.verify.errors import CheckError

Json = dict[str, Any]


def signed_documents(unsecured: Json, proof: Json, proofs: tuple[Json, ...]) -> list[Json]:
    """What `proof`, a link of a chain, may have signed: `unsecured` with the earlier proofs in it.

    The specification leaves open whether they stand in the order of the array or in that of `previousProof`. Only JSON
    canonicalization can tell the two apart, so there are two documents where the orders differ.

    Args:
        proofs: all proofs of the document.

    Raises:
        CheckError: `proof_chain_broken`: a proof that is named is not there, is there twice, or leads back to `proof`.
    """
    by_id = _by_id(proofs)
    names = _previous(proof)
    _check_no_circle(proof, by_id)
    as_named = [by_id[name] for name in names]
    as_found = [other for other in proofs if other.get("id") in names]
    orders = [as_found] if as_found == as_named else [as_found, as_named]
    return [unsecured | {"proof": order} for order in orders]


def _by_id(proofs: tuple[Json, ...]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for proof in proofs:
        name = proof.get("id")
        if isinstance(name, str) and found.setdefault(name, proof) is not proof:
            raise CheckError("proof_chain_broken", "two proofs have one id")
    return found


def _previous(proof: Json) -> list[str]:
    """The names in `previousProof`: one, or a list of different ones."""
    value = proof["previousProof"]
    names = list(value) if isinstance(value, list) else [value]
    if not names or set(map(type, names)) != {str} or len(set(names)) != len(names):
        raise CheckError("proof_chain_broken", "previousProof is neither an id nor a list of different ids")
    return names


def _check_no_circle(proof: Json, by_id: dict[str, Json]) -> None:
    reached: set[str] = set()
    names = _previous(proof)
    while names:
        name = names.pop()
        if name not in by_id:
            raise CheckError("proof_chain_broken", "a proof that previousProof names is not there")
        earlier = by_id[name]
        if earlier is proof:
            raise CheckError("proof_chain_broken", "previousProof leads back to the proof itself")
        if name not in reached:
            reached.add(name)
            names += _previous(earlier) if "previousProof" in earlier else []
