"""Public keys: reading them strictly, comparing them, verifying with them.

A key decides which algorithm may be used with it, never the header of a token (RFC 8725 section 3.1; THREATS
section 4). Multikey: Controlled Identifiers 1.0 section 2.2.2; JWK: RFC 7517, RFC 7518 section 6, RFC 8037.
"""

from __future__ import annotations

import re
from dataclasses import field
from enum import StrEnum
from functools import lru_cache
from typing import Final, cast

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from connector import codec
from connector.errors import IntakeError
from connector.model.frozen import frozen
from connector.verify import bbs, sodium
from connector.verify.errors import CheckError

MIN_RSA_BITS: Final = 2048
"""RFC 7518 section 3.3."""
MAX_RSA_BITS: Final = 8192
"""Bigger moduli cost seconds to use and are used by nobody."""

MAX_EXPONENT_BITS: Final = 64
"""As long as the modulus, it would make checking as slow as signing; 65537 is what is used."""


class KeyKind(StrEnum):
    ED25519 = "Ed25519"
    P256 = "P-256"
    P384 = "P-384"
    P521 = "P-521"
    SECP256K1 = "secp256k1"
    RSA = "RSA"
    BLS12_381 = "BLS12-381"


_RSA_SCHEMES: Final[dict[str, tuple[padding.AsymmetricPadding, hashes.HashAlgorithm]]] = {
    "RS256": (padding.PKCS1v15(), hashes.SHA256()),
    "RS384": (padding.PKCS1v15(), hashes.SHA384()),
    "RS512": (padding.PKCS1v15(), hashes.SHA512()),
    "PS256": (padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256()),
    "PS384": (padding.PSS(padding.MGF1(hashes.SHA384()), 48), hashes.SHA384()),
    "PS512": (padding.PSS(padding.MGF1(hashes.SHA512()), 64), hashes.SHA512()),
}
"""RFC 7518 sections 3.3 and 3.5: MGF1 with the same hash, and a salt of exactly the hash's length."""

ALGORITHMS: Final[dict[KeyKind, frozenset[str]]] = {
    KeyKind.ED25519: frozenset({"EdDSA", "Ed25519"}),  # RFC 8037 section 3.1; RFC 9864 gives it its own name
    KeyKind.P256: frozenset({"ES256"}),
    KeyKind.P384: frozenset({"ES384"}),
    KeyKind.P521: frozenset({"ES512"}),
    KeyKind.SECP256K1: frozenset({"ES256K"}),  # RFC 8812 section 3.2
    KeyKind.RSA: frozenset(_RSA_SCHEMES),
    KeyKind.BLS12_381: frozenset(),  # for BBS only
}
"""The JOSE algorithms that each kind of key may be used with. A JSON Web Key's own `alg` leaves one of them."""

