"""The upload limit, in front of everything that parses: the web framework has none of its own.

A request whose body is announced, or turns out, to be larger than the limit is answered with 413 and read no further.
"""

from __future__ import annotations

from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connector.web.problems import problem_body


class _TooLarge(Exception):
    pass


class BodyLimit:
    """ASGI middleware.

    Args:
        limit: bytes that a request body may have, multipart framing included.
    """

    def __init__(self, app: ASGIApp, *, limit: int) -> None:
        self._app, self._limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"")
        if announced.isdigit() and int(announced) > self._limit:
            await _refuse(scope, send, self._limit)
            return
        seen = 0
        started = False

        async def bounded() -> Message:
            nonlocal seen
            message = await receive()
            if message["type"] == "http.request":
                seen += len(message.get("body", b""))
                if seen > self._limit:
                    raise _TooLarge
            return message

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, bounded, watched)
        except _TooLarge:
            if started:
                raise
            await _refuse(scope, send, self._limit)


async def _refuse(scope: Scope, send: Send, limit: int) -> None:
    message = f"The file is larger than {limit // 1_000_000} MB."
    if scope["path"].startswith("/s/"):
        body, kind = (
            f"<!doctype html><title>Too large</title><p>{message} Go back and choose another.".encode(),
            b"text/html",
        )
    else:
        body, kind = problem_body(413, "too_large", message), b"application/problem+json"
    headers: list[tuple[bytes, Any]] = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})
