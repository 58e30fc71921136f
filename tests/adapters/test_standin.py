"""What the stand-ins share: faults happen as told, everything is logged, the recruiter's page is plain and escaped."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from adapters.standin import PEOPLE, FixedWindow, Refusal, StandIn, seed_people
from connector.errors import ConfigurationError
from connector.model.changes import AtsState, FormState
from connector.ports import SandboxFault, SandboxPerson, SandboxSeed
from connector.testing.ats_suite import LoopbackTransport

NASTY = "<img src=x onerror=alert(1)> & \"q\" 'a'\nsecond line"


class Counter(StandIn):
    """The smallest stand-in: a POST counts, a GET tells, a token path answers."""

    title = "Counter <b>"
    token_paths = frozenset({"/token"})

    def __init__(self, seed: SandboxSeed | None = None) -> None:
        self.count = 0
        super().__init__(seed or SandboxSeed())

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/count", self._count, methods=["GET", "POST"]), Route("/token", self._count, methods=["POST"])]

    async def _count(self, request: Request) -> Response:
        if await request.body() == b"refuse":
            raise Refusal(JSONResponse({"no": True}, 422))
        self.count += request.method == "POST"
        return JSONResponse({"count": self.count})

    def settings(self, base_url: str) -> dict[str, Any]:
        return {}

    def people(self) -> Sequence[SandboxPerson]:
        return [SandboxPerson("1", "11", NASTY, "n@mail.example", "Welder"), SandboxPerson("1", "12", NASTY, "", "B")]

    def holdings(self, candidate: str, application: str | None) -> AtsState:
        form = FormState(template=NASTY, marker="m", remote_id="f", values={NASTY: NASTY})
        return AtsState(
            fields={"a": NASTY, "b": True, "c": ("x", NASTY)},
            tags=frozenset({NASTY}),
            links=frozenset({"javascript:alert(1)"}),
            forms=(form,),
        )

    def delete_candidate(self, candidate: str) -> None:
        raise NotImplementedError

    @property
    def absent_candidate(self) -> str:
        return "9"


@pytest.fixture
def counter() -> Counter:
    return Counter()


@pytest.fixture
def browser(counter: Counter) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=LoopbackTransport(counter), base_url="http://127.0.0.1")


async def test_requests_are_logged_with_their_kind(counter: Counter, browser: httpx.AsyncClient) -> None:
    await browser.get("/count")
    await browser.post("/count")
    await browser.post("/count", content=b"refuse")
    await browser.post("/token")
    await browser.get("/")
    assert [(r.method, r.path, r.status, r.write) for r in counter.log] == [
        ("GET", "/count", 200, False),
        ("POST", "/count", 200, True),
        ("POST", "/count", 422, True),
        ("POST", "/token", 200, False),
    ]


async def test_a_fault_before_the_commit_changes_nothing_and_one_after_it_does(
    counter: Counter, browser: httpx.AsyncClient
) -> None:
    counter.inject(SandboxFault(status=503, on="write", headers={"Retry-After": "3"}, times=2))
    counter.inject(SandboxFault(status=502, on="write", after_commit=True, body=b"<html>", content_type="text/html"))
    assert (await browser.get("/count")).status_code == 200
    first = await browser.post("/count")
    assert (first.status_code, first.headers["retry-after"], first.json()) == (
        503,
        "3",
        {"message": "Injected fault 503"},
    )
    assert (await browser.post("/count")).status_code == 503
    assert counter.count == 0
    third = await browser.post("/count")
    assert (third.status_code, third.text, counter.count) == (502, "<html>", 1)
    assert (await browser.post("/count")).json() == {"count": 2}


async def test_faults_meet_the_kind_they_are_for(counter: Counter, browser: httpx.AsyncClient) -> None:
    counter.inject(SandboxFault(status=500, on="token"))
    counter.inject(SandboxFault(status=501, on="any"))
    assert (await browser.post("/token")).status_code == 500
    assert (await browser.post("/token")).status_code == 200
    assert (await browser.get("/count")).status_code == 501


@pytest.fixture
def address(counter: Counter) -> Iterator[str]:
    """The stand-in on a real socket."""
    server = uvicorn.Server(uvicorn.Config(counter.app, port=0, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        threading.Event().wait(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@pytest.mark.parametrize("after_commit", [False, True])
async def test_a_reset_breaks_the_connection_on_a_real_socket_too(
    counter: Counter, address: str, after_commit: bool
) -> None:
    counter.inject(SandboxFault(reset=True, after_commit=after_commit))
    async with httpx.AsyncClient(base_url=address, trust_env=False) as client:
        with pytest.raises(httpx.TransportError):
            await client.post("/count")
        assert counter.count == int(after_commit)
        assert (await client.post("/count")).status_code == 200


async def test_a_body_beyond_reason_is_refused_unread(counter: Counter) -> None:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"x" * 9_000_000, "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/count", "headers": [], "query_string": b""}
    await asyncio.wait_for(counter(scope, receive, send), 10)
    assert sent[0]["status"] == 413
    assert counter.count == 0


async def test_the_page_escapes_everything_and_loads_nothing(browser: httpx.AsyncClient, counter: Counter) -> None:
    for path in ("/", counter.view_path("1")):
        page = await browser.get(path)
        assert page.status_code == 200
        assert "<img" not in page.text and "<b>" not in page.text
        assert "&lt;img src=x onerror=alert(1)&gt; &amp; &quot;q&quot; &#x27;a&#x27;\nsecond line" in page.text
        assert page.headers["content-security-policy"].startswith("default-src 'none'")
        assert "<script" not in page.text and 'href="javascript' not in page.text
        assert '<html lang="en">' in page.text and "<title>" in page.text and "<main>" in page.text
    page = await browser.get(counter.view_path("1"))
    assert page.text.count('<th scope="row">') == page.text.count("<td>") > 5
    assert (await browser.get(counter.view_path("2"))).status_code == 404


def test_the_invented_people_are_invented() -> None:
    assert all(person.email.endswith(".example") for person in PEOPLE)
    assert len({person.email for person in PEOPLE}) == len(PEOPLE)
    assert any(len(person.jobs) == 2 for person in PEOPLE) and len(PEOPLE[0].jobs) == 1


def test_a_seed_file_replaces_them(tmp_path: Path) -> None:
    file = tmp_path / "people.json"
    file.write_text(json.dumps([{"first_name": "A", "last_name": "B", "email": "a@b.example", "jobs": ["C"]}]))
    assert [p.name for p in seed_people(SandboxSeed(path=str(file)))] == ["A B"]


@pytest.mark.parametrize("content", ["", "{}", "[]", "[1]", '[{"first_name": "A"}]', "\x00"])
def test_a_seed_file_that_cannot_be_read_says_what_it_should_be(tmp_path: Path, content: str) -> None:
    file = tmp_path / "people.json"
    file.write_text(content)
    with pytest.raises(ConfigurationError, match="seed file"):
        seed_people(SandboxSeed(path=str(file)))
    with pytest.raises(ConfigurationError, match="seed file"):
        seed_people(SandboxSeed(path=str(tmp_path / "absent.json")))


def test_a_fixed_window_counts_from_its_first_request() -> None:
    clock = [1000.0]
    window = FixedWindow(2, 30, lambda: clock[0])
    assert [window.take(), window.take(), window.take()] == [True, True, False]
    assert (window.remaining, window.resets_at) == (0, 1030.0)
    clock[0] = 1030.0
    assert window.take()
    assert window.remaining == 1


def test_ids_are_the_same_for_the_same_seed() -> None:
    one, two = Counter(), Counter()
    assert [one.next_id(), one.next_uuid()] == [two.next_id(), two.next_uuid()]
    assert one.next_uuid() != one.next_uuid()
