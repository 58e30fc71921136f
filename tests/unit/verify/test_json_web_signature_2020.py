"""Proof type `JsonWebSignature2020`: every algorithm of a key, and a header that says exactly what it must."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connector import codec
from connector.model.report import Decision, Verdict
from connector.testing.issuer import Issuer
from connector.testing.signing import RSA_ALGORITHMS, compact_json

from .conftest import EMAIL, Scene

Json = dict[str, Any]
NAME = "JsonWebSignature2020"
ALGORITHMS = ["EdDSA", "ES256", "ES384", "ES512", "ES256K", *RSA_ALGORITHMS]


def _scene(alg: str = "ES256") -> Scene:
    return Scene(issuer=Issuer("jws", method="web", alg=alg))


def _badge(scene: Scene, **options: Any) -> Json:
    return scene.issuer.open_badge(email=EMAIL, model="1.1", proof=NAME, **options)


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_genuine_proof_is_accepted(alg: str) -> None:
    scene = _scene(alg)
    assessed = scene.assess(_badge(scene))
    assert (assessed.report.verdict, assessed.decision) == (Verdict.VERIFIED, Decision.ACCEPTED)
    assert assessed.report.securing == (NAME,)


@pytest.mark.parametrize("alg", ALGORITHMS)
@pytest.mark.parametrize("fault", ["tampered", "wrong_key"])
def test_a_changed_or_forged_record_is_invalid(alg: str, fault: str) -> None:
    scene = _scene(alg)
    assessed = scene.assess(_badge(scene, **{fault: True}))
    assert (assessed.report.verdict, assessed.decision) == (Verdict.INVALID, Decision.REFUSED)


HONEST = {"alg": "ES256", "b64": False, "crit": ["b64"]}


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (HONEST, "proof_signature_wrong"),
        (HONEST | {"kid": "did:web:jws.example#key-1"}, "proof_signature_wrong"),
        (HONEST | {"alg": "none"}, "key_algorithm_mismatch"),
        (HONEST | {"alg": "HS256"}, "key_algorithm_mismatch"),
        (HONEST | {"alg": "ES384"}, "key_algorithm_mismatch"),
        (HONEST | {"alg": ["ES256"]}, "key_algorithm_mismatch"),
        (HONEST | {"alg": "Ed448"}, "proof_unsupported"),
        (HONEST | {"b64": True}, "proof_malformed"),
        (HONEST | {"b64": 0}, "proof_malformed"),
        (HONEST | {"crit": []}, "proof_malformed"),
        (HONEST | {"crit": ["b64", "exp"]}, "proof_malformed"),
        (HONEST | {"jwk": {}}, "proof_malformed"),
        ({"alg": "ES256", "b64": False}, "proof_malformed"),
        ({"alg": "ES256", "crit": ["b64"]}, "proof_malformed"),
        ({"b64": False, "crit": ["b64"]}, "key_algorithm_mismatch"),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else value,
)
def test_what_its_header_may_say(header: Json, code: str) -> None:
    """The header is signed too: an honest one put in afterwards only makes the signature wrong."""
    scene = _scene()
    badge = _badge(scene)
    assert scene.code(badge) == "proof_valid"
    _, _, signature = badge["proof"]["jws"].split(".")
    spaced = json.dumps(header).encode() if header == HONEST else compact_json(header)
    badge["proof"]["jws"] = f"{codec.b64url_encode(spaced)}..{signature}"
    assert scene.code(badge) == code


@pytest.mark.parametrize(
    "spoil",
    [
        lambda jws: jws.replace("..", ".e30."),
        lambda jws: jws + ".",
        lambda jws: jws + "=",
        lambda jws: jws.partition("..")[2],
        lambda jws: f"{jws}\n",
        lambda jws: "",
        lambda jws: [jws],
        lambda jws: None,
    ],
)
def test_it_is_a_detached_compact_jws_or_nothing(spoil: Any) -> None:
    scene = _scene()
    badge = _badge(scene)
    badge["proof"]["jws"] = spoil(badge["proof"]["jws"])
    assert scene.code(badge) == "proof_malformed"
    assert scene.assess(badge).decision is Decision.REFUSED


def test_the_older_suite_stays_with_its_own_kind_of_key() -> None:
    scene = _scene()
    badge = scene.issuer.open_badge(email=EMAIL, model="1.1", proof="Ed25519Signature2018")
    assert scene.code(badge) == "key_algorithm_mismatch"
