"""`bbs-2023`: a proof of a signature over what is shown; one fault per test beside its unbroken twin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cbor2
import pytest

from connector import codec
from connector.model.report import Decision, Verdict
from connector.testing.bbs_signing import BbsKey
from connector.testing.issuer import EXPIRED_ON, Issuer
from connector.testing.selective import MANDATORY, BbsRecord, SelectiveRecord
from connector.testing.signing import SigningKey
from connector.verify import bbs, keys
from connector.verify.errors import CheckError
from connector.verify.jsonld import limits
from connector.verify.jsonld.limits import shared_work
from connector.verify.suites import Suite, bbs_2023
from connector.verify.suites.bbs_2023 import Bbs2023
from connector.verify.suites.ecdsa_sd_2023 import EcdsaSd2023

from .conftest import EMAIL, Scene, achievement_of, part

Json = dict[str, Any]
WHO = "/credentialSubject/identifier"
WHAT = "/credentialSubject/achievement"
KEY = BbsKey("lakeview")
METHOD = f"did:key:{KEY.multikey}#{KEY.multikey}"
IDENTITY, ORDER = b"\xc0" + b"\0" * 47, bbs.ORDER.to_bytes(32, "big")


def _issuer() -> Issuer:
    issuer = Issuer("bbs", method="key")
    issuer.id = f"did:key:{KEY.multikey}"
    return issuer


@pytest.fixture
def scene() -> Scene:
    return Scene(issuer=_issuer())


def _record(*, mandatory: Any = MANDATORY, **options: Any) -> BbsRecord:
    badge = _issuer().unsigned_badge(**({"email": EMAIL, "tags": ["MIG welding", "TIG welding"]} | options))
    return BbsRecord(badge, KEY, METHOD, mandatory)


def test_the_constants_are_those_of_the_scheme() -> None:
    """The first two generators, as the scheme's test vectors have them."""
    first, second = bbs.generators(2)
    assert bytes(first.to_compressed_bytes()).hex() == (
        "a9ec65b70a7fbe40c874c9eb041c2cb0a7af36ccec1bea48fa2ba4c2eb67ef7f9ecb17ed27d38d27cdeddff44c8137be"
    )
    assert bytes(second.to_compressed_bytes()).hex() == (
        "98cd5313283aaf5db1b3ba8611fe6070d19e605de4078c38df36019fbaad0bd28dd090fd24ed27f7f4d22d5ff5dea7d4"
    )


def test_what_is_shown_is_accepted_and_what_is_not_shown_is_not_read(scene: Scene) -> None:
    assessed = scene.assess(_record().show([WHO, f"{WHAT}/name", f"{WHAT}/tag/1", f"{WHAT}/criteria"]))
    assert assessed.decision is Decision.ACCEPTED
    assert assessed.report.securing == ("bbs-2023",)
    assert assessed.document["credentialSubject"]["achievement"]["tag"] == ["TIG welding"]


@pytest.mark.parametrize("pointers", [[WHO, WHAT], ["/credentialSubject", "/name"], []])
def test_all_of_it_may_be_shown_or_only_what_must_be(scene: Scene, pointers: list[str]) -> None:
    assert scene.code(_record().show(pointers)) == "proof_valid"


def test_a_record_of_which_nothing_is_optional(scene: Scene) -> None:
    assert scene.code(_record(mandatory=[*MANDATORY, "/credentialSubject", "/name"]).show([])) == "proof_valid"


def test_the_dates_of_the_shown_record_count(scene: Scene) -> None:
    assert scene.assess(_record(valid_until=EXPIRED_ON).show([WHO])).report.verdict is Verdict.EXPIRED


def test_two_proofs_of_one_signature_hold_but_not_for_each_others_statements(scene: Scene) -> None:
    record = _record()
    one, other = record.show([WHO, f"{WHAT}/tag/0"]), record.show([WHO, f"{WHAT}/tag/1"])
    assert scene.code(one) == scene.code(other) == "proof_valid"
    assert scene.code({**one, "proof": other["proof"]}) == "proof_signature_wrong"


SHOWN: dict[str, Callable[[Json], Any]] = {
    "a disclosed word": lambda d: achievement_of(d).update(name="Welder V"),
    "a mandatory date": lambda d: d.update(validFrom="2024-05-01T00:00:00Z"),
    "a mandatory end taken away": lambda d: d.pop("validUntil"),
    "a statement more": lambda d: achievement_of(d).update(humanCode="W5"),
    "a statement less": lambda d: achievement_of(d).pop("description"),
    "a tag that was never there": lambda d: achievement_of(d)["tag"].append("Brain surgery"),
    "another person's address": lambda d: d["credentialSubject"]["identifier"][0].update(identityHash="sha256$00"),
    "a member that no vocabulary defines": lambda d: d.update(hidden="x"),
    "the proof's time": lambda d: d["proof"].update(created="2025-05-02T00:00:00Z"),
    "a member of the proof": lambda d: d["proof"].update(nonce="n"),
    "the type": lambda d: d.update(type=["VerifiableCredential"]),
}


