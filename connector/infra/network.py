"""One request on the real network, behind the guard (THREATS section 2).

It speaks through httpcore, the engine under httpx: that adds no cookies, redirects, decompression or environment of
its own, and takes the dialling out of its hands.
"""

from __future__ import annotations

import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpcore
import httpx

from connector import hosting
from connector.errors import ConfigurationError, FetchError
from connector.infra import fetch
from connector.infra.documents import USER_AGENT, Answer, Resolver, timed_out
from connector.infra.fetch import Target


class NetworkExchange:
    """One request on the real network; a connection of its own each time, so that each passes the guard."""

    def __init__(
        self,
        *,
        proxy: str | None,
        allow_hosts: frozenset[str],
        ca_bundle: Path | None,
        loopback: Mapping[str, tuple[str, int]],
        resolve: Resolver | None,
    ) -> None:
        self._proxy, self._allow, self._loopback = proxy, allow_hosts, loopback
        self._tls, self._resolve = _tls(ca_bundle), resolve or resolve_name

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


def _tls(ca_bundle: Path | None) -> ssl.SSLContext:
    try:
        return (
            ssl.create_default_context(cafile=str(ca_bundle))
            if ca_bundle
            else httpx.create_ssl_context(trust_env=False)
        )
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(f"LER_CA_BUNDLE cannot be read: {type(error).__name__}.") from None


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
