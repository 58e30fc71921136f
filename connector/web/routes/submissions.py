"""`/api/v1/submissions`: hand in an LER, ask what became of it, act on it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.datastructures import UploadFile

from connector.codec import parse_json
from connector.errors import IntakeError
from connector.model.applicant import Applicant, ApplicationRef
from connector.model.records import NewSubmission, State, SubmissionRecord
from connector.model.submission import Basis
from connector.web.deps import ApiCaller, the_connector
from connector.web.forms import read_form
from connector.web.openapi import described
from connector.web.problems import PROBLEM_RESPONSES, ApiError, places

if TYPE_CHECKING:
    from connector.bootstrap import Connector

router = APIRouter(
    prefix="/api/v1/submissions", tags=["submissions"], dependencies=[ApiCaller], responses=PROBLEM_RESPONSES
)

MAX_KEY_CHARS: Final = 200


_EXAMPLE: Final[dict[str, Any]] = {
    "connection": "greenhouse",
    "candidate": "4000051",
    "application": "5000071",
    "applicant": {"name": "Maria Okafor", "emails": ["maria@mail.example"]},
    "basis": "api",
    "consent_reference": "case 7",
}


@described
class SubmissionRequest(BaseModel):
    """What accompanies an LER. Exactly one of `credential` (JSON), `url`, `text` carries it; a file goes by form."""

    model_config = ConfigDict(
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_extra={
            "oneOf": [{"required": [name]} for name in ("credential", "url", "text")],
            "examples": [{**_EXAMPLE, "url": "https://badges.example/assertions/1"}],
        },
    )

    connection: str
    """The account of an ATS that it goes to, by its name in the settings."""
    candidate: str
    """The ATS's id of the person (Lever: of the opportunity)."""
    application: str | None = None
    """The ATS's id of the application; needed where that person has several."""
    applicant: Applicant = Applicant()
    """Whom the employer knows the applicant as: what the record is held against. Every member may be left out."""
    basis: Basis
    """On what ground it is handed in. `candidate_page` waits for the candidate's choice; with the others you answer
    for the consent."""
    consent_reference: str | None = None
    """Where you keep the consent, in your own words; the status gives it back."""
    credential: Any = None
    """The record itself, as JSON or as the text of a token. One of `credential`, `url` and `text` is required."""
    url: str | None = None
    """A link to the record."""
    text: str | None = None
    """What the applicant pasted: a record, a token or a link."""


class Accepted(BaseModel):
    """`status_url` is a whole address, for the next request."""

    id: str
    status_url: str


class SubmissionStatus(BaseModel):
    """A submission as it stands; `report` is the verification report of the command line, word for word."""

    id: str
    state: State
    connection: str
    candidate: str
    application: str | None
    basis: Basis
    consent_reference: str | None
    created_at: datetime
    updated_at: datetime
    document_sha256: str | None
    duplicate_of: str | None
    assessed_at: datetime | None
    consented_at: datetime | None
    code: str | None
    message: str | None
    attempts: int
    next_attempt_at: datetime | None
    report_url: str | None = None
    report: dict[str, Any] | None = None
    change_set: dict[str, Any] | None = None
    receipt: dict[str, Any] | None = None


class Erasing(BaseModel):
    id: str
    status: Literal["erasing"] = "erasing"


class StatusPage(BaseModel):
    items: list[SubmissionStatus]
    next_cursor: str | None


_FORM_FIELDS: Final = ("connection", "candidate", "application", "consent_reference")
_FORM_EXAMPLE: Final = {**_EXAMPLE, "applicant": json.dumps(_EXAMPLE["applicant"]), "file": "@badge.png"}
_FORM_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["file", "connection", "candidate", "basis"],
    "properties": {
        "file": {"type": "string", "format": "binary", "description": "The record: JSON, a baked PNG or SVG, a PDF."},
        **{n: {"type": "string", "description": SubmissionRequest.model_fields[n].description} for n in _FORM_FIELDS},
        "applicant": {"type": "string", "description": "JSON with any of `name`, `emails` and `dids` (lists)."},
        "basis": {
            "$ref": "#/components/schemas/Basis",
            "description": SubmissionRequest.model_fields["basis"].description,
        },
    },
    "examples": [_FORM_EXAMPLE],
}
_SUBMIT: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/SubmissionRequest"}},
            "multipart/form-data": {"schema": _FORM_SCHEMA},
        },
    },
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "description": "The same key with the same request gives the same submission; with another one, 409.",
            "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY_CHARS},
        }
    ],
}


@router.post("", status_code=202, openapi_extra=_SUBMIT)
async def submit(request: Request, response: Response) -> Accepted:
    """Hand in an LER. It is kept and queued; what became of it is at `status_url`."""
    connector = the_connector(request)
    body, content = await _read(request)
    if body.connection not in connector.connections:
        raise ApiError(422, "unknown_connection", "There is no connection of that name.")
    key = request.headers.get("idempotency-key")
    if key is not None and not 1 <= len(key) <= MAX_KEY_CHARS:
        raise ApiError(422, "invalid_request", f"The Idempotency-Key must have 1 to {MAX_KEY_CHARS} characters.")
    new = NewSubmission(
        ref=ApplicationRef(connection=body.connection, candidate=body.candidate, application=body.application),
        basis=body.basis,
        content=content,
        url=body.url,
        applicant=body.applicant,
        consent=body.basis is not Basis.CANDIDATE_PAGE,
        consent_reference=body.consent_reference,
        idempotency_key=key,
    )
    record = await run_sync(connector.submit, new)
    path = f"{router.prefix}/{record.id}"
    response.headers["Location"] = path
    return Accepted(id=record.id, status_url=f"{connector.settings.public_url}{path}")