@pytest.mark.parametrize("name", SHOWN)
def test_whatever_is_changed_after_disclosure_is_found(scene: Scene, name: str) -> None:
    record = _record(valid_until="2030-01-01T00:00:00Z")
    assert scene.assess(record.show([WHO, WHAT])).decision is Decision.ACCEPTED
    assessed = scene.assess(record.show([WHO, WHAT], edit=SHOWN[name]))
    assert (assessed.report.verdict, assessed.decision) == (Verdict.INVALID, Decision.REFUSED)


def test_a_forged_issuer_does_not_hold(scene: Scene) -> None:
    assert scene.code(_record().show([WHO], key=BbsKey("somebody else"))) == "proof_signature_wrong"


PROOF, LABELS, MANDATORY_INDEXES, SELECTED, HEADER = range(5)


def _put(at: int, value: bytes) -> Callable[[list[Any]], None]:
    return part(PROOF, lambda proof: proof[:at] + value + proof[at + len(value) :])


def _bit(at: int) -> Callable[[list[Any]], None]:
    """The last bit of the scalar that begins at `at`."""
    return part(PROOF, lambda proof: proof[: at + 31] + bytes([proof[at + 31] ^ 1]) + proof[at + 32 :])


GENERATOR = bytes(bbs.base_point().to_compressed_bytes())
PARTS: dict[str, tuple[Callable[[list[Any]], Any], str]] = {
    "another Abar": (_put(0, GENERATOR), "proof_signature_wrong"),
    "another Bbar": (_put(48, GENERATOR), "proof_signature_wrong"),
    "another D": (_put(96, GENERATOR), "proof_signature_wrong"),
    "Abar and Bbar exchanged": (part(PROOF, lambda p: p[48:96] + p[:48] + p[96:]), "proof_signature_wrong"),
    "another e": (_bit(144), "proof_signature_wrong"),
    "another r1": (_bit(176), "proof_signature_wrong"),
    "another r3": (_bit(208), "proof_signature_wrong"),
    "another hidden message": (_bit(240), "proof_signature_wrong"),
    "another challenge": (
        part(PROOF, lambda p: p[:-1] + bytes([p[-1] ^ 1])),
        "proof_signature_wrong",
    ),
    "another header of the presentation": (part(HEADER, lambda h: h + b"!"), "proof_signature_wrong"),
    "Abar and Bbar at nothing": (_put(0, IDENTITY + IDENTITY), "proof_malformed"),
    "nothing in another spelling": (_put(0, b"\xff" * 48), "proof_malformed"),
    "Abar no point": (_put(0, b"\x80" + b"\xff" * 47), "proof_malformed"),
    "Abar outside of the group": (_put(0, b"\x80" + b"\0" * 46 + b"\x04"), "proof_malformed"),
    "a scalar of zero": (_put(144, bytes(32)), "proof_malformed"),
    "a scalar as great as the order": (_put(144, ORDER), "proof_malformed"),
    "a hidden message more": (part(PROOF, lambda p: p[:-32] + b"\1" * 32 + p[-32:]), "proof_signature_wrong"),
    "a hidden message less": (part(PROOF, lambda p: p[:240] + p[272:]), "proof_signature_wrong"),
    "half a scalar": (part(PROOF, lambda p: p[:-16]), "proof_malformed"),
    "no scalars": (part(PROOF, lambda p: p[:144]), "proof_malformed"),
    "an empty proof": (part(PROOF, lambda p: b""), "proof_malformed"),
    "text for the proof": (part(PROOF, lambda p: p.hex()), "proof_malformed"),
    "text for the header": (part(HEADER, lambda h: "x"), "proof_malformed"),
    "a header too long": (part(HEADER, lambda h: b"x" * 10_001), "proof_malformed"),
    "two labels exchanged": (part(LABELS, lambda m: {**m, 0: m[1], 1: m[0]}), "proof_signature_wrong"),
    "a label less": (part(LABELS, lambda m: dict(list(m.items())[:-1])), "proof_signature_wrong"),
    "one label for two nodes": (part(LABELS, lambda m: {**m, 0: m[1]}), "proof_malformed"),
    "a label below zero": (part(LABELS, lambda m: {**m, 0: -1}), "proof_malformed"),
    "labels in bytes": (part(LABELS, lambda m: {n: bytes([label]) for n, label in m.items()}), "proof_malformed"),
    "a mandatory index less": (part(MANDATORY_INDEXES, lambda i: i[1:]), "proof_signature_wrong"),
    "a mandatory index more": (part(MANDATORY_INDEXES, lambda i: [*i, 9999]), "proof_signature_wrong"),
    "a selected index less": (part(SELECTED, lambda i: i[1:]), "proof_signature_wrong"),
    "another selected index": (part(SELECTED, lambda i: [*i[:-1], i[-1] + 1]), "proof_signature_wrong"),
    "a selected index beyond all": (part(SELECTED, lambda i: [*i[:-1], 399]), "proof_signature_wrong"),
    "selected indexes in another order": (part(SELECTED, lambda i: i[::-1]), "proof_malformed"),
    "a selected index twice": (part(SELECTED, lambda i: [i[0], *i]), "proof_malformed"),
    "a part less": (lambda c: c.pop(), "proof_malformed"),
}


