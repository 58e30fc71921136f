"""What the stand-ins of the ATSs share: an ASGI application that logs, fails on purpose, and shows a recruiter's page.

A stand-in speaks the vendor's own wire format on its own paths (`routes`); what is here knows no vendor. The page is
plain HTML without script: everything in it came from somebody else, so every value is escaped and nothing may load
(THREATS section 9).
"""

from __future__ import annotations

import html
import json
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Final, Literal

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Message, Receive, Scope, Send

from connector.errors import ConfigurationError
from connector.model.changes import AtsState, FieldValue
from connector.ports import SandboxFault, SandboxPerson, SandboxRequest, SandboxSeed

MAX_BODY_BYTES: Final = 40_000_000
VIEW_PREFIX: Final = "/recruiter/candidates/"
KEPT_REQUESTS: Final = 100_000
RequestKind = Literal["read", "write", "token"]


# --- the invented people -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SeedPerson:
    """An applicant a stand-in starts with; one application for each job."""

    first_name: str
    last_name: str
    email: str
    jobs: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"


PEOPLE: Final = (
    SeedPerson("Maria", "Okafor", "maria.okafor@mail.example", ("Welder, second shift",)),
    SeedPerson("Jonas", "Lindqvist", "jonas.lindqvist@post.example", ("CNC machinist",)),
    SeedPerson("Aiko", "Tanabe", "aiko.tanabe@mail.example", ("Data analyst",)),
    SeedPerson("Samuel", "Adeyemi", "samuel.adeyemi@inbox.example", ("Network technician",)),
    SeedPerson("Lucía", "Fernández Ortiz", "lucia.fernandez@correo.example", ("Registered nurse",)),
    SeedPerson("Priya", "Raghavan", "priya.raghavan@mail.example", ("Cloud support engineer",)),
    SeedPerson("Tomasz", "Zieliński", "tomasz.zielinski@poczta.example", ("Electrician",)),
    SeedPerson("Grace", "Whitehorse", "grace.whitehorse@mail.example", ("Project coordinator",)),
    SeedPerson("Omar", "Haddad", "omar.haddad@inbox.example", ("Warehouse lead",)),
    SeedPerson("Minh", "Đặng", "minh.dang@thu.example", ("Software engineer",)),
    SeedPerson("Chloe", "O'Brien-Sato", "chloe.obrien@mail.example", ("Medical assistant",)),
    SeedPerson("Daniel", "Mbeki", "daniel.mbeki@mail.example", ("Pipefitter", "Welder, second shift")),
    SeedPerson("Ines", "Carvalho", "ines.carvalho@correio.example", ("Quality inspector",)),
    SeedPerson("Robert", "Hale", "robert.hale@inbox.example", ("Heavy equipment operator",)),
)


def seed_people(seed: SandboxSeed) -> tuple[SeedPerson, ...]:
    """The people of a seed file (`[{"first_name", "last_name", "email", "jobs": []}]`), or the invented ones."""
    if seed.path is None:
        return PEOPLE
    try:
        rows = json.loads(Path(seed.path).read_text("utf-8"))
        people = tuple(SeedPerson(r["first_name"], r["last_name"], r["email"], tuple(r["jobs"])) for r in rows)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(
            f"The seed file cannot be read ({type(error).__name__}); it is a JSON list of "
            '{"first_name", "last_name", "email", "jobs": []}.'
        ) from error
    if not people or not all(person.jobs for person in people):
        raise ConfigurationError("The seed file needs at least one person, each with at least one job.")
    return people


# --- refusals, windows, faults -----------------------------------------------------------------------------------


class Refusal(Exception):  # it is an answer, not an error
    """An answer that ends the request, raised from anywhere inside a route."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


class FixedWindow:
    """At most `limit` requests in each window of `seconds`, counted from the window's first request."""

    def __init__(self, limit: int, seconds: float, now: Callable[[], float]) -> None:
        self.limit, self.seconds, self._now = limit, seconds, now
        self._start, self._used = float("-inf"), 0

    def take(self) -> bool:
        """Count one request; False when it is one too many."""
        now = self._now()
        if now >= self._start + self.seconds:
            self._start, self._used = now, 0
        self._used += 1
        return self._used <= self.limit

    @property
    def remaining(self) -> int:
        return max(self.limit - self._used, 0)

    @property
    def resets_at(self) -> float:
        return self._start + self.seconds


