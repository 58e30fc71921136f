"""Errors as RFC 9457 problem details, each with a stable `code` and one human sentence."""

from __future__ import annotations

import json
import logging
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from connector.errors import (
    ConnectorError,
    IntakeError,
    LinkError,
    MappingError,
    StoreError,
    SubmissionTooLarge,
)

log = logging.getLogger(__name__)

_STATUS_BY_CODE = {
    "idempotency_conflict": 409,
    "not_allowed_now": 409,
    "unknown_submission": 404,
    "unknown_report": 404,
    "unauthorized": 401,
}


class ApiError(ConnectorError):
    """A request that the API refuses: `status` is the HTTP status."""

    def __init__(self, status: int, code: str, message: str, *, detail: str = "") -> None:
        super().__init__(message, code=code, detail=detail)
        self.status = status


def status_of(error: ConnectorError) -> int:
    """The HTTP status that says the same as the error."""
    if isinstance(error, ApiError):
        return error.status
    if error.code in _STATUS_BY_CODE:
        return _STATUS_BY_CODE[error.code]
    kinds = ((SubmissionTooLarge, 413), (IntakeError, 422), (MappingError, 422), (LinkError, 404), (StoreError, 503))
    return next((status for kind, status in kinds if isinstance(error, kind)), 422)


def problem_body(status: int, code: str, message: str, detail: str = "") -> bytes:
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": message,
    }
    if detail:
        body["hint"] = detail
    return json.dumps(body).encode()


def problem(status: int, code: str, message: str, detail: str = "") -> Response:
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    if status == 503:
        headers["Retry-After"] = "5"
    return Response(
        problem_body(status, code, message, detail), status, headers=headers, media_type="application/problem+json"
    )


def install(app: FastAPI) -> None:
    """Answer every error of ours, and the framework's own, in this one shape."""

    @app.exception_handler(ConnectorError)
    async def _ours(request: Request, error: ConnectorError) -> Response:
        return problem(status_of(error), error.code, error.message, error.detail)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        places = "; ".join(".".join(str(part) for part in e["loc"]) + ": " + e["msg"] for e in error.errors()[:5])
        return problem(422, "invalid_request", "The request is not what this call takes.", places)

    @app.exception_handler(HTTPException)
    async def _framework(request: Request, error: HTTPException) -> Response:
        return problem(error.status_code, HTTPStatus(error.status_code).name.lower(), str(error.detail))
