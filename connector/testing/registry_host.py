"""Stand-ins for registries of issuers: a DCC registry file, and an OpenID Federation with one trust anchor.

Like `badge_host`: `answers()` is a recorded world, the object itself is an ASGI application for loopback. `down` makes
every answer HTTP 503, as an outage does.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs, quote

from connector.testing.signing import SigningKey, compact_json, jws

Json = dict[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

TYPE: Final = "application/entity-statement+jwt"


class _Host:
    """Answers what `_answer` says, counting what was asked."""

    def __init__(self, host: str) -> None:
        self.host, self.down = host, False
        self.asked: list[str] = []

    def _answer(self, path: str, query: dict[str, list[str]]) -> tuple[int, str, bytes]:
        raise NotImplementedError

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        query = parse_qs(scope.get("query_string", b"").decode())
        self.asked.append(scope["path"])
        status, kind, body = (503, "text/plain", b"down") if self.down else self._answer(scope["path"], query)
        headers = [(b"content-type", kind.encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


class DccRegistryHost(_Host):
    """A site with one registry file.

    Args:
        entries: identifier -> `{"name", "location", "url"}`.
    """

    def __init__(self, entries: dict[str, Json], *, host: str = "registry.example", path: str = "/registry.json"):
        super().__init__(host)
        self.entries, self.path = dict(entries), path

    @property
    def url(self) -> str:
        return f"https://{self.host}{self.path}"

    def text(self) -> str:
        return json.dumps({"meta": {"updated": "2026-11-01T00:00:00Z"}, "registry": self.entries})

    def answers(self) -> dict[str, Json]:
        return {self.url: {"body": self.text(), "content_type": "application/json"}}

    def _answer(self, path: str, query: dict[str, list[str]]) -> tuple[int, str, bytes]:
        return (200, "application/json", self.text().encode()) if path == self.path else (404, "text/plain", b"")


class FederationHost(_Host):
    """A trust anchor that issues statements about issuers (OpenID Federation 1.0).

    Args:
        names: identifier -> the name under which it is listed.
        now: when statements are made; each speaks for a day.
    """

    def __init__(
        self,
        names: dict[str, str],
        *,
        host: str = "federation.example",
        alg: str = "ES256",
        own_name: str = "Identity Registry",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(host)
        self.own_name = own_name
        self.names, self.key, self.now = dict(names), SigningKey(f"anchor {host}", alg), now
        self.subject_keys: dict[str, list[Json]] = {}
        self.header: Json = {}
        self.claims: Json = {}
        """Members that the next statements carry beside, or instead of, the right ones."""
        self.signing = self.key

    @property
    def url(self) -> str:
        return f"https://{self.host}"

    @property
    def jwks(self) -> Json:
        """What an employer pins."""
        return {"keys": [{**self.key.public_jwk, "kid": "anchor-1"}]}

    def configuration(self) -> str:
        entity = {
            "organization_name": self.own_name,
            "federation_fetch_endpoint": f"{self.url}/fetch",
            "federation_list_endpoint": f"{self.url}/subordinate_listing",
        }
        return self.sign(self._claims(self.url, entity) | {"jwks": self.jwks})

    def statement(self, subject: str) -> str:
        entity = {"organization_name": self.names[subject], "homepage_uri": "https://lakeview.example/"}
        claims = self._claims(subject, entity)
        claims["metadata"]["institution_additional_information"] = {"legal_name": f"{self.names[subject]}, Inc."}
        if subject in self.subject_keys:
            claims["jwks"] = {"keys": self.subject_keys[subject]}
        return self.sign({**claims, **self.claims}, **self.header)

    def sign(self, claims: Json, **header: Any) -> str:
        base = {"alg": self.signing.alg, "typ": "entity-statement+jwt", "kid": "anchor-1"}
        members = {k: v for k, v in {**base, **header}.items() if v is not None}
        return jws(members, compact_json({k: v for k, v in claims.items() if v is not None}), self.signing)

    def answers(self) -> dict[str, Json]:
        configuration = {"body": self.configuration(), "content_type": TYPE}
        statements = {
            f"{self.url}/fetch?sub={quote(subject, safe=':/')}": {"body": self.statement(subject), "content_type": TYPE}
            for subject in self.names
        }
        return {f"{self.url}/.well-known/openid-federation": configuration, **statements}

    def _claims(self, subject: str, entity: Json) -> Json:
        now = self.now()
        return {
            "iss": self.url,
            "sub": subject,
            "iat": int(now.timestamp()),
            "exp": int((now + timedelta(days=1)).timestamp()),
            "metadata": {"federation_entity": entity},
        }

    def _answer(self, path: str, query: dict[str, list[str]]) -> tuple[int, str, bytes]:
        subject = query.get("sub", [""])[0]
        if path == "/.well-known/openid-federation":
            return 200, TYPE, self.configuration().encode()
        if path == "/fetch" and subject in self.names:
            return 200, TYPE, self.statement(subject).encode()
        return 404, "application/json", b'{"error": "not_found"}'
