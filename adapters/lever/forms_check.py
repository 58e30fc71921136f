"""How the stand-in checks a form against its template (Lever's documentation, "Create a profile form", "Form Fields").

Fields that do not match the template give a validation error and nothing is created; every field of the template must
be there, with null for an empty optional one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

Json = dict[str, Any]

_MEMBERS: Final = frozenset({"type", "text", "description", "required", "options", "id", "value"})


def form_problem(template: Sequence[Json], given: object) -> str | None:
    """What is wrong with the fields of a form, None when nothing is."""
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