UNSUPPORTED_ALGORITHMS: Final = frozenset({"Ed448", "ES256K-R", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87"})
"""Sound, but not checked here: what uses them is `unsupported`, not `invalid`."""

_CURVES: Final[dict[KeyKind, tuple[ec.EllipticCurve, ec.ECDSA, int]]] = {
    KeyKind.P256: (ec.SECP256R1(), ec.ECDSA(hashes.SHA256()), 32),
    KeyKind.P384: (ec.SECP384R1(), ec.ECDSA(hashes.SHA384()), 48),
    KeyKind.P521: (ec.SECP521R1(), ec.ECDSA(hashes.SHA512()), 66),
    KeyKind.SECP256K1: (ec.SECP256K1(), ec.ECDSA(hashes.SHA256()), 32),
}
"""Curve, scheme, and the bytes of each of the two numbers of a signature (RFC 7518 section 3.4)."""
_MULTICODEC: Final[dict[bytes, KeyKind]] = {
    b"\xed\x01": KeyKind.ED25519,
    b"\x80\x24": KeyKind.P256,
    b"\x81\x24": KeyKind.P384,
    b"\x82\x24": KeyKind.P521,
    b"\xe7\x01": KeyKind.SECP256K1,
    b"\x85\x24": KeyKind.RSA,
    b"\xeb\x01": KeyKind.BLS12_381,
}
_PREFIXES: Final = {kind: prefix for prefix, kind in _MULTICODEC.items()}
_OTHER_MULTICODECS: Final = {
    b"\xec\x01": "X25519",
    b"\x83\x24": "Ed448",
}


class KeyProblem(CheckError):
    """A key that cannot be used: `key_malformed`, `key_too_weak`, or `key_kind_unsupported`."""


def _unsupported(detail: str) -> KeyProblem:
    return KeyProblem("key_kind_unsupported", detail)


@frozen
class PublicKey:
    """A public key by its canonical encoding, so that two spellings of one key are equal.

    Attributes:
        spki: the DER SubjectPublicKeyInfo; of a BLS12-381 key, which has none, the compressed point of G2.
        only: the one algorithm that an RSA key's own `alg` leaves (RFC 7517 section 4.4); says nothing of which key.
    """

    kind: KeyKind
    spki: bytes
    only: str | None = field(default=None, compare=False)

    @property
    def multicodec(self) -> bytes:
        """The bytes of its Multikey (Controlled Identifiers 1.0 section 2.2.2), of any kind but RSA."""
        if self.kind is KeyKind.ED25519:
            return b"\xed\x01" + self.spki[-32:]
        if self.kind is KeyKind.BLS12_381:
            return b"\xeb\x01" + self.spki
        size = _CURVES[self.kind][2]
        return _PREFIXES[self.kind] + bytes((2 + self.spki[-1] % 2,)) + self.spki[-2 * size : -size]

    def allows(self, algorithm: object) -> bool:
        """Whether the JOSE `alg` is one that this key is for."""
        if self.only is not None:
            return algorithm == self.only
        return isinstance(algorithm, str) and algorithm in ALGORITHMS[self.kind]

    def verifies(self, signature: bytes, data: bytes, algorithm: str = "RS256") -> bool:
        """Whether `signature` (in JOSE's raw form) over `data` was made with the private half of this key.

        Args:
            algorithm: which of its algorithms an RSA key is used with; every other kind has but one.
        """
        if self.kind is KeyKind.ED25519:
            return sodium.verifies(self.spki[-sodium.KEY_BYTES :], signature, data)
        try:
            key = _loaded(self.spki)  # of the class that its kind says, which is asked faster than the class
            if self.kind is KeyKind.RSA:
                self._verify_rsa(cast("rsa.RSAPublicKey", key), signature, data, algorithm)
            else:
                self._verify_ecdsa(cast("ec.EllipticCurvePublicKey", key), signature, data)
        except (InvalidSignature, ValueError):
            return False
        return True

    def _verify_rsa(self, key: rsa.RSAPublicKey, signature: bytes, data: bytes, algorithm: str) -> None:
        if not self.allows(algorithm):
            raise InvalidSignature
        scheme, digest = _RSA_SCHEMES[algorithm]
        key.verify(signature, data, scheme, digest)

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
    """Read a Multikey (`z` + base58btc of multicodec and raw key).

    Raises:
        KeyProblem: not such a key, not exactly as long as it must be, not on its curve, or of another kind.
    """
    if not text.startswith("z"):
        raise KeyProblem("key_malformed", "the key is not written in base58btc")
    raw = _decoded(text[1:], max_chars=2_000)
    kind = _MULTICODEC.get(raw[:2])
    if kind is None:
        name = _OTHER_MULTICODECS.get(raw[:2])
        if name:
            raise _unsupported(name)
        raise KeyProblem("key_malformed", "unknown multicodec")
    return from_raw(kind, raw[2:])


def from_raw(kind: KeyKind, raw: bytes) -> PublicKey:
    """Read the 32 bytes of an Ed25519 key, the compressed point of a curve, or an RSAPublicKey (RFC 8017 A.1.1)."""
    if kind is KeyKind.RSA:
        return _from_pkcs1(raw)
    if kind is KeyKind.BLS12_381:
        return _bls12_381(raw)
    size = 32 if kind is KeyKind.ED25519 else _CURVES[kind][2] + 1
    if len(raw) != size:
        raise KeyProblem("key_malformed", "the key does not have the right length")
    if kind is KeyKind.ED25519:
        return _ed25519(raw)
    try:
        return _public_key(kind, ec.EllipticCurvePublicKey.from_encoded_point(_CURVES[kind][0], raw))
    except ValueError:
        raise KeyProblem("key_malformed", "the key is not a point of its curve") from None


def _bls12_381(raw: bytes) -> PublicKey:
    if not bbs.is_public_key(raw):
        raise KeyProblem("key_malformed", "the key is not a point of its group")
    return PublicKey(KeyKind.BLS12_381, raw)


def _from_pkcs1(raw: bytes) -> PublicKey:
    try:
        key = serialization.load_der_public_key(raw)
    except (ValueError, UnsupportedAlgorithm):
        raise KeyProblem("key_malformed", "the key is not an RSA key") from None
    der, pkcs1 = serialization.Encoding.DER, serialization.PublicFormat.PKCS1
    if not isinstance(key, rsa.RSAPublicKey) or key.public_bytes(der, pkcs1) != raw:  # one spelling for each key
        raise KeyProblem("key_malformed", "the key is not an RSA key")
    return _from_rsa(key)


def _from_rsa(key: rsa.RSAPublicKey) -> PublicKey:
    numbers = key.public_numbers()
    _check_strength(numbers.n, numbers.e)
    return _public_key(KeyKind.RSA, key)


def from_pem(text: str) -> PublicKey:
    """Read a `publicKeyPem`: one SubjectPublicKeyInfo (`BEGIN PUBLIC KEY`, RFC 7468 section 13), or PKCS #1.

    Raises:
        KeyProblem: it holds a private key, none, something around it, or one that cannot be used.
    """
    if "PRIVATE KEY" in text:
        raise KeyProblem("key_too_weak", "the key carries its secret half")
    if len(text) > _MAX_JWK_CHARS or not _PEM.fullmatch(text):
        raise KeyProblem("key_malformed", "the key is not one PEM block")
    try:
        key = serialization.load_pem_public_key(text.encode("ascii"))
    except (ValueError, UnsupportedAlgorithm):
        raise KeyProblem("key_malformed", "the key is not a public key") from None
    if isinstance(key, rsa.RSAPublicKey):
        return _from_rsa(key)
    if isinstance(key, ed25519.Ed25519PublicKey):
        return _ed25519(key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw))
    if isinstance(key, ec.EllipticCurvePublicKey):
        for kind, (curve, _, _) in _CURVES.items():
            if curve.name == key.curve.name:
                return _public_key(kind, key)
    raise _unsupported(type(key).__name__)


_PEM: Final = re.compile(
    r"\s*-----BEGIN (RSA )?PUBLIC KEY-----[\sA-Za-z0-9+/=]+-----END (RSA )?PUBLIC KEY-----\s*", re.ASCII
)


def from_base58(text: object, kind: KeyKind = KeyKind.ED25519) -> PublicKey:
    """Read a `publicKeyBase58`, which holds the raw key alone: what kind it is says the method's type."""
    if not isinstance(text, str):
        raise KeyProblem("key_malformed", "the key is not text")
    return from_raw(kind, _decoded(text, max_chars=2_000 if kind is KeyKind.RSA else 100))


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
    return _import_jwk(members)


_MAX_JWK_CHARS: Final = 4_000
"""What is remembered must be small; an RSA key of 8192 bits takes 1,400."""
_JWK_MEMBERS: Final[tuple[str, ...]] = ("kty", "crv", "x", "y", "n", "e", "alg")
_EC_CURVES: Final = frozenset(str(kind) for kind in _CURVES)


@lru_cache(maxsize=1024)
def _import_jwk(members: tuple[tuple[str, str], ...]) -> PublicKey:
    plain = dict(members)
    algorithm = plain.pop("alg", None)
    key = _import(plain)
    if algorithm is None:
        return key
    if not key.allows(algorithm):
        raise KeyProblem("key_malformed", "the key names another algorithm than its kind allows")
    return PublicKey(key.kind, key.spki, algorithm) if key.kind is KeyKind.RSA else key


def _import(jwk: dict[str, str]) -> PublicKey:
    kind, curve = jwk.get("kty"), jwk.get("crv")
    if kind == "OKP" and curve == KeyKind.ED25519:
        return from_raw(KeyKind.ED25519, _octets(jwk, "x"))
    if kind == "EC" and curve in _EC_CURVES:
        return _from_coordinates(KeyKind(curve), _octets(jwk, "x"), _octets(jwk, "y"))
    if kind == "RSA":
        return _from_numbers(_octets(jwk, "n"), _octets(jwk, "e"))
    raise _unsupported(f"{kind} {curve}"[:60])


def _octets(jwk: dict[str, str], member: str) -> bytes:
    try:
        return codec.b64url_decode(jwk.get(member, ""))
    except IntakeError as error:
        raise KeyProblem("key_malformed", f"{member}: {error.code}") from None


def _from_coordinates(kind: KeyKind, x: bytes, y: bytes) -> PublicKey:
    curve, _, size = _CURVES[kind]
    if not len(x) == len(y) == size:  # RFC 7518 section 6.2.1.2
        raise KeyProblem("key_malformed", "the coordinates do not have the right length")
    numbers = ec.EllipticCurvePublicNumbers(int.from_bytes(x, "big"), int.from_bytes(y, "big"), curve)
    try:
        return _public_key(kind, numbers.public_key())
    except ValueError:
        raise KeyProblem("key_malformed", "the key is not a point of its curve") from None


def _from_numbers(n: bytes, e: bytes) -> PublicKey:
    """A zero in front of the modulus is forgiven: common libraries write one (RFC 7518 section 6.3.1.1)."""
    modulus, exponent = int.from_bytes(n, "big"), int.from_bytes(e, "big")
    _check_strength(modulus, exponent)  # before a library sees it: one that is far too long costs seconds
    try:
        return _public_key(KeyKind.RSA, rsa.RSAPublicNumbers(exponent, modulus).public_key())
    except ValueError:
        raise KeyProblem("key_malformed", "the key is not an RSA key") from None


def _check_strength(modulus: int, exponent: int) -> None:
    bits = modulus.bit_length()
    if not MIN_RSA_BITS <= bits <= MAX_RSA_BITS:
        raise KeyProblem("key_too_weak", f"{bits} bits")
    if exponent < 3 or exponent % 2 == 0 or exponent.bit_length() > MAX_EXPONENT_BITS:
        raise KeyProblem("key_too_weak", "the RSA key has a bad exponent")
