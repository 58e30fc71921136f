"""Private keys and signatures for what `issuer` mints: nothing here is ever used to verify."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from joserfc.jwk import ECKey, OKPKey, RSAKey

from connector import codec

Json = dict[str, Any]

_PrivateKey = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
_CURVES: dict[str, tuple[ec.EllipticCurve, hashes.HashAlgorithm, int, bytes]] = {
    "ES256": (ec.SECP256R1(), hashes.SHA256(), 32, b"\x80\x24"),
    "ES384": (ec.SECP384R1(), hashes.SHA384(), 48, b"\x81\x24"),
    "ES512": (ec.SECP521R1(), hashes.SHA512(), 66, b"\x82\x24"),
    "ES256K": (ec.SECP256K1(), hashes.SHA256(), 32, b"\xe7\x01"),
}
_DIGESTS: dict[str, hashes.HashAlgorithm] = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
RSA_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")


@lru_cache(maxsize=256)
def _private_key(alg: str, seed: bytes) -> _PrivateKey:
    digest = hashlib.sha384(seed).digest()
    if alg == "EdDSA":
        return ed25519.Ed25519PrivateKey.from_private_bytes(digest[:32])
    if alg in _CURVES:
        curve, _, size, _ = _CURVES[alg]
        return ec.derive_private_key(int.from_bytes(digest[: size - 1], "big") + 1, curve)
    if alg in RSA_ALGORITHMS:
        return rsa.generate_private_key(65537, 2048)
    raise ValueError(f"no such algorithm: {alg}")


class SigningKey:
    """A key pair made from a seed (an RSA pair is made anew in each process).

    Args:
        alg: `EdDSA`, `ES256`, `ES384`, `ES512`, `ES256K`, or one of `RSA_ALGORITHMS`.
    """

    def __init__(self, seed: str | bytes, alg: str = "EdDSA") -> None:
        self.alg = alg
        self._key = _private_key(alg, seed.encode() if isinstance(seed, str) else seed)

    def sign(self, data: bytes) -> bytes:
        """A signature in JOSE's raw form."""
        if isinstance(self._key, ed25519.Ed25519PrivateKey):
            return self._key.sign(data)
        if isinstance(self._key, rsa.RSAPrivateKey):
            digest = _DIGESTS[self.alg[2:]]
            if self.alg.startswith("PS"):
                return self._key.sign(data, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
            return self._key.sign(data, padding.PKCS1v15(), digest)
        _, digest, size, _ = _CURVES[self.alg]
        r, s = decode_dss_signature(self._key.sign(data, ec.ECDSA(digest)))
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")

    @property
    def multikey(self) -> str:
        """The public half as a Multikey."""
        public = self._key.public_key()
        if isinstance(public, ed25519.Ed25519PublicKey):
            raw = b"\xed\x01" + public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        elif isinstance(public, ec.EllipticCurvePublicKey):
            point = public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)
            raw = _CURVES[self.alg][3] + point
        else:
            raw = b"\x85\x24" + public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
        return "z" + codec.base58_encode(raw)

    @property
    def public_pem(self) -> str:
        """The public half in PEM, as Open Badges 2.0 publishes it."""
        public = self._key.public_key()
        pem, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        return public.public_bytes(pem, form).decode()

    @property
    def public_key(self) -> ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey:
        return self._key.public_key()

    @property
    def public_jwk(self) -> Json:
        public = self._key.public_key()
        if isinstance(public, ed25519.Ed25519PublicKey):
            return dict(OKPKey.import_key(public).as_dict(private=False))
        if isinstance(public, ec.EllipticCurvePublicKey):
            return dict(ECKey.import_key(public).as_dict(private=False))
        return dict(RSAKey.import_key(public).as_dict(private=False))


def compact_json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def jws(header: Json, payload: bytes, key: SigningKey) -> str:
    """A compact JWS (RFC 7515 section 7.1)."""
    signing_input = f"{codec.b64url_encode(compact_json(header))}.{codec.b64url_encode(payload)}"
    return f"{signing_input}.{codec.b64url_encode(key.sign(signing_input.encode()))}"
