"""The web application around a whole connector: SQLite in a folder of its own, a stand-in of a vendor, no socket."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import lxml.html
import pytest
from fastapi import FastAPI

from connector import registry
from connector.bootstrap import Connector, build
from connector.config import load_settings, variables_of
from connector.infra.world_file import RecordedWorld
from connector.mapping import shipped_mapping
from connector.ports import DocumentSource, Sandbox, SandboxSeed
from connector.share.keys import new_api_key
from connector.testing.ats_suite import LoopbackTransport
from connector.testing.issuer import Issuer, recorded_world
from connector.web.app import create_app
from tests.house import NOWHERE, Furnished, environ

BASE64 = re.compile(rb"[A-Za-z0-9+/]{80,}={0,2}")
ORIGIN = "http://lakeshore.example"
IDLE = pytest.mark.parametrize("house", [pytest.param({"start": False}, id="idle")], indirect=True)
"""For tests in which nothing is worked on: the engine's start and stop would take most of their time."""


class LateWorld:
    """A recorded world of what the issuers have minted by the time that it is asked."""

    def __init__(self, folder: Path, *issuers: Issuer) -> None:
        self.folder, self.issuers = folder, issuers
        self.extra: dict[str, Any] = {}

    def session(self) -> DocumentSource:
        return RecordedWorld(recorded_world(*self.issuers, extra=self.extra), base=self.folder).session()


class Listened(httpx.AsyncBaseTransport):
    """The way to the stand-in, with a note of every body that went there."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.inner = LoopbackTransport(sandbox)
        self.bodies: list[bytes] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.bodies.append(await request.aread())
        return await self.inner.handle_async_request(request)


@dataclass
class Clock:
    at: datetime | None = None

    def now(self) -> datetime:
        from connector.infra.clock import SystemClock

        return self.at or SystemClock().now()


@dataclass
class House(Furnished):
    """A connector with its web application, the stand-in behind it, and an issuer that its policy recognises."""

    folder: Path
    kind: str = "greenhouse"
    full: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        self.plugin = registry.plugin(self.kind)
        self.sandbox: Sandbox = self.plugin.sandbox(SandboxSeed())
        self.issuer = Issuer("lakeview", method="web")
        self.stranger = Issuer("skillmill", method="web", name="Skill Mill")
        self.world = LateWorld(self.folder, self.issuer, self.stranger)
        self.clock = Clock()
        self.wire = Listened(self.sandbox)
        self.key, digest = new_api_key()
        self.policy: dict[str, Any] = {"trusted_issuers": [{"id": self.issuer.id, "name": "Lakeview University"}]}
        self.write_policy()
        self.environ = {
            **environ(self.folder, self.kind),
            "LER_API_KEYS": digest,
            "LER_PUBLIC_URL": ORIGIN,
            **self.settings,
        }
        if self.full:
            (self.folder / "mappings").mkdir()
            text = shipped_mapping(self.plugin.full_mapping).read_bytes()
            (self.folder / "mappings" / f"{self.kind}.yaml").write_bytes(text)
            self.environ["LER_MAPPING_DIR"] = str(self.folder / "mappings")

    def write_policy(self) -> None:
        (self.folder / "policy.yaml").write_text(json.dumps(self.policy), encoding="utf-8")

    def open(self, **overrides: str) -> House:
        own = {**overrides, **variables_of(self.kind, self.sandbox.settings(NOWHERE))}
        self.connector: Connector = build(
            load_settings({**self.environ, **own}, env_file=None),
            documents=self.world,  # type: ignore[arg-type]  # asked for `session` alone
            transports={self.kind: self.wire},
            clock=self.clock,
        )
        self.app = create_app(self.connector)
        return self

    def badge(self, name: str = "Welder I", **options: Any) -> dict[str, Any]:
        options = {"email": self.person.email, "tags": ["MIG welding", "Blueprint reading"], **options}
        return self.issuer.open_badge(name=name, **options)

    @property
    def sent(self) -> str:
        """Everything that was ever sent to the ATS, files decoded."""
        raw = b"\n".join(self.wire.bodies)
        files = [base64.b64decode(run) for run in BASE64.findall(raw) if len(run) % 4 == 0]
        return b"\n".join([raw, *files]).decode(errors="replace")

    @property
    def report_link(self) -> str:
        """The recruiter's link to what was handed in last."""
        report_id = self.connector.submissions().items[0].report_id
        assert report_id is not None
        return self.connector.report_url(report_id)

    def request(self, **more: Any) -> dict[str, Any]:
        """The members that every submission by the API has."""
        return {
            "connection": self.kind,
            "candidate": self.person.candidate,
            "application": self.person.application,
            "applicant": {"name": self.person.name, "emails": [self.person.email]},
            "basis": "api",
            **more,
        }

    def client(self, app: FastAPI | None = None, **options: Any) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app or self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url=ORIGIN, **options)