@pytest.mark.parametrize("name", PARTS)
def test_a_proof_value_with_one_fault_is_refused(scene: Scene, name: str) -> None:
    change, code = PARTS[name]
    shown = [WHO, f"{WHAT}/name", f"{WHAT}/criteria"]
    assert scene.code(_record().show(shown)) == "proof_valid"
    assert scene.code(_record().show(shown, edit_components=change)) == code


@pytest.mark.parametrize(
    ("feature", "code"),
    [
        *[(feature, "proof_not_derived") for feature in (2, 4, 6, 8)],
        *[(feature, "proof_unsupported") for feature in (5, 7, 9)],
        *[(feature, "proof_malformed") for feature in (0, 1, 10)],
    ],
)
def test_only_a_derived_proof_without_other_features_is_read(scene: Scene, feature: int, code: str) -> None:
    """Base proofs are the holder's; those bound to a secret or a pseudonym are made otherwise."""
    shown = _record().show([WHO], edit_bytes=lambda raw: bytes([0xD9, 0x5D, feature]) + raw[3:])
    assert scene.code(shown) == code


def test_no_key_of_another_kind_and_no_other_suite_for_such_a_key(scene: Scene) -> None:
    other = Issuer("curves", method="key", alg="ES256")
    shown = _record().show([WHO], edit=lambda d: d["proof"].update(verificationMethod=other.key_id))
    assert scene.code(shown) == "key_algorithm_mismatch"
    for suite in ("eddsa-rdfc-2022", "ecdsa-sd-2023", "ecdsa-jcs-2019"):
        shown = _record().show([WHO], edit=lambda d, name=suite: d["proof"].update(cryptosuite=name))
        assert scene.code(shown) == "key_algorithm_mismatch"


def test_such_a_key_verifies_no_token(scene: Scene) -> None:
    token = scene.issuer.jwt_badge(email=EMAIL, header={"kid": METHOD})
    assert scene.code(token) == "key_algorithm_mismatch"


def test_there_is_a_bound_on_how_much_is_checked() -> None:
    proof = KEY.prove(b"", [b"a", b"b"], [0], b"")
    for hidden, code in ((1, None), (bbs.MAX_MESSAGES, "too_complex")):
        longer = proof[:240] + b"\1" * 32 * hidden + proof[-32:]
        value = "u" + codec.b64url_encode(b"\xd9\x5d\x03" + cbor2.dumps([longer, {}, [], [0], b""]))
        if code is None:
            assert len(bbs_2023.parse(value).proof.hidden) == hidden
            continue
        with pytest.raises(CheckError) as caught:
            bbs_2023.parse(value)
        assert caught.value.code == code


@pytest.mark.parametrize("cryptosuite", ["bbs-2023", "ecdsa-sd-2023"])
def test_what_is_checked_draws_on_the_work_of_the_submission(cryptosuite: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else records of the greatest size could follow each other."""
    suite: Suite = Bbs2023()
    record: Json = _record().show([WHO, WHAT])
    key = keys.from_multikey(KEY.multikey)
    if cryptosuite == "ecdsa-sd-2023":
        suite, signing = EcdsaSd2023(), SigningKey("curve", "ES256")
        key = keys.from_multikey(signing.multikey)
        record = SelectiveRecord(_record().document, signing, METHOD).show([WHO, WHAT])
    document = {name: value for name, value in record.items() if name != "proof"}
    drawn: list[int] = []
    with monkeypatch.context() as patched:
        patched.setattr(limits, "spend", drawn.append)
        assert suite.holds(document, record["proof"], key)
    assert len(drawn) == 1
    assert drawn[0] > 50
    with shared_work(drawn[0] - 1), pytest.raises(CheckError) as caught:
        suite.holds(document, record["proof"], key)
    assert caught.value.code == "too_complex"


@pytest.mark.parametrize("shown", [[], [0], [1], [0, 2], [0, 1, 2]])
def test_the_scheme_itself(shown: list[int]) -> None:
    messages = [b"one", b"two", b""]
    proof = bbs.read_proof(KEY.prove(b"header", messages, shown, b"once"))
    assert proof is not None
    chosen = [messages[index] for index in shown]
    assert bbs.verifies(KEY.public, proof, b"header", b"once", chosen, shown)
    assert not bbs.verifies(KEY.public, proof, b"other", b"once", chosen, shown)
    assert not bbs.verifies(KEY.public, proof, b"header", b"twice", chosen, shown)
    assert not bbs.verifies(BbsKey("other").public, proof, b"header", b"once", chosen, shown)
    if shown:
        assert not bbs.verifies(KEY.public, proof, b"header", b"once", [b"x", *chosen[1:]], shown)
        assert not bbs.verifies(KEY.public, proof, b"header", b"once", chosen[1:], shown[1:])