class FaultQueue:
    """The faults that are still to happen, oldest first."""

    def __init__(self) -> None:
        self._waiting: list[SandboxFault] = []

    def add(self, fault: SandboxFault) -> None:
        self._waiting.append(fault)

    def take(self, kind: RequestKind) -> SandboxFault | None:
        for index, fault in enumerate(self._waiting):
            if fault.on == kind or (fault.on == "any" and kind != "token"):
                if fault.times > 1:
                    self._waiting[index] = replace(fault, times=fault.times - 1)
                else:
                    del self._waiting[index]
                return fault
        return None


# --- the recruiter's page ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the recruiter's page: rows of label and value, newlines kept."""

    title: str
    rows: tuple[tuple[str, str], ...]


_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;"
    "background:#fff}table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;"
    "border-bottom:1px solid #767676;padding:.4rem .6rem}th{width:14rem}td{white-space:pre-wrap;"
    "overflow-wrap:anywhere}a{color:#0b4a8f}"
)
_CSP = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def _page(title: str, body: str) -> HTMLResponse:
    text = (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body><main><h1>{html.escape(title)}</h1>{body}</main></body></html>\n"
    )
    return HTMLResponse(text, headers={"Content-Security-Policy": _CSP, "X-Content-Type-Options": "nosniff"})


def _section(section: Section) -> str:
    rows = "".join(
        f'<tr><th scope="row">{html.escape(label)}</th><td>{html.escape(value)}</td></tr>'
        for label, value in section.rows
    )
    table = f"<table><tbody>{rows}</tbody></table>" if rows else "<p>None.</p>"
    return f"<h2>{html.escape(section.title)}</h2>{table}"


def shown(value: FieldValue) -> str:
    """A field value as a recruiter reads it."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, tuple):
        return ", ".join(value)
    return str(value)


def sections_of(state: AtsState, names: dict[str, str]) -> tuple[Section, ...]:
    """The page's parts for one application; families that hold nothing are left out, fields never."""
    parts = [Section("Fields", tuple((names.get(k, k), shown(v)) for k, v in sorted(state.fields.items())))]
    if state.tags:
        parts.append(Section("Tags", (("Tags", ", ".join(sorted(state.tags))),)))
    if state.links:
        parts.append(Section("Links", tuple(("Link", link) for link in sorted(state.links))))
    parts.extend(
        Section(f"Form: {form.template}", tuple((k, shown(v)) for k, v in form.values.items())) for form in state.forms
    )
    if state.notes:
        parts.append(Section("Notes", tuple((f"Note {n.remote_id}", n.text) for n in state.notes)))
    if state.attachments:
        parts.append(Section("Files", tuple((a.remote_id, a.filename) for a in state.attachments)))
    return tuple(parts)


# --- the application ---------------------------------------------------------------------------------------------


