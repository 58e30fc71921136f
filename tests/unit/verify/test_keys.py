"""Keys are read strictly, or not at all."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import RSAKey

from connector import codec
from connector.testing.signing import RSA_ALGORITHMS, SigningKey
from connector.verify import keys
from connector.verify.errors import CheckError
from connector.verify.keys import KeyKind

Json = dict[str, Any]


ALGORITHMS = ["EdDSA", "ES256", "ES384", "ES512", "ES256K", *RSA_ALGORITHMS]


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_two_spellings_of_one_key_are_equal(alg: str) -> None:
    key = SigningKey("spelling", alg)
    assert keys.from_multikey(key.multikey) == keys.from_jwk(key.public_jwk)
    assert keys.from_jwk(key.public_jwk).allows(alg)
    assert keys.from_jwk({**key.public_jwk, "alg": alg}) == keys.from_jwk(key.public_jwk)


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_signature_holds_for_its_data_and_nothing_else(alg: str) -> None:
    key = SigningKey("signature", alg)
    public = keys.from_jwk(key.public_jwk)
    signature = key.sign(b"data")
    assert public.verifies(signature, b"data", alg)
    assert not public.verifies(signature, b"date", alg)
    assert not public.verifies(signature[:-1], b"data", alg)
    assert not public.verifies(signature + b"\0", b"data", alg)
    assert not public.verifies(b"", b"data", alg)


@pytest.mark.parametrize("used", RSA_ALGORITHMS)
@pytest.mark.parametrize("named", RSA_ALGORITHMS)
def test_an_rsa_key_is_used_with_the_algorithm_that_it_names(named: str, used: str) -> None:
    key = SigningKey("narrow", used)
    free, narrow = keys.from_jwk(key.public_jwk), keys.from_jwk({**key.public_jwk, "alg": named})
    signature = key.sign(b"data")
    assert free.allows(used) and free.verifies(signature, b"data", used)
    assert narrow.allows(used) is (named == used)
    assert narrow.verifies(signature, b"data", used) is (named == used)
    assert free.verifies(signature, b"data", named) is (named == used)


@pytest.mark.parametrize("length", [0, 20, 31, 33, 64, 222])
def test_a_pss_salt_is_as_long_as_the_hash(length: int) -> None:
    """RFC 7518 section 3.5; a verifier that takes any length takes other signatures than the standard's."""
    private = rsa.generate_private_key(65537, 2048)
    public = keys.from_jwk(dict(RSAKey.import_key(private.public_key()).as_dict(private=False)))

    def sign(salt: int, mask: hashes.HashAlgorithm) -> bytes:
        return private.sign(b"data", padding.PSS(padding.MGF1(mask), salt), hashes.SHA256())

    assert public.verifies(sign(32, hashes.SHA256()), b"data", "PS256")
    assert not public.verifies(sign(length, hashes.SHA256()), b"data", "PS256")
    assert not public.verifies(sign(32, hashes.SHA1()), b"data", "PS256")  # what must be refused


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
        (_multikey(b"\xe7\x01", b"\x02" + b"\xff" * 32), "key_malformed"),
        (_multikey(b"\xe7\x01", b"\x02" + b"\x01" * 31), "key_malformed"),
        (_multikey(b"\x82\x24", b"\x02" + b"\xff" * 66), "key_malformed"),
        (_multikey(b"\x82\x24", b"\x02" + b"\x01" * 32), "key_malformed"),
        (_multikey(b"\x85\x24", b"\x30\x06\x02\x01\x05\x02\x01\x03"), "key_too_weak"),
        (_multikey(b"\x85\x24", b"no sequence"), "key_malformed"),
        (_multikey(b"\xeb\x01", b"\x01" * 96), "key_malformed"),
        (_multikey(b"\xeb\x01", b"\xc0" + b"\x00" * 95), "key_malformed"),
        (_multikey(b"\xeb\x01", b"\xff" * 96), "key_malformed"),
        (_multikey(b"\xeb\x01", b"\xc0" + b"\x00" * 47), "key_malformed"),
        (_multikey(b"\x83\x24", b"\x01" * 57), "key_kind_unsupported"),
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
RSA = SigningKey("jwk", "RS256").public_jwk
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
        ({**EC, "crv": "secp256k1"}, "key_malformed"),
        ({**EC, "crv": "P-256K"}, "key_kind_unsupported"),
        ({**EC, "alg": "ES256K"}, "key_malformed"),
        ({**EC, "alg": 7}, "key_malformed"),
        ({**EC, "x": f"AA{EC['x']}"}, "key_malformed"),
        ({**EC, "x": f"{EC['x']}="}, "key_malformed"),
        ({"kty": "OKP", "crv": "Ed448", "x": "AAAA"}, "key_kind_unsupported"),
        ({**RSA, "alg": "RSA-OAEP"}, "key_malformed"),
        ({**RSA, "alg": "ES256"}, "key_malformed"),
        ({**RSA, "e": "AQ"}, "key_too_weak"),
        ({**RSA, "e": "Ag"}, "key_too_weak"),
        ({**RSA, "e": RSA["n"]}, "key_too_weak"),
        ({k: v for k, v in RSA.items() if k != "e"}, "key_too_weak"),
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
    ids=lambda value: str(value).replace(RSA["n"], "n")[:40],  # an RSA key is another one in each process
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


