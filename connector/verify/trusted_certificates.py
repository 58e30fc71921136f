"""The policy's `trusted_certificates`: which certificate authorities the employer lets vouch for issuers.

A certificate ties a key to an issuer's identifier and nothing more: whom the employer recognises is decided by
`trusted_issuers` alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Self

from pydantic import BaseModel, ConfigDict, model_validator

MAX_PEM_BYTES: Final = 1_000_000
"""A national list of trusted authorities stays below."""


class TrustedCertificate(BaseModel):
    """One or more certificates in PEM, in the policy itself or in a file beside it."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    file: str | None = None
    pem: str | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.file is None) == (self.pem is None):
            raise ValueError("a trusted certificate needs either file or pem")
        if self.pem is not None:
            _check(self.pem)
        return self

    def loaded(self, base: Path) -> TrustedCertificate:
        """The same with what its file holds.

        Raises:
            ValueError: the file cannot be read, or holds no certificates.
        """
        if self.file is None:
            return self
        try:
            raw = (base / self.file).read_bytes()
        except OSError as error:
            raise ValueError(f"{self.file} cannot be read: {error.strerror}") from None
        if len(raw) > MAX_PEM_BYTES:
            raise ValueError(f"{self.file} is too large")
        return TrustedCertificate(pem=_checked(raw.decode("ascii", errors="replace"), self.file))


def as_certificate(value: Any) -> Any:
    """A plain string is a file's name."""
    return {"file": value} if isinstance(value, str) else value


def _checked(pem: str, file: str) -> str:
    try:
        _check(pem)
    except ValueError:
        raise ValueError(f"{file} holds no certificates in PEM that can be read") from None
    return pem


def _check(pem: str) -> None:
    from connector.verify.certificates import read_anchors  # X.509 takes long to load, and few policies name any

    try:
        read_anchors(pem)
    except ValueError:
        raise ValueError("there is no certificate in PEM that can be read") from None