class StandIn(ABC):
    """Base of the stand-ins; implements `connector.ports.Sandbox` but for the world itself.

    A subclass gives `routes`, `settings`, `people`, `holdings`, `delete_candidate`, and overrides `kind_of` where
    a POST is not a write, `field_names` and `sections` for its page, `error_body` for the shape of injected errors.

    Args:
        now: the stand-in's clock (epoch seconds): token lifetimes and rate windows follow it.
    """

    title: ClassVar[str] = ""
    token_paths: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, seed: SandboxSeed, *, now: Callable[[], float] = time.time) -> None:
        self.seed = seed
        self.now = now
        self.permissions: set[str] = set()
        self.faults = FaultQueue()
        self._log: list[SandboxRequest] = []
        self._serial = 0
        self._inner = Starlette(
            routes=[
                Route("/", self._index),
                Route(VIEW_PREFIX + "{candidate}", self._view),
                *self.routes(),
            ],
            exception_handlers={Refusal: _refused},
        )

    # what a subclass gives

    @abstractmethod
    def routes(self) -> Sequence[BaseRoute]:
        """The vendor's paths. Called once, while the stand-in is being made."""

    @abstractmethod
    def settings(self, base_url: str) -> dict[str, Any]: ...

    @abstractmethod
    def people(self) -> Sequence[SandboxPerson]: ...

    @abstractmethod
    def holdings(self, candidate: str, application: str | None) -> AtsState: ...

    @abstractmethod
    def delete_candidate(self, candidate: str) -> None: ...

    @property
    @abstractmethod
    def absent_candidate(self) -> str: ...

    def expire_tokens(self) -> bool:
        return False

    def kind_of(self, method: str, path: str, body: bytes) -> RequestKind:
        """Whether a request reads, writes to a candidate's record, or asks for a token."""
        if path in self.token_paths:
            return "token"
        return "read" if method in ("GET", "HEAD", "OPTIONS") else "write"

    def error_body(self, status: int) -> bytes:
        """The vendor's error shape for an injected fault without a body of its own."""
        return json.dumps({"message": f"Injected fault {status}"}).encode()

    def field_names(self) -> dict[str, str]:
        """Field key -> the name a recruiter sees."""
        return {}

    def sections(self, candidate: str, application: str) -> tuple[Section, ...]:
        """What the page shows for one application."""
        return sections_of(self.holdings(candidate, application), self.field_names())

    # what everybody has

    @property
    def app(self) -> Callable[..., Any]:
        return self

    @property
    def log(self) -> Sequence[SandboxRequest]:
        return tuple(self._log)

    def inject(self, fault: SandboxFault) -> None:
        self.faults.add(fault)

    def view_path(self, candidate: str) -> str:
        return VIEW_PREFIX + candidate

    def option(self, name: str, default: Any) -> Any:
        """A switch of this stand-in (`SandboxSeed.options`)."""
        return self.seed.options.get(name, default)

    def next_id(self) -> int:
        """The next number for a record; the same seed gives the same numbers."""
        self._serial += 1
        return 4_000_000 + self._serial

    def next_uuid(self) -> str:
        """The next UUID for a record; the same seed gives the same ones."""
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self.title}/{self.next_id()}"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        body = await _whole_body(receive)
        if body is None:
            await Response(status_code=413)(scope, receive, send)
            return
        path = str(scope["path"])
        if path == "/" or path.startswith(VIEW_PREFIX):
            await self._inner(scope, _replaying(body), send)
            return
        await self._exchange(scope, body, send)

    async def _exchange(self, scope: Scope, body: bytes, send: Send) -> None:
        """One vendor request: fail before it, or let it happen, or fail after it; and write it down."""
        method, path = str(scope["method"]), str(scope["path"])
        kind = self.kind_of(method, path, body)
        fault = self.faults.take(kind)
        answer = _Captured()
        if fault is None or fault.after_commit:
            await self._inner(scope, _replaying(body), answer)
        status = answer.status if fault is None else fault.status
        self._remember(SandboxRequest(method=method, path=path, status=status, write=kind == "write"))
        if fault is None:
            await answer.pass_on(send)
        elif fault.reset:
            await _break_connection(send)
        else:
            content = fault.body or self.error_body(fault.status)
            response = Response(content, fault.status, dict(fault.headers), media_type=fault.content_type)
            await response(scope, _replaying(b""), send)

    def _remember(self, request: SandboxRequest) -> None:
        self._log.append(request)
        if len(self._log) > KEPT_REQUESTS:
            del self._log[: KEPT_REQUESTS // 2]

    async def _index(self, request: Request) -> Response:
        seen: set[str] = set()
        rows: list[str] = []
        for person in self.people():
            if person.candidate not in seen:
                seen.add(person.candidate)
                link = html.escape(self.view_path(person.candidate), quote=True)
                rows.append(f'<li><a href="{link}">{html.escape(person.name)}</a>, {html.escape(person.job)}</li>')
        return _page(f"{self.title} stand-in: candidates", f"<ul>{''.join(rows)}</ul>")

    async def _view(self, request: Request) -> Response:
        mine = [p for p in self.people() if p.candidate == request.path_params["candidate"]]
        if not mine:
            return Response("No such candidate.", 404, media_type="text/plain")
        parts = [f"<p>{html.escape(self.title)} stand-in. E-mail: {html.escape(mine[0].email)}</p>"]
        for person in mine:
            parts.append(f"<section><p><strong>Applied for:</strong> {html.escape(person.job)}</p>")
            parts.extend(_section(s) for s in self.sections(person.candidate, person.application))
            parts.append("</section>")
        return _page(mine[0].name, "".join(parts))


async def _refused(request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)
    return refusal.response


class _Captured:
    """Takes an ASGI answer in, so that it can be sent, replaced or lost."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def __call__(self, message: Message) -> None:
        self.messages.append(message)

    @property
    def status(self) -> int:
        return int(self.messages[0]["status"])

    async def pass_on(self, send: Send) -> None:
        for message in self.messages:
            await send(message)


async def _whole_body(receive: Receive) -> bytes | None:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MAX_BODY_BYTES:
            return None
        if not message.get("more_body"):
            return b"".join(parts)


def _replaying(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _break_connection(send: Send) -> None:
    """Begin an answer and stop: a server closes the socket, a test's transport sees the same as a broken connection."""
    headers: Iterable[tuple[bytes, bytes]] = [(b"content-type", b"application/json"), (b"content-length", b"4096")]
    await send({"type": "http.response.start", "status": 200, "headers": list(headers)})
    await send({"type": "http.response.body", "body": b'{"da', "more_body": True})
    raise ConnectionResetError("injected")
