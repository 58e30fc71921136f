"""`verify --stream`: newline-delimited JSON requests in, one JSON line each out, in order, flushed."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final, TextIO

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from connector.answers import ExamineContent, answer, examine_content
from connector.cli.options import read_input, with_registries
from connector.codec import parse_json
from connector.errors import ConfigurationError, ConnectorError, MappingError
from connector.infra.workbench import Workbench
from connector.infra.world_file import RecordedWorld
from connector.model.applicant import Applicant
from connector.model.submission import Submission
from connector.normalize import EMPTY, Crosswalk
from connector.ports import DocumentSource, World
from connector.verify import PresentationContext
from connector.verify.policy import Policy

MAX_LINE_BYTES: Final = 40_000_000

_CHUNK: Final = 1_000_000

log = logging.getLogger(__name__)


class PresentationRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    challenge: str | None = None
    domain: str | None = None
    nonce: str | None = None
    audience: str | None = None


class PlanRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    ats: str
    mapping: Path | None = None


class StreamRequest(BaseModel):
    """One line. Exactly one of `file`, `text` and `url` carries the LER."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    file: str | None = None
    text: str | None = None
    url: str | None = None
    applicant: Applicant = Applicant()
    trusted_issuers: tuple[str, ...] | None = None
    presentation: PresentationRequest | None = None
    require_key_binding: bool = False
    documents: dict[str, Any] | list[Any] | None = None
    as_of: str = ""
    plan: PlanRequest | None = None

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, value: Any) -> Any:
        return {k: v for k, v in value.items() if v is not None} if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _one_source(self) -> StreamRequest:
        if sum(source is not None for source in (self.file, self.text, self.url)) != 1:
            raise ValueError("give exactly one of file, text and url")
        return self


class Stream:
    """Answers requests with the command line's policy, documents and time, unless a request says otherwise."""

    def __init__(
        self,
        policy: Policy,
        documents: DocumentSource,
        moment: Callable[[str], datetime],
        as_of: str,
        crosswalk: Crosswalk = EMPTY,
        look_into: ExamineContent = examine_content,
    ) -> None:
        self._look_into = look_into
        self._policy, self._documents, self._moment, self._as_of = policy, documents, moment, as_of
        self._crosswalk = crosswalk

    def answer(self, line: bytes) -> dict[str, Any]:
        """The answer to one line; a line that is no request is answered with an error of its own."""
        known_id = ""
        try:
            raw = parse_json(line, max_bytes=MAX_LINE_BYTES)
            known_id = str(raw.get("id", "")) if isinstance(raw, dict) else ""
            return self._answer(StreamRequest.model_validate(raw))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            return _unanswered(known_id, "bad_request", f"The request is not right: {place} {first['msg']}".strip())
        except (ConfigurationError, MappingError) as error:
            return _unanswered(known_id, error.code, str(error))
        except ConnectorError as error:
            return _unanswered(known_id, "bad_request", f"The request is not right: {error.message}")
        except Exception:  # a bug of ours: it is logged, and costs this answer and not those that follow
            log.exception("a request could not be answered")
            return _unanswered(known_id, "internal_error", "This could not be answered; the log says why.")

    def _answer(self, request: StreamRequest) -> dict[str, Any]:
        from connector.cli.verify import planner_for

        now = self._moment(request.as_of or self._as_of)
        world, policy = self._world(request), self._policy
        if request.documents is not None:
            policy = with_registries(policy, world, now, recorded=True)
        if request.trusted_issuers is not None:
            policy = policy.and_trusting(request.trusted_issuers)
        options: dict[str, Any] = {}
        if request.presentation is not None or request.require_key_binding:
            asked = request.presentation or PresentationRequest()
            options["presentation"] = PresentationContext(
                **asked.model_dump(), require_key_binding=request.require_key_binding
            )
        return answer(
            _source(request),
            policy,
            World(world),
            applicant=request.applicant,
            now=now,
            request_id=request.id,
            crosswalk=self._crosswalk,
            planner=planner_for(request.plan.ats, request.plan.mapping, now) if request.plan else None,
            assess_options=options,
            look_into=self._look_into,
        )

    def _world(self, request: StreamRequest) -> DocumentSource:
        if request.documents is not None:
            return RecordedWorld(request.documents, base=Path.cwd())
        return self._documents.session()


def _source(request: StreamRequest) -> Submission | str:
    if request.url is not None:
        return request.url
    if request.text is not None:
        return Submission(content=request.text.encode("utf-8", "surrogatepass"), label=request.id)
    assert request.file is not None
    if request.file == "-":
        raise ConfigurationError("Standard input holds the requests; give the LER itself as `text`.")
    return Submission(content=read_input(request.file), label=request.file)


def _unanswered(request_id: str, code: str, message: str) -> dict[str, Any]:
    return {
        "id": request_id,
        "ms": 0.0,
        "decision": "refused",
        "verdict": "malformed",
        "credentials": [],
        "claims": [],
        "plan": None,
        "requests": [],
        "error": {"code": code, "message": message},
    }


def serve_stream(
    lines: BinaryIO,
    out: TextIO,
    policy: Policy,
    documents: DocumentSource,
    moment: Callable[[str], datetime],
    as_of: str,
    crosswalk: Crosswalk = EMPTY,
) -> None:
    """Answer every line until the input ends."""
    workbench = Workbench()
    stream = Stream(policy, documents, moment, as_of, crosswalk, workbench)
    for line in _bounded(lines):
        if line.strip():
            out.write(json.dumps(stream.answer(line), ensure_ascii=True) + "\n")
            out.flush()
    workbench.close()


def _bounded(lines: BinaryIO) -> Iterator[bytes]:
    """The lines; of one that is too long only as much as shows that, and the rest is dropped piece by piece."""
    while line := lines.readline(MAX_LINE_BYTES + 1):
        yield line
        while line and not line.endswith(b"\n"):
            line = lines.readline(_CHUNK)
