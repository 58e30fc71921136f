"""`/api/v1/submissions`: hand in an LER, ask what became of it, act on it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

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
from connector.web.problems import ApiError

router = APIRouter(prefix="/api/v1/submissions", tags=["submissions"], dependencies=[ApiCaller])


class SubmissionRequest(BaseModel):
    """What accompanies an LER. Exactly one of `credential` (JSON), `url`, `text` or a multipart `file` carries it."""

    model_config = ConfigDict(extra="forbid")

    connection: str
    candidate: str
    application: str | None = None
    applicant: Applicant = Applicant()
    basis: Basis
    consent_reference: str | None = None
    credential: Any = None
    url: str | None = None
    text: str | None = None


class Accepted(BaseModel):
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
    code: str | None
    message: str | None
    attempts: int
    next_attempt_at: datetime | None
    report_url: str | None = None
    report: dict[str, Any] | None = None
    change_set: dict[str, Any] | None = None
    receipt: dict[str, Any] | None = None


class StatusPage(BaseModel):
    items: list[SubmissionStatus]
    next_cursor: str | None


_REQUEST_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": SubmissionRequest.model_json_schema(ref_template="#/components/schemas/{model}")
            },
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file", "connection", "candidate", "basis"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "connection": {"type": "string"},
                        "candidate": {"type": "string"},
                        "application": {"type": "string"},
                        "applicant": {"type": "string", "description": "the applicant as JSON"},
                        "basis": {"type": "string", "enum": [str(b) for b in Basis]},
                        "consent_reference": {"type": "string"},
                    },
                }
            },
        },
    },
    "parameters": [{"name": "Idempotency-Key", "in": "header", "required": False, "schema": {"type": "string"}}],
}
_REQUEST_BODY["requestBody"]["content"]["application/json"]["schema"].pop("$defs", None)  # type: ignore[index]  # a plain dict of the shape above


@router.post("", status_code=202, openapi_extra=_REQUEST_BODY)
async def submit(request: Request, response: Response) -> Accepted:
    """Hand in an LER. It is kept and queued; what became of it is at `status_url`."""
    connector = the_connector(request)
    body, content = await _read(request)
    if body.connection not in connector.connections:
        raise ApiError(422, "unknown_connection", "There is no connection of that name.")
    key = request.headers.get("idempotency-key")
    if key is not None and not 1 <= len(key) <= 200:
        raise ApiError(422, "invalid_request", "The Idempotency-Key must have 1 to 200 characters.")
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
    url = f"{router.prefix}/{record.id}"
    response.headers["Location"] = url
    return Accepted(id=record.id, status_url=url)


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
async def erase(request: Request, submission_id: str) -> dict[str, str]:
    """Erase: its values leave the ATS, then everything kept of it is deleted here."""
    connector = the_connector(request)
    await run_sync(connector.erase, submission_id)
    return {"id": submission_id, "status": "erasing"}


def _status(connector: Any, record: SubmissionRecord, *, whole: bool) -> SubmissionStatus:
    return SubmissionStatus(
        **record.model_dump(
            include={
                "id",
                "state",
                "basis",
                "consent_reference",
                "created_at",
                "updated_at",
                "document_sha256",
                "duplicate_of",
                "code",
                "message",
                "attempts",
                "next_attempt_at",
            }
        ),
        connection=record.ref.connection,
        candidate=record.ref.candidate,
        application=record.ref.application,
        report_url=connector.report_url(record.report_id) if record.report_id else None,
        report=record.answer if whole else None,
        change_set=record.change_set.model_dump(mode="json") if whole and record.change_set else None,
        receipt=record.receipt.model_dump(mode="json") if whole and record.receipt else None,
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
    form = await request.form(max_files=1, max_fields=10)
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
        places = "; ".join(".".join(str(part) for part in e["loc"]) + ": " + e["msg"] for e in error.errors()[:5])
        missing_basis = any(e["loc"] == ("basis",) and e["type"] == "missing" for e in error.errors())
        if missing_basis:
            raise ApiError(
                422, "basis_missing", "Say on what basis this is handed in.", detail=f"one of {[str(b) for b in Basis]}"
            ) from error
        raise ApiError(422, "invalid_request", "The request is not what this call takes.", detail=places) from error
