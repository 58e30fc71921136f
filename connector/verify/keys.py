"""Public keys: reading them strictly, comparing them, verifying with them.

A key decides which algorithm may be used with it, never the header of a token (RFC 8725 section 3.1; THREATS
section 4). Multikey: Controlled Identifiers 1.0 section 2.2.2; JWK: RFC 7517, RFC 7518 section 6, RFC 8037.
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import Final, cast

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from joserfc import errors as jose_errors
from joserfc.jwk import ECKey, OKPKey, RSAKey

from connector import codec
from connector.errors import IntakeError
from connector.model.frozen import frozen
from connector.verify import sodium
from connector.verify.errors import CheckError

MIN_RSA_BITS: Final = 2048
"""RFC 7518 section 3.3."""
MAX_RSA_BITS: Final = 8192
"""Bigger moduli cost seconds to use and are used by nobody."""


class KeyKind(StrEnum):
    ED25519 = "Ed25519"
    P256 = "P-256"
    P384 = "P-384"
    RSA = "RSA"


ALGORITHM: Final[dict[KeyKind, str]] = {
    KeyKind.ED25519: "EdDSA",
    KeyKind.P256: "ES256",
    KeyKind.P384: "ES384",
    KeyKind.RSA: "RS256",
}
"""The one JOSE algorithm that each kind of key may be used with."""

UNSUPPORTED_ALGORITHMS: Final = frozenset({"ES256K", "ES512", "PS256", "PS384", "PS512", "RS384", "RS512", "Ed448"})
"""Sound, but not checked here: what uses them is `unsupported`, not `invalid`."""

_ALIASES: Final = {"Ed25519": "EdDSA"}
"""RFC 9864 renames it."""

_CURVES: Final[dict[KeyKind, tuple[ec.EllipticCurve, ec.ECDSA, int]]] = {
    KeyKind.P256: (ec.SECP256R1(), ec.ECDSA(hashes.SHA256()), 32),
    KeyKind.P384: (ec.SECP384R1(), ec.ECDSA(hashes.SHA384()), 48),
}
_MULTICODEC: Final[dict[bytes, tuple[KeyKind, int]]] = {
    b"\xed\x01": (KeyKind.ED25519, 32),
    b"\x80\x24": (KeyKind.P256, 33),
    b"\x81\x24": (KeyKind.P384, 49),
}
_OTHER_MULTICODECS: Final = {
    b"\xe7\x01": "secp256k1",
    b"\xec\x01": "X25519",
    b"\x82\x24": "P-521",
    b"\x85\x24": "RSA",
    b"\xeb\x01": "BLS12-381",
}


class KeyProblem(CheckError):
    """A key that cannot be used: `key_malformed`, `key_too_weak`, or `key_kind_unsupported`."""


def _unsupported(detail: str) -> KeyProblem:
    return KeyProblem("key_kind_unsupported", detail)


@frozen
class PublicKey:
    """A public key by its canonical encoding, so that two spellings of one key are equal.

    Attributes:
        spki: the DER SubjectPublicKeyInfo.
    """

    kind: KeyKind
    spki: bytes

    @property
    def algorithm(self) -> str:
        return ALGORITHM[self.kind]

    def allows(self, algorithm: object) -> bool:
        """Whether the JOSE `alg` is the one this key is for."""
        return isinstance(algorithm, str) and _ALIASES.get(algorithm, algorithm) == self.algorithm

    def verifies(self, signature: bytes, data: bytes) -> bool:
        """Whether `signature` (in JOSE's raw form) over `data` was made with the private half of this key."""
        if self.kind is KeyKind.ED25519:
            return sodium.verifies(self.spki[-sodium.KEY_BYTES :], signature, data)
        key = _loaded(self.spki)  # of the class that its kind says, which is asked faster than the class
        try:
            if self.kind is KeyKind.RSA:
                cast("rsa.RSAPublicKey", key).verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
            else:
                self._verify_ecdsa(cast("ec.EllipticCurvePublicKey", key), signature, data)
        except (InvalidSignature, ValueError):
            return False
        return True

    def _verify_ecdsa(self, key: ec.EllipticCurvePublicKey, signature: bytes, data: bytes) -> None:
        _, scheme, size = _CURVES[self.kind]
        if len(signature) != 2 * size:
            raise InvalidSignature
        r, s = int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big")
        key.verify(encode_dss_signature(r, s), data, scheme)


_LoadedKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey


@lru_cache(maxsize=1024)
def _loaded(spki: bytes) -> _LoadedKey:
    key = serialization.load_der_public_key(spki)
    if not isinstance(key, _LoadedKey):
        raise _unsupported(type(key).__name__)
    return key


def _public_key(kind: KeyKind, key: ed25519.Ed25519PublicKey | _LoadedKey) -> PublicKey:
    return PublicKey(
        kind, key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


# --- Ed25519 points ----------------------------------------------------------------------------------------------

_P: Final = 2**255 - 19
_D: Final = (-121665 * pow(121666, -1, _P)) % _P
_Y8: Final = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_WEAK_Y: Final = frozenset({0, 1, _P - 1, _Y8, _P - _Y8})
"""The points of order 1, 2, 4 and 8: under such a key everybody's signature holds."""


def _ed25519(raw: bytes) -> PublicKey:
    y = int.from_bytes(raw, "little") & (2**255 - 1)
    if y >= _P or not _on_curve(y):
        raise KeyProblem("key_malformed", "the key is not a point of its curve")
    if y in _WEAK_Y:
        raise KeyProblem("key_too_weak", "the key is one under which any signature would hold")
    return _public_key(KeyKind.ED25519, ed25519.Ed25519PublicKey.from_public_bytes(raw))


def _on_curve(y: int) -> bool:
    """Whether some x belongs to y: (y^2 - 1) / (d y^2 + 1) is a square (RFC 8032 section 5.1.3)."""
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    return square == 0 or pow(square, (_P - 1) // 2, _P) == 1


# --- reading -----------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1024)
def from_multikey(text: str) -> PublicKey:
    """Read a Multikey (`z` + base58btc of multicodec and raw key): Ed25519, P-256, P-384.

    Raises:
        KeyProblem: not such a key, not exactly as long as it must be, not on its curve, or of another kind.
    """
    if not text.startswith("z"):
        raise KeyProblem("key_malformed", "the key is not written in base58btc")
    raw = _decoded(text[1:], max_chars=2_000)
    prefix, body = raw[:2], raw[2:]
    if prefix not in _MULTICODEC:
        name = _OTHER_MULTICODECS.get(prefix)
        if name:
            raise _unsupported(name)
        raise KeyProblem("key_malformed", "unknown multicodec")
    kind, size = _MULTICODEC[prefix]
    if len(body) != size:
        raise KeyProblem("key_malformed", "the key does not have the right length")
    return from_raw(kind, body)


def from_raw(kind: KeyKind, raw: bytes) -> PublicKey:
    """Read the raw bytes of an Ed25519 key, or the compressed point of an EC key."""
    if kind is KeyKind.ED25519:
        if len(raw) != 32:
            raise KeyProblem("key_malformed", "the key does not have the right length")
        return _ed25519(raw)
    try:
        return _public_key(kind, ec.EllipticCurvePublicKey.from_encoded_point(_CURVES[kind][0], raw))
    except ValueError:
        raise KeyProblem("key_malformed", "the key is not a point of its curve") from None


def from_base58(text: object) -> PublicKey:
    """Read a `publicKeyBase58` of Ed25519VerificationKey2018."""
    if not isinstance(text, str):
        raise KeyProblem("key_malformed", "the key is not text")
    return from_raw(KeyKind.ED25519, _decoded(text, max_chars=64))


def _decoded(base58: str, *, max_chars: int) -> bytes:
    try:
        return codec.base58_decode(base58, max_chars=max_chars)
    except IntakeError as error:
        raise KeyProblem("key_malformed", error.code) from None


def from_jwk(jwk: object) -> PublicKey:
    """Read a public JWK.

    Raises:
        KeyProblem: it holds a private half, is symmetric, weak, broken, for encryption, or of another kind.
    """
    if not isinstance(jwk, dict):
        raise KeyProblem("key_malformed", "the key is not a JSON Web Key")
    if {"d", "k", "p", "q"} & jwk.keys():
        raise KeyProblem("key_too_weak", "the key carries its secret half")
    operations = jwk.get("key_ops", ["verify"])
    if jwk.get("use", "sig") != "sig" or not isinstance(operations, list) or "verify" not in operations:
        raise KeyProblem("key_malformed", "the key is not meant for signatures")
    members = tuple((name, jwk[name]) for name in _JWK_MEMBERS if name in jwk)
    if not all(isinstance(value, str) for _, value in members):
        raise KeyProblem("key_malformed", "a member of the JSON Web Key is not text")
    if sum(len(value) for _, value in members) > _MAX_JWK_CHARS:
        raise KeyProblem("key_malformed", "the JSON Web Key is too long")
    key = _import_jwk(members)
    if "alg" in jwk and not key.allows(jwk["alg"]):
        raise KeyProblem("key_malformed", "the key names another algorithm than its kind allows")
    return key


_MAX_JWK_CHARS: Final = 4_000
"""What is remembered must be small; an RSA key of 8192 bits takes 1,400."""
_JWK_MEMBERS: Final[tuple[str, ...]] = ("kty", "crv", "x", "y", "n", "e")


@lru_cache(maxsize=1024)
def _import_jwk(members: tuple[tuple[str, str], ...]) -> PublicKey:
    plain: dict[str, str | list[str]] = dict(members)
    kind = (plain.get("kty"), plain.get("crv"))
    try:
        if kind == ("OKP", "Ed25519"):
            raw = OKPKey.import_key(plain).public_key
            return _ed25519(raw.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw))
        if kind in (("EC", "P-256"), ("EC", "P-384")):
            return _public_key(KeyKind(str(plain["crv"])), ECKey.import_key(plain).public_key)
        if kind[0] == "RSA":
            _check_modulus(plain.get("n"))
            return _rsa(RSAKey.import_key(plain).public_key)
    except (jose_errors.JoseError, ValueError, TypeError, UnsupportedAlgorithm, KeyError):
        raise KeyProblem("key_malformed", "the JSON Web Key is broken") from None
    raise _unsupported(str(kind)[:60])


def _check_modulus(modulus: object) -> None:
    try:
        bits = int.from_bytes(codec.b64url_decode(modulus if isinstance(modulus, str) else ""), "big").bit_length()
    except IntakeError as error:
        raise KeyProblem("key_malformed", error.code) from None
    if not MIN_RSA_BITS <= bits <= MAX_RSA_BITS:
        raise KeyProblem("key_too_weak", f"{bits} bits")


def _rsa(key: rsa.RSAPublicKey) -> PublicKey:
    if key.public_numbers().e < 3 or key.public_numbers().e % 2 == 0:
        raise KeyProblem("key_too_weak", "the RSA key has a bad exponent")
    return _public_key(KeyKind.RSA, key)
