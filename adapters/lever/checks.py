"""What Lever's stand-in refuses, and how: error bodies, the rate limit, bodies, forms against their template.

Lever developer documentation (read 2026-11-23): "Responses and Errors", "Rate Limits", "Create a profile form",
"Form Fields".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse

from adapters.standin import Refusal

Json = dict[str, Any]

# --- refusals and the limit --------------------------------------------------------------------------------------


def refused(status: int, code: str, message: str) -> Refusal:
    """An answer in Lever's error shape."""
    return Refusal(JSONResponse({"code": code, "message": message}, status))


def bad_request(message: str) -> Refusal:
    return refused(400, "BadRequest", message)


def missing(kind: str, identifier: str) -> Refusal:
    return refused(404, "ResourceNotFound", f"{kind} {identifier} was not found")


class TokenBucket:
    """Lever's limit: `rate` requests a second on average, `burst` at once; its 429 has no headers."""

    def __init__(self, rate: float, burst: int, now: Callable[[], float]) -> None:
        self._rate, self._burst, self._now = rate, burst, now
        self._tokens, self._at = float(burst), now()

    def take(self) -> bool:
        now = self._now()
        self._tokens = min(self._burst, self._tokens + max(now - self._at, 0.0) * self._rate)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


# --- bodies ------------------------------------------------------------------------------------------------------


async def json_body(request: Request, members: set[str]) -> Json:
    """The JSON object of a request, refused when it has a member that the call does not know."""
    try:
        body = json.loads(await request.body())
    except ValueError:
        raise bad_request("The body is not JSON") from None
    if not isinstance(body, dict):
        raise bad_request("The body is not an object")
    if unknown := set(body) - members:
        raise bad_request(f"Unknown property {min(unknown)}")
    return body


def strings(body: Json, member: str) -> list[str]:
    items = body.get(member)
    if not isinstance(items, list) or not all(isinstance(item, str) and item.strip() for item in items):
        raise bad_request(f"{member} must be a list of strings")
    return items


def required_text(body: Json, member: str) -> str:
    value = body.get(member)
    if not isinstance(value, str) or not value.strip():
        raise bad_request(f"{member} is required")
    return value


def is_score(value: object) -> bool:
    return value is None or (isinstance(value, int) and 1 <= value <= 4)


def is_comment(value: object) -> bool:
    known = {"value", "createdAt", "user", "type", "text", "stage"}
    return isinstance(value, dict) and isinstance(value.get("value"), str) and set(value) <= known


def require_user(request: Request) -> None:
    if "perform_as" not in request.query_params:
        raise bad_request("perform_as is required")


# --- forms -------------------------------------------------------------------------------------------------------

_MEMBERS: Final = frozenset({"type", "text", "description", "required", "options", "id", "value"})


def form_problem(template: Sequence[Json], given: object) -> str | None:
    """What is wrong with the fields of a form, None when nothing is.

    They must be the template's, every one, with null for an empty optional one.
    """
    if not isinstance(given, list) or not all(isinstance(f, dict) and "value" in f for f in given):
        return "fields must be a list of fields with a value each"
    by_text = {f.get("text"): f for f in given}
    if len(by_text) != len(given) or set(by_text) != {f["text"] for f in template}:
        return "fields do not match the fields of the form template"
    for field in template:
        if (problem := _field_problem(field, by_text[field["text"]])) is not None:
            return f"{field['text']}: {problem}"
    return None


def _field_problem(field: Json, given: Json) -> str | None:
    if set(given) - _MEMBERS:
        return f"unknown property {min(set(given) - _MEMBERS)}"
    if given.get("type") != field["type"]:
        return f"is a field of type {field['type']}"
    value = given["value"]
    if value is None:
        return "is required" if field["required"] else None
    if not _TYPES[field["type"]](value, {o["text"] for o in field.get("options", ())}):
        return f"is no value of a field of type {field['type']}"
    return None


def _is_line(value: object, options: set[str]) -> bool:
    return isinstance(value, str) and "\n" not in value


def _is_text(value: object, options: set[str]) -> bool:
    return isinstance(value, str)


def _is_number(value: object, options: set[str]) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_millis(value: object, options: set[str]) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_yes_or_no(value: object, options: set[str]) -> bool:
    return value in ("yes", "no")


def _is_option(value: object, options: set[str]) -> bool:
    return isinstance(value, str) and value in options


def _are_options(value: object, options: set[str]) -> bool:
    return isinstance(value, list) and all(_is_option(item, options) for item in value)


_TYPES: Final[Mapping[str, Callable[[object, set[str]], bool]]] = {
    "text": _is_line,
    "textarea": _is_text,
    "currency": _is_number,
    "date": _is_millis,
    "yes-no": _is_yes_or_no,
    "dropdown": _is_option,
    "multiple-choice": _is_option,
    "multiple-select": _are_options,
}
