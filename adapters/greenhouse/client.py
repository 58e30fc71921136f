"""The calls of Greenhouse Harvest v3 that the connector makes, one method each.

v3 has no path for one record: a record is a list filtered by `ids`, and a missing one is `200 []`. A page's cursor
must be the only query parameter. Unknown parameters and properties are refused with 422, so nothing is sent that the
vendor's reference does not name (harvestdocs.greenhouse.io/reference, read 2026-11-23).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar
from urllib.parse import parse_qs, urlsplit

import httpx
from pydantic import BaseModel, TypeAdapter

from adapters.base import all_pages, error_for, json_of, send, shaped, unreadable
from adapters.greenhouse.settings import GreenhouseSettings
from adapters.greenhouse.wire import (
    CANDIDATE,
    CREATED,
    ApplicationRow,
    AppliedTagRow,
    AttachmentRow,
    CandidateRow,
    CustomFieldRow,
    NoteRow,
    OptionRow,
    TagRow,
    UserRow,
    is_still_processing,
    names_a_record,
    read_token,
    words_of,
)
from connector.errors import NotFoundInAts, RejectedByAts, RetryableDeliveryError
from connector.ports import AtsHttp

VENDOR: Final = "Greenhouse"
PER_PAGE: Final = 500
MAX_IDS: Final = 50
"""`ids` and the plural parent filters take at most 50."""
PROCESSING_SECONDS: Final = 30.0
"""The vendor's advice for a record that is still being processed: look again every 30 seconds."""

R = TypeVar("R", bound=BaseModel)
Json = dict[str, Any]


