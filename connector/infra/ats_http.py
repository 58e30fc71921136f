"""HTTP clients for the ATSs: one guarded, counted, rate-limited transport per connection.

Adapters make no clients of their own; they get these. The one module that imports authlib's httpx client.
"""

from __future__ import annotations

import asyncio
import ssl
import time
import warnings
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final, Protocol

import authlib.deprecate  # sets its filter to "always" on import, so it goes first
import httpx

from connector import hosting
from connector.errors import AtsAuthError, ConfigurationError, RetryableDeliveryError

with warnings.catch_warnings():
    warnings.simplefilter("ignore", authlib.deprecate.AuthlibDeprecationWarning)
    from authlib.integrations.base_client import OAuthError
    from authlib.integrations.httpx_client import AsyncOAuth2Client

TIMEOUT: Final = httpx.Timeout(connect=10, read=60, write=60, pool=60)
RENEW_EARLY_SECONDS: Final = 60
DEFAULT_TOKEN_SECONDS: Final = 3600
MAX_RESPONSE_BYTES: Final = 20_000_000
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


def require_safe_url(url: str, setting: str) -> str:
    """Return `url` when it is https, or plain http on loopback (a stand-in)."""
    parts = hosting.split(url)
    if parts.scheme == "https" and parts.hostname:
        return url
    if parts.scheme == "http" and parts.hostname in LOOPBACK:
        return url
    raise ConfigurationError(f"{setting} must be an https address (plain http only on loopback).")


