"""Documents from the network: the one guarded client for DID documents, status lists, hosted badges and links.

Implements `ports.DocumentSource` (THREATS section 2): https and public addresses only, checked on the address that is
connected to; redirects hop by hop; no cookies, no credentials, no proxy from the environment; time and size bounded.
It speaks through httpcore, the engine under httpx: that adds no cookies, redirects, decompression or environment of
its own, and takes the dialling out of its hands.
"""

from __future__ import annotations

import copy
import logging
import queue
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Protocol, Self
from urllib.parse import unquote

import httpcore
import httpx

from connector import hosting
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
            raise FetchError(known.message, code=known.code, detail=known.detail, refused=known.refused)
        start = time.monotonic()
        try:
            return self._follow(url, purpose, accept)
        except FetchError as error:
            if self._failures is not None:
                self._failures[url, purpose] = error
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
        network = NetworkExchange(
            proxy=proxy,
            allow_hosts=frozenset(host.lower() for host in allow_hosts),
            tls=_tls(ca_bundle),
            loopback=_loopback(unsafe_loopback_hosts or {}),
            resolve=resolve or resolve_name,
        )
        super().__init__(network, clock=clock)


def _tls(ca_bundle: Path | None) -> ssl.SSLContext:
    try:
        return (
            ssl.create_default_context(cafile=str(ca_bundle))
            if ca_bundle
            else httpx.create_ssl_context(trust_env=False)
        )
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(f"LER_CA_BUNDLE cannot be read: {type(error).__name__}.") from None


def _loopback(hosts: Mapping[str, tuple[str, int]]) -> dict[str, tuple[str, int]]:
    for host, (address, _) in hosts.items():
        if address not in ("127.0.0.1", "::1"):
            raise ConfigurationError(f"unsafe_loopback_hosts: {host} must be served on loopback, not on {address}.")
    if hosts:
        log.warning("UNSAFE: %s are answered by stand-ins on loopback over plain http", ", ".join(sorted(hosts)))
    return {host.lower(): place for host, place in hosts.items()}


class NetworkExchange:
    """One request on the real network; a connection of its own each time, so that each passes the guard."""

    def __init__(
        self,
        *,
        proxy: str | None,
        allow_hosts: frozenset[str],
        tls: ssl.SSLContext,
        loopback: Mapping[str, tuple[str, int]],
        resolve: Resolver,
    ) -> None:
        self._proxy, self._allow, self._tls, self._loopback, self._resolve = proxy, allow_hosts, tls, loopback, resolve

    def check(self, url: str) -> Target:
        target = fetch.check_url(url)
        if target.host not in self._loopback and not self._allowed(target.host):
            raise fetch.refused("A host is not on the list that may be asked.", code="host_not_allowed")
        return target

    def _allowed(self, host: str) -> bool:
        if not self._allow or host in self._allow:
            return True
        return any(pattern.startswith("*.") and host.endswith(pattern[1:]) for pattern in self._allow)

    def ask(self, target: Target, *, accept: str, max_bytes: int, deadline: float) -> Answer:
        headers = [
            ("Host", hosting.split(target.url).netloc),
            ("Accept", accept),
            ("Accept-Encoding", "gzip"),
            ("User-Agent", USER_AGENT),
            ("Connection", "close"),
        ]
        try:
            with (
                self._pool(target, deadline) as pool,
                pool.stream(
                    "GET", self._wire_url(target), headers=headers, extensions={"timeout": _timeouts()}
                ) as response,
            ):
                return _read_answer(response, max_bytes, deadline)
        except httpcore.TimeoutException:
            raise timed_out() from None
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError, OSError) as error:
            raise FetchError("A site could not be reached.", code="unreachable", detail=type(error).__name__) from None

    def _wire_url(self, target: Target) -> httpcore.URL:
        scheme = b"http" if target.host in self._loopback else target.scheme.encode()
        return httpcore.URL(scheme=scheme, host=target.host.encode(), port=target.port, target=target.path.encode())

    def _pool(self, target: Target, deadline: float) -> httpcore.ConnectionPool:
        if target.host in self._loopback:
            dialler = _Dialler(lambda _host, _port: [self._loopback[target.host]], deadline)
        elif self._proxy:
            return _proxy_pool(self._proxy, self._tls, _Dialler(lambda host, port: [(host, port)], deadline))
        else:
            dialler = _Dialler(lambda host, port: self._public_addresses(host, port, deadline), deadline, public=True)
        return httpcore.ConnectionPool(ssl_context=self._tls, network_backend=dialler, max_connections=1)

    def _public_addresses(self, host: str, port: int, deadline: float) -> list[tuple[str, int]]:
        found = within(deadline, lambda: self._resolve(host, port))
        return [(address, port) for address in fetch.check_addresses(found)]


