"""Proof sets and chains: every proof holds, and what a proof builds on is there (Data Integrity 1.0 section 4.5)."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from connector.model.report import Decision, Verdict
from connector.testing.issuer import Issuer

from .conftest import EMAIL, Scene

Json = dict[str, Any]
FIRST, SECOND, THIRD = "urn:uuid:first", "urn:uuid:second", "urn:uuid:third"
CURVES = Issuer("curves", method="web", alg="ES256")


def _badge(scene: Scene, **options: Any) -> Json:
    return scene.issuer.open_badge(email=EMAIL, options={"id": FIRST}, **options)


def _chain(scene: Scene, proof: str = "eddsa-rdfc-2022") -> Json:
    """A badge with three proofs: the second builds on the first, the third on both."""
    badge = scene.issuer.countersign(_badge(scene, proof=proof), proof=proof, id=SECOND, previous=FIRST)
    return scene.issuer.countersign(badge, proof=proof, id=THIRD, previous=[FIRST, SECOND])


@pytest.mark.parametrize("proof", ["eddsa-rdfc-2022", "eddsa-jcs-2022"])
def test_a_whole_chain_holds_in_any_order_of_its_proofs(scene: Scene, proof: str) -> None:
    chain = _chain(scene, proof)
    assert scene.assess(chain).decision is Decision.ACCEPTED
    chain["proof"].reverse()
    assert scene.assess(chain).decision is Decision.ACCEPTED


def test_earlier_proofs_may_be_named_in_another_order_than_they_stand(scene: Scene) -> None:
    badge = scene.issuer.countersign(_badge(scene, proof="eddsa-jcs-2022"), proof="eddsa-jcs-2022", id=SECOND)
    chain = scene.issuer.countersign(badge, proof="eddsa-jcs-2022", previous=[SECOND, FIRST])
    assert scene.code(chain) == "proof_valid"


def test_suites_of_all_kinds_may_follow_each_other(scene: Scene) -> None:
    scene.issuer = CURVES
    badge = CURVES.open_badge(email=EMAIL, proof="ecdsa-rdfc-2019", options={"id": FIRST})
    chain = CURVES.countersign(badge, proof="ecdsa-jcs-2019", previous=FIRST)
    assessed = scene.assess(chain)
    assert assessed.decision is Decision.ACCEPTED
    assert assessed.report.securing == ("ecdsa-rdfc-2019", "ecdsa-jcs-2019")


def test_a_witness_may_build_on_the_issuers_proof_but_does_not_become_the_issuer(scene: Scene) -> None:
    witness = Issuer("witness", method="key")
    chain = witness.countersign(_badge(scene), previous=FIRST)
    assessed = scene.assess(chain)
    assert (assessed.report.verdict, assessed.report.issuer.id) == (Verdict.VERIFIED, scene.issuer.id)


def _edit_proof(index: int, **members: Any) -> Callable[[Json], None]:
    return lambda document: document["proof"][index].update(members)


def _lose(index: int) -> Callable[[Json], None]:
    return lambda document: document["proof"].pop(index)


BROKEN: dict[str, tuple[Callable[[Json], None], str]] = {
    "the first is gone": (_lose(0), "proof_chain_broken"),
    "the middle is gone": (_lose(1), "proof_chain_broken"),
    "the first has another id": (_edit_proof(0, id="urn:uuid:other"), "proof_signature_wrong"),
    "two proofs with one id": (lambda d: d["proof"].append(copy.deepcopy(d["proof"][0])), "proof_chain_broken"),
    "a proof that builds on itself": (_edit_proof(1, previousProof=SECOND), "proof_chain_broken"),
    "a circle of two": (_edit_proof(0, previousProof=SECOND), "proof_chain_broken"),
    "a circle of three": (_edit_proof(0, previousProof=THIRD), "proof_chain_broken"),
    "a name twice": (_edit_proof(2, previousProof=[FIRST, FIRST]), "proof_chain_broken"),
    "no names": (_edit_proof(2, previousProof=[]), "proof_chain_broken"),
    "null": (_edit_proof(2, previousProof=None), "proof_chain_broken"),
    "an object": (_edit_proof(2, previousProof={"id": FIRST}), "proof_chain_broken"),
    "a name that is a number": (_edit_proof(2, previousProof=[FIRST, 7]), "proof_chain_broken"),
    "fewer names than were signed": (_edit_proof(2, previousProof=[FIRST]), "proof_signature_wrong"),
    "the link taken away": (lambda d: d["proof"][1].pop("previousProof"), "proof_signature_wrong"),
    "an earlier proof changed": (_edit_proof(0, created="2025-05-02T00:00:00Z"), "proof_signature_wrong"),
}


@pytest.mark.parametrize("proof", ["eddsa-rdfc-2022", "eddsa-jcs-2022"])
@pytest.mark.parametrize("name", BROKEN)
def test_a_chain_with_one_fault_is_refused(scene: Scene, name: str, proof: str) -> None:
    chain = _chain(scene, proof)
    assert scene.code(chain) == "proof_valid"
    change, code = BROKEN[name]
    change(chain)
    assessed = scene.assess(chain)
    assert assessed.report.verdict is Verdict.INVALID
    assert scene.code(chain) == code


def test_an_earlier_proof_by_a_key_that_does_not_hold_breaks_what_builds_on_it(scene: Scene) -> None:
    forged = scene.issuer.countersign(_badge(scene, wrong_key=True), previous=FIRST)
    assert scene.assess(forged).report.verdict is Verdict.INVALID


def test_a_proof_taken_out_of_its_chain_does_not_hold_alone(scene: Scene) -> None:
    chain = _chain(scene)
    for index in (1, 2):
        alone = {**chain, "proof": {n: v for n, v in chain["proof"][index].items() if n != "previousProof"}}
        assert scene.code(alone) == "proof_signature_wrong"
    assert scene.code({**chain, "proof": chain["proof"][0]}) == "proof_valid"


def test_a_proof_of_the_chain_cannot_be_exchanged_for_another_that_holds(scene: Scene) -> None:
    """A later proof signs the earlier one itself, its value too, not only that there was one."""
    scene.issuer = CURVES
    chain = CURVES.countersign(
        CURVES.open_badge(email=EMAIL, proof="ecdsa-rdfc-2019", options={"id": FIRST}), proof="ecdsa-rdfc-2019",
        previous=FIRST,
    )  # fmt: skip
    other = CURVES.open_badge(email=EMAIL, proof="ecdsa-rdfc-2019", options={"id": FIRST})["proof"]
    assert other != chain["proof"][0], "ECDSA signatures differ each time"
    assert scene.code({**chain, "proof": other}) == "proof_valid"
    assert scene.code(chain) == "proof_valid"
    assert scene.code({**chain, "proof": [other, chain["proof"][1]]}) == "proof_signature_wrong"


def test_an_unknown_kind_in_a_chain_gives_unsupported(scene: Scene) -> None:
    chain = _chain(scene)
    chain["proof"].append({**chain["proof"][0], "id": "urn:uuid:fourth", "type": "SomeProofType"})
    assert scene.assess(chain).report.verdict is Verdict.UNSUPPORTED


def test_no_key_is_looked_up_for_a_chain_that_is_broken(scene: Scene) -> None:
    chain = _chain(scene)
    scene.assess({**chain, "proof": chain["proof"][1]})
    assert not scene.documents.requests


def test_two_proofs_that_are_no_chain_may_share_an_id(scene: Scene) -> None:
    """Nothing is looked up by it then."""
    twice = scene.issuer.countersign(_badge(scene), id=FIRST)
    assert scene.code(twice) == "proof_valid"
