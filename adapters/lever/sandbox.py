"""A stand-in for Lever: Data API v1 in its own wire format, which refuses what Lever refuses.

Follows the developer documentation (read 2026-11-23) and answers recorded on 2026-07-02; where neither says what
happens (the code of a validation error, what a key without a permission gets) it takes the stricter reading. A call or
parameter that the connector does not need (`expand`, creating opportunities) is refused as unknown. Switches
(`SandboxSeed.options`):

- `auth`: `api_key` (default) or `oauth`, what `settings` hands out; both are always understood.
- `note_answer`: `real` (the whole note, as recorded) or `docs` (`{"noteId"}` alone).
- `form_answer`: `real` (in `data`) or `docs` (without that envelope, as the documentation draws it).
- `page_size`: rows on a page of a list, at most 100 (default 100).
- `rate`, `burst`: the token bucket, 10 a second and 20 at once by default.
"""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, ClassVar, Final
from urllib.parse import parse_qs, quote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from adapters.lever.checks import (
    TokenBucket,
    bad_request,
    form_problem,
    is_comment,
    is_score,
    json_body,
    missing,
    refused,
    require_user,
    required_text,
    strings,
)
from adapters.lever.client import SCOPES
from adapters.lever.sandbox_signin import SignIn
from adapters.lever.wire import Form, Note, current_forms, our_notes, read_filename
from adapters.lever.world import STAGES, Candidacy, Json, World
from adapters.standin import Refusal, RequestKind, Section, StandIn, sections_of, seed_people
from connector.model.changes import AtsState, AttachmentState
from connector.ports import SandboxPerson, SandboxSeed

MAX_UPLOAD_BYTES: Final = 30_000_000
MAX_LIMIT: Final = 100
EXTENSIONS: Final = frozenset({"docx", "doc", "js", "jpg", "png", "pdf", "txt"})

_OPPORTUNITY: Final = "/v1/opportunities/{opportunity}"
_PAGE: Final = frozenset({"limit", "offset"})
_AS_USER: Final = frozenset({"perform_as"})
_OPPORTUNITY_FILTERS: Final = frozenset({"confidentiality", "email", "tag", "contact_id", "archived", "include"})

Handler = Callable[[Request], Awaitable[Response]]