@pytest.mark.parametrize("name", ["EdDSA", "Ed25519"])
def test_ed25519_has_two_names(name: str) -> None:
    """RFC 8037 section 3.1 and RFC 9864 section 2.2; a key that says either is one for both."""
    key = keys.from_jwk({**OKP, "alg": name})
    assert key.allows("EdDSA") and key.allows("Ed25519") and not key.allows("Ed448")


def test_a_zero_before_the_modulus_is_forgiven() -> None:
    """RFC 7518 section 6.3.1.1 names it as what libraries do; the number is the same."""
    longer = codec.b64url_encode(b"\0" + codec.b64url_decode(RSA["n"]))
    assert keys.from_jwk({**RSA, "n": longer}) == keys.from_jwk(RSA)


_VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=60) | st.just("AQAB")
_KINDS = st.sampled_from(["OKP", "EC", "RSA", "oct", "AKP", ""])
_NAMES = st.sampled_from(["Ed25519", "P-256", "P-384", "P-521", "secp256k1", "Ed448", "X25519", "P-192"])


@given(
    st.dictionaries(st.sampled_from(["x", "y", "n", "e", "alg", "use", "key_ops", "d", "kid"]), _VALUES),
    _KINDS | _VALUES,
    _NAMES | _VALUES,
)
def test_whatever_calls_itself_a_jwk_is_a_key_or_a_reason(members: Json, kind: object, curve: object) -> None:
    try:
        keys.from_jwk({"kty": kind, "crv": curve, **members})
    except CheckError as error:
        assert error.code in {"key_malformed", "key_too_weak", "key_kind_unsupported"}


@given(st.sampled_from([b"\xed\x01", b"\x80\x24", b"\x81\x24", b"\x82\x24", b"\x85\x24", b"\xe7\x01"]), st.binary())
def test_whatever_calls_itself_a_multikey_is_a_key_or_a_reason(prefix: bytes, body: bytes) -> None:
    try:
        keys.from_multikey(_multikey(prefix, body))
    except CheckError as error:
        assert error.code in {"key_malformed", "key_too_weak"}


@given(
    st.text()
    | st.binary().map(
        lambda raw: f"-----BEGIN PUBLIC KEY-----\n{base64.b64encode(raw).decode()}\n-----END PUBLIC KEY-----"
    )
)
def test_whatever_calls_itself_a_pem_is_a_key_or_a_reason(text: str) -> None:
    try:
        keys.from_pem(text)
    except CheckError as error:
        assert error.code in {"key_malformed", "key_too_weak", "key_kind_unsupported"}


@pytest.mark.parametrize("alg", ["EdDSA", "ES256", "ES384", "ES512", "ES256K", "RS256", "PS256"])
@given(data=st.data())
def test_no_other_signature_holds(alg: str, data: st.DataObject) -> None:
    """Any one byte changed, of the signature or of what is signed."""
    key = SigningKey("change", alg)
    public, message = keys.from_jwk(key.public_jwk), b"what is signed"
    signature = key.sign(message)
    at = data.draw(st.integers(0, len(signature) + len(message) - 1))
    changed = bytearray(signature + message)
    changed[at] ^= data.draw(st.integers(1, 255))
    assert public.verifies(signature, message, alg)
    assert not public.verifies(bytes(changed[: len(signature)]), bytes(changed[len(signature) :]), alg)
