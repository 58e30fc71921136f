"""A recorded world: a file that says what every address answers, and nothing else exists (CONTRACT section 3).

The same guards stand in front of it as in front of the real network; slow answers run into the same limits without
anybody waiting.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from connector import codec
from connector.errors import ConfigurationError, FetchError, IntakeError
from connector.infra import fetch
from connector.infra.documents import Answer, Documents, timed_out
from connector.infra.fetch import Target
from connector.ports import Clock, FetchedDocument, Purpose

INFINITE: Final = "infinite stream"
MAX_WORLD_BYTES: Final = 50_000_000
_CHUNK: Final = 65_536
_NOT_FOUND: Final = Answer(404, "text/plain", b"")


def _flat(value: Any) -> Any:
    """`dns`: one address, a list of them, or a list of such lists (one per lookup)."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [address for item in value for address in (item if isinstance(item, list) else [item])]
    return value


class RecordedAnswer(BaseModel):
    """One answer, as the file writes it.

    Attributes:
        drip_seconds: the body comes one byte at a time, this far apart.
        dns: what the name resolves to. One of them not public is enough to refuse it: no bet is made on which one the
            next lookup brings.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    file: str | None = None
    status: int | None = None
    content_type: str | None = None
    content_encoding: str = ""
    location: str | None = None
    delay_seconds: float = 0.0
    drip_seconds: float = 0.0
    body: str | None = None
    dns: Annotated[tuple[str, ...] | None, BeforeValidator(_flat)] = None


class WorldExchange:
    """Answers from the record, under the same limits as the network."""

    def __init__(self, answers: Mapping[str, RecordedAnswer], base: Path) -> None:
        self._answers, self._base = {_key(url): answer for url, answer in answers.items()}, base

    def find(self, identifier: str) -> RecordedAnswer | None:
        return self._answers.get(_key(identifier))

    def check(self, url: str) -> Target:
        return fetch.check_url(url, plain_http=url.startswith("http:") and self.find(url) is not None)

    def ask(self, target: Target, *, accept: str, max_bytes: int, deadline: float) -> Answer:
        recorded = self.find(target.url)
        if recorded is None:
            return _NOT_FOUND
        if recorded.dns is not None:
            fetch.check_addresses(recorded.dns)
        return self.answer(recorded, max_bytes)

    def answer(self, recorded: RecordedAnswer, max_bytes: int) -> Answer:
        if recorded.delay_seconds > fetch.READ_SECONDS or recorded.drip_seconds > fetch.READ_SECONDS:
            raise timed_out()
        slow = _Slow(recorded.delay_seconds, recorded.drip_seconds)
        chunks = slow.pace(self._chunks(recorded))
        content = fetch.read_body(chunks, encoding=recorded.content_encoding, max_bytes=max_bytes)
        status = recorded.status or (302 if recorded.location else 200)
        return Answer(status, self._content_type(recorded), content, recorded.location)

    def _chunks(self, recorded: RecordedAnswer) -> Iterator[bytes]:
        if recorded.body == INFINITE:
            while True:
                yield b" " * _CHUNK
        if recorded.body is not None:
            yield recorded.body.encode()
        elif recorded.file is not None:
            try:
                with (self._base / recorded.file).open("rb") as file:
                    while chunk := file.read(_CHUNK):
                        yield chunk
            except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
                raise FetchError(
                    "A recorded document is not there.", code="recorded_file_missing", detail=type(error).__name__
                ) from None

    def _content_type(self, recorded: RecordedAnswer) -> str:
        if recorded.content_type is not None:
            return recorded.content_type
        guessed = mimetypes.guess_type(recorded.file)[0] if recorded.file else None
        return guessed or "application/json"


class _Slow:
    """Adds up how long an answer would have taken, and ends it where the real client would."""

    def __init__(self, delay: float, drip: float) -> None:
        self._spent, self._drip = delay, drip

    def pace(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self._spent += self._drip * len(chunk)
            if self._spent > fetch.TOTAL_SECONDS:
                raise timed_out()
            yield chunk


class RecordedWorld(Documents):
    """Everything that can be reached, from a mapping or an index.

    Args:
        answers: URL, DID or URN -> an answer, or the name of a file; or a list of `{"url", "file"}`.
        base: where relative files are looked for.

    Raises:
        ConfigurationError: it is no recorded world.
    """

    def __init__(self, answers: Mapping[str, Any] | list[Any], *, base: Path, clock: Clock | None = None) -> None:
        self._world = WorldExchange(_read_answers(answers), base)
        super().__init__(self._world, clock=clock)

    @classmethod
    def load(cls, path: Path, *, clock: Clock | None = None) -> RecordedWorld:
        """Read a world from a JSON file; files in it are relative to it."""
        try:
            value = codec.parse_json(path.read_bytes(), max_bytes=MAX_WORLD_BYTES)
        except OSError as error:
            raise ConfigurationError(f"{path}: cannot be read ({type(error).__name__}).") from None
        except IntakeError as error:
            raise ConfigurationError(f"{path}: {error.message}") from None
        return cls(value, base=path.parent, clock=clock)

    def recorded(self, identifier: str) -> FetchedDocument | None:
        """The document a DID or URN (or any address the file names) stands for, whatever its method."""
        answer = self._world.find(identifier)
        if answer is None:
            return None
        try:
            if answer.dns is not None:
                fetch.check_addresses(answer.dns)
            found = self._world.answer(answer, fetch.MAX_BYTES[Purpose.KEY])
        except FetchError as error:
            self._note(identifier, "refused" if error.refused else "failed", None)
            raise
        self._note(identifier, "answered", found.status)
        return FetchedDocument(identifier, found.status, found.content_type, found.content, self._clock.now())


def _key(identifier: str) -> str:
    """How a name is looked up: URLs in canonical form and without fragment, all else as it stands."""
    plain = identifier.partition("#")[0] if identifier.startswith(("http:", "https:")) else identifier
    try:
        return fetch.check_url(plain, plain_http=True).url
    except FetchError:
        return plain


def _read_answers(value: Any) -> dict[str, RecordedAnswer]:
    if isinstance(value, list):
        return _read_index(value)
    if not isinstance(value, dict):
        raise ConfigurationError("A recorded world is a JSON object: address -> answer.")
    return {url: _read_answer(url, answer) for url, answer in value.items()}


def _read_index(entries: list[Any]) -> dict[str, RecordedAnswer]:
    """The list shape: the first entry of an address wins; alternates of contexts are not answers."""
    answers: dict[str, RecordedAnswer] = {}
    for entry in entries:
        if isinstance(entry, dict) and "alternate_for" in entry:
            continue
        if not isinstance(entry, dict) or not isinstance(entry.get("url"), str):
            raise ConfigurationError("A recorded world's list holds objects with `url` and `file`.")
        answers.setdefault(entry["url"], _read_answer(entry["url"], entry))
    return answers


def _read_answer(url: str, value: Any) -> RecordedAnswer:
    if isinstance(value, str):
        return RecordedAnswer(file=value)
    try:
        return RecordedAnswer.model_validate(value)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise ConfigurationError(f"The recorded answer for {url} cannot be read at {where or 'its top'}.") from None
