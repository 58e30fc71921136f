"""Mints signed Open Badges 2.0: a JWS, and the documents that its issuer publishes for it.

`documents` holds what has to be reachable, address -> document: profile, key, badge class and revocation list.
"""

from __future__ import annotations

from typing import Any

from connector.testing.badge_host import CONTEXT, hash_identity
from connector.testing.pieces import uuid_of
from connector.testing.signing import Json, SigningKey, compact_json, jws


class SignedBadges:
    """An issuer that signs its badges.

    Args:
        seed: the same seed gives the same key (except RS256).
        host: where it publishes.
        alg: what it signs with.
        key_form: how it publishes its key: `pem`, `jwk`, or `profile` (in the profile itself, without a document).
    """

    def __init__(
        self,
        seed: str = "lakeview",
        *,
        host: str = "badges.lakeview.example",
        alg: str = "ES256",
        key_form: str = "pem",
        name: str = "Lakeview University",
    ) -> None:
        self.key, self._stranger = SigningKey(seed, alg), SigningKey(f"{seed} but somebody else", alg)
        self.alg, self.host = alg, host
        self.profile_url, self.key_url = f"https://{host}/issuer", f"https://{host}/key"
        self.badge_url, self.list_url = f"https://{host}/badges/welder", f"https://{host}/revoked"
        self.id = self.profile_url
        public: Json = {"publicKeyPem": self.key.public_pem}
        if key_form == "jwk":
            public = {"publicKeyJwk": self.key.public_jwk}
        self.key_document: Json = {
            "@context": CONTEXT,
            "type": "CryptographicKey",
            "id": self.key_url,
            "owner": self.profile_url,
            **public,
        }
        inside = key_form == "profile"
        self.profile: Json = {
            "@context": CONTEXT,
            "type": "Issuer",
            "id": self.profile_url,
            "name": name,
            "url": f"https://{host}/",
            "email": f"registrar@{host}",
            "publicKey": {"id": self.key_url, **public} if inside else self.key_url,
            "revocationList": self.list_url,
        }
        self.badge: Json = {
            "@context": CONTEXT,
            "type": "BadgeClass",
            "id": self.badge_url,
            "name": "Welder I",
            "description": "Welds safely.",
            "image": f"{self.badge_url}/image",
            "criteria": {"narrative": "Passed the practical examination."},
            "issuer": self.profile_url,
            "tags": ["MIG welding"],
        }
        self.revoked: list[Any] = []
        self.documents: dict[str, Any] = {self.badge_url: self.badge, self.profile_url: self.profile}
        if not inside:
            self.documents[self.key_url] = self.key_document
        self.documents[self.list_url] = {
            "@context": CONTEXT,
            "type": "RevocationList",
            "id": self.list_url,
            "issuer": self.profile_url,
            "revokedAssertions": self.revoked,
        }

    def assertion(self, email: str = "maria@mail.example", **members: Any) -> Json:
        """What is signed; `members` replace or add to it, None leaves one out."""
        honest: Json = {
            "@context": CONTEXT,
            "type": "Assertion",
            "id": f"urn:uuid:{uuid_of(self.host, email)}",
            "recipient": {
                "type": "email",
                "hashed": True,
                "salt": "deadsea",
                "identity": hash_identity(email, "deadsea"),
            },
            "badge": self.badge_url,
            "issuedOn": "2025-05-01T09:00:00Z",
            "verification": {"type": "SignedBadge", "creator": self.key_url},
        }
        return {name: value for name, value in (honest | members).items() if value is not None}

    def issue(self, *, header: Json | None = None, wrong_key: bool = False, **members: Any) -> str:
        """A badge as a compact JWS.

        Args:
            header: members that replace or add to the honest ones; None leaves one out.
            wrong_key: signed with somebody else's key, in this issuer's name.
        """
        full: Json = {"alg": self.alg, "typ": "JWT"} | (header or {})
        full = {name: value for name, value in full.items() if value is not None}
        return jws(full, compact_json(self.assertion(**members)), self._stranger if wrong_key else self.key)
