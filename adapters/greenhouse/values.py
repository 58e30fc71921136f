"""Custom field values of Greenhouse: what a candidate row holds, and what a PATCH must send for the same value.

A row holds option *names*, a PATCH takes option *ids*; currencies and ranges are spelt differently too. Masked
`*_hris` values are neither read nor sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from adapters.greenhouse.wire import CustomFieldRow, CustomFieldValue, OptionRow
from connector.errors import RejectedByAts, UnsupportedByAts
from connector.model.changes import FieldValue
from connector.ports import FieldDefinition

TYPES: Final[Mapping[str, str]] = {
    "short_text": "text",
    "long_text": "long_text",
    "url": "url",
    "yes_no": "yes_no",
    "number": "number",
    "date": "date",
    "single_select": "single_select",
    "multi_select": "multi_select",
}
"""`value_type` of Greenhouse -> our type. What is missing here (currency, user, ranges) is never written by us."""
SELECTS: Final = frozenset({"single_select", "multi_select"})
_KINDS: Final[Mapping[str, tuple[type, ...]]] = {"yes_no": (bool,), "number": (int, float)}
"""What a value is in Python, where it is no text."""
_SENT_AS_READ: Final = frozenset(
    {"short_text", "long_text", "rich_text", "url", "yes_no", "number", "date", "number_range"}
)


@dataclass(frozen=True, slots=True)
class Definition:
    """An active candidate field and the options it has ever had."""

    row: CustomFieldRow
    options: tuple[OptionRow, ...] = field(default=())

    @property
    def type(self) -> str | None:
        """Our type; None when we cannot write it."""
        return TYPES.get(self.row.value_type)

    @property
    def is_masked(self) -> bool:
        return is_masked(self.row.value_type)

    def public(self) -> FieldDefinition | None:
        """As the port shows it; None for a field we cannot write."""
        if self.type is None:
            return None
        names = tuple(dict.fromkeys(o.name for o in self.options if o.active))
        return FieldDefinition(
            key=self.row.name_key,
            name=self.row.name,
            type=self.type,
            options=names if self.row.value_type in SELECTS else None,
            private=self.row.private,
        )


def is_masked(value_type: str) -> bool:
    return value_type.endswith("_hris")


def read_value(held: CustomFieldValue) -> FieldValue | None:
    """A row's value as ours; None for nothing, and for what has no counterpart (money, ranges, people)."""
    value = held.value
    if is_masked(held.type) or value is None or value == "" or value == []:
        return None
    if isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, (list, tuple)) and all(isinstance(v, str) for v in value):
        return tuple(value)
    return None


def read_values(fields: Mapping[str, CustomFieldValue]) -> dict[str, FieldValue]:
    """All values of a row that have a counterpart, by key."""
    values = ((key, read_value(held)) for key, held in fields.items())
    return {key: value for key, value in values if value is not None}


# --- our value, to be sent ---------------------------------------------------------------------------------------


def value_to_send(definition: Definition, value: FieldValue | None) -> Any:
    """What a PATCH takes for one of our values: ids for options, null for nothing.

    Raises:
        RejectedByAts: another kind of value than the field's, or an option it does not have.
        UnsupportedByAts: the field's type is none that we write.
    """
    key, kind = definition.row.name_key, definition.row.value_type
    if definition.type is None:
        raise UnsupportedByAts(f"The Greenhouse field `{key}` is of type {kind}, which the connector does not write.")
    if value is None:
        return None
    if kind == "multi_select":
        names = value if isinstance(value, tuple) else (str(value),)
        return [_active_option(definition, name) for name in names]
    if kind == "single_select":
        return _active_option(definition, str(value))
    if not isinstance(value, _KINDS.get(kind, (str,))) or (kind == "number" and isinstance(value, bool)):
        raise RejectedByAts(
            f"The Greenhouse field `{key}` takes a {kind} value; the mapping gives another kind.", code="wrong_value"
        )
    return value


def has_options(definition: Definition, value: FieldValue | None) -> bool:
    """Whether every option that the value names is there; true for what names none."""
    if definition.row.value_type not in SELECTS or value is None:
        return True
    names = value if isinstance(value, tuple) else (str(value),)
    return set(names) <= {option.name for option in definition.options if option.active}


def _active_option(definition: Definition, name: str) -> int:
    for option in definition.options:
        if option.active and option.name == name:
            return option.id
    raise RejectedByAts(
        f"The Greenhouse field `{definition.row.name_key}` has no such option; add it there, or change the mapping.",
        code="unknown_option",
        detail=f"option {name[:80]!r}",
    )


# --- somebody else's value, to be sent back unchanged --------------------------------------------------------------


def value_to_keep(definition: Definition, held: CustomFieldValue) -> Any:
    """What a PATCH takes so that a value that is not ours stays as it is.

    Raises:
        UnsupportedByAts: the value cannot be spelt for a PATCH; leaving it out might lose it, so nothing is written.
    """
    kind, value = definition.row.value_type, held.value
    if kind in _SENT_AS_READ:
        return value
    if kind == "single_select" and isinstance(value, str):
        return _any_option(definition, value)
    if kind == "multi_select" and isinstance(value, (list, tuple)):
        return [_any_option(definition, str(name)) for name in value]
    if kind == "currency" and isinstance(value, dict):
        return {"amount": value.get("amount", value.get("value")), "currency_code": _currency(value)}
    if kind == "currency_range" and isinstance(value, dict):
        return {
            "min_amount": value.get("min_amount", value.get("min_value")),
            "max_amount": value.get("max_amount", value.get("max_value")),
            "currency_code": _currency(value),
        }
    if kind == "user":
        user = value.get("id", value.get("user_id")) if isinstance(value, dict) else value
        if isinstance(user, int):
            return user
    raise _cannot_keep(definition)


def _currency(value: Mapping[str, Any]) -> Any:
    return value.get("currency_code", value.get("unit"))


def _any_option(definition: Definition, name: str) -> int:
    named = [option for option in definition.options if option.name == name]
    if not named:
        raise _cannot_keep(definition)
    return next((option.id for option in named if option.active), named[0].id)


def _cannot_keep(definition: Definition) -> UnsupportedByAts:
    return UnsupportedByAts(
        f"The candidate's Greenhouse field `{definition.row.name_key}`, which is not ours, holds a value that cannot "
        "be sent back unchanged; nothing was written, so that it is not lost.",
        code="foreign_value_unsendable",
        detail=f"type {definition.row.value_type}",
    )


# --- after a write --------------------------------------------------------------------------------------------------


def foreign_changes(
    before: Mapping[str, CustomFieldValue], after: Mapping[str, CustomFieldValue], ours: Sequence[str]
) -> list[str]:
    """Keys that are not ours and do not hold what they held."""
    mine = set(ours)
    return [
        key
        for key, held in before.items()
        if key not in mine
        and not is_masked(held.type)
        and _comparable(held) != _comparable(after.get(key, CustomFieldValue(type=held.type, value=None)))
    ]


def _comparable(held: CustomFieldValue) -> Any:
    if isinstance(held.value, (list, tuple)) and all(isinstance(v, str) for v in held.value):
        return sorted(held.value) or None
    return held.value
