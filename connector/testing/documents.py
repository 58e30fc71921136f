"""A world in memory: the documents a verification may see, as `ports.DocumentSource` gives them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from connector.errors import FetchError
from connector.model.report import RequestRecord
from connector.ports import FetchedDocument, Purpose

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class MemoryDocuments:
    """Answers from a mapping URL (or DID, URN) -> document.

    A value is a JSON object (answered with 200), bytes, text, an integer (a status without a body), or a `FetchError`
    (raised). What is not there is answered with 404.
    """

    def __init__(self, documents: Mapping[str, Any], *, now: datetime = NOW) -> None:
        self.documents = dict(documents)
        self.kept: dict[str, float] = {}
        self._now = now
        self._requests: list[RequestRecord] = []

    def get(
        self, url: str, *, purpose: Purpose, accept: str = "application/json", fresh: bool = False
    ) -> FetchedDocument:
        answer = self.documents.get(url, 404)
        if isinstance(answer, FetchError):
            self._requests.append(RequestRecord(url=url, outcome="refused" if answer.refused else "failed"))
            raise answer
        document = self._document(url, answer)
        self._requests.append(RequestRecord(url=url, outcome="answered", status=document.status))
        return document

    def session(self) -> MemoryDocuments:
        return MemoryDocuments(self.documents, now=self._now)

    def recorded(self, identifier: str) -> FetchedDocument | None:
        answer = self.documents.get(identifier)
        return None if answer is None else self._document(identifier, answer)

    def keep_for(self, url: str, seconds: float) -> None:
        self.kept[url] = seconds

    @property
    def requests(self) -> tuple[RequestRecord, ...]:
        return tuple(self._requests)

    def _document(self, url: str, answer: Any) -> FetchedDocument:
        status, body = (answer, b"") if isinstance(answer, int) else (200, _body(answer))
        return FetchedDocument(
            url=url, status=status, content_type="application/json", content=body, fetched_at=self._now
        )


def _body(answer: Any) -> bytes:
    if isinstance(answer, bytes):
        return answer
    return answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
