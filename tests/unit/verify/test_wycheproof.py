"""Wycheproof's signature files, through the code that a credential's key and signature go through.

Nothing here calls a cryptography library. Keys are read as JSON Web Keys and as Multikeys and asked with
`PublicKey.verifies`; tokens are taken apart by intake's reader and go the whole way of a token, with the key in its
issuer's DID document.

What the files call "acceptable" is one case: an RSA signature (PKCS #1 v1.5) without the NULL of its hash's name. It is
refused: RFC 7518 section 3.3 asks for the encoding of RFC 8017 section 9.2, which has the NULL, and allows no other.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connector import codec
from connector.errors import IntakeError
from connector.model.credential import CompactJws
from connector.testing.documents import NOW, MemoryDocuments
from connector.verify import keys
from connector.verify.checks import proof
from connector.verify.errors import CheckError
from connector.verify.keys import PublicKey
from connector.verify.suites import jose

pytestmark = pytest.mark.shared

Json = dict[str, Any]

ACCEPTABLE = {"MissingNull": False}
"""By flag, whether such a signature is accepted here; the reasons stand above."""


def _read(shared: Path, name: str) -> Json:
    found: Json = json.loads((shared / "vectors" / "suites" / "wycheproof" / name).read_bytes())
    return found


def _wanted(test: Json) -> bool:
    if test["result"] == "acceptable":
        (wanted,) = {ACCEPTABLE[flag] for flag in test["flags"]}
        return wanted
    return bool(test["result"] == "valid")


class Tally:
    """Right and wrong answers of one file; a wrong answer keeps the number of its case."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []

    def add(self, test: Json, *, accepted: bool, wanted: bool, how: str) -> None:
        self.counts["accepted" if accepted else "refused"] += 1
        if accepted is not wanted:
            kind = "forgery accepted" if accepted else "valid one refused"
            self.counts[kind] += 1
            self.wrong.append(f"{kind}: case {test['tcId']} {test['comment']} ({how})")

    def __str__(self) -> str:
        return f"{self.name}: {dict(self.counts)}; {self.wrong[:10]}"


# --- signatures ---


def _spellings(group: Json) -> Iterator[tuple[str, PublicKey]]:
    """One key, as every form in which a key may be published."""
    jwk = next((group[name] for name in ("publicKeyJwk", "keyJwk") if name in group), None)
    if jwk is not None:
        yield "JWK", keys.from_jwk(jwk)
    yield "Multikey", keys.from_multikey(_multikey(group))


_PREFIXES = {"secp256r1": b"\x80\x24", "secp384r1": b"\x81\x24", "edwards25519": b"\xed\x01"}


