"""A whole connector on SQLite in a folder of its own, towards stand-ins of the real vendors, without a socket."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from connector import registry
from connector.bootstrap import Connector, build
from connector.config import load_settings, variables_of
from connector.infra.world_file import RecordedWorld
from connector.model.applicant import Applicant, ApplicationRef
from connector.model.records import NewSubmission, SubmissionRecord
from connector.model.submission import Basis
from connector.ports import Clock, DocumentSource, Sandbox, SandboxSeed
from connector.testing.ats_suite import LoopbackTransport
from connector.testing.issuer import Issuer, recorded_world
from tests.house import NOWHERE, Furnished, environ

CANARY_CLAIM = "Underwater basket weaving, advanced"


@dataclass
class House(Furnished):
    """A connector, the stand-in behind it, and an issuer that its policy recognises."""

    folder: Path
    kind: str
    sandbox: Sandbox
    issuer: Issuer
    extra: Mapping[str, str] = field(default_factory=dict)
    documents: DocumentSource | None = None
    clock: Clock | None = None
    connector: Connector = field(init=False)

    @property
    def ref(self) -> ApplicationRef:
        return ApplicationRef(
            connection=self.kind, candidate=self.person.candidate, application=self.person.application
        )

    def build(self) -> Connector:
        (self.folder / "policy.yaml").write_text(
            json.dumps({"trusted_issuers": [{"id": self.issuer.id, "name": "Lakeview University"}]}), encoding="utf-8"
        )
        own = {**self.extra, **variables_of(self.kind, self.sandbox.settings(NOWHERE))}
        settings = load_settings({**environ(self.folder, self.kind), **own}, env_file=None)
        world = self.documents or RecordedWorld(recorded_world(self.issuer), base=self.folder)
        transports = {self.kind: LoopbackTransport(self.sandbox)}
        self.connector = build(settings, documents=world, transports=transports, clock=self.clock)
        return self.connector

    def badge(self, name: str = "Welder I", **options: Any) -> bytes:
        options = {"email": self.person.email, "tags": [f"{name} skill"], **options}
        return json.dumps(self.issuer.open_badge(name=name, **options)).encode()

    def new(self, content: bytes | None, **more: Any) -> NewSubmission:
        applicant = Applicant(name=self.person.name, emails=(self.person.email,))
        values = {"ref": self.ref, "basis": Basis.API, "content": content, "applicant": applicant, **more}
        return NewSubmission.model_validate(values)

    def deliver(self, content: bytes | None, **more: Any) -> SubmissionRecord:
        """Hand in, and wait until it rests."""
        return self.settled(self.connector.submit(self.new(content, **more)))

    def settled(self, record: SubmissionRecord, timeout: float = 30) -> SubmissionRecord:
        return self.connector.wait(record.id, timeout)


@pytest.fixture
def houses(tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Makes houses, running; stops them at the end."""
    made: list[House] = []

    def make(kind: str = "greenhouse", *, start: bool = True, **more: Any) -> House:
        folder = tmp_path / f"house-{len(made)}"
        folder.mkdir()
        sandbox = more.pop("sandbox", None) or registry.plugin(kind).sandbox(SandboxSeed())
        house = House(folder, kind, sandbox, more.pop("issuer", None) or Issuer("lakeview", method="web"), **more)
        house.build()
        made.append(house)
        if start:
            house.connector.start()
        return house

    yield make
    for house in made:
        house.connector.stop()


@pytest.fixture
def house(houses: Callable[..., House]) -> House:
    return houses()
