"""A stand-in for a site that hosts Open Badges 2.0, in the shapes of Credly and of Badgr (Canvas, Parchment).

One object, two faces: `answers()` is a recorded world for `--documents` and tests, `app` is an ASGI application for a
demonstration on loopback (`GuardedDocuments(unsafe_loopback_hosts=...)`). Shapes as seen in public answers: unsalted
`sha256$` recipients and separate documents (Credly), salted ones and embedding on request (Badgr); 404 for what was
never there, 410 with `revoked` for what was taken back, pages beside the JSON.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import html
import json
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import parse_qs

from connector.testing import bake

Json = dict[str, Any]
Shape = Literal["credly", "badgr"]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

CONTEXT: Final = "https://w3id.org/openbadges/v2"
_NAMESPACE: Final = uuid.UUID("6f0c1c9e-5a35-4c3a-9d55-0b8a4f0c7a11")


def hash_identity(email: str, salt: str | None = None) -> str:
    """Open Badges 2.0 section 5.3: the salt goes behind the address."""
    return "sha256$" + hashlib.sha256((email + (salt or "")).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class HostedBadge:
    """One badge on the site.

    Attributes:
        url: the assertion's address; `page`: the page a person shares.
        assertion: what the site answered when the badge was issued.
    """

    url: str
    page: str
    assertion: Json

    def text(self) -> str:
        return json.dumps(self.assertion)

    def png(self, *, only_address: bool = False, compressed: bool = False) -> bytes:
        """The image a download button gives: the assertion baked in, or only its address."""
        text = self.url if only_address else self.text()
        return bake.bake_png(text, keyword=bake.OB2_KEYWORD, compressed=compressed)

    def svg(self, *, only_address: bool = False) -> bytes:
        return bake.bake_svg(self.url if only_address else self.text(), version=2, attribute=only_address)


class BadgeHost:
    """A site with one issuer on it.

    Args:
        host: where assertions live; `page_host`: where pages live, when elsewhere.
        shape: whose addresses and habits.
    """

    def __init__(
        self,
        host: str = "badges.lakeview.example",
        *,
        shape: Shape = "credly",
        page_host: str | None = None,
        issuer_name: str = "Lakeview University",
    ) -> None:
        self.host, self.shape, self.page_host = host, shape, page_host or host
        self._answers: dict[str, Json] = {}
        self._bodies: dict[str, Json] = {}
        self.profile = self._put(
            {
                "@context": CONTEXT,
                "type": "Issuer",
                "id": self._issuer_url(self._id("issuer", issuer_name)),
                "name": issuer_name,
                "url": f"https://{self.page_host}/",
                "email": f"registrar@{self.page_host}",
            }
        )

    # --- what a test or a demonstration does ---------------------------------------------------------------------

    def issue(
        self,
        email: str = "maria.okafor@mail.example",
        *,
        name: str = "Welder I",
        tags: tuple[str, ...] = ("MIG welding", "Blueprint reading"),
        issued_on: str = "2025-05-01T09:00:00Z",
        expires: str | None = None,
        hashed: bool = True,
        salt: str | None = None,
        embedded: bool = False,
    ) -> HostedBadge:
        """Put a badge on the site.

        Args:
            embedded: the assertion carries badge class and issuer in itself.
        """
        badge = self._put(self._badge_class(name, tags))
        identifier = self._id("assertion", f"{email} {name} {len(self._bodies)}")
        assertion: Json = {
            "@context": CONTEXT,
            "type": "Assertion",
            "id": self._assertion_url(identifier),
            "recipient": self._recipient(email, hashed, salt),
            "badge": {**badge, "issuer": self.profile} if embedded else badge["id"],
            "issuedOn": issued_on,
            "verification": {"type": "HostedBadge" if self.shape == "badgr" else "hosted"},
            "image": f"{self._assertion_url(identifier)}/image",
        }
        if expires is not None:
            assertion["expires"] = expires
        self._put(assertion)
        page = self._page_url(identifier)
        self._answers.setdefault(page, self._page(assertion["id"], name))
        return HostedBadge(assertion["id"], page, copy.deepcopy(assertion))

    def revoke(self, badge: HostedBadge, reason: str = "Issued in error") -> None:
        """Take a badge back: 410, and the body says so."""
        body = {"@context": CONTEXT, "id": badge.url, "revoked": True, "revocationReason": reason}
        self._answers[badge.url] = _json_answer(body, status=410)

    def remove(self, badge: HostedBadge) -> None:
        """Forget a badge: 404 from now on."""
        del self._answers[badge.url]

    def change(self, url: str, **members: Any) -> None:
        """Change one document of the site: members set, or left out when None."""
        body = {**self._bodies[url], **members}
        self._put({name: value for name, value in body.items() if value is not None}, at=url)

    def answer(self, url: str, **answer: Any) -> None:
        """Answer anything at all at an address (the members of a recorded answer)."""
        self._answers[url] = answer

    def answers(self) -> dict[str, Json]:
        """The site as a recorded world."""
        return copy.deepcopy(self._answers)

    # --- addresses and documents ---------------------------------------------------------------------------------

    def _id(self, kind: str, name: str) -> str:
        number = uuid.uuid5(_NAMESPACE, f"{self.host} {kind} {name}")
        return str(number) if self.shape == "credly" else base64.urlsafe_b64encode(number.bytes).decode().rstrip("=")

    def _issuer_url(self, identifier: str) -> str:
        path = "v1/obi/v2/issuers" if self.shape == "credly" else "public/issuers"
        return f"https://{self.host}/{path}/{identifier}"

    def _assertion_url(self, identifier: str) -> str:
        path = "v1/obi/v2/badge_assertions" if self.shape == "credly" else "public/assertions"
        return f"https://{self.host}/{path}/{identifier}"

    def _badge_url(self, identifier: str) -> str:
        if self.shape == "credly":
            return f"{self.profile['id']}/badge_classes/{identifier}"
        return f"https://{self.host}/public/badges/{identifier}"

    def _page_url(self, identifier: str) -> str:
        path = f"badges/{identifier}/public_url" if self.shape == "credly" else f"public/assertions/{identifier}"
        return f"https://{self.page_host}/{path}"

    def _badge_class(self, name: str, tags: tuple[str, ...]) -> Json:
        address = self._badge_url(self._id("badge", name))
        return {
            "@context": CONTEXT,
            "type": "BadgeClass",
            "id": address,
            "name": name,
            "description": f"Earned for {name}.",
            "image": f"{address}/image",
            "criteria": {"narrative": "Passed the practical examination."},
            "issuer": self.profile["id"],
            "tags": list(tags),
        }

    def _recipient(self, email: str, hashed: bool, salt: str | None) -> Json:
        identity = hash_identity(email, salt) if hashed else email
        recipient: Json = {"type": "email", "hashed": hashed, "identity": identity}
        return {**recipient, "salt": salt} if salt is not None else recipient

    def _put(self, body: Json, *, at: str | None = None) -> Json:
        url = at or body["id"]
        self._bodies[url], self._answers[url] = body, _json_answer(body)
        return body

    def _page(self, assertion: str, name: str) -> Json:
        title = html.escape(f"{name}, {self.profile['name']}")
        text = (
            f'<!DOCTYPE html><html><head><title>{title}</title><meta property="og:title" content="{title}">'
            f'<link rel="alternate" type="application/json" href="{html.escape(assertion)}"></head>'
            f"<body><h1>{title}</h1></body></html>"
        )
        return {"status": 200, "content_type": "text/html; charset=utf-8", "body": text}

    # --- as a server ---------------------------------------------------------------------------------------------

    @property
    def app(self) -> BadgeHost:
        """An ASGI application that answers for `host` and `page_host`, whatever address it listens on."""
        return self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        query = parse_qs(scope.get("query_string", b"").decode())
        host = headers.get("host", self.host).partition(":")[0]
        found = self._find(host, scope["path"], headers.get("accept", ""), query)
        await send(
            {
                "type": "http.response.start",
                "status": found["status"],
                "headers": [(b"content-type", found["content_type"].encode())],
            }
        )
        await send({"type": "http.response.body", "body": found["body"].encode()})

    def _find(self, host: str, path: str, accept: str, query: dict[str, list[str]]) -> Json:
        names = [host] if host in (self.host, self.page_host) else [self.host, self.page_host]
        for name in names:
            url = f"https://{name}{path}"
            if url in self._answers:
                return self._negotiated(url, accept, query)
        return _json_answer({"error": "not found"}, status=404)

    def _negotiated(self, url: str, accept: str, query: dict[str, list[str]]) -> Json:
        """Badgr answers a browser with a page, and embeds what `expand` asks for."""
        body = self._bodies.get(url)
        answer = {"status": 200, "content_type": "application/json", "body": "", **self._answers[url]}
        if self.shape != "badgr" or body is None or answer["status"] != 200 or body["type"] != "Assertion":
            return answer
        if accept.split(",")[0].strip() == "text/html":
            return self._page(url, "Badge")
        badge = self._bodies.get(str(body["badge"]))
        if "badge" in query.get("expand", []) and badge is not None:
            issuer = self.profile if "badge.issuer" in query["expand"] else badge["issuer"]
            return _json_answer({**body, "badge": {**badge, "issuer": issuer}})
        return answer


def _json_answer(body: Json, status: int = 200) -> Json:
    return {"status": status, "content_type": "application/json", "body": json.dumps(body)}
