"""What stands in an embedded proof, and under which vocabulary it is read (THREATS section 3): one fault per test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connector.model.report import Decision, Outcome, Verdict
from connector.testing.issuer import DATA_INTEGRITY, ED2018, ED2020, OB3, VC1, Issuer

from .conftest import EMAIL, Scene, codes

Json = dict[str, Any]
SUITES = ["eddsa-rdfc-2022", "eddsa-jcs-2022", "Ed25519Signature2020", "Ed25519Signature2018"]
STRANGER = Issuer("stranger", method="key")


def _re_key(name: str, iri: str) -> Callable[[Json], None]:
    return lambda d: d["proof"].update({iri: d["proof"].pop(name)})


def _hide(**terms: Any) -> Callable[[Json], None]:
    return lambda d: d["@context"].append(terms)


def _add(**members: Any) -> Callable[[Json], None]:
    return lambda d: d["proof"].update(members)


SECURITY = "https://w3id.org/security#"
HOSTILE: dict[str, Callable[[Json], None]] = {
    "a purpose under its IRI": _re_key("proofPurpose", f"{SECURITY}proofPurpose"),
    "a key under its IRI": _re_key("verificationMethod", f"{SECURITY}verificationMethod"),
    "a time under its IRI": _re_key("created", "http://purl.org/dc/terms/created"),
    "an end under its IRI": _add(**{f"{SECURITY}expiration": "2026-01-01T00:00:00Z"}),
    "a type under its keyword": _re_key("type", "@type"),
    "a purpose hidden by a context": _hide(proofPurpose=None),
    "a time hidden by a context": _hide(created=None),
    "a purpose with another meaning": _hide(proofPurpose="https://vocabulary.example/proofPurpose"),
    "the proof hidden by a context": _hide(proof=None),
    "a proof in the proof": lambda d: d["proof"].update(proof=dict(d["proof"])),
    "a second suite": _add(cryptosuite="ecdsa-rdfc-2019"),
    "a second type": lambda d: d["proof"].update(type=[d["proof"]["type"], "Ed25519Signature2020"]),
    "both kinds of value": lambda d: d["proof"].update(
        {"jws": "a..b", "proofValue": "z1"} | {n: d["proof"][n] for n in ("jws", "proofValue") if n in d["proof"]}
    ),
    "a nonce": _add(nonce="n"),
    "a challenge": _add(challenge="c-1"),
    "a domain": _add(domain="https://apply.example"),
    "an end that is later": _add(expires="2030-01-01T00:00:00Z"),
    "an id": _add(id="urn:uuid:5dce72cb-5b97-4ab0-8b4d-1617482e5505"),
    "a member that nothing defines": _add(note="x"),
    "another key of the issuer's": _add(verificationMethod="did:web:lakeview.example#key-2"),
    "a key of somebody else's": _add(verificationMethod=STRANGER.key_id),
    "two keys": lambda d: d["proof"].update(verificationMethod=[d["proof"]["verificationMethod"], STRANGER.key_id]),
    "a key written out": _add(verificationMethod={"id": STRANGER.key_id, "publicKeyMultibase": STRANGER.key.multikey}),
    "two purposes": _add(proofPurpose=["assertionMethod", "authentication"]),
    "a purpose as an IRI": _add(proofPurpose=f"{SECURITY}assertionMethod"),
    "a time that is a list": lambda d: d["proof"].update(created=[d["proof"]["created"]]),
    "a time as a typed value": lambda d: d["proof"].update(
        created={"@value": d["proof"]["created"], "@type": "http://www.w3.org/2001/XMLSchema#dateTime"}
    ),
}


@pytest.mark.parametrize("proof", SUITES)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_proof_that_is_changed_afterwards_does_not_hold(scene: Scene, name: str, proof: str) -> None:
    assert scene.assess(scene.badge(proof=proof)).decision is Decision.ACCEPTED
    assessed = scene.assess(scene.badge(proof=proof, edit_signed=HOSTILE[name]))
    assert assessed.decision is Decision.REFUSED
    assert assessed.report.verdict in (Verdict.INVALID, Verdict.UNRESOLVABLE, Verdict.UNSUPPORTED)


@pytest.mark.parametrize("proof", ["eddsa-rdfc-2022", "eddsa-jcs-2022"])
def test_what_stood_in_the_proof_when_it_was_signed_is_part_of_it(scene: Scene, proof: str) -> None:
    """A credential's proof may name a challenge and a domain; they bind only a presentation."""
    options = {"nonce": "n", "challenge": "c-1", "domain": ["https://one.example", "https://two.example"]}
    assert scene.code(scene.badge(proof=proof, options=options)) == "proof_valid"
    for member in options:
        badge = scene.badge(proof=proof, options=options, edit_signed=lambda d, m=member: d["proof"].pop(m))
        assert scene.code(badge) == "proof_signature_wrong"