class GreenhouseClient:
    """Makes the calls; every answer outside 2xx, and every 2xx that is no answer, raises from `DeliveryError`."""

    def __init__(self, settings: GreenhouseSettings, http: AtsHttp) -> None:
        self._http = http.oauth_client(
            settings.api_url,
            token_url=settings.token_url,
            client_id=settings.client_id,
            client_secret=settings.client_secret.get_secret_value(),
            grant_type="client_credentials",
            token_params={"sub": str(settings.user_id)} if settings.user_id is not None else None,
            read_token=read_token,
        )

    # --- reading ---

    async def candidate(self, candidate: int) -> CandidateRow:
        """GET /v3/candidates?ids=; a deleted or merged candidate is an empty list."""
        params = {"ids": str(candidate), "fields": "id,tags,custom_fields"}
        rows = await self.rows("candidates", params, CandidateRow)
        mine = [row for row in rows if row.id == candidate]
        if not mine:
            raise NotFoundInAts("Greenhouse does not have that candidate: deleted, merged into another, or private.")
        return mine[0]

    async def applications(self, candidate: int) -> list[ApplicationRow]:
        """GET /v3/applications?candidate_ids="""
        params = {"candidate_ids": str(candidate), "fields": "id,candidate_id"}
        rows = await self.rows("applications", params, ApplicationRow)
        return [row for row in rows if row.candidate_id == candidate]

    async def notes(self, candidate: int) -> list[NoteRow]:
        """GET /v3/notes?candidate_ids="""
        params = {"candidate_ids": str(candidate), "fields": "id,candidate_id,body"}
        return [row for row in await self.rows("notes", params, NoteRow) if row.candidate_id == candidate]

    async def attachments(self, application: int) -> list[AttachmentRow]:
        """GET /v3/attachments?application_ids=&type=other; without `url`, which is a signed link to the file."""
        params = {"application_ids": str(application), "type": "other", "fields": "id,application_id,filename"}
        rows = await self.rows("attachments", params, AttachmentRow)
        return [row for row in rows if row.application_id == application]

    async def tags(self) -> list[TagRow]:
        """GET /v3/candidate_tags: the whole dictionary; it cannot be asked by name."""
        return await self.rows("candidate_tags", {"fields": "id,name"}, TagRow)

    async def applied_tags(self, candidate: int) -> list[AppliedTagRow]:
        """GET /v3/applied_candidate_tags?candidate_ids=: the membership rows."""
        params = {"candidate_ids": str(candidate), "fields": "id,candidate_id,candidate_tag_id"}
        rows = await self.rows("applied_candidate_tags", params, AppliedTagRow)
        return [row for row in rows if row.candidate_id == candidate]

    async def candidate_fields(self) -> list[CustomFieldRow]:
        """GET /v3/custom_fields?field_type=candidate&active=true"""
        return await self.rows("custom_fields", {"field_type": "candidate", "active": "true"}, CustomFieldRow)

    async def options(self, field_ids: Sequence[int]) -> list[OptionRow]:
        """GET /v3/custom_field_options?custom_field_ids=, archived ones included: a value may still hold one."""
        rows: list[OptionRow] = []
        for start in range(0, len(field_ids), MAX_IDS):
            ids = ",".join(str(i) for i in field_ids[start : start + MAX_IDS])
            rows.extend(await self.rows("custom_field_options", {"custom_field_ids": ids}, OptionRow))
        return rows

    async def user(self, user: int) -> UserRow | None:
        """GET /v3/users?ids="""
        params = {"ids": str(user), "fields": "id,site_admin,deactivated"}
        return next((row for row in await self.rows("users", params, UserRow) if row.id == user), None)

    # --- writing ---

    async def patch_custom_fields(self, candidate: int, values: Sequence[Json]) -> CandidateRow | None:
        """PATCH /v3/candidates/{id}; None when Greenhouse took it but has not done it yet."""
        body = {"custom_fields": list(values)}
        response = await send(self._http, "PATCH", f"candidates/{candidate}", vendor=VENDOR, write=True, json=body)
        payload = self._payload(response, write=True, names_record=True)
        if is_still_processing(payload):
            return None
        return shaped(CANDIDATE, payload, vendor=VENDOR, write=True)

    async def create_tag(self, name: str) -> int:
        """POST /v3/candidate_tags; a name that exists is refused."""
        return await self._create("candidate_tags", {"name": name})

    async def apply_tag(self, candidate: int, tag: int) -> int:
        """POST /v3/applied_candidate_tags; v1's `tag` and `tag_id` are refused."""
        return await self._create("applied_candidate_tags", {"candidate_id": candidate, "candidate_tag_id": tag})

    async def remove_applied_tag(self, row: int) -> None:
        """DELETE /v3/applied_candidate_tags/{row}"""
        await self._delete(f"applied_candidate_tags/{row}")

    async def create_note(self, candidate: int, body: str, *, private: bool) -> int:
        """POST /v3/notes. The type must be upper case; whether the candidate exists is not checked by Greenhouse."""
        visibility = "private" if private else "public"
        note = {"candidate_id": candidate, "body": body, "note_type": "NOTE", "visibility": visibility}
        return await self._create("notes", note)

    async def create_attachment(self, application: int, filename: str, content: str, *, private: bool) -> int:
        """POST /v3/attachments, base64 in JSON. Type `other`: a `resume` would replace the candidate's own."""
        attachment = {
            "application_id": application,
            "filename": filename,
            "type": "other",
            "visibility": "private" if private else "public",
            "content": content,
        }
        return await self._create("attachments", attachment)

    async def delete_attachment(self, attachment: int) -> None:
        """DELETE /v3/attachments/{id}"""
        await self._delete(f"attachments/{attachment}")

    # --- for `doctor` ---

    async def ask(self, method: str, path: str, *, body: Json | None = None) -> httpx.Response:
        """One raw request whose status is the answer."""
        params = {"per_page": "1"} if method == "GET" else None
        return await send(self._http, method, path, vendor=VENDOR, write=False, params=params, json=body)

    # --- how ---

    async def rows(self, path: str, params: Mapping[str, str], model: type[R]) -> list[R]:
        """All rows of a list, page by page."""
        adapter = TypeAdapter(list[model])  # type: ignore[valid-type]  # the model is a value here

        async def fetch(cursor: str | None) -> tuple[list[R], str | None]:
            query = {"cursor": cursor} if cursor else {**params, "per_page": str(PER_PAGE)}
            response = await send(self._http, "GET", path, vendor=VENDOR, write=False, params=query)
            payload = self._payload(response, write=False)
            if is_still_processing(payload) or (isinstance(payload, list) and any(map(is_still_processing, payload))):
                raise still_processing(maybe_applied=False)
            return shaped(adapter, payload, vendor=VENDOR, write=False), _next_cursor(response)

        return await all_pages(fetch, vendor=VENDOR)

    async def _create(self, path: str, body: Json) -> int:
        response = await send(self._http, "POST", path, vendor=VENDOR, write=True, json=body)
        payload = self._payload(response, write=True)
        return shaped(CREATED, payload, vendor=VENDOR, write=True).id

    async def _delete(self, path: str) -> None:
        """Gone already is as good as deleted."""
        response = await send(self._http, "DELETE", path, vendor=VENDOR, write=True)
        if response.status_code not in (204, 404):
            self._payload(response, write=True, names_record=True)

    def _payload(self, response: httpx.Response, *, write: bool, names_record: bool = False) -> Any:
        """The JSON of a good answer.

        Args:
            names_record: the path holds a record's id, so that a 404 is about the record; else about the address.
        """
        if response.status_code == 404 and not names_record and not names_a_record(response):
            raise RejectedByAts(
                "Greenhouse does not know this address; the connection's API_URL must be Harvest's, with /v3.",
                code="ats_wrong_address",
                detail="HTTP 404",
            )
        if not response.is_success:
            raise error_for(response, vendor=VENDOR, write=write, words=words_of(response))
        return json_of(response, vendor=VENDOR, write=write)


def _next_cursor(response: httpx.Response) -> str | None:
    """The cursor of `Link: <...?cursor=X>; rel="next"`; no such header, no next page.

    Only the cursor is taken from it, so that a header can never send our token to another host.
    """
    link = response.links.get("next")
    if link is None:
        return None
    cursor = parse_qs(urlsplit(link.get("url", "")).query).get("cursor")
    if not cursor:
        raise unreadable(VENDOR, write=False, detail="the next page has no cursor")
    return cursor[0]


def still_processing(*, maybe_applied: bool) -> RetryableDeliveryError:
    """Greenhouse took a change or a record and is not done with it."""
    return RetryableDeliveryError(
        "Greenhouse is still processing that candidate.",
        code="ats_processing",
        retry_after=PROCESSING_SECONDS,
        maybe_applied=maybe_applied,
    )
