"""Records that nobody changes, for what is made for every credential.

`dataclass(frozen=True)` pays for its promise at run time: each member is set through `object.__setattr__`, at several
times the cost. Here the type checker holds the promise, and a record costs what a plain object does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

_T = TypeVar("_T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[_T]) -> type[_T]:
    """A dataclass with slots; setting a member is an error of types."""
    return dataclass(slots=True, unsafe_hash=True)(cls)