class LeverSandbox(StandIn):
    title: ClassVar[str] = "Lever"
    token_paths: ClassVar[frozenset[str]] = frozenset({"/oauth/token"})

    def __init__(self, seed: SandboxSeed, *, now: Callable[[], float] = time.time) -> None:
        super().__init__(seed, now=now)
        self.world = World(seed_people(seed), self.next_uuid, self.now)
        self.permissions = {*SCOPES, "form_templates:read:admin", "users:read:admin"}
        self._bucket = TokenBucket(self.option("rate", 10), self.option("burst", 20), self.now)
        self._sign = SignIn(str(self.option("auth", "api_key")), self.now)
        self._offsets: set[str] = set()

    # --- the port

    def settings(self, base_url: str) -> dict[str, Any]:
        common = {"api_url": base_url + "/v1", "perform_as": self.world.integration["id"]}
        return {**common, **self._sign.settings(base_url)}

    def people(self) -> Sequence[SandboxPerson]:
        return tuple(self._person(c) for c in self.world.candidacies.values() if c is not self.world.confidential)

    def _person(self, candidacy: Candidacy) -> SandboxPerson:
        contact = self.world.contact_of(candidacy)
        return SandboxPerson(
            candidate=candidacy.id,
            application=candidacy.opportunity["applications"][0],
            name=contact["name"],
            email=next(iter(contact["emails"]), ""),
            job=candidacy.job,
        )

    def holdings(self, candidate: str, application: str | None) -> AtsState:
        candidacy = self.world.candidacies[candidate]
        return AtsState(
            tags=frozenset(candidacy.opportunity["tags"]),
            links=frozenset(self.world.contact_of(candidacy)["links"]),
            notes=our_notes([Note.model_validate(n) for n in candidacy.notes]),
            attachments=tuple(AttachmentState(read_filename(f["name"]), f["id"]) for f in candidacy.files),
            forms=current_forms([Form.model_validate(f) for f in candidacy.forms]),
        )

    @property
    def absent_candidate(self) -> str:
        return "3f0a6a52-9d0b-4f5e-8a57-0d0c54b0beef"

    def delete_candidate(self, candidate: str) -> None:
        self.world.delete(self.world.candidacies[candidate])

    def expire_tokens(self) -> bool:
        return self._sign.expire()

    def kind_of(self, method: str, path: str, body: bytes) -> RequestKind:
        if path in self.token_paths:
            return "token"
        on_a_record = path.startswith(("/v1/opportunities/", "/v1/contacts/")) or path == "/v1/opportunities"
        return "write" if on_a_record and method not in ("GET", "HEAD", "OPTIONS") else "read"

    def error_body(self, status: int) -> bytes:
        return json.dumps({"code": "InjectedFault", "message": f"Injected fault {status}"}).encode()

    def sections(self, candidate: str, application: str) -> tuple[Section, ...]:
        """Lever has no fields; colleagues' notes stand beside ours, and restricted ones say so."""
        candidacy = self.world.candidacies[candidate]
        parts = [
            s for s in sections_of(self.holdings(candidate, application), {}) if s.title not in ("Fields", "Notes")
        ]
        rows = [
            ("Restricted note" if note["secret"] else "Note", comment["value"])
            for note in candidacy.notes
            for comment in note["fields"]
        ]
        return (*parts, Section("Notes", tuple(rows)))

    # --- the routes

    def routes(self) -> Sequence[BaseRoute]:
        o = _OPPORTUNITY
        return [
            Route("/oauth/token", self._token, methods=["POST"]),
            self._call(
                "GET", "/v1/opportunities", self._list, "opportunities:read:admin", _PAGE | _OPPORTUNITY_FILTERS
            ),
            self._call("GET", "/v1/opportunities/deleted", self._list_deleted, "opportunities:read:admin", _PAGE),
            self._call("GET", o, self._get, "opportunities:read:admin"),
            *(
                self._call("POST", f"{o}/{verb}", self._change, "opportunities:write:admin", _AS_USER)
                for verb in ("addTags", "removeTags", "addLinks", "removeLinks", "addSources", "removeSources")
            ),
            self._call("GET", f"{o}/notes", self._list_notes, "notes:read:admin", _PAGE),
            self._call("POST", f"{o}/notes", self._add_note, "notes:write:admin", _AS_USER | {"note_id"}),
            self._call("GET", f"{o}/notes/{{note}}", self._get_note, "notes:read:admin"),
            self._call("PUT", f"{o}/notes/{{note}}", self._put_note, "notes:write:admin"),
            self._call("DELETE", f"{o}/notes/{{note}}", self._delete_note, "notes:write:admin"),
            self._call(
                "GET",
                f"{o}/files",
                self._list_files,
                "files:read:admin",
                _PAGE,
            ),
            self._call("POST", f"{o}/files", self._add_file, "files:write:admin", _AS_USER),
            self._call("GET", f"{o}/files/{{file}}", self._get_file, "files:read:admin"),
            self._call("DELETE", f"{o}/files/{{file}}", self._delete_file, "files:write:admin", _AS_USER),
            self._call("GET", f"{o}/forms", self._list_forms, "forms:read:admin", _PAGE),
            self._call("POST", f"{o}/forms", self._add_form, "forms:write:admin", _AS_USER),
            self._call("GET", f"{o}/forms/{{form}}", self._get_form, "forms:read:admin"),
            self._call(
                "GET", "/v1/form_templates", self._list_templates, "form_templates:read:admin", _PAGE | {"include"}
            ),
            self._call("GET", "/v1/form_templates/{template}", self._get_template, "form_templates:read:admin"),
            self._call("POST", "/v1/form_templates", self._add_template, "form_templates:write:admin"),
            self._call("GET", "/v1/contacts/{contact}", self._get_contact, "contact:read:admin"),
            self._call("GET", "/v1/tags", self._list_tags, "tags:read:admin", _PAGE),
            self._call("GET", "/v1/stages", self._list_stages, "stages:read:admin", _PAGE),
            self._call("GET", "/v1/users", self._list_users, "users:read:admin", _PAGE | {"email", "include"}),
            self._call("GET", "/v1/users/{user}", self._get_user, "users:read:admin"),
            Route("/{rest:path}", self._unknown_route, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
        ]

    def _call(self, method: str, path: str, handler: Handler, scope: str, query: frozenset[str] = frozenset()) -> Route:
        """One documented call: signed in, within the limit, allowed, without parameters that it does not have."""

        async def endpoint(request: Request) -> Response:
            self._sign_in(request)
            if scope not in self.permissions:
                raise refused(403, "Forbidden", f"The credentials do not have the permission {scope}")
            if unknown := set(request.query_params) - query:
                raise bad_request(f"Unknown query parameter {min(unknown)}")
            self._check_user(request)
            return await handler(request)

        return Route(path, endpoint, methods=[method])

    async def _unknown_route(self, request: Request) -> Response:
        self._sign_in(request)
        raise refused(404, "ResourceNotFound", f"{request.method} {request.url.path} does not exist")

    def _sign_in(self, request: Request) -> None:
        if not self._sign.admits(request.headers.get("authorization", "")):
            raise refused(401, "Unauthorized", "A valid API key was not provided")
        if not self._bucket.take():
            raise refused(429, "TooManyRequests", "Rate limit exceeded")

    def _check_user(self, request: Request) -> None:
        given = request.query_params.get("perform_as")
        if given is not None and given not in {u["id"] for u in self.world.users if u["deactivatedAt"] is None}:
            raise bad_request("perform_as is not the id of an active user")

    async def _token(self, request: Request) -> Response:
        form = {k: v[0] for k, v in parse_qs((await request.body()).decode("latin-1")).items()}
        status, answer = self._sign.token(form, self.permissions)
        return JSONResponse(answer, status)

    # --- lists

    def _page(self, request: Request, rows: Sequence[Json]) -> Response:
        """A page; its token is percent-encoded JSON naming the next page's first row, as in recorded answers."""
        limit = request.query_params.get("limit", str(MAX_LIMIT))
        if not limit.isdigit() or not 1 <= int(limit) <= MAX_LIMIT:
            raise bad_request("limit must be between 1 and 100")
        size = min(int(limit), self.option("page_size", MAX_LIMIT))
        start = self._start(request.query_params.get("offset"), rows)
        shown = _included(rows[start : start + size], request.query_params.getlist("include"))
        answer: Json = {"data": shown, "hasNext": start + size < len(rows)}
        if answer["hasNext"]:
            answer["next"] = _offset(rows[start + size])
            self._offsets.add(answer["next"])
        return JSONResponse(answer)

    def _start(self, offset: str | None, rows: Sequence[Json]) -> int:
        if offset is None:
            return 0
        found = [i for i, row in enumerate(rows) if _offset(row) == offset]
        if offset not in self._offsets or not found:
            raise bad_request("offset is not a token that a list has returned")
        return found[0]

    # --- opportunities

    def _candidacy(self, request: Request) -> Candidacy:
        identifier = request.path_params["opportunity"]
        if identifier in self.world.moved:
            target = request.url.replace(path=request.url.path.replace(identifier, self.world.moved[identifier]))
            raise Refusal(Response(status_code=301, headers={"Location": str(target)}))
        if identifier not in self.world.candidacies:
            raise missing("opportunities", identifier)
        candidacy = self.world.candidacies[identifier]
        if candidacy.opportunity["confidentiality"] == "confidential":
            self._need_confidential_access()
        return candidacy

    def _need_confidential_access(self) -> None:
        if "confidential:access:admin" not in self.permissions:
            raise refused(403, "Forbidden", "The credentials do not have access to confidential data")

    async def _list(self, request: Request) -> Response:
        query = request.query_params
        wanted = query.get("confidentiality", "non-confidential")
        if wanted not in ("confidential", "non-confidential", "all"):
            raise bad_request("confidentiality must be confidential, non-confidential or all")
        if wanted != "non-confidential":
            self._need_confidential_access()
        rows = [self.world.opportunity(c) for c in self.world.candidacies.values()]
        if wanted != "all":
            rows = [r for r in rows if r["confidentiality"] == wanted]
        if email := query.get("email"):
            rows = [r for r in rows if email.lower() in {e.lower() for e in r["emails"]}]
        if tags := set(query.getlist("tag")):
            rows = [r for r in rows if tags & set(r["tags"])]
        if contact := query.get("contact_id"):
            rows = [r for r in rows if r["contact"] == contact]
        if query.get("archived") in ("true", "false"):
            rows = [r for r in rows if (r["archived"] is not None) == (query["archived"] == "true")]
        return self._page(request, rows)

    async def _list_deleted(self, request: Request) -> Response:
        return self._page(request, self.world.deleted)

    async def _get(self, request: Request) -> Response:
        return _data(self.world.opportunity(self._candidacy(request)))

    async def _change(self, request: Request) -> Response:
        """addTags, removeTags, addLinks, removeLinks (which land on the contact), addSources, removeSources."""
        candidacy = self._candidacy(request)
        verb = request.url.path.rsplit("/", 1)[1]
        member = verb.removeprefix("add").removeprefix("remove").lower()
        given = strings(await json_body(request, {member}), member)
        holder = self.world.contact_of(candidacy) if member == "links" else candidacy.opportunity
        if verb.startswith("add"):
            holder[member] = list(dict.fromkeys([*holder[member], *given]))
        else:
            holder[member] = [item for item in holder[member] if item not in given]
        candidacy.opportunity["updatedAt"] = self.world.millis()
        return _data(self.world.written_opportunity(candidacy, with_contact=member == "links"))

    # --- notes

    def _note(self, candidacy: Candidacy, identifier: str) -> Json:
        for note in candidacy.notes:
            if note["id"] == identifier:
                return note
        raise missing("notes", identifier)

    async def _list_notes(self, request: Request) -> Response:
        return self._page(request, self._candidacy(request).notes)

    async def _get_note(self, request: Request) -> Response:
        return _data(self._note(self._candidacy(request), request.path_params["note"]))

    async def _add_note(self, request: Request) -> Response:
        candidacy = self._candidacy(request)
        body = await json_body(request, {"value", "secret", "score", "notifyFollowers", "createdAt"})
        value, user, stage = (
            required_text(body, "value"),
            request.query_params.get("perform_as"),
            candidacy.opportunity["stage"],
        )
        if not is_score(body.get("score")) or body.get("createdAt", 0) > self.world.millis():
            raise bad_request("score must be 1 to 4, createdAt in the past")
        if (thread := request.query_params.get("note_id")) is not None:
            note = self._note(candidacy, thread)
            note["fields"].append(self.world.comment(value, user, stage, score=body.get("score")))
        else:
            secret = bool(body.get("secret", False))
            note = self.world.new_note(value, user, stage, secret=secret, score=body.get("score"))
            candidacy.notes.append(note)
            candidacy.made_by_api.add(note["id"])
        whole = self.option("note_answer", "real") == "real"
        return _data({**(note if whole else {}), "noteId": note["id"]}, 201)

    async def _put_note(self, request: Request) -> Response:
        """Everything is replaced: a comment or `secret` that is left out is gone."""
        candidacy = self._candidacy(request)
        note = self._own_note(candidacy, request.path_params["note"])
        body = await json_body(request, {"values", "user", "secret", "createdAt", "completedAt", "score"})
        values = body.get("values")
        if not isinstance(values, list) or not values or not all(is_comment(v) for v in values):
            raise bad_request("values must be a list of comments with a value each")
        stage = candidacy.opportunity["stage"]
        note["fields"] = [
            self.world.comment(
                v["value"], v.get("user", note["user"]), stage, score=body.get("score"), at=v.get("createdAt")
            )
            for v in values
        ]
        note["secret"] = bool(body.get("secret", False))
        return _data({"noteId": note["id"]})

    async def _delete_note(self, request: Request) -> Response:
        candidacy = self._candidacy(request)
        candidacy.notes.remove(self._own_note(candidacy, request.path_params["note"]))
        return Response(status_code=204)

    def _own_note(self, candidacy: Candidacy, identifier: str) -> Json:
        note = self._note(candidacy, identifier)
        if identifier not in candidacy.made_by_api:
            raise refused(403, "Forbidden", "Only notes that were created via API can be changed via API")
        return note

    # --- files

    async def _list_files(self, request: Request) -> Response:
        return self._page(request, self._candidacy(request).files)

    def _file(self, candidacy: Candidacy, identifier: str) -> Json:
        for file in candidacy.files:
            if file["id"] == identifier:
                return file
        raise missing("files", identifier)

    async def _get_file(self, request: Request) -> Response:
        return _data(self._file(self._candidacy(request), request.path_params["file"]))

    async def _add_file(self, request: Request) -> Response:
        candidacy = self._candidacy(request)
        require_user(request)
        if len(await request.body()) > MAX_UPLOAD_BYTES:
            raise refused(413, "RequestEntityTooLarge", "The request is limited to 30MB")
        if not request.headers.get("content-type", "").startswith("multipart/form-data"):
            raise bad_request("file is only supported in multipart/form-data requests")
        async with request.form() as form:
            upload = form.get("file")
            if set(form) != {"file"} or upload is None or isinstance(upload, str) or not upload.filename:
                raise bad_request("file is required, and nothing else")
            name, size = upload.filename, len(await upload.read())
        if name.rpartition(".")[2].lower() not in EXTENSIONS:
            raise bad_request("File format is not supported")
        file = self.world.new_file(candidacy.id, name, size)
        candidacy.files.append(file)
        return _data(file, 201)

    async def _delete_file(self, request: Request) -> Response:
        candidacy = self._candidacy(request)
        require_user(request)
        candidacy.files.remove(self._file(candidacy, request.path_params["file"]))
        return Response(status_code=204)

    # --- forms

    async def _list_forms(self, request: Request) -> Response:
        return self._page(request, self._candidacy(request).forms)

    async def _get_form(self, request: Request) -> Response:
        identifier = request.path_params["form"]
        for form in self._candidacy(request).forms:
            if form["id"] == identifier:
                return self._form_answer(form, 200)
        raise missing("forms", identifier)

    async def _add_form(self, request: Request) -> Response:
        """Completed once and for all: there is no route that edits or deletes a form."""
        candidacy = self._candidacy(request)
        body = await json_body(request, {"baseTemplateId", "fields", "secret"})
        template = self._template(required_text(body, "baseTemplateId"), status=400)
        if (problem := form_problem(template["fields"], body.get("fields"))) is not None:
            raise refused(400, "ValidationError", problem)
        values = {f["text"]: f["value"] for f in body["fields"]}
        user = request.query_params.get("perform_as")
        form = self.world.new_form(template, values, user, candidacy.opportunity["stage"])
        candidacy.forms.append(form)
        if body.get("secret", template["secretByDefault"]):
            candidacy.secret_forms.add(form["id"])
        return self._form_answer(form, 201)

    def _form_answer(self, form: Json, status: int) -> Response:
        return _data(form, status) if self.option("form_answer", "real") == "real" else JSONResponse(form, status)

    def _template(self, identifier: str, *, status: int = 404) -> Json:
        for template in self.world.templates:
            if template["id"] == identifier:
                return template
        raise refused(status, "ResourceNotFound", f"form_templates {identifier} was not found")

    async def _list_templates(self, request: Request) -> Response:
        return self._page(request, self.world.templates)

    async def _get_template(self, request: Request) -> Response:
        return _data(self._template(request.path_params["template"]))

    async def _add_template(self, request: Request) -> Response:
        body = await json_body(request, {"text", "instructions", "group", "secretByDefault", "fields"})
        fields = body.get("fields")
        if not isinstance(fields, list) or not fields:
            raise bad_request("fields is required to have one or more fields")
        secret = bool(body.get("secretByDefault", False))
        template = self.world.new_template(required_text(body, "text"), fields, secret=secret)
        self.world.templates.append(template)
        return _data(template, 201)

    # --- the rest of the account

    async def _get_contact(self, request: Request) -> Response:
        identifier = request.path_params["contact"]
        if identifier not in self.world.contacts:
            raise missing("contacts", identifier)
        return _data(self.world.contact(self.world.contacts[identifier]))

    async def _list_tags(self, request: Request) -> Response:
        return self._page(request, self.world.tags())

    async def _list_stages(self, request: Request) -> Response:
        return self._page(request, STAGES)

    async def _list_users(self, request: Request) -> Response:
        email = request.query_params.get("email")
        return self._page(request, [u for u in self.world.users if email in (None, u["email"])])

    async def _get_user(self, request: Request) -> Response:
        for user in self.world.users:
            if user["id"] == request.path_params["user"]:
                return _data(user)
        raise missing("users", request.path_params["user"])


def _data(value: Any, status: int = 200) -> Response:
    return JSONResponse({"data": value}, status)


def _included(rows: Sequence[Json], names: Sequence[str]) -> list[Json]:
    """`include` leaves the id and what it names, nothing else."""
    return [{k: v for k, v in row.items() if not names or k in ("id", *names)} for row in rows]


def _offset(row: Mapping[str, Any]) -> str:
    key = [0, row.get("createdAt", 0), row.get("id") or row.get("text")]
    return quote(json.dumps(key, separators=(",", ":")), safe="")
