"""One submission may hold hundreds of records: their canonicalization draws on one budget."""

from __future__ import annotations

import copy
import hashlib
import json
from typing import Any

import pytest

from connector.testing.issuer import Issuer
from connector.verify.checks import holder
from connector.verify.errors import CheckError
from connector.verify.jsonld import JsonLdError, canonicalize
from connector.verify.jsonld.limits import SUBMISSION_WORK, shared_work
from connector.verify.suites import base, jcs

from .conftest import EMAIL, Scene

ISSUER = Issuer("poison", method="key")


def poisoned(kids: int, parents: int) -> dict[str, Any]:
    """Subjects that only their equal children tell apart: each order of the children is a path to be tried."""
    document = ISSUER.unsigned_badge()
    identity = {"type": ["IdentityObject"], "hashed": False, "identityHash": "x", "identityType": "name"}
    subject = {**document["credentialSubject"], "identifier": [dict(identity) for _ in range(kids)]}
    document["credentialSubject"] = [copy.deepcopy(subject) for _ in range(parents)]
    return document


def test_the_budget_is_shared_by_everything_within() -> None:
    documents = [{**ISSUER.unsigned_badge(), "id": f"urn:uuid:{number}"} for number in range(300)]
    with shared_work(10_000):
        for document in documents[:3]:
            next(canonicalize([document]))
        with pytest.raises(JsonLdError) as caught:
            for document in documents[3:]:
                next(canonicalize([document]))
    assert caught.value.code == "too_complex"
    next(canonicalize([documents[-1]]))  # outside of it there is none


def test_poisoned_records_one_after_another_do_not_add_up(monkeypatch: pytest.MonkeyPatch, scene: Scene) -> None:
    proof = ISSUER.open_badge()["proof"]
    poison = [{**poisoned(6, 5), "id": f"urn:uuid:{n}", "proof": proof} for n in range(60)]
    assessed = scene.assess_all([*poison, scene.issuer.open_badge(email=EMAIL)])
    details = [a.report.check("proof").detail for a in assessed]  # type: ignore[arg-type, union-attr]  # a name in short
    assert any("work for one submission" in detail for detail in details)
    assert {a.report.verdict for a in assessed} == {"malformed"}


def test_a_record_that_is_too_complex_is_not_tried_again_for_each_of_its_proofs(
    monkeypatch: pytest.MonkeyPatch, scene: Scene
) -> None:
    calls: list[int] = []

    def counted(documents: Any, **options: Any) -> Any:
        calls.append(1)
        return canonicalize(documents, **options)

    monkeypatch.setattr(base, "canonicalize", counted)
    document = poisoned(8, 3) | {"proof": [ISSUER.open_badge()["proof"]] * 8}
    assert scene.code(document) == "too_complex"
    assert len(calls) == 1


def test_an_honest_transcript_of_a_hundred_badges_is_far_below(scene: Scene) -> None:
    badges = [scene.issuer.open_badge(name=f"Course {n}", email=EMAIL) for n in range(100)]
    clr = json.loads(json.dumps(scene.issuer.clr(badges=badges, email=EMAIL)))
    with shared_work(SUBMISSION_WORK // 5):
        for document in [clr, *badges]:
            next(canonicalize([{name: value for name, value in document.items() if name != "proof"}]))


@pytest.mark.parametrize(("alg", "suite"), [("ES384", "ecdsa-jcs-2019"), ("EdDSA", "eddsa-rdfc-2022")])
@pytest.mark.parametrize("proofs", [1, 8])
def test_signatures_do_not_add_up(scene: Scene, alg: str, suite: str, proofs: int) -> None:
    """Eight proofs with P-384 on each of 490 records took three seconds; one on each is honest, and is done."""
    record = Issuer("slow", alg=alg).plain_vc(proof=suite)
    record["name"] = "Something else"
    record["proof"] = [record["proof"]] * proofs
    found = {a.report.verdict for a in scene.assess_all([record] * 490)}
    assert found == ({"invalid"} if proofs == 1 else {"invalid", "malformed"})


def test_a_presentation_around_many_others_is_checked_once(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was checked once for each of them: 490 in 0.9 MB took a minute."""
    asked: list[str] = []
    measure_one = holder._measure_one

    def counted(envelope: Any, *rest: Any) -> Any:
        asked.append(envelope.path)
        return measure_one(envelope, *rest)

    monkeypatch.setattr(holder, "_measure_one", counted)
    inner = [ISSUER.presentation([ISSUER.open_badge(id=f"urn:uuid:{n}")], signed=False) for n in range(20)]
    assert len(scene.assess_all(ISSUER.presentation(inner, proof="eddsa-jcs-2022"))) == 20
    assert len(asked) == len(set(asked)) == 21


def test_canonical_json_draws_on_the_budget_by_its_size() -> None:
    """Records in records, each with eight proofs: the innermost was hashed again for each."""
    with shared_work(1_000):
        for _ in range(20):
            jcs.hashed_json({"name": "x" * 2_000}, {}, hashlib.sha256)
        with pytest.raises(CheckError) as caught:
            jcs.hashed_json({"name": "x" * 100_000}, {}, hashlib.sha256)
    assert caught.value.code == "too_complex"
