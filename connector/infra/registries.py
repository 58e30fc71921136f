"""Registries of issuers by URL: fetched through the guard, kept on disk, read again in the background.

The last good copy survives an outage and a restart; every answer carries the day of its copy. An assessment waits for a
registry only when there is no copy at all, for a moment, and never twice in a row: what is late is there next time.
Without a folder (a recorded world) nothing is kept.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from connector.infra.federation import FederationBook
from connector.infra.registry_shop import SERVICE_PATIENCE, Copies, Shop, copy_name
from connector.ports import Clock, DocumentSource
from connector.verify.policy import Policy, Registry, read_pinned
from connector.verify.registries import Entry, ReadBook, RegistryProblem

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class RegistryState:
    """How a registry of the policy stands.

    Attributes:
        entries: how many issuers it is known to list; None where it is asked one by one.
        as_of: when the copy was fetched; None without one, and for a file of the employer's own.
        problem: why the last attempt gave nothing; "" when it did. A copy may be there all the same.
        pinned: its content or its keys are pinned by the policy.
    """

    label: str
    kind: str
    source: str
    entries: int | None
    as_of: datetime | None
    problem: str
    pinned: bool
    is_test: bool

    @property
    def usable(self) -> bool:
        return self.as_of is not None or not self.problem


class LiveBook(Protocol):
    """A registry by URL."""

    def look(self, issuer: str) -> tuple[Entry | None, datetime | None, str]: ...
    def refresh(self) -> None:
        """Bring what is due up to date; an outage is remembered, not raised."""
        ...

    def state(self) -> tuple[int | None, datetime | None, str]:
        """Number of entries, day of the copy, problem of the last attempt."""
        ...


class DccBook:
    """DCC's registry file, kept whole."""

    def __init__(self, registry: Registry, shop: Shop) -> None:
        assert registry.url is not None
        self._registry, self._shop, self._url = registry, shop, registry.url
        self._name = copy_name(registry)
        self._copy: ReadBook | None = None
        self._problem = ""
        self._tried: datetime | None = None
        self._restore()

    def look(self, issuer: str) -> tuple[Entry | None, datetime | None, str]:
        if self._shop.due(self._copy.as_of if self._copy else None, self._tried):
            self._shop.run(self._name, self.refresh, wait=self._copy is None or self._shop.waits_for_fresh)
        copy = self._copy
        if copy is None:
            return None, None, self._problem or "it has not answered yet"
        return copy.look(issuer)

    def refresh(self) -> None:
        if not self._shop.due(self._copy.as_of if self._copy else None, self._tried):
            return
        now = self._shop.clock.now()
        try:
            answer = self._shop.fetch(self._url, "application/json")
            if answer.status != 200:
                raise RegistryProblem(f"it answered HTTP {answer.status}")
            entries = read_pinned(self._registry, answer.content)
        except RegistryProblem as problem:
            self._tried, self._problem = now, str(problem)
            log.warning("registry %s: could not be loaded: %s", self._registry.label, problem)
            return
        self._copy, self._problem, self._tried = ReadBook(entries, now), "", now
        self._shop.copies.write(self._name, {"at": now.isoformat(), "body": answer.content.decode("utf-8")})

    def state(self) -> tuple[int | None, datetime | None, str]:
        if self._copy is None:
            return None, None, self._problem or "it has not been loaded yet"
        return len(self._copy.entries), self._copy.as_of, self._problem

    def _restore(self) -> None:
        kept = self._shop.copies.read(self._name)
        try:
            if kept is not None:
                entries = read_pinned(self._registry, str(kept["body"]).encode())
                self._copy = ReadBook(entries, datetime.fromisoformat(str(kept["at"])))
        except (RegistryProblem, KeyError, ValueError) as problem:
            log.warning("registry %s: the copy on disk is not used: %s", self._registry.label, problem)


class Registries:
    """All registries that policies name by URL.

    Args:
        documents: a source with a list of requests of its own, for each time that something is fetched.
        folder: where copies are kept; None keeps none.
        patience: see `SERVICE_PATIENCE`.
    """

    def __init__(
        self,
        documents: Callable[[], DocumentSource],
        *,
        folder: Path | None,
        clock: Clock,
        patience: float = SERVICE_PATIENCE,
    ) -> None:
        self._shop = Shop(documents, Copies(folder), clock, patience=patience)
        self._books: dict[str, LiveBook] = {}
        self._lock = threading.Lock()
        self._last: tuple[Policy, Policy] | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def attach(self, policy: Policy) -> Policy:
        """The policy, with each registry by URL ready to be asked."""
        if not any([registry.url for registry in policy.registries]):  # noqa: C419  # mostly there are none
            return policy
        last = self._last
        if last is not None and last[0] is policy:
            return last[1]
        ready = tuple(r.model_copy(update={"book": self._book(r)}) if r.url else r for r in policy.registries)
        attached = policy.model_copy(update={"registries": ready})
        self._last = (policy, attached)
        return attached

    def refresh(self, policy: Policy) -> None:
        """Bring every registry of the policy up to date, as far as that is due."""
        for registry in policy.registries:
            if registry.url is not None:
                self._book(registry).refresh()

    def states(self, policy: Policy) -> tuple[RegistryState, ...]:
        """How each registry of the policy stands, in its order."""
        return tuple(self._state(registry) for registry in policy.registries)

    def start(self, policy: Callable[[], Policy]) -> None:
        """Keep the copies fresh in the background until `stop`, for whatever policy is in force then."""
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._keep_fresh, args=(policy,), name="registries", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread = None  # a fetch under way may take its time and changes nothing any more

    def _keep_fresh(self, policy: Callable[[], Policy]) -> None:
        while not self._stopping.is_set():
            self.refresh(policy())
            self._stopping.wait(LOOK_SECONDS)

    def _book(self, registry: Registry) -> LiveBook:
        name = copy_name(registry)
        with self._lock:
            if name not in self._books:
                is_dcc = registry.kind == "dcc"
                self._books[name] = DccBook(registry, self._shop) if is_dcc else FederationBook(registry, self._shop)
            return self._books[name]

    def _state(self, registry: Registry) -> RegistryState:
        if registry.url is not None:
            entries, as_of, problem = self._book(registry).state()
        else:
            entries = len(registry.book.entries) if isinstance(registry.book, ReadBook) else None
            as_of, problem = None, ""
        return RegistryState(
            registry.label,
            registry.kind,
            registry.url or registry.file or "",
            entries,
            as_of,
            problem,
            pinned=registry.sha256 is not None or registry.jwks is not None or registry.file is not None,
            is_test=registry.is_test,
        )
