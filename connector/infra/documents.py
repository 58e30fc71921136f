"""Documents from the network: the one guarded client for DID documents, status lists, hosted badges and links.

Implements `ports.DocumentSource` (THREATS section 2): https and public addresses only, checked on the address that is
connected to; redirects hop by hop; no cookies, no credentials, no proxy from the environment; time and size bounded.
How one request is made is in `network`.
"""

from __future__ import annotations

import copy
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final, Protocol, Self

from connector.errors import ConfigurationError, FetchError
from connector.infra import fetch
from connector.infra.clock import SystemClock
from connector.infra.fetch import Target
from connector.model.report import RequestRecord
from connector.ports import Clock, FetchedDocument, Purpose

log = logging.getLogger(__name__)

USER_AGENT: Final = "ler-connector"
"""Neutral: it names neither the employer nor the version."""
MAX_CACHED: Final = 500
MAX_CACHED_BYTES: Final = 32_000_000
MAX_KEEP_SECONDS: Final = 24 * 3600.0
KEEP_SECONDS: Final = {
    Purpose.KEY: 300.0,
    Purpose.STATUS_LIST: 300.0,
    Purpose.HOSTED_BADGE: 60.0,
    Purpose.LINK: 0.0,
    Purpose.REFRESH: 0.0,
    Purpose.REGISTRY: 0.0,  # kept elsewhere, beyond a restart
}
MAX_REMEMBERED_REQUESTS: Final = 2_000
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})

