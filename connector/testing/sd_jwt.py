"""Mints SD-JWTs for tests: genuine ones, and ones with exactly one thing wrong (RFC 9901).

>>> lakeview = Issuer("lakeview", method="web", alg="ES256")
>>> minted = SdJwtMint(lakeview).mint({"vct": "https://lakeview.example/welder", "name": "Maria"}, hide=["name"])
>>> minted.text()
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from connector import codec
from connector.testing.issuer import Issuer
from connector.testing.signing import Json, SigningKey, compact_json, jws

_HASHES: Final = {"sha-256": "sha256", "sha-384": "sha384", "sha-512": "sha512"}
_ELEMENT: Final = "..."


def disclosure(*parts: Any) -> str:
    """A disclosure: salt, name and value, or salt and value."""
    return codec.b64url_encode(json.dumps(parts, ensure_ascii=False).encode())


def digest(text: str, algorithm: str = "sha-256") -> str:
    """The digest of a disclosure, and the `sd_hash` of what is presented."""
    return codec.b64url_encode(hashlib.new(_HASHES[algorithm], text.encode()).digest())


@dataclass(frozen=True)
class Minted:
    """An SD-JWT in its parts.

    Attributes:
        token: the issuer's JWT.
        disclosures: in the order in which they were made, by the dotted path that they stand for.
    """

    token: str
    disclosures: dict[str, str]
    algorithm: str = "sha-256"

    def text(self, *, only: Sequence[str] | None = None, more: Sequence[str] = ()) -> str:
        """The whole SD-JWT.

        Args:
            only: the paths that are disclosed; all without it.
            more: further disclosures, as they are.
        """
        shown = [text for path, text in self.disclosures.items() if only is None or path in only]
        return "~".join([self.token, *shown, *more, ""])

    def bound(
        self,
        holder: SigningKey,
        *,
        nonce: str = "n-1",
        audience: Any = "https://apply.example",
        made: int = 0,
        only: Sequence[str] | None = None,
        header: Json | None = None,
        claims: Json | None = None,
        over: str | None = None,
    ) -> str:
        """The same with a key binding by `holder`.

        Args:
            made: `iat`, in seconds since 1970.
            header, claims: members that replace or add to the honest ones; None takes one away.
            over: what `sd_hash` is taken over, when not what is presented.
        """
        presented = self.text(only=only)
        said: Json = {
            "iat": made,
            "nonce": nonce,
            "aud": audience,
            "sd_hash": digest(over if over is not None else presented, self.algorithm),
        }
        said = {name: value for name, value in (said | (claims or {})).items() if value is not None}
        full = {"alg": holder.alg, "typ": "kb+jwt"} | (header or {})
        full = {name: value for name, value in full.items() if value is not None}
        return presented + jws(full, compact_json(said), holder)


class SdJwtMint:
    """Mints in the name of an issuer."""

    def __init__(self, issuer: Issuer) -> None:
        self.issuer = issuer

    def claims(self, **claims: Any) -> Json:
        """The plain claims of an SD-JWT VC about somebody who earned an achievement."""
        return {
            "iss": self.issuer.id,
            "vct": "https://lakeview.example/credentials/welder",
            "iat": 1_746_057_600,
            "sub": "did:example:maria",
            "email": "maria@mail.example",
            "achievement": {"type": ["Achievement"], "name": "Welder I", "achievementType": "Certificate"},
        } | claims

    def mint(
        self,
        payload: Json,
        *,
        hide: Sequence[str] = (),
        decoys: int = 0,
        algorithm: str | None = None,
        header: Json | None = None,
        wrong_key: bool = False,
    ) -> Minted:
        """An SD-JWT over `payload`.

        Args:
            hide: dotted paths of members and array elements to disclose selectively (`name`, `address.city`,
                `tag.0`), the inner before the outer that holds it.
            decoys: digests of nothing at the top.
            algorithm: `_sd_alg`; without it none is named.
            header: members that replace or add to the honest ones; None takes one away.
        """
        payload, made = copy.deepcopy(payload), {}
        for path in hide:
            made[path] = _hide(payload, path.split("."), algorithm or "sha-256")
        if decoys:
            payload.setdefault("_sd", []).extend(digest(f"decoy {n}") for n in range(decoys))
        if algorithm is not None:
            payload["_sd_alg"] = algorithm
        token = self.issuer.jwt(payload, typ="dc+sd-jwt", header=header, wrong_key=wrong_key)
        return Minted(token, made, algorithm or "sha-256")

    def badge(self, *, hide: Sequence[str] = (), header: Json | None = None, **options: Any) -> Minted:
        """An Open Badge 3.0 as SD-JWT (VC-JOSE-COSE section 3.2)."""
        document = self.issuer.unsigned_badge(**options)
        return self.mint({"iss": self.issuer.id, **document}, hide=hide, header={"typ": "vc+sd-jwt"} | (header or {}))


def _hide(payload: Json, steps: list[str], algorithm: str) -> str:
    here: Any = payload
    for step in steps[:-1]:
        here = here[int(step)] if isinstance(here, list) else here[step]
    salt = f"salt of {'.'.join(steps)}"
    if isinstance(here, list):
        text = disclosure(salt, here[int(steps[-1])])
        here[int(steps[-1])] = {_ELEMENT: digest(text, algorithm)}
        return text
    text = disclosure(salt, steps[-1], here.pop(steps[-1]))
    here.setdefault("_sd", []).append(digest(text, algorithm))
    return text


def jwt_vc_issuer_metadata(issuer: Issuer, /, *, kid: str = "key-1", **members: Any) -> Json:
    """JWT VC Issuer Metadata of an https issuer, with its key written out."""
    metadata: Json = {"issuer": issuer.id, "jwks": {"keys": [{**issuer.key.public_jwk, "kid": kid}]}} | members
    return {name: value for name, value in metadata.items() if value is not None}
