"""What the Greenhouse stand-in refuses: bodies and custom field values that Harvest v3 would not take.

v3 answers 422 with `errors` in one of three shapes: a string, a list of strings, a list of one-key objects.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Collection, Mapping
from datetime import date
from typing import Any, Final

from starlette.responses import JSONResponse

from adapters.greenhouse.world import HIDDEN, Row, World
from adapters.standin import Refusal

MAX_SHORT_TEXT: Final = 255


def unprocessable(errors: Any) -> Refusal:
    return Refusal(JSONResponse({"message": "Unprocessable Content", "errors": errors}, 422))


def not_found(what: str, *, with_errors: bool = True) -> Refusal:
    """A record that is not there; the vendor's `errors` is then a plain string, or missing."""
    body: dict[str, Any] = {"message": "Resource not found"}
    if with_errors:
        body["errors"] = f"{what} not found"
    return Refusal(JSONResponse(body, 404))


def body_of(raw: bytes, *, required: Collection[str], optional: Collection[str] = ()) -> dict[str, Any]:
    """A JSON object with all of `required` and nothing beyond `optional`."""
    try:
        body = json.loads(raw or b"{}")
    except ValueError:
        raise Refusal(JSONResponse({"message": "Bad Request", "errors": ["Invalid JSON"]}, 400)) from None
    if not isinstance(body, dict):
        raise unprocessable(["Body must be an object"])
    unknown = sorted(body.keys() - {*required, *optional})
    if unknown:
        raise unprocessable([f"Additional property not allowed: {name}" for name in unknown])
    missing = [name for name in required if body.get(name) in (None, "")]
    if missing:
        raise unprocessable([{name: "is required"} for name in missing])
    return body


def whole_number(body: Mapping[str, Any], name: str) -> int:
    value = body[name]
    if not isinstance(value, int) or isinstance(value, bool):
        raise unprocessable([{name: f"`{value}` is not an integer"}])
    return value


def one_of(body: Mapping[str, Any], name: str, allowed: Collection[str], listed: Collection[str] = ()) -> str:
    """The member's value, exactly as spelt in `allowed`; the text of the refusal lists `listed`."""
    value = body[name]
    if value not in allowed:
        raise unprocessable([{name: f"`{value}` is not one of: {', '.join(listed or allowed)}"}])
    return str(value)


def decoded(content: Any, limit: int) -> bytes:
    """An attachment's bytes."""
    try:
        raw = base64.b64decode(str(content), validate=True)
    except binascii.Error:
        raise unprocessable([{"content": "is not valid base64"}]) from None
    if not raw or len(raw) > limit:
        raise unprocessable([{"content": "is empty or too large"}])
    return raw


# --- custom field values -----------------------------------------------------------------------------------------


def checked_values(world: World, items: Any) -> dict[str, Any]:
    """The `custom_fields` of a PATCH as stored values by key; None clears."""
    if not isinstance(items, list):
        raise unprocessable("custom_fields must be an array")
    values: dict[str, Any] = {}
    for item in items:
        row = _definition_named(world, item)
        if row["name_key"] in values:
            raise unprocessable([{"custom_fields": f"{row['name_key']} is given twice"}])
        values[row["name_key"]] = _checked(world, row, item["value"])
    return values


def _definition_named(world: World, item: Any) -> Row:
    if not isinstance(item, dict) or "value" not in item or not item.keys() <= {"name_key", "custom_field_id", "value"}:
        raise unprocessable([{"custom_fields": "needs name_key or custom_field_id, and value"}])
    for row in world.custom_fields.values():
        if item.get("name_key") == row["name_key"] or item.get("custom_field_id") == row["id"]:
            if row["field_type"] == "candidate" and row["active"] and not row["value_type"].endswith(HIDDEN):
                return row
            break
    raise unprocessable([{"custom_fields": f"Unknown custom field: {item.get('name_key')}"}])


def _checked(world: World, row: Row, value: Any) -> Any:
    if value is None:
        return None
    kind = row["value_type"]
    if kind == "single_select":
        return _option(world, row, value)
    if kind == "multi_select":
        if not isinstance(value, list):
            raise _wrong(row)
        return [_option(world, row, item) for item in value] or None
    if not _FITS[kind](value):
        raise _wrong(row)
    if kind == "user" and value not in world.users:
        raise _wrong(row)
    return None if value == "" else value


def _option(world: World, row: Row, given: Any) -> int:
    """An option by id, or by its exact name; an archived one only when it was an id (a value that stays)."""
    for option in world.options.values():
        if option["custom_field_id"] == row["id"] and given in (
            option["id"],
            option["name"] if option["active"] else "",
        ):
            return int(option["id"])
    raise unprocessable([{row["name_key"]: "is not one of the field's options"}])


def _wrong(row: Row) -> Refusal:
    return unprocessable([{row["name_key"]: f"is not a valid {row['value_type']}"}])


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and len(value) == 10 and bool(date.fromisoformat(value))
    except ValueError:
        return False


def _is_url(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(("https://", "http://")) and " " not in value


_FITS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "short_text": lambda v: _is_text(v) and len(v) < MAX_SHORT_TEXT,
    "long_text": _is_text,
    "rich_text": _is_text,
    "url": _is_url,
    "yes_no": lambda v: isinstance(v, bool),
    "number": _is_number,
    "date": _is_date,
    "user": lambda v: isinstance(v, int),
    "currency": lambda v: isinstance(v, dict) and v.keys() == {"amount", "currency_code"} and _is_number(v["amount"]),
}