class TokenBucket:
    """At most `rate` requests per second on average, `burst` at once; the vendor's headers can hold it back.

    Args:
        monotonic: the clock it counts with; tests give their own.
    """

    def __init__(
        self, rate: float, burst: int, *, time_scale: float = 1.0, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate, self._burst, self._scale, self._monotonic = rate, float(burst), time_scale, monotonic
        self._tokens, self._last = float(burst), monotonic()
        self._blocked_until = 0.0
        self._lock = asyncio.Lock()

    def hold(self, seconds: float) -> None:
        """No request for that long (Retry-After, or a window that is used up)."""
        self._blocked_until = max(self._blocked_until, self._monotonic() + seconds / self._scale)

    async def take(self) -> None:
        async with self._lock:
            while True:
                now = self._monotonic()
                self._tokens = min(self._burst, self._tokens + (now - self._last) * self._rate * self._scale)
                self._last = now
                wait = max(self._blocked_until - now, (1 - self._tokens) / (self._rate * self._scale))
                if wait <= 0:
                    self._tokens -= 1
                    return
                await asyncio.sleep(wait)


class _BoundedBody(httpx.AsyncByteStream):
    def __init__(self, inner: httpx.AsyncByteStream, limit: int) -> None:
        self._inner, self._limit = inner, limit

    async def __aiter__(self) -> AsyncIterator[bytes]:
        total = 0
        async for chunk in self._inner:
            total += len(chunk)
            if total > self._limit:
                raise httpx.ReadError("the answer is larger than the limit")
            yield chunk

    async def aclose(self) -> None:
        await self._inner.aclose()


class Meter(Protocol):
    """Counts the requests of one piece of work."""

    requests: int


METER: ContextVar[Meter | None] = ContextVar("meter", default=None)
"""The meter of the work that is going on in this task: several share one client."""


class _Transport(httpx.AsyncBaseTransport):
    def __init__(self, inner: httpx.AsyncBaseTransport, owner: AtsHttpClients) -> None:
        self._inner, self._owner = inner, owner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await self._owner.bucket.take()
        self._owner.requests += 1
        if (meter := METER.get()) is not None:
            meter.requests += 1
        response = await self._inner.handle_async_request(request)
        self._owner.observe(response)
        if isinstance(response.stream, httpx.AsyncByteStream):
            response.stream = _BoundedBody(response.stream, MAX_RESPONSE_BYTES)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class AtsHttpClients:
    """Implements `ports.AtsHttp` for one connection.

    Args:
        connection: its name, for messages.
        rate, burst: the vendor's limit; the adapter's plugin knows it, settings may lower it.
        ca_bundle: a file of certificates to trust instead of the system's.
        transport: replaces the network (tests: `httpx.ASGITransport`).
        time_scale: divides every wait; 1 outside fault tests.
        refresh_tokens: keeps refresh tokens that the vendor replaces on each use; without it they end with us.

    `requests` counts what was sent, token requests included.
    """

    def __init__(
        self,
        connection: str,
        *,
        rate: float = 5.0,
        burst: int = 10,
        ca_bundle: str | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        time_scale: float = 1.0,
        refresh_tokens: RefreshTokens | None = None,
    ) -> None:
        self.connection = connection
        self._refresh_tokens = refresh_tokens
        self.bucket = TokenBucket(rate, burst, time_scale=time_scale)
        self.requests = 0
        self._replacement = transport
        self._ssl = ssl.create_default_context(cafile=ca_bundle) if ca_bundle else True
        self._open: list[httpx.AsyncClient] = []

    def observe(self, response: httpx.Response) -> None:
        """Feed the bucket from the vendor's rate headers (Greenhouse: `X-RateLimit-Remaining`, `-Reset` epoch s)."""
        if response.headers.get("x-ratelimit-remaining") == "0":
            reset = response.headers.get("x-ratelimit-reset", "")
            if reset.isdigit():
                self.bucket.hold(min(max(int(reset) - time.time(), 0.0), 60.0))

    def _transport(self) -> httpx.AsyncBaseTransport:
        inner = self._replacement or httpx.AsyncHTTPTransport(verify=self._ssl, trust_env=False, retries=0)
        return _Transport(inner, self)

    def _options(self, base_url: str) -> dict[str, Any]:
        return {
            "base_url": require_safe_url(base_url, f"The address of connection {self.connection}"),
            "timeout": TIMEOUT,
            "transport": self._transport(),
            "follow_redirects": False,
            "trust_env": False,
        }

    def client(
        self, base_url: str, *, auth: httpx.Auth | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx.AsyncClient:
        client = httpx.AsyncClient(auth=auth, headers=dict(headers or {}), **self._options(base_url))
        self._open.append(client)
        return client

    def oauth_client(
        self,
        base_url: str,
        *,
        token_url: str,
        client_id: str,
        client_secret: str | None,
        grant_type: str,
        token_params: Mapping[str, str] | None = None,
        auth_method: str = "client_secret_basic",
        read_token: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None,
        fresh_params: Callable[[], Mapping[str, str]] | None = None,
        is_stale: Callable[[httpx.Response], bool] | None = None,
    ) -> httpx.AsyncClient:
        tokens = AsyncOAuth2Client(
            client_id=client_id,
            client_secret=client_secret,
            token_endpoint_auth_method=auth_method,
            **self._options(require_safe_url(token_url, f"The token address of connection {self.connection}")),
        )
        self._open.append(tokens)
        grant = {"grant_type": grant_type, **dict(token_params or {})}
        rotation = None
        if grant_type == "refresh_token" and self._refresh_tokens is not None:
            rotation = Rotation(self._refresh_tokens, self.connection, grant["refresh_token"])
        auth = BearerAuth(tokens, token_url, grant, read_token, fresh_params, is_stale, rotation)
        return self.client(base_url, auth=auth)

    async def aclose(self) -> None:
        for client in self._open:
            await client.aclose()
        self._open.clear()


class RefreshTokens(Protocol):
    """Where rotating refresh tokens are kept (`infra.tokens`)."""

    def current(self, connection: str, configured: str) -> str: ...

    def keep(self, connection: str, configured: str, current: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Rotation:
    """One connection's refresh token, as it goes on from the configured one."""

    store: RefreshTokens
    connection: str
    configured: str

    async def current(self) -> str:
        return await asyncio.to_thread(self.store.current, self.connection, self.configured)

    async def keep(self, token: str) -> None:
        await asyncio.to_thread(self.store.keep, self.connection, self.configured, token)


class BearerAuth(httpx.Auth):
    """Puts a bearer token on each request; fetches and renews it with authlib, one renewal at a time.

    Renewed a minute before its end, and once after a 401 (RFC 6750 section 3.1: the token may have been revoked, or
    replaced by another process where only the newest one of a credential counts).
    """

    def __init__(
        self,
        tokens: AsyncOAuth2Client,
        token_url: str,
        grant: dict[str, str],
        read_token: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None,
        fresh_params: Callable[[], Mapping[str, str]] | None = None,
        is_stale: Callable[[httpx.Response], bool] | None = None,
        rotation: Rotation | None = None,
    ) -> None:
        self._tokens, self._url, self._grant, self._rotation = tokens, token_url, grant, rotation
        self._fresh_params, self._is_stale = fresh_params, is_stale
        self._access: str | None = None
        self._good_until = 0.0
        self._renewing = asyncio.Lock()
        if read_token is not None:
            tokens.register_compliance_hook("access_token_response", _rewriting(read_token))

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        access = await self._current(stale=None)
        request.headers["Authorization"] = f"Bearer {access}"
        response = yield request
        if response.status_code == 401 or await self._says_stale(response):
            request.headers["Authorization"] = f"Bearer {await self._current(stale=access)}"
            yield request

    async def _says_stale(self, response: httpx.Response) -> bool:
        if self._is_stale is None:
            return False
        await response.aread()
        return self._is_stale(response)

    async def _current(self, *, stale: str | None) -> str:
        async with self._renewing:
            if self._access is None or self._access == stale or time.time() >= self._good_until:
                await self._renew()
            assert self._access is not None
            return self._access

    async def _renew(self) -> None:
        if self._rotation is not None:
            self._grant["refresh_token"] = await self._rotation.current()  # another process may have used the last one
        try:
            fresh = dict(self._fresh_params()) if self._fresh_params else {}
            token = await self._tokens.fetch_token(self._url, **self._grant, **fresh)
            access = token["access_token"]
        except httpx.HTTPStatusError as error:
            status = error.response.status_code
            raise RetryableDeliveryError(
                "The ATS's sign-in server is busy.", code="token_unreachable", detail=f"HTTP {status}"
            ) from error
        except httpx.HTTPError as error:
            raise RetryableDeliveryError(
                "The ATS's sign-in server did not answer.", code="token_unreachable", detail=type(error).__name__
            ) from error
        except (OAuthError, ValueError, KeyError, TypeError) as error:
            raise AtsAuthError(
                "The ATS refused the connection's credentials.",
                code="token_refused",
                detail=getattr(error, "error", None) or type(error).__name__,
            ) from error
        lifetime = float(token.get("expires_in") or 0) or float(token.get("expires_at") or 0) - time.time()
        if lifetime <= 0:
            lifetime = DEFAULT_TOKEN_SECONDS
        newer = token.get("refresh_token") if self._grant["grant_type"] == "refresh_token" else None
        if newer and newer != self._grant["refresh_token"]:
            self._grant["refresh_token"] = newer
            if self._rotation is not None:
                await self._rotation.keep(newer)
        self._access, self._good_until = access, time.time() + max(lifetime - RENEW_EARLY_SECONDS, lifetime / 2)


def _rewriting(
    read_token: Callable[[Mapping[str, Any]], Mapping[str, Any]],
) -> Callable[[httpx.Response], httpx.Response]:
    """An authlib compliance hook that brings a vendor's answer into OAuth's shape."""

    def hook(response: httpx.Response) -> httpx.Response:
        if response.status_code >= 500 or response.status_code == 429:
            response.raise_for_status()
        if response.status_code != 200:
            return response
        return httpx.Response(200, json=dict(read_token(response.json())), request=response.request)

    return hook
