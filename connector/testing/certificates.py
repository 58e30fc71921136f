"""Certificates for tests: an authority, what it certifies, and what is wrong with it (RFC 5280)."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connector.testing.signing import SigningKey

FROM: Final = datetime(2025, 1, 1, tzinfo=UTC)
UNTIL: Final = datetime(2031, 1, 1, tzinfo=UTC)


class Authority:
    """A certificate authority, its own root or below another.

    Args:
        ca: False makes a certificate that is no authority's.
    """

    def __init__(self, name: str, *, above: Authority | None = None, ca: bool = True, until: datetime = UNTIL) -> None:
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.key = ec.derive_private_key(sum(map(ord, name)) + 1, ec.SECP256R1())
        self._above = above
        signer = above or self
        builder = _builder(self.name, signer.name, self.key.public_key(), until)
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        builder = builder.add_extension(_usage(signs=not ca, certifies=ca), critical=True)
        self.certificate = _identified(builder, self.key, signer.key).sign(signer.key, hashes.SHA256())

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def certify(
        self,
        key: SigningKey,
        *,
        uris: tuple[str, ...] = (),
        hosts: tuple[str, ...] = (),
        until: datetime = UNTIL,
        usage: x509.KeyUsage | None = None,
        uses: tuple[x509.ObjectIdentifier, ...] = (),
        ca: bool = False,
    ) -> list[str]:
        """The `x5c` for an issuer's key: its certificate, then those of the authorities below the root.

        Args:
            uris, hosts: the names that the certificate is for.
        """
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an issuer")])
        builder = _builder(subject, self.name, key.public_key, until)
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        builder = builder.add_extension(usage or _usage(signs=True), critical=True)
        names: list[x509.GeneralName] = [x509.UniformResourceIdentifier(uri) for uri in uris]
        names += [x509.DNSName(host) for host in hosts]
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        if uses:
            builder = builder.add_extension(x509.ExtendedKeyUsage(uses), critical=False)
        leaf = _identified(builder, self.key, self.key).sign(self.key, hashes.SHA256())
        return [_written(leaf), *self._chain()]

    def _chain(self) -> list[str]:
        return [] if self._above is None else [_written(self.certificate), *self._above._chain()]


def key_usage(**members: bool) -> x509.KeyUsage:
    """A key usage with only these members set."""
    return _usage(**members)


def _usage(*, signs: bool = False, certifies: bool = False, agrees: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=agrees,
        key_cert_sign=certifies,
        crl_sign=certifies,
        encipher_only=False,
        decipher_only=False,
    )


def _builder(subject: x509.Name, issuer: x509.Name, key: Any, until: datetime) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    begins = min(FROM, until - timedelta(days=1))
    return builder.serial_number(1000).not_valid_before(begins).not_valid_after(until)


def _identified(
    builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey, signer: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    above = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    return builder.add_extension(own, critical=False).add_extension(above, critical=False)


def _written(certificate: x509.Certificate) -> str:
    return base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()
