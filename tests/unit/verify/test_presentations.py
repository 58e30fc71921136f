"""Presentations with an embedded proof (VCDM 2.0 section 4.13, Data Integrity 1.0 section 4.4): one fault per test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connector.model.report import Decision, Verdict
from connector.testing.issuer import VC1, VC2, Issuer
from connector.verify import PresentationContext

from .conftest import EMAIL, Scene, codes

Json = dict[str, Any]

HOLDER = Issuer("presenter", method="key")
CURVE_HOLDER = Issuer("curve presenter", method="key", alg="ES384")
STRANGER = Issuer("stranger", method="key")
SITE = "https://apply.example"
OURS: Json = {"challenge": "c-1", "domain": SITE}


@pytest.fixture
def scene() -> Scene:
    return Scene(presentation=PresentationContext(challenge="c-1", domain=SITE))


def _badge(scene: Scene, **options: Any) -> Json:
    badge: Json = scene.issuer.open_badge(**({"subject_id": HOLDER.id} | options))
    return badge


@pytest.mark.parametrize("model", ["1.1", "2.0"])
@pytest.mark.parametrize(
    ("holder", "proof"),
    [
        (HOLDER, "eddsa-rdfc-2022"),
        (HOLDER, "eddsa-jcs-2022"),
        (HOLDER, "Ed25519Signature2020"),
        (HOLDER, "Ed25519Signature2018"),
        (CURVE_HOLDER, "ecdsa-rdfc-2019"),
        (CURVE_HOLDER, "ecdsa-jcs-2019"),
        (HOLDER, ["eddsa-rdfc-2022", "eddsa-jcs-2022"]),
    ],
)
def test_a_presentation_by_the_subject_ties_the_record_to_the_applicant(
    scene: Scene, holder: Issuer, proof: Any, model: str
) -> None:
    badge = _badge(scene, subject_id=holder.id, model=model)
    assessed = scene.assess(holder.presentation([badge], proof=proof, model=model, **OURS))
    assert (assessed.report.subject.match, assessed.decision) == ("holder_proof", Decision.ACCEPTED)


@pytest.mark.parametrize("kind", ["jwt", "1.1", "2.0"])
def test_records_of_any_kind_may_be_in_it(scene: Scene, kind: str) -> None:
    inner: Any = _badge(scene, model="1.1" if kind == "1.1" else "2.0")
    if kind == "jwt":
        token = scene.issuer.jwt_badge(subject_id=HOLDER.id)
        inner = {"@context": VC2, "id": f"data:application/vc+jwt,{token}", "type": "EnvelopedVerifiableCredential"}
    shown = HOLDER.presentation([inner], **OURS)
    assert scene.assess(shown).report.subject.match == "holder_proof"


def test_a_record_in_an_envelope_is_part_of_what_the_holder_signed(scene: Scene) -> None:
    """The envelope's address is the record: another record is another address."""

    def envelope(**options: Any) -> Json:
        token = scene.issuer.jwt_badge(**({"subject_id": HOLDER.id} | options))
        return {"@context": VC2, "id": f"data:application/vc+jwt,{token}", "type": "EnvelopedVerifiableCredential"}

    for proof in ("eddsa-rdfc-2022", "eddsa-jcs-2022"):
        shown = HOLDER.presentation([envelope()], proof=proof, **OURS)
        assert scene.assess(shown).decision is Decision.ACCEPTED
        shown["verifiableCredential"] = [envelope(name="Welder II")]
        assessed = scene.assess(shown)
        assert (assessed.report.verdict, assessed.decision) == (Verdict.VERIFIED, Decision.REFUSED)
        assert "holder_invalid" in codes(assessed)


def test_each_record_in_it_is_verified_on_its_own(scene: Scene) -> None:
    badges = [_badge(scene), _badge(scene, name="Welder II", wrong_key=True), _badge(scene, name="Welder III")]
    first, second, third = scene.assess_all(HOLDER.presentation(badges, **OURS))
    assert [one.report.verdict for one in (first, second, third)] == [
        Verdict.VERIFIED,
        Verdict.INVALID,
        Verdict.VERIFIED,
    ]
    assert second.decision is Decision.REFUSED
    assert first.decision is third.decision is Decision.ACCEPTED