@pytest.fixture
def houses(tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Makes houses, with their engine running; one at a time, as one process runs one engine."""
    made: list[House] = []

    def make(*, start: bool = True, overrides: Mapping[str, str] | None = None, **options: Any) -> House:
        house = House(tmp_path / f"house-{len(made)}", **options).open(**(overrides or {}))
        made.append(house)
        if start:
            house.connector.start()
        return house

    yield make
    for house in made:
        house.connector.stop()


@pytest.fixture
def house(request: pytest.FixtureRequest, houses: Callable[..., House]) -> House:
    """A house; its options can be given by `parametrize("house", [{...}], indirect=True)`."""
    return houses(**getattr(request, "param", {}))


@pytest.fixture
async def api(house: House) -> AsyncIterator[httpx.AsyncClient]:
    """A caller with the API key."""
    async with house.client(headers={"Authorization": f"Bearer {house.key}"}) as client:
        yield client


@pytest.fixture
async def person(house: House) -> AsyncIterator[Person]:
    """The candidate, with the link from an invitation."""
    async with Candidate(house) as candidate:
        yield candidate


class Screen:
    """A page as a person without JavaScript has it: words, links, forms."""

    def __init__(self, response: httpx.Response) -> None:
        self.response, self.status, self.url = response, response.status_code, str(response.url)
        self.html = lxml.html.fromstring(response.text)
        self.html.make_links_absolute(self.url)

    @property
    def text(self) -> str:
        return " ".join(self.html.text_content().split())

    @property
    def heading(self) -> str:
        return " ".join(self.html.findtext(".//h1").split())

    @property
    def form_actions(self) -> list[str]:
        return [form.action.rpartition("/")[2].partition("?")[0] for form in self.html.forms]

    def form(self, action: str) -> Any:
        """The form that posts to an address with that end."""
        return next(f for f in self.html.forms if f.action.partition("?")[0].endswith(action))

    def boxes(self) -> dict[str, Any]:
        """The tick boxes by their words."""
        labels = self.html.xpath("//label[input[@type='checkbox']]")
        return {" ".join(label.find("span").text_content().split()): label.find("input") for label in labels}

    def preview(self) -> dict[str, list[str]]:
        """The review page: heading -> the values below it."""
        found: dict[str, list[str]] = {}
        heading = ""
        for element in self.html.xpath("//h2 | //div[@class='preview']"):
            if element.tag == "h2":
                heading = element.text_content()
                found[heading] = []
            else:
                found[heading].append(element.text_content())
        return found


class Candidate:
    """Somebody with a browser that has no JavaScript, no cookies, and the link."""

    def __init__(self, house: House, **options: Any) -> None:
        self.house = house
        self.client = house.client(follow_redirects=True, **options)
        self.link = ""
        self.seen: list[httpx.Response] = []

    async def __aenter__(self) -> Candidate:
        self.link = self.link or await self.invited()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.aclose()

    async def invited(self, **more: Any) -> str:
        person = self.house.person
        body = {
            "connection": self.house.kind,
            "candidate": person.candidate,
            "application": person.application,
            "applicant": {"name": person.name, "emails": [person.email]},
            "job": {"title": person.job},
            **more,
        }
        async with self.house.client(headers={"Authorization": f"Bearer {self.house.key}"}) as api:
            answer = await api.post("/api/v1/invitations", json=body)
            assert answer.status_code == 201, answer.text
            return str(answer.json()["url"])

    def screen(self, response: httpx.Response) -> Screen:
        self.seen.append(response)
        return Screen(response)

    async def open(self, url: str | None = None, **options: Any) -> Screen:
        return self.screen(await self.client.get(url or self.link, **options))

    async def give_file(self, content: bytes | dict[str, Any], name: str = "badge.json") -> Screen:
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        return self.screen(await self.client.post(self.link, files={"file": (name, raw)}))

    async def give(self, **fields: str) -> Screen:
        return self.screen(await self.client.post(self.link, data=fields))

    async def submit(self, screen: Screen, action: str) -> Screen:
        """Press the button of a form, with its fields as they are on the screen."""
        form = screen.form(action)
        fields: dict[str, list[str]] = {}
        for name, value in form.form_values():
            fields.setdefault(name, []).append(value)
        return self.screen(await self.client.post(form.action, data=fields))


Person = Candidate