Resolver = Callable[[str, int], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back from one request, before redirects are followed."""

    status: int
    content_type: str
    content: bytes
    location: str | None = None


class Exchange(Protocol):
    """Asks for one address that was checked, once."""

    def check(self, url: str) -> Target:
        """The guard: raises `FetchError(refused=True)` when `url` may not be asked for."""
        ...

    def ask(self, target: Target, *, accept: str, max_bytes: int, deadline: float) -> Answer: ...


def timed_out() -> FetchError:
    return FetchError("A site did not answer in time.", code="timeout")


# --- the part that every source shares -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Cached:
    document: FetchedDocument
    good_until: float


class Cache:
    """Answers that may be given again: bounded in age, number and size; only successes (status 200)."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic, self._lock = monotonic, threading.Lock()
        self._entries: dict[tuple[str, str], _Cached] = {}

    def find(self, url: str, accept: str) -> FetchedDocument | None:
        with self._lock:
            entry = self._entries.get((url, accept))
            return entry.document if entry and entry.good_until > self._monotonic() else None

    def put(self, url: str, accept: str, document: FetchedDocument, seconds: float) -> None:
        if document.status != 200 or seconds <= 0:
            return
        with self._lock:
            self._entries.pop((url, accept), None)
            self._entries[url, accept] = _Cached(document, self._monotonic() + seconds)
            size = sum(len(entry.document.content) for entry in self._entries.values())
            while len(self._entries) > MAX_CACHED or size > MAX_CACHED_BYTES:
                oldest = next(iter(self._entries))
                size -= len(self._entries.pop(oldest).document.content)

    def keep(self, url: str, seconds: float) -> None:
        with self._lock:
            until = self._monotonic() + min(seconds, MAX_KEEP_SECONDS)
            for key, entry in self._entries.items():
                if key[0] == url:
                    self._entries[key] = replace(entry, good_until=until)


def _again(error: FetchError) -> FetchError:
    """The same once more, without what its frames held (half an answer)."""
    return FetchError(error.message, code=error.code, detail=error.detail, refused=error.refused)


class Documents:
    """A `DocumentSource` over any exchange: cache, redirects and the list of what was wanted."""

    def __init__(self, exchange: Exchange, *, clock: Clock | None = None, cache: Cache | None = None) -> None:
        self._exchange, self._clock = exchange, clock or SystemClock()
        self._cache = cache or Cache()
        self._requests: deque[RequestRecord] = deque(maxlen=MAX_REMEMBERED_REQUESTS)
        self._seconds_left = float("inf")
        self._failures: dict[tuple[str, Purpose], FetchError] | None = None

    def session(self) -> Self:
        """The same source and cache for one submission: with a list of requests and a time of its own.

        What failed in it is not asked for again in it: a hundred badges of a site that is down wait for it once.
        """
        twin = copy.copy(self)
        twin._requests = deque(maxlen=MAX_REMEMBERED_REQUESTS)
        twin._seconds_left = fetch.SESSION_SECONDS
        twin._failures = {}
        return twin

    @property
    def requests(self) -> tuple[RequestRecord, ...]:
        return tuple(self._requests)

    def recorded(self, identifier: str) -> FetchedDocument | None:
        return None

    def keep_for(self, url: str, seconds: float) -> None:
        self._cache.keep(url.partition("#")[0], seconds)

    def get(
        self, url: str, *, purpose: Purpose, accept: str = "application/json", fresh: bool = False
    ) -> FetchedDocument:
        """See `ports.DocumentSource.get`."""
        url = url.partition("#")[0]
        known = None if fresh else self._cache.find(url, accept)
        if known is not None:
            self._note(url, "answered", known.status)
            return known
        document = self._timed(url, purpose, accept)
        self._cache.put(url, accept, document, KEEP_SECONDS[purpose])
        return document

    def _timed(self, url: str, purpose: Purpose, accept: str) -> FetchedDocument:
        """Ask, unless this session did so in vain or has spent its time."""
        known = self._failures.get((url, purpose)) if self._failures is not None else None
        if known is None and self._seconds_left <= 0:
            known = FetchError("One record needs too many documents that are slow.", code="session_timeout")
        if known is not None:
            self._note(url, "refused" if known.refused else "failed", None)
            raise _again(known)
        start = time.monotonic()
        try:
            return self._follow(url, purpose, accept)
        except FetchError as error:
            if self._failures is not None:
                self._failures[url, purpose] = _again(error)
            raise
        finally:
            self._seconds_left -= time.monotonic() - start

    def _follow(self, url: str, purpose: Purpose, accept: str) -> FetchedDocument:
        """Ask, and follow redirects as far as the purpose allows; every hop passes the guard."""
        deadline = time.monotonic() + min(fetch.TOTAL_SECONDS, self._seconds_left)
        for hop in range(fetch.MAX_REDIRECTS[purpose] + 1):
            target, answer = self._hop(url, purpose, accept, deadline)
            if answer.status not in _REDIRECTS:
                self._note(target.url, "answered", answer.status)
                now = self._clock.now()
                return FetchedDocument(target.url, answer.status, answer.content_type, answer.content, now)
            self._note(target.url, "answered" if hop < fetch.MAX_REDIRECTS[purpose] else "failed", answer.status)
            url = fetch.next_hop(target, answer.location)
        if fetch.MAX_REDIRECTS[purpose] == 0:
            raise FetchError("A document has moved; this kind must not.", code="redirect_refused")
        raise FetchError("A document has moved too often.", code="too_many_redirects")

    def _hop(self, url: str, purpose: Purpose, accept: str, deadline: float) -> tuple[Target, Answer]:
        try:
            target = self._exchange.check(url)
            max_bytes = fetch.MAX_BYTES[purpose]
            return target, self._exchange.ask(target, accept=accept, max_bytes=max_bytes, deadline=deadline)
        except FetchError as error:
            self._note(url, "refused" if error.refused else "failed", None)
            raise

    def _note(self, url: str, outcome: str, status: int | None) -> None:
        self._requests.append(RequestRecord(url=url, outcome=outcome, status=status))


class NoDocuments:
    """Offline: nothing is fetched; what would have been wanted is listed."""

    def __init__(self) -> None:
        self._requests: deque[RequestRecord] = deque(maxlen=MAX_REMEMBERED_REQUESTS)

    def session(self) -> NoDocuments:
        return NoDocuments()

    @property
    def requests(self) -> tuple[RequestRecord, ...]:
        return tuple(self._requests)

    def recorded(self, identifier: str) -> FetchedDocument | None:
        return None

    def keep_for(self, url: str, seconds: float) -> None:
        return None

    def get(
        self, url: str, *, purpose: Purpose, accept: str = "application/json", fresh: bool = False
    ) -> FetchedDocument:
        self._requests.append(RequestRecord(url=url, outcome="refused"))
        raise FetchError("Nothing is fetched while offline.", code="offline", refused=True)


# --- the real network ----------------------------------------------------------------------------------------------


class GuardedDocuments(Documents):
    """The real network, behind the guard.

    Args:
        proxy: an HTTP proxy for everything (`http://host:port`). Behind it addresses cannot be checked, so it needs
            `allow_hosts`, or `proxy_filters=True`: the operator's word that the proxy refuses private addresses.
        allow_hosts: the only hosts that may be asked (`example.org`, `*.example.org`); empty: any public host.
        ca_bundle: certificates to trust instead of the usual ones (PEM).
        unsafe_loopback_hosts: host -> (loopback address, port): these names are served by a stand-in over plain http.
            For demonstrations and tests; every use is logged.
        resolve: how names become addresses; tests give their own.
    """

    def __init__(
        self,
        *,
        proxy: str | None = None,
        proxy_filters: bool = False,
        allow_hosts: Collection[str] = (),
        ca_bundle: Path | None = None,
        unsafe_loopback_hosts: Mapping[str, tuple[str, int]] | None = None,
        clock: Clock | None = None,
        resolve: Resolver | None = None,
    ) -> None:
        if proxy and not (allow_hosts or proxy_filters):
            raise ConfigurationError(
                "LER_EGRESS_PROXY needs LER_EGRESS_ALLOW (the hosts that may be asked), or the declaration that the "
                "proxy refuses private addresses: behind a proxy they cannot be checked here."
            )
        hosts, loopback = frozenset(host.lower() for host in allow_hosts), _loopback(unsafe_loopback_hosts or {})

        def network() -> Exchange:
            from connector.infra.network import NetworkExchange

            return NetworkExchange(
                proxy=proxy, allow_hosts=hosts, ca_bundle=ca_bundle, loopback=loopback, resolve=resolve
            )

        super().__init__(network() if ca_bundle else _Late(network), clock=clock)  # a bad bundle is told at once


class _Late:
    """An exchange that is made when it is first asked: most records need nothing, and a network takes long to load."""

    def __init__(self, make: Callable[[], Exchange]) -> None:
        self._make = make

    @cached_property
    def _exchange(self) -> Exchange:
        return self._make()

    def check(self, url: str) -> Target:
        return self._exchange.check(url)

    def ask(self, target: Target, *, accept: str, max_bytes: int, deadline: float) -> Answer:
        return self._exchange.ask(target, accept=accept, max_bytes=max_bytes, deadline=deadline)


def _loopback(hosts: Mapping[str, tuple[str, int]]) -> dict[str, tuple[str, int]]:
    for host, (address, _) in hosts.items():
        if address not in ("127.0.0.1", "::1"):
            raise ConfigurationError(f"unsafe_loopback_hosts: {host} must be served on loopback, not on {address}.")
    if hosts:
        log.warning("UNSAFE: %s are answered by stand-ins on loopback over plain http", ", ".join(sorted(hosts)))
    return {host.lower(): place for host, place in hosts.items()}