def timed_out() -> FetchError:
    return FetchError("A site did not answer in time.", code="timeout")


def _timeouts() -> dict[str, float]:
    return {"connect": fetch.CONNECT_SECONDS, "read": fetch.READ_SECONDS, "write": fetch.READ_SECONDS, "pool": 1.0}


def _proxy_pool(proxy: str, tls: ssl.SSLContext, dialler: _Dialler) -> httpcore.ConnectionPool:
    parts = hosting.split(proxy)
    auth = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    address = f"{parts.scheme}://{parts.hostname}:{parts.port or 8080}"
    return httpcore.HTTPProxy(address, proxy_auth=auth, ssl_context=tls, network_backend=dialler, max_connections=1)


def _read_answer(response: httpcore.Response, max_bytes: int, deadline: float) -> Answer:
    headers = {name.lower(): value.decode("latin-1") for name, value in response.headers}
    length = headers.get(b"content-length", "")
    if length.isdigit() and int(length) > max_bytes:
        raise FetchError("A document is too large.", code="too_large", detail=f"over {max_bytes} bytes")
    content = fetch.read_body(
        _before(deadline, response.iter_stream()), encoding=headers.get(b"content-encoding", ""), max_bytes=max_bytes
    )
    return Answer(response.status, headers.get(b"content-type", ""), content, headers.get(b"location"))


def _before(deadline: float, chunks: Iterable[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        if time.monotonic() > deadline:
            raise timed_out()
        yield chunk


def resolve_name(host: str, port: int) -> list[str]:
    """The system's answer: every address of a name."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        raise FetchError("A host name has no address.", code="dns_failed") from None
    return [str(entry[4][0]) for entry in found]


def within(deadline: float, call: Callable[[], Sequence[str]]) -> Sequence[str]:
    """Run a lookup that has no time limit of its own in a thread that may be left behind."""
    result: queue.Queue[Sequence[str] | FetchError] = queue.Queue(maxsize=1)

    def run() -> None:
        try:
            result.put(call())
        except FetchError as error:
            result.put(error)

    threading.Thread(target=run, name="resolve", daemon=True).start()
    try:
        answer = result.get(timeout=max(0.0, min(deadline - time.monotonic(), fetch.CONNECT_SECONDS)))
    except queue.Empty:
        raise timed_out() from None
    if isinstance(answer, FetchError):
        raise answer
    return answer


class _Dialler(httpcore.NetworkBackend):
    """Connects to the addresses that were checked, never to a name; every read and write ends at the deadline."""

    def __init__(
        self, addresses: Callable[[str, int], Sequence[tuple[str, int]]], deadline: float, *, public: bool = False
    ) -> None:
        self._addresses, self._deadline, self._public = addresses, deadline, public
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        problem: httpcore.ConnectError | httpcore.ConnectTimeout | None = None
        for address, at in self._addresses(host, port):
            seconds = _left(self._deadline, timeout)
            try:
                stream = self._backend.connect_tcp(address, at, timeout=seconds)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
                continue
            if self._public:
                fetch.check_address(str(stream.get_extra_info("server_addr")[0]))
            return _Stream(stream, self._deadline)
        raise problem or httpcore.ConnectError("no address")


class _Stream(httpcore.NetworkStream):
    """A connection on which no single operation outlives the deadline, however slowly it drips."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._deadline, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._deadline, timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, _left(self._deadline, timeout))
        return _Stream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(deadline: float, timeout: float | None) -> float:
    """The seconds that one operation may still take."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the time for this answer is over")
    return left if timeout is None else min(left, timeout)
