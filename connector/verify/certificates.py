"""Keys in certificates: the `x5c` header of an SD-JWT (RFC 7515 section 4.1.6; SD-JWT VC, Issuer Signature Mechanisms).

A chain says whose key it is only when it leads to a certificate that the employer trusts, and the one at its end is for
the very `iss` of the token. Every other chain shows integrity, like a bare key in the header. Revocation lists of
certificates are not fetched.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509 import verification
from cryptography.x509.oid import ExtendedKeyUsageOID

from connector import codec, hosting
from connector.errors import IntakeError
from connector.verify import keys
from connector.verify.did import FoundKey
from connector.verify.errors import CheckError
from connector.verify.keys import PublicKey

MAX_CHAIN: Final = 6
"""Leaf, two or three intermediate certificates, and a root that should not be there."""
MAX_CERTIFICATE_CHARS: Final = 8_000
"""A certificate with an RSA key of 4096 bits takes 2,600 in base64."""

_CURVES: Final = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521", "secp256k1": "secp256k1"}
_OTHER_USES: Final = frozenset(
    {
        ExtendedKeyUsageOID.SERVER_AUTH,
        ExtendedKeyUsageOID.CLIENT_AUTH,
        ExtendedKeyUsageOID.CODE_SIGNING,
        ExtendedKeyUsageOID.EMAIL_PROTECTION,
        ExtendedKeyUsageOID.TIME_STAMPING,
        ExtendedKeyUsageOID.OCSP_SIGNING,
    }
)
"""Uses of which none is to sign records: a web server's certificate is not an issuer's (RFC 5280 section 4.2.1.12)."""


def found_key(x5c: object, issuer: object, anchors: tuple[str, ...], *, now: datetime) -> FoundKey:
    """The key of the first certificate; its controller is `issuer` where a trusted certificate stands behind it.

    Args:
        issuer: whom the token names; None for one that leaves that to its certificate, which then has to have one name.
        anchors: trusted certificates, as PEM.

    Raises:
        CheckError: the header holds no certificates that can be read, or its key cannot be used; or a trusted
            certificate stands behind one that is for somebody else.
    """
    leaf, *others = _read(x5c)
    key = _key_of(leaf)
    names = _trusted_names(leaf, others, anchors, now)
    if issuer is None and names is not None:
        return FoundKey(key, _only_name(names), "")
    if names is None or not isinstance(issuer, str):
        return FoundKey(key, None, "")
    if not _names_issuer(names, issuer):
        raise CheckError("key_not_authorised", "the certificate is not for iss")
    return FoundKey(key, issuer, "")


def read_anchors(pem: str) -> list[x509.Certificate]:
    """The certificates in a PEM text.

    Raises:
        ValueError: there is none, or one that cannot be read.
    """
    return x509.load_pem_x509_certificates(pem.encode())


def _read(x5c: object) -> list[x509.Certificate]:
    if not isinstance(x5c, list) or not 1 <= len(x5c) <= MAX_CHAIN:
        raise CheckError("key_malformed", "x5c is no list of certificates")
    return [_certificate(text) for text in x5c]


def _certificate(text: object) -> x509.Certificate:
    if not isinstance(text, str) or len(text) > MAX_CERTIFICATE_CHARS:
        raise CheckError("key_malformed", "x5c holds something that is no certificate")
    try:
        return x509.load_der_x509_certificate(codec.b64_decode(text))
    except (IntakeError, ValueError):
        raise CheckError("key_malformed", "x5c holds something that is no certificate") from None


def _key_of(leaf: x509.Certificate) -> PublicKey:
    """Its key, read under the rules for every other key."""
    try:
        public = leaf.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise CheckError("key_malformed", "the key in the certificate") from None
    if isinstance(public, ed25519.Ed25519PublicKey):
        raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return keys.from_jwk({"kty": "OKP", "crv": "Ed25519", "x": codec.b64url_encode(raw)})
    if isinstance(public, ec.EllipticCurvePublicKey) and public.curve.name in _CURVES:
        size, point = (public.curve.key_size + 7) // 8, public.public_numbers()
        x, y = (codec.b64url_encode(number.to_bytes(size, "big")) for number in (point.x, point.y))
        return keys.from_jwk({"kty": "EC", "crv": _CURVES[public.curve.name], "x": x, "y": y})
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        n, e = (
            codec.b64url_encode(number.to_bytes((number.bit_length() + 7) // 8, "big"))
            for number in (numbers.n, numbers.e)
        )
        return keys.from_jwk({"kty": "RSA", "n": n, "e": e})
    raise CheckError("key_kind_unsupported", type(public).__name__)


# --- trust -------------------------------------------------------------------------------------------------------


def _trusted_names(
    leaf: x509.Certificate, others: list[x509.Certificate], anchors: tuple[str, ...], now: datetime
) -> list[x509.GeneralName] | None:
    """The names a certificate is for, when its chain leads to an anchor; None when it does not, or not any more."""
    if not anchors or len({one.subject for one in others}) < len(others):
        return None  # a chain (RFC 7515 section 4.1.6) names each authority once; else there are many paths to try
    builder = verification.PolicyBuilder().store(_store(anchors)).time(now).max_chain_depth(MAX_CHAIN)
    builder = builder.extension_policies(
        ca_policy=verification.ExtensionPolicy.webpki_defaults_ca(), ee_policy=_LEAF_POLICY
    )
    try:
        return builder.build_client_verifier().verify(leaf, others).subjects
    except verification.VerificationError:
        return None


@lru_cache(maxsize=16)
def _store(anchors: tuple[str, ...]) -> verification.Store:
    return verification.Store([certificate for pem in anchors for certificate in read_anchors(pem)])


def _may_sign(_: verification.Policy, __: x509.Certificate, usage: x509.KeyUsage | None) -> None:
    if usage is not None and not usage.digital_signature:
        raise ValueError("the certificate is not for signatures")


def _is_no_authority(_: verification.Policy, __: x509.Certificate, constraints: x509.BasicConstraints | None) -> None:
    if constraints is not None and constraints.ca:
        raise ValueError("the certificate is an authority's")


def _is_not_for_others(_: verification.Policy, __: x509.Certificate, uses: x509.ExtendedKeyUsage | None) -> None:
    if uses is not None and set(uses) <= _OTHER_USES:
        raise ValueError("the certificate is for another use")


_ANY: Final = verification.Criticality.AGNOSTIC
_LEAF_POLICY: Final = (
    verification.ExtensionPolicy.permit_all()
    .require_present(x509.SubjectAlternativeName, _ANY, None)
    .may_be_present(x509.KeyUsage, _ANY, _may_sign)
    .may_be_present(x509.BasicConstraints, _ANY, _is_no_authority)
    .may_be_present(x509.ExtendedKeyUsage, _ANY, _is_not_for_others)
)


def _only_name(names: list[x509.GeneralName]) -> str | None:
    """The one identifier that a certificate is for: its URI, or its host as an https issuer; None for several."""
    uris = [name.value for name in names if isinstance(name, x509.UniformResourceIdentifier)]
    hosts = [name.value for name in names if isinstance(name, x509.DNSName)]
    if len(uris) == 1:
        return uris[0]
    return f"https://{hosts[0]}" if len(hosts) == 1 and not uris and "*" not in hosts[0] else None


def _names_issuer(names: list[x509.GeneralName], issuer: str) -> bool:
    """Whether a name is `issuer` itself, or the host of an https one; wildcards are not for issuers."""
    host: Any = None
    try:
        parts = hosting.split(issuer)
        host = parts.hostname if parts.scheme == "https" else None
    except ValueError:
        return False
    for name in names:
        if isinstance(name, x509.UniformResourceIdentifier) and name.value == issuer:
            return True
        if isinstance(name, x509.DNSName) and host is not None and name.value.lower() == host:
            return True
    return False