# --- what it was made for ---

ANSWERS: dict[str, tuple[Json, str]] = {
    "as asked": (OURS, "holder_valid"),
    "the domain as a list of one": (OURS | {"domain": [SITE]}, "holder_valid"),
    "the domain among others": (OURS | {"domain": [SITE, "https://evil.example"]}, "holder_other_request"),
    "the domain twice": (OURS | {"domain": [SITE, SITE]}, "holder_other_request"),
    "no domain in the list": (OURS | {"domain": []}, "holder_other_request"),
    "a part of the domain": (OURS | {"domain": "apply.example"}, "holder_other_request"),
    "the domain and a path": (OURS | {"domain": f"{SITE}/x"}, "holder_other_request"),
    "another case": (OURS | {"domain": SITE.upper()}, "holder_other_request"),
    "another domain": (OURS | {"domain": "https://evil.example"}, "holder_other_request"),
    "no domain": ({"challenge": "c-1"}, "holder_other_request"),
    "another challenge": (OURS | {"challenge": "c-2"}, "holder_other_request"),
    "no challenge": ({"domain": SITE}, "holder_other_request"),
    "a challenge in a list": (OURS | {"challenge": ["c-1"]}, "holder_other_request"),
    "an empty challenge": (OURS | {"challenge": ""}, "holder_other_request"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_challenge_and_domain_are_exactly_those_that_were_asked_for(scene: Scene, name: str) -> None:
    options, code = ANSWERS[name]
    assessed = scene.assess(HOLDER.presentation([_badge(scene)], **options))
    assert code in codes(assessed)
    assert (assessed.decision is Decision.ACCEPTED) is (code == "holder_valid")


def test_every_proof_of_a_set_answers_the_request(scene: Scene) -> None:
    good = HOLDER.presentation([_badge(scene)], proof=["eddsa-rdfc-2022"], **OURS)
    other = HOLDER.presentation([_badge(scene)], proof=["eddsa-rdfc-2022"], challenge="c-2", domain=SITE)
    good["proof"] += other["proof"]
    assert "holder_other_request" in codes(scene.assess(good))


@pytest.mark.parametrize("asked", [{"challenge": "c-1"}, {"domain": SITE}, {}], ids=str)
def test_without_a_challenge_of_ours_nobody_is_tied_to_anything(asked: Json) -> None:
    """Who has seen a presentation could hand it in again; whether a challenge was used is for the caller to know."""
    scene = Scene(presentation=PresentationContext(**asked) if asked else None)
    assessed = scene.assess(HOLDER.presentation([_badge(scene)], **OURS))
    assert (assessed.report.subject.match == "holder_proof") is ("challenge" in asked)


# --- whose it is ---


def test_a_holder_may_be_an_object_or_left_out(scene: Scene) -> None:
    for edit in (
        lambda d: d.update(holder={"id": HOLDER.id}),
        lambda d: d.pop("holder"),
    ):
        assessed = scene.assess(HOLDER.presentation([_badge(scene)], edit=edit, **OURS))
        assert assessed.report.subject.match == "holder_proof"


HOSTILE: dict[str, tuple[Json, str]] = {
    "another names the holder": ({"edit": lambda d: d.update(holder=STRANGER.id)}, "holder_invalid"),
    "the holder changed afterwards": ({"edit_signed": lambda d: d.update(holder=STRANGER.id)}, "holder_invalid"),
    "the holder taken away": ({"edit_signed": lambda d: d.pop("holder")}, "holder_invalid"),
    "signed by another key in its name": ({"wrong_key": True}, "holder_invalid"),
    "made to state something": ({"purpose": "assertionMethod"}, "holder_invalid"),
    "made to log in elsewhere": ({"purpose": "capabilityInvocation"}, "holder_invalid"),
    "expired": ({"options": {"expires": "2026-01-01T00:00:00Z"}}, "holder_invalid"),
    "from the future": ({"options": {"created": "2030-01-01T00:00:00Z"}}, "holder_invalid"),
    "a proof that is null": ({"edit_signed": lambda d: d.update(proof=None)}, "holder_invalid"),
    "an empty proof": ({"edit_signed": lambda d: d.update(proof={})}, "holder_invalid"),
    "no proofs": ({"edit_signed": lambda d: d.update(proof=[])}, "holder_invalid"),
    "a record more": (
        {"edit_signed": lambda d: d["verifiableCredential"].append(d["verifiableCredential"][0])},
        "holder_invalid",
    ),
    "the proof's challenge changed": ({"edit_signed": lambda d: d["proof"].update(challenge="c-2")}, "holder_invalid"),
    "a proof of an unknown kind": ({"edit_signed": lambda d: d["proof"].update(type="Foo")}, "holder_unchecked"),
    "an unknown suite": ({"edit_signed": lambda d: d["proof"].update(cryptosuite="x-2030")}, "holder_unchecked"),
    "a member that nothing defines": ({"edit_signed": lambda d: d.update(x="y")}, "holder_invalid"),
    "an inline context": ({"edit_signed": lambda d: d["@context"].append({"holder": None})}, "holder_unchecked"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_presentation_with_one_fault_ties_nobody(scene: Scene, name: str) -> None:
    options, code = HOSTILE[name]
    assessed = scene.assess_all(HOLDER.presentation([_badge(scene)], **OURS, **options))
    for one in assessed:
        assert code in codes(one)
        assert one.report.subject.match != "holder_proof"
        assert one.report.verdict is Verdict.VERIFIED, "an envelope vouches for nothing, and takes nothing away"


@pytest.mark.parametrize("proof", ["eddsa-rdfc-2022", "eddsa-jcs-2022"])
@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["verifiableCredential"][0].update(name="Surgeon"),
        lambda d: d["verifiableCredential"].pop(),
        lambda d: d["verifiableCredential"][0]["proof"].update(created="2025-05-02T00:00:00Z"),
    ],
    ids=["a word in a record", "a record less", "a record's proof"],
)
def test_what_is_in_it_is_signed_with_it(scene: Scene, proof: str, change: Callable[[Json], Any]) -> None:
    badges = [_badge(scene), _badge(scene, name="Welder II", email=EMAIL)]
    shown = HOLDER.presentation(badges, proof=proof, **OURS)
    assert {one.decision for one in scene.assess_all(shown)} == {Decision.ACCEPTED}
    change(shown)
    assert {one.decision for one in scene.assess_all(shown)} == {Decision.REFUSED}


def test_records_moved_into_another_presentation_stay_whose_they_are(scene: Scene) -> None:
    """A presentation signed by somebody else does not make the records in it that person's."""
    stolen = HOLDER.presentation([_badge(scene)], **OURS)["verifiableCredential"]
    assessed = scene.assess(STRANGER.presentation(stolen, **OURS))
    assert (assessed.report.subject.match, assessed.decision) == ("contradicted", Decision.REFUSED)


def test_the_proof_of_a_record_is_no_proof_of_the_presentation(scene: Scene) -> None:
    shown = HOLDER.presentation([_badge(scene)], **OURS)
    shown["proof"] = shown["verifiableCredential"][0]["proof"]
    assert "holder_invalid" in codes(scene.assess(shown))


def test_a_text_in_a_presentation_is_not_covered_by_a_proof_over_rdf(scene: Scene) -> None:
    """Version 1.1 lets a token stand as text; RDF has no place for it, so such a proof cannot have been made."""
    honest = HOLDER.presentation([], model="1.1", **OURS)
    honest["verifiableCredential"] = [scene.issuer.jwt_badge(subject_id=HOLDER.id, profile="vc-jwt")]
    assert honest["@context"][0] == VC1
    assert "holder_invalid" in codes(scene.assess(honest))
