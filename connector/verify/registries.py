"""Registries of issuers: what one says of an issuer is shown, and recognises nobody (DOMAIN section 3).

A registry is read once and asked by exact identifier. Three answers are kept apart: it lists the issuer, it does not,
and it could not be loaded, which is never read as "not listed".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol, runtime_checkable

from connector import codec, hosting
from connector.errors import IntakeError
from connector.verify.keys import PublicKey

MAX_REGISTRY_BYTES: Final = 5_000_000
MAX_ENTRIES: Final = 50_000
MAX_NAME: Final = 500

_TEST_WORDS = re.compile(
    r"(?<![a-z])(?:test|for testing|sandbox|staging|playground)(?![a-z])|(?<=[a-z])(?-i:Test|Sandbox)(?![a-z])",
    re.IGNORECASE,
)
_TEST_PARTS: Final = frozenset({"test", "testing", "sandbox", "staging", "playground"})


class RegistryProblem(Exception):
    """A registry, or its answer, that cannot be used; the message says why in words."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a registry says of one issuer.

    Attributes:
        is_test: its name, its address or the identifier itself says that it is for tests.
        keys: the issuer's keys as the registry knows them; None where it names none.
    """

    name: str
    is_test: bool
    url: str = ""
    keys: tuple[PublicKey, ...] | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """One registry's answer about one issuer.

    Attributes:
        entry: None when it does not list the issuer, or when nobody could find out (`problem`).
        as_of: when the copy was fetched that this was read from; None for a file of the employer's own.
        problem: why it could not be asked; "" when it was.
    """

    registry: str
    entry: Entry | None = None
    as_of: datetime | None = None
    problem: str = ""
    recognises: bool = False
    """The policy recognises this issuer by this registry."""
    test_registry: bool = False
    shows: bool = True

    @property
    def is_test(self) -> bool:
        listed = self.entry is not None or self.recognises
        return listed and (self.test_registry or (self.entry is not None and self.entry.is_test))

    @property
    def dated(self) -> str:
        """The registry's label and the day of the copy, as it is shown."""
        return self.registry if self.as_of is None else f"{self.registry}, copy of {self.as_of:%Y-%m-%d}"


@runtime_checkable
class Book(Protocol):
    """A registry as it can be asked."""

    def look(self, issuer: str) -> tuple[Entry | None, datetime | None, str]:
        """Entry, day of the copy, and the problem (see `Words`); it may wait for a moment, never for long."""
        ...


@dataclass(frozen=True, slots=True)
class ReadBook:
    """A registry that was read to the end: who is not in it is not listed."""

    entries: Mapping[str, Entry] = field(default_factory=dict)
    as_of: datetime | None = None

    def look(self, issuer: str) -> tuple[Entry | None, datetime | None, str]:
        return self.entries.get(issuer), self.as_of, ""


@dataclass(frozen=True, slots=True)
class UnreadBook:
    """A registry that nobody has loaded."""

    problem: str = "it was not loaded"

    def look(self, issuer: str) -> tuple[Entry | None, datetime | None, str]:
        return None, None, self.problem


# --- test marks --------------------------------------------------------------------------------------------------


def says_test(*names: str) -> bool:
    """Whether a name says that it is for tests ("Testing Service" and "Contest" do not)."""
    return any(_TEST_WORDS.search(name) for name in names)


def is_test_address(address: str) -> bool:
    """Whether a part of an address (host label, path segment, part of a DID) is such a word and nothing else."""
    return not _TEST_PARTS.isdisjoint(re.split(r"[/:.\-_?#=&]+", address.lower()))


def is_test_source(source: str) -> bool:
    """Whether a registry's own address or file name says so: `sandbox-registry` does, `latest.json` does not."""
    return says_test(source)


# --- DCC's registry file -----------------------------------------------------------------------------------------


def read_dcc(content: bytes) -> dict[str, Entry]:
    """Read `{"registry": {identifier: {name, location, url}}}`, or the map alone.

    One published registry lists an identifier twice, under two names: both are read, and one test mark is enough.

    Raises:
        RegistryProblem: it is not such a file.
    """
    try:
        document = codec.parse_json_pairs(content, max_bytes=MAX_REGISTRY_BYTES)
    except IntakeError as error:
        raise RegistryProblem(f"it is not JSON ({error.code})") from None
    pairs = _pairs(document)
    inner = next((value for name, value in pairs if name == "registry"), None)
    listed = _pairs(inner if inner is not None else document)
    if len(listed) > MAX_ENTRIES:
        raise RegistryProblem(f"it has more than {MAX_ENTRIES} entries")
    entries: dict[str, Entry] = {}
    for issuer, value in listed:
        members = dict(value) if isinstance(value, codec.Pairs) else None
        if members is None:
            continue
        entry = entry_of(issuer, members.get("name"), members.get("url"))
        entries[issuer] = _both(entries[issuer], entry) if issuer in entries else entry
    return entries


def _pairs(value: Any) -> codec.Pairs:
    if not isinstance(value, codec.Pairs):
        raise RegistryProblem("it is not a map of identifiers")
    return value


def _both(first: Entry, second: Entry) -> Entry:
    name = first.name if first.name == second.name else f"{first.name} / {second.name}"[:MAX_NAME]
    return Entry(name, first.is_test or second.is_test, first.url or second.url)


def entry_of(issuer: str, name: object, url: object, keys: tuple[PublicKey, ...] | None = None) -> Entry:
    """An entry with its test mark."""
    shown = name[:MAX_NAME] if isinstance(name, str) else ""
    address = url[:MAX_NAME] if isinstance(url, str) else ""
    return Entry(shown, says_test(shown) or is_test_address(address) or is_test_address(issuer), address, keys)


def host_of(url: str) -> str:
    """The host of an address, for a label."""
    return hosting.split(url).hostname or url
