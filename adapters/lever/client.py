"""The calls to Lever's Data API v1 that the adapter needs, each once, without a decision of its own.

Lever developer documentation (read 2026-11-23); what real answers look like is in recordings of 2026-07-02.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

import httpx
from pydantic import TypeAdapter

from adapters.base import all_pages, error_for, json_of, send, shaped, unreadable
from adapters.lever.settings import LeverSettings
from adapters.lever.wire import (
    Comment,
    File,
    Form,
    FormTemplate,
    Note,
    NoteWritten,
    Opportunity,
    OpportunityId,
    Page,
    Tag,
    User,
    Wire,
)
from connector.errors import NotFoundInAts, RejectedByAts
from connector.ports import AtsHttp

T = TypeVar("T", bound=Wire)

VENDOR: Final = "Lever"
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,100}")
"""Most ids are UUIDs, but stages have `lead-new` beside them; this only keeps a path a path."""

_NOBODY: Final = "00000000-0000-0000-0000-000000000000"
_TRIALS: Final[Mapping[str, tuple[str, str, dict[str, Any] | None]]] = {
    "opportunities:read:admin": ("GET", f"/opportunities/{_NOBODY}", None),
    "opportunities:write:admin": ("POST", f"/opportunities/{_NOBODY}/addTags", {"tags": []}),
    "notes:read:admin": ("GET", f"/opportunities/{_NOBODY}/notes", None),
    "notes:write:admin": ("DELETE", f"/opportunities/{_NOBODY}/notes/{_NOBODY}", None),
    "files:read:admin": ("GET", f"/opportunities/{_NOBODY}/files", None),
    "files:write:admin": ("DELETE", f"/opportunities/{_NOBODY}/files/{_NOBODY}", None),
    "forms:read:admin": ("GET", f"/opportunities/{_NOBODY}/forms", None),
    "forms:write:admin": ("POST", f"/opportunities/{_NOBODY}/forms", {"baseTemplateId": _NOBODY, "fields": []}),
    "tags:read:admin": ("GET", "/tags?limit=1", None),
}
SCOPES: Final = tuple(_TRIALS)
"""What the adapter needs beside `form_templates:read:admin` and, with an acting user, `users:read:admin`."""


def _segment(identifier: str) -> str:
    if not _ID.fullmatch(identifier):
        raise NotFoundInAts("Lever does not have that record.", detail="not an id of Lever's")
    return identifier


def _words(response: httpx.Response) -> str:
    """`code: message` of Lever's error body; nothing when it is not one."""
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return ""
    if not isinstance(body, dict):
        return ""
    return ": ".join(str(body[name]) for name in ("code", "message") if isinstance(body.get(name), str))