def test_a_badge_signed_by_a_strangers_key_in_the_strangers_name_is_not_the_issuers(scene: Scene) -> None:
    badge = STRANGER.sign(scene.issuer.unsigned_badge(email=EMAIL))
    assessed = scene.assess(badge)
    assert "issuer_key_mismatch" in codes(assessed)
    assert assessed.decision is Decision.REFUSED


def test_a_forged_badge_inside_a_signed_clr_is_not_made_genuine_by_it(scene: Scene) -> None:
    genuine, forged = scene.badge(), scene.badge(name="Surgeon", wrong_key=True)
    unsigned = {name: value for name, value in scene.badge(name="Pilot").items() if name != "proof"}
    for proof in SUITES[:3]:
        clr = scene.issuer.clr(badges=[genuine, forged, unsigned], email=EMAIL, proof=proof)
        outer, *inner = scene.assess_all(clr)
        assert outer.report.verdict is Verdict.VERIFIED
        assert [one.report.verdict for one in inner] == [Verdict.VERIFIED, Verdict.INVALID, Verdict.UNSIGNED]
        assert [one.decision for one in inner] == [Decision.ACCEPTED, Decision.REFUSED, Decision.REFUSED]


# --- proofs whose terms the document's vocabularies do not define ---


@pytest.mark.parametrize(
    ("proof", "model", "context"),
    [
        ("Ed25519Signature2020", "1.1", ED2020),
        ("Ed25519Signature2020", "2.0", ED2020),
        ("Ed25519Signature2018", "2.0", ED2018),
        ("eddsa-rdfc-2022", "1.1", DATA_INTEGRITY),
        ("ecdsa-rdfc-2019", "1.1", DATA_INTEGRITY),
    ],
)
def test_no_vocabulary_is_put_in_for_a_proof_that_lacks_one(proof: str, model: str, context: str) -> None:
    """Without the terms nothing of the proof's options would be signed: its purpose, its time, its key."""
    scene = Scene(issuer=Issuer("bare", method="web", alg="ES256" if proof.startswith("ecdsa") else "EdDSA"))
    assert scene.code(scene.badge(proof=proof, model=model)) == "proof_valid"
    without = scene.badge(proof=proof, model=model, edit_signed=lambda d: d["@context"].remove(context))
    assert scene.code(without) == "undefined_term"
    assert scene.assess(without).decision is Decision.REFUSED


def test_the_proof_of_2018_needs_no_more_than_version_1_1_defines(scene: Scene) -> None:
    badge = scene.badge(proof="Ed25519Signature2018", model="1.1")
    assert badge["@context"] == [VC1, OB3]
    assert scene.code(badge) == "proof_valid"


def test_a_proof_over_json_needs_no_vocabulary(scene: Scene) -> None:
    badge = scene.badge(proof="eddsa-jcs-2022", model="1.1", edit=lambda d: d["@context"].remove(DATA_INTEGRITY))
    assert badge["@context"] == badge["proof"]["@context"] == [VC1, OB3]
    assert scene.code(badge) == "proof_valid"


# --- kinds that are not supported ---


@pytest.mark.parametrize(
    "members",
    [
        {"type": "RsaSignature2018"},
        {"type": "SafeSigned"},
        {"type": "MerkleProof2019"},
        {"type": "BbsBlsSignature2020"},
        {"type": "EcdsaSecp256k1Signature2019"},
        {"cryptosuite": "eddsa-2022"},
        {"cryptosuite": "eddsa-jcs-2025"},
        {"type": "eddsa-rdfc-2022"},
        {"cryptosuite": "Ed25519Signature2020"},
        {"cryptosuite": "EDDSA-RDFC-2022"},
    ],
    ids=lambda members: "-".join(members.values()),
)
def test_another_kind_of_proof_is_unsupported_and_never_skipped(scene: Scene, members: Json) -> None:
    changed = scene.badge(edit_signed=_add(**members))
    for proof in (changed["proof"], [changed["proof"], scene.badge()["proof"]]):
        assessed = scene.assess(changed | {"proof": proof})
        assert (assessed.report.verdict, assessed.decision) == (Verdict.UNSUPPORTED, Decision.REFUSED)
        check = next(check for check in assessed.report.checks if check.check == "proof")
        assert (check.code, check.outcome) == ("proof_unsupported", Outcome.UNDETERMINED)
