"""Finds ATS adapters: whatever installed package names an `AtsPlugin` in the entry point group `ler_connector.ats`.

Ours are declared exactly as anyone's; a third-party adapter is installed beside the connector and is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Final

from connector.errors import ConfigurationError
from connector.ports import AtsPlugin

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP: Final = "ler_connector.ats"


@cache
def available() -> tuple[str, ...]:
    """The kinds of ATS that are installed, without importing any of them."""
    return tuple(sorted(_entries()))


@cache
def plugin(kind: str) -> AtsPlugin:
    """The plugin of one kind.

    Raises:
        ConfigurationError: no installed package offers it, or what it offers is no plugin.
    """
    entry = _entries().get(kind)
    if entry is None:
        raise ConfigurationError(f"There is no ATS adapter named {kind!r}; installed are: {', '.join(available())}.")
    return _load(entry)


def plugins() -> Mapping[str, AtsPlugin]:
    """Every installed plugin, by kind."""
    return {kind: plugin(kind) for kind in available()}


def _entries() -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points  # takes as long to load as a verification

    return _unique(entry_points(group=GROUP))


def _unique(found: Iterable[EntryPoint]) -> dict[str, EntryPoint]:
    """By name; two packages that offer the same kind are a mistake that nobody should have to guess about."""
    result: dict[str, EntryPoint] = {}
    for entry in found:
        other = result.setdefault(entry.name, entry)
        if other.value != entry.value:
            raise ConfigurationError(f"Two installed packages offer an ATS adapter named {entry.name!r}.")
    return result


def _load(entry: EntryPoint) -> AtsPlugin:
    try:
        loaded = entry.load()
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(
            f"The ATS adapter {entry.name!r} ({entry.value}) cannot be loaded: {type(error).__name__}."
        ) from error
    if not isinstance(loaded, AtsPlugin):
        raise ConfigurationError(f"The entry point {entry.value} is no AtsPlugin.")
    return loaded