@router.get("")
async def list_submissions(
    request: Request,
    cursor: str | None = None,
    state: State | None = None,
    connection: str | None = None,
) -> StatusPage:
    """Submissions, newest first, without their reports."""
    connector = the_connector(request)
    page = await run_sync(lambda: connector.submissions(cursor=cursor, state=state, connection=connection))
    return StatusPage(items=[_status(connector, r, whole=False) for r in page.items], next_cursor=page.next_cursor)


@router.get("/{submission_id}")
async def get_submission(request: Request, submission_id: str) -> SubmissionStatus:
    """A submission as it stands, with its verification report, change set and receipt once there are any."""
    connector = the_connector(request)
    record = await run_sync(connector.submission, submission_id)
    if record is None:
        raise ApiError(404, "unknown_submission", "There is no submission of that id.")
    return _status(connector, record, whole=True)


@router.post("/{submission_id}/retry", status_code=202)
async def retry(request: Request, submission_id: str) -> SubmissionStatus:
    """Try a failed, refused or partly delivered submission again."""
    connector = the_connector(request)
    return _status(connector, await run_sync(connector.retry, submission_id), whole=False)


@router.post("/{submission_id}/undo", status_code=202)
async def undo(request: Request, submission_id: str) -> SubmissionStatus:
    """Take back what this submission put into the ATS; what other submissions put there stays."""
    connector = the_connector(request)
    return _status(connector, await run_sync(connector.undo, submission_id), whole=False)


@router.post("/{submission_id}/withdraw", status_code=202)
async def withdraw(request: Request, submission_id: str) -> SubmissionStatus:
    """The candidate asked to stop using it: its values leave the ATS."""
    connector = the_connector(request)
    return _status(connector, await run_sync(connector.withdraw, submission_id), whole=False)


@router.delete("/{submission_id}", status_code=202)
async def erase(request: Request, submission_id: str) -> Erasing:
    """Erase: its values leave the ATS, then everything kept of it is deleted here."""
    connector = the_connector(request)
    await run_sync(connector.erase, submission_id)
    return Erasing(id=submission_id)


_SHOWN: Final = frozenset(SubmissionStatus.model_fields) & frozenset(SubmissionRecord.model_fields)
_WHOLE_ONLY: Final = frozenset({"change_set", "receipt"})


def _status(connector: Connector, record: SubmissionRecord, *, whole: bool) -> SubmissionStatus:
    """A submission as callers see it; the long parts only where one submission was asked for."""
    members: dict[str, Any] = record.model_dump(mode="json", include=set(_SHOWN if whole else _SHOWN - _WHOLE_ONLY))
    ref = record.ref
    return SubmissionStatus(
        **members,
        connection=ref.connection,
        candidate=ref.candidate,
        application=ref.application,
        report_url=connector.report_url(record.report_id) if record.report_id else None,
        report=record.answer if whole else None,
    )


async def _read(request: Request) -> tuple[SubmissionRequest, bytes | None]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await _read_form(request)
    if kind == "application/json":
        return _read_json(await request.body())
    raise ApiError(415, "unsupported_media_type", "Send application/json or multipart/form-data.")


def _read_json(raw: bytes) -> tuple[SubmissionRequest, bytes | None]:
    try:
        body = _validated(parse_json(raw))
    except IntakeError as error:
        raise ApiError(400, "not_json", "The request body is not proper JSON.", detail=error.detail) from error
    carried = [body.credential is not None, body.url is not None, body.text is not None]
    if sum(carried) != 1:
        raise ApiError(422, "invalid_request", "Give exactly one of credential, url and text.")
    if body.text is not None:
        return body, body.text.encode()
    if body.credential is not None:
        return body, _member_bytes(body.credential)
    return body, None


def _member_bytes(credential: Any) -> bytes:
    """The credential as bytes. A string (a token) is itself; an object is written once more, members in their order."""
    if isinstance(credential, str):
        return credential.encode()
    return json.dumps(credential, ensure_ascii=False, separators=(",", ":")).encode()


async def _read_form(request: Request) -> tuple[SubmissionRequest, bytes | None]:
    form = await read_form(request, max_files=1, max_fields=10)
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise ApiError(422, "invalid_request", "The form has no file.")
    fields: dict[str, Any] = {k: v for k, v in form.items() if k != "file"}
    if "applicant" in fields:
        try:
            fields["applicant"] = parse_json(str(fields["applicant"]))
        except IntakeError as error:
            raise ApiError(422, "invalid_request", "The applicant is not proper JSON.", detail=error.detail) from error
    return _validated(fields), await file.read()


def _validated(fields: Any) -> SubmissionRequest:
    try:
        return SubmissionRequest.model_validate(fields)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)
        if any(e["loc"] == ("basis",) and e["type"] == "missing" for e in found):
            bases = ", ".join(Basis)
            message = "Say on what basis this is handed in."
            raise ApiError(422, "basis_missing", message, detail=f"one of {bases}") from error
        message = "The request is not what this call takes."
        raise ApiError(422, "invalid_request", message, detail=places(found)) from error
