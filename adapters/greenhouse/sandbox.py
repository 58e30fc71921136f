"""A stand-in for Greenhouse Harvest v3, in its wire format, refusing what it refuses.

Switches (`SandboxSeed.options`), each for something that sources disagree about or that happens to a real account:

- `custom_fields_patch`: `replace` (default) or `merge`: what a PATCH does to custom fields that it does not name.
- `patch_answer`: `row` (default) or `message`: the candidate, or `{"message"}` first and the change after
  `processing_seconds` (default 0: at the next request).
- `visibility_seconds`: new notes, files and tag memberships are listed only after so long (default 0).
- `token_expiry_field`: `expires_in` (default), `expires_at` or `expires`; `token_seconds` (default 3600);
  `single_active_token`: a new token ends the older ones; `token_limit` per 60 s (default 600).
- `rate_limit` per 30 s (default 600); `max_attachment_bytes`; `bare_404`: a missing record's 404 without `errors`.
- `non_admin`: `empty` (default) or `403`: what lists answer when the acting user is no Site Admin.
"""

from __future__ import annotations

import base64
import math
import re
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from adapters.greenhouse.doctor import SCOPES, USERS
from adapters.greenhouse.lists import LISTS, Pager
from adapters.greenhouse.refusals import (
    body_of,
    checked_values,
    decoded,
    not_found,
    one_of,
    unprocessable,
    whole_number,
)
from adapters.greenhouse.world import HIDDEN, Candidate, Row, World
from adapters.standin import FixedWindow, Refusal, Section, StandIn, seed_people
from connector.model.changes import AtsState
from connector.ports import SandboxPerson, SandboxSeed

CLIENT_ID: Final = "ler-demo-harvest"
CLIENT_SECRET: Final = "stand-in-secret"
MAX_ATTACHMENT_BYTES: Final = 10_000_000
RATE_SECONDS: Final = 30.0
TOKEN_RATE_SECONDS: Final = 60.0
GRANTS: Final = (
    "authorization_code",
    "refresh_token",
    "client_credentials",
    "urn:ietf:params:oauth:grant-type:token-exchange",
)
NOTE_TYPES: Final = ("NOTE", "ACTIVITY", "EMAIL")
VISIBILITY: Final = {"public": "publicly_visible", "private": "privately_visible", "admin_only": "admin_only_visible"}
ATTACHMENT_TYPES: Final = (
    "resume",
    "cover_letter",
    "take_home_test",
    "offer_packet",
    "offer_letter",
    "signed_offer_letter",
    "other",
    "form_attachment",
    "midfunnel_agreement",
    "automated_agreement",
)
CANDIDATE_COLLECTIONS: Final = (
    "phone_numbers",
    "addresses",
    "email_addresses",
    "website_addresses",
    "social_media_addresses",
    "linked_user_ids",
)
CANDIDATE_SCALARS: Final = ("first_name", "last_name", "preferred_name", "company", "title", "time_zone", "can_email")
Handler = Callable[[Request, "_Token"], Response]


@dataclass(frozen=True, slots=True)
class _Token:
    user: int
    ends_at: float


