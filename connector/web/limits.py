"""The upload limit, in front of everything that parses: the web framework has none of its own.

A request whose body is announced, or turns out, to be larger than the limit is answered 413; nothing of it is kept.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connector.web.problems import refusal

DISCARDED: Final = 5
"""How many times the limit is read and thrown away before the answer: a browser that is cut off while it sends shows
"connection reset" instead of the answer."""


class _TooLarge(Exception):
    """Ends the reading; whatever the framework makes of it, the answer is 413."""


class BodyLimit:
    """ASGI middleware.

    Args:
        limit: bytes that a request body may have, multipart framing included.
        file_limit: bytes that the largest file may have, for the message.
    """

    def __init__(self, app: ASGIApp, *, limit: int, file_limit: int) -> None:
        self._app, self._limit = app, limit
        self._message = f"The file is larger than {file_limit / 1e6:g} MB."

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"")
        if announced.isdigit() and int(announced) > self._limit:
            await self._refuse(scope, receive, send, dict(scope["headers"]).get(b"expect", b""))
            return
        counter = _Counter(receive, send, self._limit)
        with suppress(_TooLarge):
            await self._app(scope, counter.receive, counter.send)
        if counter.exceeded and not counter.started:
            await self._refuse(scope, receive, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, expect: bytes = b"") -> None:
        if expect.lower() != b"100-continue":  # who asks first has sent nothing yet
            await _discard(receive, self._limit * DISCARDED)
        answer = refusal(scope, 413, "too_large", self._message)
        answer.headers["Connection"] = "close"
        await answer(scope, receive, send)


async def _discard(receive: Receive, budget: int) -> None:
    while budget > 0:
        message = await receive()
        if message["type"] != "http.request" or not message.get("more_body"):
            return
        budget -= len(message.get("body", b""))


class _Counter:
    """Counts what is received. Over the limit nothing more is read, and nothing the application says is sent."""

    def __init__(self, receive: Receive, send: Send, limit: int) -> None:
        self._receive, self._send, self._limit, self._seen = receive, send, limit, 0
        self.started = False

    @property
    def exceeded(self) -> bool:
        return self._seen > self._limit

    async def receive(self) -> Message:
        if self.exceeded:
            raise _TooLarge
        message = await self._receive()
        if message["type"] == "http.request":
            self._seen += len(message.get("body", b""))
        if self.exceeded:
            raise _TooLarge
        return message

    async def send(self, message: Message) -> None:
        if self.exceeded and not self.started:
            return
        self.started = self.started or message["type"] == "http.response.start"
        await self._send(message)