def _multikey(group: Json) -> str:
    key = group["publicKey"]
    if "modulus" in key:
        raw = b"\x85\x24" + bytes.fromhex(group["publicKeyAsn"])
    elif "pk" in key:
        raw = _PREFIXES[key["curve"]] + bytes.fromhex(key["pk"])
    else:
        x, y = (int(key[name], 16).to_bytes(key["keySize"] // 8, "big") for name in ("wx", "wy"))
        raw = _PREFIXES[key["curve"]] + bytes([2 + y[-1] % 2]) + x
    return "z" + codec.base58_encode(raw)


@pytest.mark.parametrize(
    ("name", "algorithm", "count"),
    [
        ("ed25519_test.json", "EdDSA", 151),
        ("ecdsa_secp256r1_sha256_p1363_test.json", "ES256", 262),
        ("ecdsa_secp384r1_sha384_p1363_test.json", "ES384", 280),
        ("rsa_signature_2048_sha256_test.json", "RS256", 259),
        ("rsa_pss_2048_sha256_mgf1_32_test.json", "PS256", 108),
    ],
)
def test_no_forged_signature_is_accepted_and_no_valid_one_refused(
    shared: Path, name: str, algorithm: str, count: int
) -> None:
    file = _read(shared, name)
    tally, seen = Tally(name), 0
    for group in file["testGroups"]:
        spelled = list(_spellings(group))
        for test in group["tests"]:
            seen += 1
            for how, key in spelled:
                assert key.allows(algorithm)
                accepted = key.verifies(bytes.fromhex(test["sig"]), bytes.fromhex(test["msg"]), algorithm)
                tally.add(test, accepted=accepted, wanted=_wanted(test), how=how)
    assert seen == count == file["numberOfTests"], tally
    assert tally.counts["forgery accepted"] == 0, tally
    assert tally.counts["valid one refused"] == 0, tally
    assert tally.counts["accepted"] > 0 < tally.counts["refused"], tally


# --- tokens ---

ISSUER = "did:web:issuer.example"
TOKENS = "json_web_signature_test.json"
MISNAMED = {346: "PS384", 347: "ES512", 350: "PS384", 351: "ES512"}
"""Four genuine tokens whose JWK names another algorithm than the token (`PS256`), or one that there is not (`ES521`).

A key's own `alg` counts here (RFC 7517 section 4.4, RFC 8725 section 3.1), so as they stand they are refused; with the
algorithm that their tokens name, they hold."""


def _accepts(token: str, jwk: Json) -> bool:
    """Whether `token` is one that the holder of `jwk`, listed by its issuer, made."""
    method = {"id": f"{ISSUER}#key", "type": "JsonWebKey", "controller": ISSUER, "publicKeyJwk": jwk}
    document = {"id": ISSUER, "verificationMethod": [method], "assertionMethod": [method["id"]]}
    documents = MemoryDocuments({"https://issuer.example/.well-known/did.json": document})
    try:
        header, payload, signing_input, signature = codec.split_compact_jws(token)
        jws = CompactJws(token, header, payload, signing_input, signature)
        jose.check_header(header)
        said = jose.Token({}, {"iss": ISSUER}, "")
        proof.verify_token(jws, said, documents, purpose=proof.ASSERTION, now=NOW)
    except (IntakeError, CheckError):
        return False
    return True


def _tokens(file: Json, *, symmetric: bool) -> Iterator[tuple[Json, Json]]:
    for group in file["testGroups"]:
        jwk = group.get("public") or group["private"]
        if (jwk["kty"] == "oct") is symmetric:
            for test in group["tests"]:
                yield jwk, test


def test_no_forged_token_is_accepted_and_no_valid_one_refused(shared: Path) -> None:
    tally = Tally(TOKENS)
    for jwk, test in _tokens(_read(shared, TOKENS), symmetric=False):
        wanted = _wanted(test) and test["tcId"] not in MISNAMED
        tally.add(test, accepted=_accepts(test["jws"], jwk), wanted=wanted, how="token")
    assert sum(tally.counts[name] for name in ("accepted", "refused")) == 361, tally
    assert tally.counts["forgery accepted"] == 0, tally
    assert tally.counts["valid one refused"] == 0, tally


def test_the_tokens_whose_keys_name_another_algorithm_hold_with_the_right_one(shared: Path) -> None:
    found = {test["tcId"]: (jwk, test) for jwk, test in _tokens(_read(shared, TOKENS), symmetric=False)}
    for number, algorithm in MISNAMED.items():
        jwk, test = found[number]
        assert jwk["alg"] != algorithm
        assert _accepts(test["jws"], {**jwk, "alg": algorithm})


def test_a_token_with_a_shared_secret_is_never_accepted(shared: Path) -> None:
    """HS256 proves nothing to anybody but the two who share the secret: valid or not, no such token is."""
    tally = Tally(TOKENS)
    for jwk, test in _tokens(_read(shared, TOKENS), symmetric=True):
        tally.add(test, accepted=_accepts(test["jws"], jwk), wanted=False, how="HS256")
    assert tally.counts == {"refused": 40}, tally