class GreenhouseSandbox(StandIn):
    """Implements `ports.Sandbox` for Greenhouse."""

    title = "Greenhouse"
    token_paths = frozenset({"/token"})

    def __init__(self, seed: SandboxSeed, *, now: Callable[[], float] = time.time) -> None:
        super().__init__(seed, now=now)
        self.world = World(seed_people(seed), now=now, next_id=self.next_id)
        self.permissions = set(SCOPES) - {USERS}  # its own settings name no acting user
        self._tokens: dict[str, _Token] = {}
        self._pager = Pager()
        self._window = FixedWindow(self.option("rate_limit", 600), RATE_SECONDS, now)
        self._token_window = FixedWindow(self.option("token_limit", 600), TOKEN_RATE_SECONDS, now)
        self._visible_from: dict[int, float] = {}
        self._pending: list[tuple[float, Candidate, dict[str, Any]]] = []

    # --- ports.Sandbox ---

    def routes(self) -> Sequence[BaseRoute]:
        lists = [Route(f"/v3/{path}", self._api("list", path, self._list), methods=["GET"]) for path in LISTS]
        return [
            Route("/token", self._token_request, methods=["POST"]),
            *lists,
            Route("/v3/candidates/{id}", self._api("update", "candidates", self._patch_candidate), methods=["PATCH"]),
            *self._writes("notes", self._create_note),
            *self._writes("candidate_tags", self._create_tag),
            *self._writes("applied_candidate_tags", self._apply_tag, self._delete_applied_tag),
            *self._writes("attachments", self._create_attachment, self._delete_attachment),
            Route("/v3/{rest:path}", _no_route, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
        ]

    def _writes(self, path: str, create: Handler, destroy: Handler | None = None) -> list[BaseRoute]:
        made: list[BaseRoute] = [Route(f"/v3/{path}", self._api("create", path, create), methods=["POST"])]
        if destroy is not None:
            made.append(Route(f"/v3/{path}/{{id}}", self._api("destroy", path, destroy), methods=["DELETE"]))
        return made

    def settings(self, base_url: str) -> dict[str, Any]:
        return {
            "api_url": f"{base_url}/v3",
            "token_url": f"{base_url}/token",
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
        }

    def people(self) -> Sequence[SandboxPerson]:
        return self.world.people()

    def holdings(self, candidate: str, application: str | None) -> AtsState:
        self._settle()
        return self.world.holdings(int(candidate), int(application) if application else None)

    def delete_candidate(self, candidate: str) -> None:
        self.world.delete_candidate(int(candidate))

    @property
    def absent_candidate(self) -> str:
        return "3999999"

    def expire_tokens(self) -> bool:
        self._tokens.clear()
        return True

    def field_names(self) -> dict[str, str]:
        return {row["name_key"]: row["name"] for row in self.world.custom_fields.values()}

    def sections(self, candidate: str, application: str) -> tuple[Section, ...]:
        """The recruiter sees every note, not only ours, and who may see it."""
        mine = [s for s in super().sections(candidate, application) if s.title != "Notes"]
        notes = [n for n in self.world.notes.values() if n["candidate_id"] == int(candidate)]
        rows = tuple((f"{n['type']}, {n['visibility'].replace('_', ' ')}", n["body"]) for n in notes)
        return (*mine, Section("Notes", rows))

    # --- tokens ---

    async def _token_request(self, request: Request) -> Response:
        """The vendor's own refusals, as measured in public on 2026-08-11."""
        form = {key: values[0] for key, values in parse_qs((await request.body()).decode()).items()}
        if not self._token_window.take():
            return JSONResponse({"message": "Too Many Requests"}, 429, {"Retry-After": "60"})
        refusal = _refused_client(request.headers.get("authorization", ""))
        if refusal is not None:
            return refusal
        grant = form.get("grant_type")
        if grant is None:
            return JSONResponse({"message": "Must include `grant_type` parameter in /token request"}, 400)
        if grant not in GRANTS:
            said = f"grant_type={grant} is invalid, please use one of: {', '.join(GRANTS)}"
            return JSONResponse({"message": said}, 400)
        if grant != "client_credentials":
            return JSONResponse({"error": "unauthorized_client"}, 400)
        user = form.get("sub", str(self.world.service_user))
        if not user.isdecimal() or int(user) not in self.world.users:
            return _auth_error(400, f"sub={user} is invalid")
        return JSONResponse(self._issue(int(user)))

    def _issue(self, user: int) -> dict[str, Any]:
        if self.option("single_active_token", False):
            self._tokens.clear()
        seconds, access = int(self.option("token_seconds", 3600)), secrets.token_urlsafe(24)
        ends_at = self.now() + seconds
        self._tokens[access] = _Token(user, ends_at)
        iso = datetime.fromtimestamp(ends_at, UTC).isoformat().replace("+00:00", "Z")
        name = self.option("token_expiry_field", "expires_in")
        return {"token_type": "Bearer", "access_token": access, name: seconds if name == "expires_in" else iso}

    # --- every request ---

    def _api(self, action: str, path: str, handler: Handler) -> Callable[[Request], Any]:
        scope = f"harvest:{path}:{action}"

        async def endpoint(request: Request) -> Response:
            request.state.body = await request.body()
            token = self._authenticated(request)
            if not self._window.take():
                headers = self._rate_headers() | {"Retry-After": str(self._seconds_left())}
                return JSONResponse({"message": "Too Many Requests"}, 429, headers)
            self._settle()
            try:
                self._authorise(scope, token, action)
                response = handler(request, token)
            except Refusal as refusal:
                response = refusal.response
            response.headers.update(self._rate_headers())
            return response

        return endpoint

    def _authenticated(self, request: Request) -> _Token:
        scheme, _, access = request.headers.get("authorization", "").partition(" ")
        token = self._tokens.get(access) if scheme.casefold() == "bearer" else None
        if token is None or self.now() >= token.ends_at:
            error = "Token could not be decoded. Please ensure your token is from a trusted source."
            raise Refusal(JSONResponse({"message": "Unauthorized", "errors": [error]}, 401))
        return token

    def _authorise(self, scope: str, token: _Token, action: str) -> None:
        """The credential's scopes, then the acting user's rights."""
        if scope not in self.permissions:
            raise Refusal(JSONResponse({"message": "Forbidden"}, 403))
        if not self.world.users[token.user]["site_admin"] and action == "list":
            empty = self.option("non_admin", "empty") == "empty"
            raise Refusal(JSONResponse([], 200) if empty else JSONResponse({"message": "Forbidden"}, 403))

    def _rate_headers(self) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self._window.limit),
            "X-RateLimit-Remaining": str(self._window.remaining),
            "X-RateLimit-Reset": str(math.ceil(self._window.resets_at)),
        }

    def _seconds_left(self) -> int:
        return max(math.ceil(self._window.resets_at - self.now()), 1)

    def _settle(self) -> None:
        """Do what was answered with "processing" and is due."""
        due = [entry for entry in self._pending if entry[0] <= self.now()]
        self._pending = [entry for entry in self._pending if entry not in due]
        for _, candidate, values in due:
            self._store(candidate, values)

    def _hide_for_a_while(self, row: Row) -> Row:
        self._visible_from[row["id"]] = self.now() + float(self.option("visibility_seconds", 0))
        return row

    # --- lists ---

    def _list(self, request: Request, token: _Token) -> Response:
        path = request.url.path.removeprefix("/v3/")
        rows, cursor = self._pager.page(
            self.world, path, dict(request.query_params), lambda row: self._visible_from.get(row["id"], 0) <= self.now()
        )
        headers = {}
        if cursor is not None:
            headers["Link"] = f'<{request.url.replace(query="")}?cursor={cursor}>; rel="next"'
        return JSONResponse(rows, headers=headers)

    # --- writes ---

    def _patch_candidate(self, request: Request, token: _Token) -> Response:
        candidate = self.world.candidates.get(_path_id(request))
        if candidate is None:
            raise not_found("Candidate", with_errors=not self.option("bare_404", False))
        allowed = (*CANDIDATE_SCALARS, *CANDIDATE_COLLECTIONS, "is_private", "tags", "custom_fields")
        body = body_of(_body(request), required=(), optional=allowed)
        for name in CANDIDATE_COLLECTIONS:
            if name in body and not isinstance(body[name], list):
                raise unprocessable([{name: "must be an array"}])
        values = checked_values(self.world, body["custom_fields"]) if "custom_fields" in body else None
        if "tags" in body:
            self._replace_tags(candidate, body["tags"])
        plain: Row = {name: body[name] for name in (*CANDIDATE_SCALARS, *CANDIDATE_COLLECTIONS) if name in body}
        if "is_private" in body:
            plain["private"] = body["is_private"]
        candidate.row.update(plain)
        if values is None:
            return JSONResponse(self.world.candidate_row(candidate))
        if self.option("patch_answer", "row") == "message":
            self._pending.append((self.now() + float(self.option("processing_seconds", 0)), candidate, values))
            return JSONResponse({"message": "The candidate is being processed."})
        self._store(candidate, values)
        return JSONResponse(self.world.candidate_row(candidate))

    def _replace_tags(self, candidate: Candidate, names: Any) -> None:
        """A collection in a PATCH replaces the whole; whether it would also make tags is not known, so it does not."""
        known = {row["name"]: row["id"] for row in self.world.tags.values()}
        if not isinstance(names, list) or not all(name in known for name in names):
            raise unprocessable([{"tags": "must be an array of existing tags"}])
        rows = self.world.applied_tags
        for number in [n for n, row in rows.items() if row["candidate_id"] == candidate.id]:
            del rows[number]
        for name in names:
            self.world.add(rows, {"candidate_id": candidate.id, "candidate_tag_id": known[name]})

    def _store(self, candidate: Candidate, values: Mapping[str, Any]) -> None:
        """Set what was sent; in `replace`, empty what was not, except what cannot be sent."""
        if self.option("custom_fields_patch", "replace") == "replace":
            for key in list(candidate.values):
                row = self.world.definition(key)
                if row is not None and row["active"] and not row["value_type"].endswith(HIDDEN):
                    del candidate.values[key]
        for key, value in values.items():
            if value is None:
                candidate.values.pop(key, None)
            else:
                candidate.values[key] = value
        candidate.row["updated_at"] = self.world.stamp()

    def _create_note(self, request: Request, token: _Token) -> Response:
        """Whether the candidate exists is not looked at: two notes for nobody were made so in a real account."""
        email = ("subject", "email_from", "email_to", "email_cc")
        body = body_of(
            _body(request),
            required=("candidate_id", "body", "note_type", "visibility"),
            optional=("application_id", "user_id", *email),
        )
        kind = one_of(body, "note_type", NOTE_TYPES, listed=[t.lower() for t in NOTE_TYPES])
        visibility = VISIBILITY[one_of(body, "visibility", tuple(VISIBILITY))]
        if kind != "EMAIL" and any(name in body for name in email):
            raise unprocessable([f"{name} is only for note_type EMAIL" for name in email if name in body])
        if kind == "EMAIL" and not all(name in body for name in email):
            raise unprocessable([f"{name} is required" for name in email if name not in body])
        if not isinstance(body["body"], str):
            raise unprocessable([{"body": "must be a string"}])
        more = {name: body[name] for name in ("application_id", *email) if name in body}
        user = body.get("user_id", token.user)
        note = self.world.add_note(whole_number(body, "candidate_id"), body["body"], kind, visibility, user, **more)
        return JSONResponse(self._hide_for_a_while(note), 201)

    def _create_tag(self, request: Request, token: _Token) -> Response:
        body = body_of(_body(request), required=("name",))
        name = str(body["name"]).strip()
        if name.casefold() in {row["name"].casefold() for row in self.world.tags.values()}:
            raise unprocessable([{"name": "Name has already been taken"}])
        return JSONResponse(self.world.add(self.world.tags, {"name": name}), 201)

    def _apply_tag(self, request: Request, token: _Token) -> Response:
        body = body_of(_body(request), required=("candidate_id", "candidate_tag_id"))
        candidate, tag = whole_number(body, "candidate_id"), whole_number(body, "candidate_tag_id")
        if candidate not in self.world.candidates:
            raise unprocessable("Candidate must exist")
        if tag not in self.world.tags:
            raise unprocessable("Candidate tag must exist")
        rows = self.world.applied_tags.values()
        if any(r["candidate_id"] == candidate and r["candidate_tag_id"] == tag for r in rows):
            raise unprocessable([{"candidate_tag_id": "has already been taken"}])
        row = self.world.add(self.world.applied_tags, {"candidate_id": candidate, "candidate_tag_id": tag})
        return JSONResponse(self._hide_for_a_while(row), 201)

    def _delete_applied_tag(self, request: Request, token: _Token) -> Response:
        if self.world.applied_tags.pop(_path_id(request), None) is None:
            raise not_found("Applied candidate tag", with_errors=not self.option("bare_404", False))
        return Response(status_code=204)

    def _create_attachment(self, request: Request, token: _Token) -> Response:
        body = body_of(
            _body(request),
            required=("application_id", "filename", "type"),
            optional=("content", "url", "visibility"),
        )
        if ("content" in body) == ("url" in body):
            raise unprocessable(["Exactly one of content and url is required"])
        kind = one_of(body, "type", ATTACHMENT_TYPES)
        if "visibility" in body:
            one_of(body, "visibility", tuple(VISIBILITY))
            if kind != "other":
                raise unprocessable([{"visibility": "is only for type other"}])
        application = whole_number(body, "application_id")
        if application not in self.world.applications:
            raise not_found("Application", with_errors=True)
        limit = int(self.option("max_attachment_bytes", MAX_ATTACHMENT_BYTES))
        content = decoded(body["content"], limit) if "content" in body else b""
        row = self.world.add_attachment(application, str(body["filename"]), kind, content)
        return JSONResponse(self._hide_for_a_while(row), 201)

    def _delete_attachment(self, request: Request, token: _Token) -> Response:
        if self.world.attachments.pop(_path_id(request), None) is None:
            raise not_found("Attachment", with_errors=not self.option("bare_404", False))
        return Response(status_code=204)


def _body(request: Request) -> bytes:
    """The body that `_api` has read already."""
    body: bytes = request.state.body
    return body


def _path_id(request: Request) -> int:
    text = str(request.path_params["id"])
    return int(text) if re.fullmatch(r"\d{1,18}", text) else 0


async def _no_route(request: Request) -> Response:
    """v3 looks for the route before it looks at the token."""
    return JSONResponse({"message": "Resource not found"}, 404)


def _auth_error(status: int, message: str) -> Response:
    return JSONResponse({"message": message, "errorId": "err-00000000"}, status)


def _refused_client(authorization: str) -> Response | None:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.casefold() != "basic":
        return _auth_error(401, "Unauthorized")
    try:
        client, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return _auth_error(401, "Unauthorized")
    if not client.endswith("-harvest"):
        return _auth_error(400, f"client_id={client} does not contain a valid client ID suffix")
    if client != CLIENT_ID or not secrets.compare_digest(secret, CLIENT_SECRET):
        return JSONResponse({"error": "invalid_client"}, 401)
    return None
