"""Keys are read strictly, or not at all."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from connector import codec
from connector.testing.signing import SigningKey
from connector.verify import keys
from connector.verify.errors import CheckError
from connector.verify.keys import KeyKind

Json = dict[str, Any]


@pytest.mark.parametrize("alg", ["EdDSA", "ES256", "ES384"])
def test_two_spellings_of_one_key_are_equal(alg: str) -> None:
    key = SigningKey("spelling", alg)
    assert keys.from_multikey(key.multikey) == keys.from_jwk(key.public_jwk)
    assert keys.from_jwk(key.public_jwk).algorithm == alg


@pytest.mark.parametrize("alg", ["EdDSA", "ES256", "ES384", "RS256"])
def test_a_signature_holds_for_its_data_and_nothing_else(alg: str) -> None:
    key = SigningKey("signature", alg)
    public = keys.from_jwk(key.public_jwk)
    signature = key.sign(b"data")
    assert public.verifies(signature, b"data")
    assert not public.verifies(signature, b"date")
    assert not public.verifies(signature[:-1], b"data")
    assert not public.verifies(b"", b"data")


def test_no_byte_goes_over_from_an_ed25519_signature_to_its_data() -> None:
    """libsodium reads both as one piece: where one ends and the other begins is for us to see to."""
    key = SigningKey("signature", "EdDSA")
    public = keys.from_jwk(key.public_jwk)
    signature = key.sign(b"data")
    assert public.verifies(signature, b"data")
    assert not public.verifies(signature[:-1], signature[-1:] + b"data")
    assert not public.verifies(signature + b"d", b"ata")


_ORDER_8 = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"
_GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493


def test_an_ed25519_signature_has_one_spelling() -> None:
    """RFC 8032 section 5.1.7: S is below the order of the group; a point of small order is nobody's commitment."""
    key = SigningKey("signature", "EdDSA")
    public = keys.from_jwk(key.public_jwk)
    signature = key.sign(b"data")
    again = int.from_bytes(signature[32:], "little") + _GROUP_ORDER
    assert public.verifies(signature, b"data")
    assert not public.verifies(signature[:32] + again.to_bytes(32, "little"), b"data")
    assert not public.verifies(bytes.fromhex(_ORDER_8) + signature[32:], b"data")


def _multikey(prefix: bytes, body: bytes) -> str:
    return "z" + codec.base58_encode(prefix + body)


ED = b"\xed\x01"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (_multikey(ED, b"\x01" + b"\x00" * 30), "key_malformed"),
        (_multikey(ED, b"\x01" + b"\x00" * 32), "key_malformed"),
        (_multikey(ED, b"\x02" + b"\x00" * 31), "key_malformed"),
        (_multikey(ED, b"\xff" * 31 + b"\x7f"), "key_malformed"),
        (_multikey(ED, b"\x00" * 32), "key_too_weak"),
        (_multikey(ED, b"\x01" + b"\x00" * 31), "key_too_weak"),
        (_multikey(ED, b"\xec" + b"\xff" * 30 + b"\x7f"), "key_too_weak"),
        (
            _multikey(ED, bytes.fromhex(_ORDER_8)),
            "key_too_weak",
        ),
        (_multikey(b"\x80\x24", b"\x02" + b"\xff" * 32), "key_malformed"),
        (_multikey(b"\x80\x24", b"\x04" + b"\x01" * 32), "key_malformed"),
        (_multikey(b"\xe7\x01", b"\x02" + b"\x01" * 32), "key_kind_unsupported"),
        (_multikey(b"\xec\x01", b"\x01" * 32), "key_kind_unsupported"),
        (_multikey(b"\x12\x20", b"\x01" * 32), "key_malformed"),
        ("z0OIl", "key_malformed"),
        ("z", "key_malformed"),
        ("u7QE", "key_malformed"),
        ("", "key_malformed"),
    ],
)
def test_a_multikey_is_exactly_one_point_of_a_known_curve(text: str, code: str) -> None:
    with pytest.raises(CheckError) as caught:
        keys.from_multikey(text)
    assert caught.value.code == code


def _rsa(bits: int) -> Json:
    numbers = rsa.generate_private_key(65537, bits).public_key().public_numbers()
    modulus = numbers.n.to_bytes((bits + 7) // 8, "big")
    return {"kty": "RSA", "e": "AQAB", "n": codec.b64url_encode(modulus)}


EC = SigningKey("jwk", "ES256").public_jwk
OKP = SigningKey("jwk").public_jwk


@pytest.mark.parametrize(
    ("jwk", "code"),
    [
        ({**OKP, "d": "AAAA"}, "key_too_weak"),
        ({"kty": "oct", "k": "AAAA"}, "key_too_weak"),
        ({**OKP, "use": "enc"}, "key_malformed"),
        ({**OKP, "key_ops": ["encrypt"]}, "key_malformed"),
        ({**OKP, "key_ops": 7}, "key_malformed"),
        ({**OKP, "alg": "ES256"}, "key_malformed"),
        ({**OKP, "x": "AAAA"}, "key_malformed"),
        ({**OKP, "x": 7}, "key_malformed"),
        ({**OKP, "crv": "X25519"}, "key_kind_unsupported"),
        ({**OKP, "crv": ["Ed25519"]}, "key_malformed"),
        ({**EC, "crv": "secp256k1"}, "key_kind_unsupported"),
        ({**EC, "x": EC["y"]}, "key_malformed"),
        ({k: v for k, v in EC.items() if k != "y"}, "key_malformed"),
        ({"kty": "EC"}, "key_kind_unsupported"),
        ({"kty": "RSA", "e": "AQAB"}, "key_too_weak"),
        ({"kty": "RSA", "n": "%%", "e": "AQAB"}, "key_malformed"),
        ({}, "key_kind_unsupported"),
        pytest.param(_rsa(1024), "key_too_weak", id="RSA of 1024 bits-key_too_weak"),
        ("not an object", "key_malformed"),
        (None, "key_malformed"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_jwk_is_public_strong_whole_and_for_signatures(jwk: object, code: str) -> None:
    with pytest.raises(CheckError) as caught:
        keys.from_jwk(jwk)
    assert caught.value.code == code


def test_a_key_decides_which_algorithm_it_is_for() -> None:
    key = keys.from_jwk(OKP)
    assert key.kind is KeyKind.ED25519
    assert key.allows("EdDSA") and key.allows("Ed25519")
    assert not any(key.allows(other) for other in ("ES256", "none", None, ["EdDSA"], ""))
