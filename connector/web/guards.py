"""What every request passes through, as plain ASGI: headers, HEAD, the access log, and what happens to a bug.

Candidates' and reports' addresses carry secrets, so no log line of ours holds a path as it came: it holds the route.
"""

from __future__ import annotations

import logging
import time
import traceback
from typing import Final

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connector.web import problems

access_log = logging.getLogger("connector.web.access")
log = logging.getLogger(__name__)

SECURITY_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
HSTS: Final = "max-age=31536000"
REVALIDATE: Final = "no-cache"
"""For the style sheet: kept by the browser, asked for again by its ETag."""


class SecurityHeaders:
    """Adds the headers that are not set already.

    Args:
        https: the service is reached by https, so browsers are told to keep to it.
    """

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self._app = app
        headers = SECURITY_HEADERS | ({"Strict-Transport-Security": HSTS} if https else {})
        self._headers = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        static = scope["type"] == "http" and scope["path"].startswith("/static/")

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                if static:
                    headers.append((b"cache-control", REVALIDATE.encode()))
                there = {name.lower() for name, _ in headers}
                message["headers"] = headers + [h for h in self._headers if h[0] not in there]
            await send(message)

        await self._app(scope, receive, with_headers)


class HeadAsGet:
    """Answers HEAD as GET without the body: link checkers ask that way."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self._app({**scope, "method": "GET"}, receive, without_body)


class AccessLog:
    """One line per answer: method, route, status, time. Never the path, the query, or an address."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start = time.perf_counter()

        async def logged(message: Message) -> None:
            if message["type"] == "http.response.start":
                spent = (time.perf_counter() - start) * 1000
                access_log.info("%s %s %d %.0f ms", scope["method"], _route(scope), message["status"], spent)
            await send(message)

        await self._app(scope, receive, logged)


class UnexpectedErrors:
    """A bug is answered 500, and the log says where it is: the kind and the lines of code, not the message.

    An exception's message may hold what a candidate sent.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001  # the outermost place: whatever it is, nobody gets a traceback
            log.error("%s %s: %s at\n%s", scope.get("method"), _route(scope), type(error).__name__, _places(error))
            if scope["type"] == "http" and not started:
                answer = problems.refusal(
                    scope, 500, "internal_error", "Something broke in the connector; see its log."
                )
                await answer(scope, receive, send)


def _route(scope: Scope) -> str:
    """The template of the route that answered; a path that matched none may be anything, so it is not told."""
    route = scope.get("route")
    return getattr(route, "path", None) or ("/static" if scope["path"].startswith("/static/") else "-")


def _places(error: BaseException) -> str:
    return "".join(traceback.format_list(traceback.extract_tb(error.__traceback__)))