class LeverClient:
    """One account. Every write is attributed to `perform_as` where Lever takes that parameter."""

    def __init__(self, settings: LeverSettings, http: AtsHttp) -> None:
        self._http = _connect(settings, http)
        self._perform_as = settings.perform_as

    # --- reading

    async def opportunity(self, opportunity: str) -> Opportunity:
        """`GET /opportunities/:id`."""
        return await self._one(f"/opportunities/{_segment(opportunity)}", Opportunity)

    async def notes(self, opportunity: str) -> list[Note]:
        """`GET /opportunities/:id/notes`."""
        return await self._list(f"/opportunities/{_segment(opportunity)}/notes", Note)

    async def note(self, opportunity: str, note: str) -> Note:
        """`GET /opportunities/:id/notes/:note`."""
        return await self._one(f"/opportunities/{_segment(opportunity)}/notes/{_segment(note)}", Note)

    async def files(self, opportunity: str) -> list[File]:
        """`GET /opportunities/:id/files`."""
        return await self._list(f"/opportunities/{_segment(opportunity)}/files", File)

    async def forms(self, opportunity: str) -> list[Form]:
        """`GET /opportunities/:id/forms`."""
        return await self._list(f"/opportunities/{_segment(opportunity)}/forms", Form)

    async def form_templates(self) -> list[FormTemplate]:
        """`GET /form_templates`: the active profile form templates of the account."""
        return await self._list("/form_templates", FormTemplate)

    async def tags(self) -> list[Tag]:
        """`GET /tags`."""
        return await self._list("/tags", Tag)

    async def user(self, user: str) -> User:
        """`GET /users/:id`."""
        return await self._one(f"/users/{_segment(user)}", User)

    async def try_scope(self, scope: str) -> None:
        """Find out whether the credentials may, by a call on a record that cannot exist: 404 or 400 means yes."""
        method, path, body = _TRIALS[scope]
        options: dict[str, Any] = {} if body is None else {"json": body}
        if scope == "files:write:admin":
            options["params"] = self._as_user()
        with contextlib.suppress(NotFoundInAts, RejectedByAts):
            await self._send(method, path, write=method != "GET", **options)

    async def list_confidential(self) -> None:
        """`GET /opportunities?confidentiality=all`, refused when the key was made without that access."""
        await self._page("/opportunities", OpportunityId, {"limit": "1", "confidentiality": "all"})

    # --- writing

    async def change_tags(self, opportunity: str, tags: Sequence[str], *, add: bool) -> None:
        """`POST /opportunities/:id/addTags` and `/removeTags`; a tag that is new is created by this."""
        await self._change(opportunity, "addTags" if add else "removeTags", {"tags": list(tags)})

    async def change_links(self, opportunity: str, links: Sequence[str], *, add: bool) -> None:
        """`POST /opportunities/:id/addLinks` and `/removeLinks`; they land on the contact."""
        await self._change(opportunity, "addLinks" if add else "removeLinks", {"links": list(links)})

    async def add_note(self, opportunity: str, value: str, *, secret: bool) -> str:
        """`POST /opportunities/:id/notes`."""
        path = f"/opportunities/{_segment(opportunity)}/notes"
        body = {"value": value, "secret": secret, "notifyFollowers": False}
        answer = await self._answer("POST", path, write=True, params=self._as_user(), json=body)
        written = shaped(TypeAdapter(NoteWritten), answer, vendor=VENDOR, write=True)
        if (identifier := written.id or written.note_id) is None:
            raise unreadable(VENDOR, write=True, detail="a note without an id")
        return identifier

    async def replace_note(self, opportunity: str, note: str, thread: Sequence[Comment], *, secret: bool) -> None:
        """`PUT /opportunities/:id/notes/:note`: the whole note is replaced; what is left out is lost.

        It takes no `perform_as`, and works only for notes that were made through the API.
        """
        path = f"/opportunities/{_segment(opportunity)}/notes/{_segment(note)}"
        values = [
            c.model_dump(by_alias=True, exclude_none=True, include={"value", "user", "created_at"}) for c in thread
        ]
        score = next((c.score for c in thread if c.score is not None), None)
        body = {"values": values, "secret": secret, **({} if score is None else {"score": score})}
        await self._answer("PUT", path, write=True, json=body)

    async def delete_note(self, opportunity: str, note: str) -> None:
        """`DELETE /opportunities/:id/notes/:note`; only notes that were made through the API."""
        await self._delete(f"/opportunities/{_segment(opportunity)}/notes/{_segment(note)}", {})

    async def add_file(self, opportunity: str, filename: str, content: bytes, content_type: str) -> str:
        """`POST /opportunities/:id/files?perform_as=`, multipart."""
        path = f"/opportunities/{_segment(opportunity)}/files"
        files = {"file": (filename, content, content_type)}
        answer = await self._answer("POST", path, write=True, params=self._as_user(), files=files)
        return shaped(TypeAdapter(File), answer, vendor=VENDOR, write=True).id

    async def delete_file(self, opportunity: str, file: str) -> None:
        """`DELETE /opportunities/:id/files/:file?perform_as=`."""
        await self._delete(f"/opportunities/{_segment(opportunity)}/files/{_segment(file)}", self._as_user())

    async def add_form(self, opportunity: str, template: str, fields: list[dict[str, Any]], *, secret: bool) -> str:
        """`POST /opportunities/:id/forms`: completed, for good; there is no call that edits or deletes one.

        Without `secret` the template's `secretByDefault` decides.
        """
        path = f"/opportunities/{_segment(opportunity)}/forms"
        body = {"baseTemplateId": template, "fields": fields, **({"secret": True} if secret else {})}
        answer = await self._answer("POST", path, write=True, params=self._as_user(), json=body)
        return shaped(TypeAdapter(OpportunityId), answer, vendor=VENDOR, write=True).id

    # --- how

    def _as_user(self) -> dict[str, str]:
        return {"perform_as": self._perform_as} if self._perform_as else {}

    async def _change(self, opportunity: str, verb: str, body: dict[str, Any]) -> None:
        """The answer is the opportunity, but parts of it come empty in writes: only its id is looked at."""
        path = f"/opportunities/{_segment(opportunity)}/{verb}"
        answer = await self._answer("POST", path, write=True, params=self._as_user(), json=body)
        shaped(TypeAdapter(OpportunityId), answer, vendor=VENDOR, write=True)

    async def _delete(self, path: str, params: Mapping[str, str]) -> None:
        response = await self._send("DELETE", path, write=True, params=params)
        if response.content:
            json_of(response, vendor=VENDOR, write=True)

    async def _one(self, path: str, model: type[T]) -> T:
        answer = await self._answer("GET", path, write=False)
        return shaped(TypeAdapter(model), answer, vendor=VENDOR, write=False)

    async def _list(self, path: str, model: type[T]) -> list[T]:
        async def fetch(offset: str | None) -> tuple[Sequence[T], str | None]:
            page = await self._page(path, model, {} if offset is None else {"offset": offset})
            return page.data, page.next if page.has_next else None

        return await all_pages(fetch, vendor=VENDOR)

    async def _page(self, path: str, model: type[T], params: Mapping[str, str]) -> Page[T]:
        response = await self._send("GET", path, write=False, params=params)
        body = json_of(response, vendor=VENDOR, write=False)
        page = shaped(
            TypeAdapter(Page[model]),  # type: ignore[valid-type]  # the model is a parameter
            body,
            vendor=VENDOR,
            write=False,
        )
        if page.has_next and page.next is None:
            raise unreadable(VENDOR, write=False, detail="a list goes on without saying where")
        return page

    async def _answer(self, method: str, path: str, *, write: bool, **options: Any) -> Any:
        """The `data` of an answer; the documentation draws some answers (forms) without that envelope."""
        body = json_of(await self._send(method, path, write=write, **options), vendor=VENDOR, write=write)
        return body["data"] if isinstance(body, dict) and "data" in body else body

    async def _send(self, method: str, path: str, *, write: bool, **options: Any) -> httpx.Response:
        response = await send(self._http, method, path, vendor=VENDOR, write=write, **options)
        if response.status_code == 301:
            target = self._moved_to(response, options)
            response = await send(self._http, method, target, vendor=VENDOR, write=write, **options)
        if not response.is_success:
            raise error_for(response, vendor=VENDOR, write=write, words=_words(response))
        return response

    def _moved_to(self, response: httpx.Response, options: dict[str, Any]) -> str:
        """Where a 301 points ("Responses and Errors"); our credentials go to the same server only."""
        target = response.request.url.join(response.headers.get("location", ""))
        base = self._http.base_url
        if (target.scheme, target.host, target.port) != (base.scheme, base.host, base.port):
            raise RejectedByAts("Lever moved the record to another server.", code="moved_elsewhere")
        if target.query:
            options.pop("params", None)
        return str(target)


def _connect(settings: LeverSettings, http: AtsHttp) -> httpx.AsyncClient:
    if settings.api_key is not None:
        return http.client(settings.api_url, auth=httpx.BasicAuth(settings.api_key.get_secret_value(), ""))
    assert settings.client_id and settings.client_secret and settings.refresh_token
    return http.oauth_client(
        settings.api_url,
        token_url=settings.token_url,
        client_id=settings.client_id,
        client_secret=settings.client_secret.get_secret_value(),
        grant_type="refresh_token",
        token_params={"refresh_token": settings.refresh_token.get_secret_value()},
        auth_method="client_secret_post",
    )
