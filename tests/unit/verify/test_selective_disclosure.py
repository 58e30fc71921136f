"""`ecdsa-sd-2023`: what a holder shows of a record is verified statement by statement, and nothing else is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cbor2
import pytest

from connector import codec
from connector.model.report import Decision, Verdict
from connector.testing.issuer import EXPIRED_ON, Issuer
from connector.testing.selective import MANDATORY, SelectiveRecord
from connector.testing.signing import SigningKey
from connector.verify.errors import CheckError
from connector.verify.suites import ecdsa_sd_2023

from .conftest import EMAIL, Scene, achievement_of, part

Json = dict[str, Any]
WHO = "/credentialSubject/identifier"
WHAT = "/credentialSubject/achievement"
ISSUER = Issuer("selective", method="web", alg="ES256")


@pytest.fixture
def scene() -> Scene:
    return Scene(issuer=ISSUER)


def _record(*, mandatory: Any = MANDATORY, **options: Any) -> SelectiveRecord:
    badge = ISSUER.unsigned_badge(**({"email": EMAIL, "tags": ["MIG welding", "TIG welding"]} | options))
    return SelectiveRecord(badge, ISSUER.key, ISSUER.key_id, mandatory)


def test_what_is_shown_is_accepted_and_what_is_not_shown_is_not_read(scene: Scene) -> None:
    shown = _record().show([WHO, f"{WHAT}/name", f"{WHAT}/tag/1", f"{WHAT}/description", f"{WHAT}/criteria"])
    assessed = scene.assess(shown)
    assert assessed.decision is Decision.ACCEPTED
    assert assessed.report.securing == ("ecdsa-sd-2023",)
    assert assessed.document["credentialSubject"]["achievement"]["tag"] == ["TIG welding"]
    assert "MIG welding" not in str(assessed.document)


@pytest.mark.parametrize("model", ["1.1", "2.0"])
@pytest.mark.parametrize("pointers", [[WHO, WHAT], ["/credentialSubject", "/name"], ["/credentialSubject", WHO, WHAT]])
def test_all_of_it_may_be_shown(scene: Scene, pointers: list[str], model: str) -> None:
    mandatory = [*MANDATORY, "/issuanceDate"]
    record = _record(model=model, mandatory=mandatory)
    if model == "1.1":
        record.document["@context"].append("https://w3id.org/security/data-integrity/v2")
        record = SelectiveRecord(record.document, ISSUER.key, ISSUER.key_id, mandatory)
    assert scene.code(record.show(pointers)) == "proof_valid"


def test_a_record_of_which_nothing_is_optional(scene: Scene) -> None:
    assert scene.code(_record(mandatory=[*MANDATORY, "/credentialSubject", "/name"]).show([])) == "proof_valid"


def test_a_base_proof_is_for_the_holder_alone(scene: Scene) -> None:
    base = _record().base()
    assert scene.code(base) == "proof_not_derived"
    assert scene.assess(base).report.verdict is Verdict.INVALID


def test_the_dates_and_the_status_of_the_shown_record_count(scene: Scene) -> None:
    assert scene.assess(_record(valid_until=EXPIRED_ON).show([WHO])).report.verdict is Verdict.EXPIRED
    assert scene.assess(_record(revoked=True).show([WHO])).report.verdict is Verdict.REVOKED


# --- what is shown is changed ---


SHOWN: dict[str, Callable[[Json], Any]] = {
    "a disclosed word": lambda d: achievement_of(d).update(name="Welder V"),
    "a mandatory date": lambda d: d.update(validFrom="2024-05-01T00:00:00Z"),
    "a mandatory end taken away": lambda d: d.pop("validUntil"),
    "an end moved to where nobody looks": lambda d: d["issuer"].update(validUntil=d.pop("validUntil")),
    "another issuer": lambda d: d["issuer"].update(id="did:web:other.example"),
    "a statement more": lambda d: achievement_of(d).update(humanCode="W5"),
    "a statement less": lambda d: achievement_of(d).pop("description"),
    "a tag that was never there": lambda d: achievement_of(d)["tag"].append("Brain surgery"),
    "a tag of another's": lambda d: d["issuer"].update(description=achievement_of(d).pop("description")),
    "a member that no vocabulary defines": lambda d: d.update(hidden="x"),
    "another person's address": lambda d: d["credentialSubject"]["identifier"][0].update(identityHash="sha256$00"),
    "the proof's time": lambda d: d["proof"].update(created="2025-05-02T00:00:00Z"),
    "a member of the proof": lambda d: d["proof"].update(nonce="n"),
    "the type": lambda d: d.update(type=["VerifiableCredential"]),
}


@pytest.mark.parametrize("name", SHOWN)
def test_whatever_is_changed_after_disclosure_is_found(scene: Scene, name: str) -> None:
    record, pointers = _record(valid_until="2030-01-01T00:00:00Z"), [WHO, WHAT]
    assert scene.assess(record.show(pointers)).decision is Decision.ACCEPTED
    assessed = scene.assess(record.show(pointers, edit=SHOWN[name]))
    assert (assessed.report.verdict, assessed.decision) == (Verdict.INVALID, Decision.REFUSED)


def test_what_is_mandatory_cannot_be_left_out(scene: Scene) -> None:
    record = _record(valid_until="2030-01-01T00:00:00Z")
    loose = _record(valid_until="2030-01-01T00:00:00Z", mandatory=["/issuer", "/validFrom"])
    assert scene.code(loose.show([WHO])) == "proof_valid", "the issuer left it to the holder"
    without = loose.show([WHO])
    record_value = record.show([WHO])["proof"]
    assert scene.code({**without, "proof": record_value}) == "proof_signature_wrong"


def test_a_forged_issuer_or_a_proof_of_another_record_does_not_hold(scene: Scene) -> None:
    record = _record()
    assert scene.code(record.show([WHO], key=SigningKey("somebody else", "ES256"))) == "proof_signature_wrong"
    other = _record(name="Welder II").show([WHO, WHAT])
    assert scene.code({**other, "proof": record.show([WHO, WHAT])["proof"]}) == "proof_signature_wrong"


# --- the value of the proof is changed ---

SIGNATURE, KEY, SIGNATURES, LABELS, MANDATORY_INDEXES = range(5)


def _swapped(labels: dict[int, bytes]) -> dict[int, bytes]:
    return {**labels, 0: labels[1], 1: labels[0]}


OTHER_KEY = codec.multibase_decode(SigningKey("other own key", "ES256").multikey)
PARTS: dict[str, tuple[Callable[[list[Any]], Any], str]] = {
    "a bit of the issuer's signature": (
        part(SIGNATURE, lambda s: bytes([s[0] ^ 1]) + s[1:]),
        "proof_signature_wrong",
    ),
    "another key of the record": (part(KEY, lambda _: OTHER_KEY), "proof_signature_wrong"),
    "a signature more": (part(SIGNATURES, lambda s: [*s, s[0]]), "proof_signature_wrong"),
    "a signature less": (part(SIGNATURES, lambda s: s[:-1]), "proof_signature_wrong"),
    "no signatures": (part(SIGNATURES, lambda s: []), "proof_signature_wrong"),
    "signatures in another order": (part(SIGNATURES, lambda s: s[::-1]), "proof_signature_wrong"),
    "two labels exchanged": (part(LABELS, _swapped), "proof_signature_wrong"),
    "a label less": (part(LABELS, lambda m: dict(list(m.items())[:-1])), "proof_signature_wrong"),
    "a label more": (part(LABELS, lambda m: {**m, len(m): b"x" * 32}), "proof_signature_wrong"),
    "a label of another": (part(LABELS, lambda m: {**m, 0: b"x" * 32}), "proof_signature_wrong"),
    "one label for two nodes": (part(LABELS, lambda m: {**m, 0: m[1]}), "proof_malformed"),
    "a gap in the labels": (part(LABELS, lambda m: {**{n: m[n] for n in m if n}, 99: m[0]}), "proof_malformed"),
    "an index less": (part(MANDATORY_INDEXES, lambda i: i[1:]), "proof_signature_wrong"),
    "an index more": (part(MANDATORY_INDEXES, lambda i: [*i, i[-1] + 1]), "proof_signature_wrong"),
    "an index that is not there": (part(MANDATORY_INDEXES, lambda i: [*i, 9999]), "proof_signature_wrong"),
    "all mandatory": (
        lambda c: c.__setitem__(slice(2, 5, 2), [[], list(range(len(c[SIGNATURES]) + len(c[MANDATORY_INDEXES])))]),
        "proof_signature_wrong",
    ),
    "an index below zero": (part(MANDATORY_INDEXES, lambda i: [-1, *i]), "proof_malformed"),
    "an index twice": (part(MANDATORY_INDEXES, lambda i: [i[0], *i]), "proof_malformed"),
    "indexes in another order": (part(MANDATORY_INDEXES, lambda i: i[::-1]), "proof_malformed"),
    "an index that is true": (part(MANDATORY_INDEXES, lambda i: [True, *i[1:]]), "proof_malformed"),
    "a fraction": (part(MANDATORY_INDEXES, lambda i: [float(i[0]), *i[1:]]), "proof_malformed"),
    "a signature too long": (part(SIGNATURE, lambda s: s + b"\0"), "proof_malformed"),
    "a signature too short": (part(SIGNATURES, lambda s: [s[0][:-1], *s[1:]]), "proof_malformed"),
    "text for bytes": (part(SIGNATURE, lambda s: s.hex()), "proof_malformed"),
    "a label too short": (part(LABELS, lambda m: {**m, 0: m[0][:-1]}), "proof_malformed"),
    "labels by name": (part(LABELS, lambda m: {f"c14n{n}": label for n, label in m.items()}), "proof_malformed"),
    "a key of another curve": (part(KEY, lambda k: b"\x81\x24" + k[2:]), "proof_malformed"),
    "a key that is no point": (part(KEY, lambda k: k[:3] + b"\xff" * 32), "proof_signature_wrong"),
    "a part more": (lambda c: c.append(0), "proof_malformed"),
    "a part less": (lambda c: c.pop(), "proof_malformed"),
    "null for a part": (part(SIGNATURES, lambda s: None), "proof_malformed"),
}


@pytest.mark.parametrize("name", PARTS)
def test_a_proof_value_with_one_fault_is_refused(scene: Scene, name: str) -> None:
    change, code = PARTS[name]
    record = _record()
    assert scene.code(record.show([WHO, WHAT])) == "proof_valid"
    assert scene.code(record.show([WHO, WHAT], edit_components=change)) == code


def _longer_integers(raw: bytes) -> bytes:
    """0 written in two bytes, at the beginning of the label map."""
    position = raw.index(b"\x00\x58\x20")
    return raw[:position] + b"\x18" + raw[position:]


def _without_length(raw: bytes) -> bytes:
    """The outermost array as one whose end is marked."""
    return raw[:3] + b"\x9f" + raw[4:] + b"\xff"


BYTES: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda raw: b"",
    "only the header": lambda raw: raw[:3],
    "cut short": lambda raw: raw[:-1],
    "a byte behind it": lambda raw: raw + b"\0",
    "another header": lambda raw: b"\xd9\x5d\x03" + raw[3:],
    "no header": lambda raw: raw[3:],
    "a number in more bytes than it needs": _longer_integers,
    "an array without a length": _without_length,
    "a tag": lambda raw: raw[:3] + b"\xd9\xd9\xf7" + raw[3:],
    "a tag on a part": lambda raw: raw[:4] + b"\xd8\x40" + raw[4:],
    "a pattern": lambda raw: raw[:3] + cbor2.dumps(["(a{0,9}){0,9}" * 9]).replace(b"\x81", b"\x81\xd8\x23"),
    "deep nesting": lambda raw: raw[:3] + b"\x81" * 1000,
    "a length of 2 to the 63": lambda raw: raw[:3] + b"\x9b\x7f" + b"\xff" * 7,
}


@pytest.mark.parametrize("name", BYTES)
def test_the_bytes_of_a_proof_value_have_one_form(scene: Scene, name: str) -> None:
    assert scene.code(_record().show([WHO], edit_bytes=BYTES[name])) == "proof_malformed"


@pytest.mark.parametrize("value", [None, 7, "", "u", "z111", "u===", "x2V0B"])
def test_a_proof_value_is_base64url(scene: Scene, value: Any) -> None:
    shown = _record().show([WHO], edit=lambda d: d["proof"].update(proofValue=value))
    assert scene.code(shown) == "proof_malformed"


def test_no_key_of_another_curve_signs_such_a_record() -> None:
    scene = Scene(issuer=Issuer("selective", method="web", alg="ES384"))
    record = SelectiveRecord(scene.issuer.unsigned_badge(email=EMAIL), scene.issuer.key, scene.issuer.key_id)
    assert scene.code(record.show([WHO])) == "key_algorithm_mismatch"


def test_there_is_a_bound_on_how_much_is_checked() -> None:
    count = ecdsa_sd_2023.MAX_SIGNATURES
    for number, code in ((count, None), (count + 1, "too_complex"), (4 * count, "proof_malformed")):
        raw = b"\xd9\x5d\x01" + cbor2.dumps([b"s" * 64, OTHER_KEY, [b"s" * 64] * number, {}, []])
        value = "u" + codec.b64url_encode(raw)
        if code is None:
            assert len(ecdsa_sd_2023.parse(value).signatures) == count
            continue
        with pytest.raises(CheckError) as caught:
            ecdsa_sd_2023.parse(value)
        assert caught.value.code == code


def test_text_that_looks_like_a_node_is_text(scene: Scene) -> None:
    """A statement's words are signed as they are, whatever they look like."""
    odd = 'see _:c14n0 . \\ "quoted" <https://x.example> _:c14n1 \u00a0\u2028\u3000 end'
    assert scene.code(_record(criteria=odd).show([WHO, WHAT])) == "proof_valid"


def test_an_address_with_an_unusual_space_is_one_address(scene: Scene) -> None:
    record = _record(achievement_id="https://lakeview.example/welder\u00a0one\u2028two")
    assert scene.code(record.show([WHO, WHAT])) == "proof_valid"
