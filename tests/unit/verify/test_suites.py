"""The suites over JSON and over elliptic curves: genuine ones hold, and one fault each does not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
import rfc8785

from connector import codec
from connector.model.report import Decision, Verdict
from connector.testing.issuer import DATA_INTEGRITY, OB3, VC1, VC2, Issuer
from connector.verify.errors import CheckError
from connector.verify.suites import jcs

from .conftest import EMAIL, Scene, subject_of

Json = dict[str, Any]
Edit = Callable[[Json], Any]

KINDS = [
    ("eddsa-jcs-2022", "EdDSA"),
    ("ecdsa-rdfc-2019", "ES256"),
    ("ecdsa-rdfc-2019", "ES384"),
    ("ecdsa-jcs-2019", "ES256"),
    ("ecdsa-jcs-2019", "ES384"),
]
JCS = [kind for kind in KINDS if "-jcs-" in kind[0]]


def _scene(alg: str) -> Scene:
    return Scene(issuer=Issuer(f"issuer {alg.lower()}", method="web", alg=alg))


@pytest.mark.parametrize("model", ["1.1", "2.0"])
@pytest.mark.parametrize(("proof", "alg"), KINDS)
def test_a_genuine_badge_is_accepted(proof: str, alg: str, model: str) -> None:
    scene = _scene(alg)
    assessed = scene.assess(scene.badge(proof=proof, model=model))
    assert assessed.decision is Decision.ACCEPTED
    assert assessed.report.securing == (proof,)


@pytest.mark.parametrize(("proof", "alg"), KINDS)
@pytest.mark.parametrize("fault", ["tampered", "wrong_key"])
def test_a_changed_or_forged_badge_is_invalid(proof: str, alg: str, fault: str) -> None:
    scene = _scene(alg)
    assessed = scene.assess(scene.badge(proof=proof, **{fault: True}))
    assert (assessed.report.verdict, assessed.decision) == (Verdict.INVALID, Decision.REFUSED)


@pytest.mark.parametrize(("proof", "alg"), KINDS)
def test_a_clr_and_the_badges_in_it_are_each_verified(proof: str, alg: str) -> None:
    scene = _scene(alg)
    badges = [scene.badge(proof=proof), scene.badge(name="Welder II", proof=proof, wrong_key=True)]
    outer, first, second = scene.assess_all(scene.issuer.clr(badges=badges, email=EMAIL, proof=proof))
    assert [one.report.verdict for one in (outer, first, second)] == [
        Verdict.VERIFIED,
        Verdict.VERIFIED,
        Verdict.INVALID,
    ]


@pytest.mark.parametrize(
    ("alg", "cryptosuite"),
    [
        ("ES256", "eddsa-rdfc-2022"),
        ("ES256", "eddsa-jcs-2022"),
        ("EdDSA", "ecdsa-rdfc-2019"),
        ("EdDSA", "ecdsa-jcs-2019"),
    ],
)
def test_a_suite_takes_no_key_of_another_kind(alg: str, cryptosuite: str) -> None:
    scene = _scene(alg)
    assert scene.code(scene.badge(proof=cryptosuite)) == "key_algorithm_mismatch"


@pytest.mark.parametrize(("proof", "alg"), KINDS)
def test_the_suites_are_not_interchangeable(proof: str, alg: str) -> None:
    """What was signed as JSON does not hold as RDF, nor the reverse."""
    other = proof.replace("-jcs-", "-?-").replace("-rdfc-", "-jcs-").replace("-?-", "-rdfc-")
    scene = _scene(alg)
    badge = scene.badge(proof=proof, edit_signed=lambda d: d["proof"].update(cryptosuite=other))
    assert scene.code(badge) == "proof_signature_wrong"


# --- the value of the proof ---


def _value(change: Callable[[bytes], str]) -> Edit:
    return lambda d: d["proof"].update(proofValue=change(codec.multibase_decode(d["proof"]["proofValue"])))


def _z(raw: bytes) -> str:
    return "z" + codec.base58_encode(raw)


VALUES: dict[str, tuple[Edit, str]] = {
    "as it was": (_value(_z), "proof_valid"),
    "base64url": (_value(lambda raw: "u" + codec.b64url_encode(raw)), "proof_malformed"),
    "hexadecimal": (_value(lambda raw: "f" + raw.hex()), "proof_malformed"),
    "no multibase": (
        _value(lambda raw: codec.base58_encode(raw).lstrip("zu")),
        "proof_malformed",
    ),  # no prefix by chance
    "a byte behind it": (_value(lambda raw: _z(raw + b"\0")), "proof_malformed"),
    "a byte short": (_value(lambda raw: _z(raw[:-1])), "proof_malformed"),
    "a zero before it": (_value(lambda raw: _z(b"\0" + raw)), "proof_malformed"),
    "empty": (_value(lambda raw: "z"), "proof_malformed"),
    "another bit": (_value(lambda raw: _z(raw[:-1] + bytes([raw[-1] ^ 1]))), "proof_signature_wrong"),
    "all zero": (_value(lambda raw: _z(bytes(len(raw)))), "proof_signature_wrong"),
    "no text": (lambda d: d["proof"].update(proofValue=[d["proof"]["proofValue"]]), "proof_malformed"),
}


@pytest.mark.parametrize(("proof", "alg"), KINDS)
@pytest.mark.parametrize("name", VALUES)
def test_the_value_is_written_in_exactly_one_way(proof: str, alg: str, name: str) -> None:
    change, code = VALUES[name]
    scene = _scene(alg)
    assert scene.code(scene.badge(proof=proof, edit_signed=change)) == code


@pytest.mark.parametrize(("alg", "order"), [
    ("ES256", 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551),
    ("ES384", 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973),
])  # fmt: skip
def test_the_second_form_of_an_ecdsa_signature_holds_too(alg: str, order: int) -> None:
    """The specification does not ask for the lower s; what was signed is the same."""

    def mirror(raw: bytes) -> str:
        size = len(raw) // 2
        s = order - int.from_bytes(raw[size:], "big")
        return _z(raw[:size] + s.to_bytes(size, "big"))

    scene = _scene(alg)
    badge = scene.badge(proof="ecdsa-rdfc-2019", edit_signed=_value(mirror))
    assert scene.code(badge) == "proof_valid"


# --- what canonical JSON covers ---


@pytest.mark.parametrize(("proof", "alg"), JCS)
def test_a_member_that_no_vocabulary_defines_is_signed_too_and_never_read_as_a_claim(proof: str, alg: str) -> None:
    scene = _scene(alg)
    add: Edit = lambda d: subject_of(d).update(unknownSkill="Brain surgery")  # noqa: E731  # said twice below
    assessed = scene.assess(scene.badge(proof=proof, edit=add))
    assert assessed.decision is Decision.ACCEPTED
    assert subject_of(assessed.document)["unknownSkill"] == "Brain surgery"
    assert scene.code(scene.badge(proof=proof, edit_signed=add)) == "proof_signature_wrong"


HIDDEN: dict[str, Edit] = {
    "a member without meaning": lambda d: d.update(x="y"),
    "a member that is null": lambda d: d.update(validUntil=None),
    "an expiry under its IRI": lambda d: d.update(
        {"https://www.w3.org/2018/credentials#validUntil": d.pop("validUntil")}
    ),
    "an expiry moved inside": lambda d: subject_of(d).update(validUntil=d.pop("validUntil")),
    "no expiry": lambda d: d.pop("validUntil"),
    "another order of an array": lambda d: d["type"].reverse(),
    "an array for a single value": lambda d: d.update(issuer=[d["issuer"]]),
    "a number for text": lambda d: d.update(name=7),
    "another first context": lambda d: d["@context"].reverse(),
    "a member of the proof": lambda d: d["proof"].update(nonce="n"),
    "a proof in the proof": lambda d: d["proof"].update(proof=dict(d["proof"])),
    "another time": lambda d: d["proof"].update(created="2025-05-02T00:00:00Z"),
}


@pytest.mark.parametrize(("proof", "alg"), JCS)
@pytest.mark.parametrize("name", HIDDEN)
def test_whatever_is_changed_after_signing_is_found(proof: str, alg: str, name: str) -> None:
    scene = _scene(alg)
    options: Json = {"proof": proof, "valid_until": "2030-01-01T00:00:00Z"}
    assert scene.assess(scene.badge(**options)).decision is Decision.ACCEPTED
    assessed = scene.assess(scene.badge(**options, edit_signed=HIDDEN[name]))
    assert (assessed.report.verdict, assessed.decision) == (Verdict.INVALID, Decision.REFUSED)


def test_the_order_of_members_and_the_white_space_do_not_matter() -> None:
    scene = _scene("EdDSA")
    badge = scene.badge(proof="eddsa-jcs-2022")
    turned = json.loads(json.dumps(badge), object_pairs_hook=lambda pairs: dict(reversed(pairs)))
    assert list(turned) != list(badge)
    assert scene.code(json.dumps(turned, indent=3)) == "proof_valid"


def _result(value: Any) -> Edit:
    return lambda d: subject_of(d).update(result=[{"type": ["Result"], "value": "80", "note": value}])


@pytest.mark.parametrize(
    "value",
    [1.5, 1.0, -0.0, 1e21, 1e16, 5e-324, 2**53 - 1, -(2**53) + 1, "é", "\u2028", "\x7f\x01\t", "😀", True],
    ids=repr,
)  # fmt: skip
def test_every_json_value_is_brought_to_its_canonical_form(value: Any) -> None:
    scene = _scene("EdDSA")
    assert scene.code(scene.badge(proof="eddsa-jcs-2022", edit=_result(value))) == "proof_valid"


@pytest.mark.parametrize("names", [("b", "a", "é"), ("\ufb33", "😀"), ("\ue000", "𐀀", "z"), ("", "\x01", "\x7f")])
def test_members_are_sorted_as_utf_16_sorts_them(names: tuple[str, ...]) -> None:
    value = dict.fromkeys(names, 1)
    assert jcs.canonical({"inner": [value]}) == rfc8785.dumps({"inner": [value]})
    utf_16 = sorted(names, key=lambda name: name.encode("utf-16-be"))
    assert list(json.loads(jcs.canonical(value))) == utf_16


@pytest.mark.parametrize("number", [2**53, -(2**53), 2**63, 2**70])
def test_a_number_that_readers_disagree_about_has_no_canonical_form(number: int) -> None:
    for value in ({"n": number}, {"n": [{"m": number}], "fraction": 0.5}):
        with pytest.raises(CheckError) as caught:
            jcs.canonical(value)
        assert caught.value.code == "term_not_allowed"


def test_a_badge_with_such_a_number_is_refused_even_if_its_issuer_signed_it() -> None:
    """Another reader could see another number in the same bytes."""
    scene = _scene("EdDSA")
    badge = scene.badge(proof="eddsa-jcs-2022")
    _result(2**53 + 1)(badge)
    unsigned = {name: value for name, value in badge.items() if name != "proof"}
    options = {name: value for name, value in badge["proof"].items() if name != "proofValue"}
    content = rfc8785.dumps(unsigned | {"credentialSubject": {}}).replace(b"{}", json.dumps(subject_of(badge)).encode())
    data = hashlib.sha256(rfc8785.dumps(options)).digest() + hashlib.sha256(content).digest()
    badge["proof"]["proofValue"] = _z(scene.issuer.key.sign(data))
    assert scene.code(badge) == "term_not_allowed"


# --- contexts ---


@pytest.mark.parametrize(("proof", "alg"), JCS)
def test_a_known_context_may_be_added_behind_those_that_were_signed(proof: str, alg: str) -> None:
    """As a second proof of another suite needs it (the specification's own reason for the rule)."""
    scene = _scene(alg)
    badge = scene.badge(proof=proof, edit_signed=lambda d: d["@context"].append(DATA_INTEGRITY))
    assert scene.code(badge) == "proof_valid"


def _contexts(*contexts: Any) -> Edit:
    return lambda d: d.update({"@context": list(contexts)})


def _own(*contexts: Any) -> Edit:
    return lambda d: d["proof"].update({"@context": list(contexts)})


CONTEXTS: dict[str, tuple[Edit, str]] = {
    "one before": (_contexts(DATA_INTEGRITY, VC2, OB3), "proof_context_mismatch"),
    "one between": (_contexts(VC2, DATA_INTEGRITY, OB3), "proof_context_mismatch"),
    "one less": (_contexts(VC2), "proof_context_mismatch"),
    "another": (_contexts(VC1, OB3), "proof_context_mismatch"),
    "none": (lambda d: d.pop("@context"), "proof_context_mismatch"),
    "an unknown one behind": (_contexts(VC2, OB3, "https://vocabulary.example/v1"), "context_unknown"),
    "an inline one behind": (_contexts(VC2, OB3, {"name": "https://vocabulary.example/other"}), "context_unknown"),
    "null behind": (_contexts(VC2, OB3, None), "context_unknown"),
    "fewer in the proof": (_own(VC2), "proof_signature_wrong"),
    "none in the proof": (lambda d: d["proof"].pop("@context"), "proof_signature_wrong"),
    "an empty list in the proof": (_own(), "proof_context_mismatch"),
    "null in the proof": (lambda d: d["proof"].update({"@context": None}), "proof_context_mismatch"),
    "null in the proof, and none": (
        lambda d: (d["proof"].update({"@context": None}), d.pop("@context")),
        "proof_context_mismatch",
    ),
    "others in the proof": (_own(OB3, VC2), "proof_context_mismatch"),
}


@pytest.mark.parametrize("name", CONTEXTS)
def test_the_proofs_contexts_are_the_beginning_of_the_documents(name: str) -> None:
    change, code = CONTEXTS[name]
    scene = _scene("EdDSA")
    assert scene.badge(proof="eddsa-jcs-2022")["@context"] == [VC2, OB3]
    assert scene.code(scene.badge(proof="eddsa-jcs-2022", edit_signed=change)) == code


def test_a_proof_without_contexts_signs_the_documents(
) -> None:  # fmt: skip
    scene = _scene("EdDSA")
    options = {"@context": None}
    assert scene.code(scene.badge(proof="eddsa-jcs-2022", options=options)) == "proof_valid"
    changed = scene.badge(
        proof="eddsa-jcs-2022", options=options, edit_signed=lambda d: d["@context"].append(DATA_INTEGRITY)
    )
    assert scene.code(changed) == "proof_signature_wrong"


def test_an_empty_list_of_contexts_is_refused_even_if_it_was_signed() -> None:
    """It would leave every context of the document to whoever passes it on."""
    scene = _scene("EdDSA")
    badge = scene.badge(proof="eddsa-jcs-2022", options={"@context": []})
    assert scene.code(badge) == "proof_context_mismatch"


@pytest.mark.parametrize("proof", ["eddsa-rdfc-2022", "Ed25519Signature2020", "Ed25519Signature2018"])
@pytest.mark.parametrize(
    ("own", "code"),
    [
        (lambda d: d["@context"], "proof_valid"),
        (lambda d: d["@context"][0], "proof_valid"),
        (lambda d: [*d["@context"], {"proofPurpose": "https://vocabulary.example/other"}], "proof_context_mismatch"),
        (lambda d: "https://vocabulary.example/v1", "proof_context_mismatch"),
        (lambda d: None, "proof_context_mismatch"),
        (lambda d: {}, "proof_context_mismatch"),
        (lambda d: [], "proof_context_mismatch"),
    ],
    ids=["the document's", "its first", "an inline one more", "another", "null", "an empty object", "an empty list"],
)
def test_the_suites_over_rdf_read_a_proof_under_the_documents_contexts(
    scene: Scene, proof: str, own: Callable[[Json], Any], code: str
) -> None:
    badge = scene.badge(proof=proof, edit_signed=lambda d: d["proof"].update({"@context": own(d)}))
    assert scene.code(badge) == code
