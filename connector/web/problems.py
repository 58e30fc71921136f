"""Errors: RFC 9457 problem details with a stable `code` for machines, a page in plain words for people.

Who opened `/s` or `/r` is a person with a browser; everybody else gets JSON.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import Scope

from connector.errors import (
    ConfigurationError,
    ConnectorError,
    IntakeError,
    LinkError,
    MappingError,
    StoreError,
    SubmissionTooLarge,
)
from connector.web.templates import choose_language, page

log = logging.getLogger(__name__)

_STATUS_BY_CODE: Final = {
    "idempotency_conflict": 409,
    "not_allowed_now": 409,
    "unknown_submission": 404,
    "cursor_invalid": 422,
}
_WORDS_BY_STATUS: Final = {404: "missing", 413: "too_large", 500: "broken", 503: "unavailable"}
_HEADERS: Final = {
    401: {"WWW-Authenticate": "Bearer"},
    429: {"Retry-After": "60"},
    503: {"Retry-After": "5"},
}
_MAX_PLACES: Final = 5


class Problem(BaseModel):
    """An error, as RFC 9457 problem details. `code` is stable; `hint` says how to mend it, where that is known."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    hint: str | None = None


PROBLEM_RESPONSES: Final[dict[int | str, dict[str, object]]] = {
    "default": {
        "description": "An error, with a stable `code`.",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
}
"""For routers: how every call describes its errors."""


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


def refusal(scope: Scope, status: int, code: str, message: str, hint: str = "") -> Response:
    """The answer to a request that came to nothing, in the form that its sender can read."""
    if scope["path"].startswith(("/s/", "/r/")):
        return _page(scope, status)
    return _problem(status, code, message, hint)


def _page(scope: Scope, status: int) -> Response:
    language = choose_language("", Headers(scope=scope).get("accept-language", ""))
    _, surface, token = (*scope["path"].split("/", 3), "")[:3]
    back = f"/s/{token}" if surface == "s" and token and status != 404 else None
    words = "report" if (surface, status) == ("r", 404) else _WORDS_BY_STATUS.get(status, "other")
    return page("trouble.html", language=language, status=status, words=f"trouble.{words}", back=back)


def _problem(status: int, code: str, message: str, hint: str) -> Response:
    body = Problem(title=HTTPStatus(status).phrase, status=status, code=code, detail=message, hint=hint or None)
    raw = json.dumps(body.model_dump(exclude_none=True)).encode()
    return Response(raw, status, headers=_HEADERS.get(status), media_type="application/problem+json")


def places(errors: Sequence[Mapping[str, Any]]) -> str:
    """Where a request is not as it should be; without its values."""
    return "; ".join(".".join(map(str, e["loc"])) + ": " + e["msg"] for e in errors[:_MAX_PLACES])


def install(app: FastAPI) -> None:
    """Answer every error of ours, and the framework's own, in these two shapes."""

    @app.exception_handler(ConnectorError)
    async def _ours(request: Request, error: ConnectorError) -> Response:
        return refusal(request.scope, status_of(error), error.code, error.message, error.detail)

    @app.exception_handler(ConfigurationError)
    async def _not_set_up(request: Request, error: ConfigurationError) -> Response:
        log.error("a request needs what is not set up: %s", error)
        return refusal(request.scope, 500, error.code, "The connector is not set up for this; see its log.")

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        return refusal(
            request.scope, 422, "invalid_request", "The request is not what this call takes.", places(error.errors())
        )

    @app.exception_handler(HTTPException)
    async def _framework(request: Request, error: HTTPException) -> Response:
        code = HTTPStatus(error.status_code).name.lower()
        answer = refusal(request.scope, error.status_code, code, str(error.detail))
        answer.headers.update(error.headers or {})
        return answer
