"""`ler-connector demo`: three stand-ins, the service and sample LERs on loopback, through the public API.

Nothing here knows more than an employer's own script would: LERs go in by HTTP with an API key, and what was written
is read from the receipts. Issuers are invented and answer from a recorded world, so no network is needed.
"""

from __future__ import annotations

import json
import logging
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from connector import registry
from connector.cli.render import value_words
from connector.cli.service import wait_for_interrupt
from connector.errors import ConfigurationError
from connector.model.records import RESTING_STATES
from connector.ports import Sandbox, SandboxPerson, SandboxSeed
from connector.testing.loopback import LoopbackServer
from connector.testing.samples import Sample, SampleWorld

TIMEOUT_SECONDS: Final = 120.0
CELL_WIDTH: Final = 64
PLAIN_WIDTH: Final = 150
"""Where no terminal says how wide it is."""
console = Console(emoji=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH)


@dataclass(frozen=True, slots=True)
class StandIn:
    kind: str
    title: str
    sandbox: Sandbox
    server: LoopbackServer


@dataclass(frozen=True, slots=True)
class Job:
    """One LER for one applicant of one stand-in."""

    sample: Sample
    stand_in: StandIn
    person: SandboxPerson


def run(files: list[Path], *, once: bool, port: int) -> None:
    """Start everything, deliver everything, print the table; serve on unless `once`."""
    logging.basicConfig(level=logging.ERROR)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ler-demo-")))
        stand_ins = [_start(stack, kind) for kind in registry.available()]
        world = SampleWorld()
        jobs = list(_jobs(world, stand_ins, files))
        key, server = _service(stack, folder, stand_ins, world, port)
        with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {key}"}, timeout=30) as api:
            outcomes = _deliver_all(api, jobs)
            _print_table(jobs, outcomes)
            links = _places(api, stand_ins, server)
        if not once:
            console.print(links, highlight=False)
            console.print("Serving; stop with Ctrl-C.")
            wait_for_interrupt()


def _start(stack: ExitStack, kind: str) -> StandIn:
    plugin = registry.plugin(kind)
    sandbox = plugin.sandbox(SandboxSeed())
    server = stack.enter_context(LoopbackServer().start(sandbox.app))
    return StandIn(kind, plugin.title, sandbox, server)


def _jobs(world: SampleWorld, stand_ins: list[StandIn], files: list[Path]) -> Iterator[Job]:
    """The samples, dealt out over the stand-ins' applicants; then each file given, once per stand-in."""
    people = [(s, person) for group in zip(*(_people(s) for s in stand_ins), strict=False) for s, person in group]
    for index in range(11):
        stand_in, person = people[index % len(people)]
        yield Job(world.samples(person.name, person.email)[index], stand_in, person)
    for path in files:
        sample = Sample(path.name, "as it is", path.read_bytes())
        for stand_in in stand_ins:
            yield Job(sample, stand_in, stand_in.sandbox.people()[0])


def _people(stand_in: StandIn) -> list[tuple[StandIn, SandboxPerson]]:
    return [(stand_in, person) for person in stand_in.sandbox.people()]


def _service(
    stack: ExitStack, folder: Path, stand_ins: list[StandIn], world: SampleWorld, port: int
) -> tuple[str, LoopbackServer]:
    """The service as an employer would run it, with settings that point at the stand-ins."""
    from connector.bootstrap import build
    from connector.config import load_settings
    from connector.infra.world_file import RecordedWorld
    from connector.share.keys import new_api_key
    from connector.web.app import create_app

    key, digest = new_api_key()
    (folder / "policy.yaml").write_text(world.policy(), encoding="utf-8")
    environ = {
        "LER_DATA_DIR": str(folder / "data"),
        "LER_API_KEYS": digest,
        "LER_POLICY_FILE": str(folder / "policy.yaml"),
        "LER_EMPLOYER__NAME": "Lakeshore Works",
        "LER_MAPPING_DIR": str(_full_mappings(folder)),
    }
    for stand_in in stand_ins:
        for name, value in stand_in.sandbox.settings(stand_in.server.url).items():
            environ[f"LER_{stand_in.kind.upper()}__{name.upper()}"] = str(value)
    server = stack.enter_context(LoopbackServer(port=port))
    environ["LER_PUBLIC_URL"] = server.url
    connector = build(load_settings(environ, env_file=None), documents=RecordedWorld(world.documents(), base=folder))
    connector.start()
    stack.callback(connector.stop)
    server.start(create_app(connector))
    return key, server


def _full_mappings(folder: Path) -> Path:
    """The mappings that show everything, under the names that the service looks for."""
    from connector.mapping import shipped_mapping

    target = folder / "mappings"
    target.mkdir()
    for kind, plugin in registry.plugins().items():
        (target / f"{kind}.yaml").write_bytes(shipped_mapping(plugin.full_mapping).read_bytes())
    return target


def _deliver_all(api: httpx.Client, jobs: list[Job]) -> list[dict[str, Any]]:
    """Hand in each LER, wait until nothing moves any more, and return each submission as the API tells it."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        bar = progress.add_task("LERs delivered", total=len(jobs))
        outcomes = []
        for job in jobs:
            outcomes.append(_wait(api, _submit(api, job)))
            progress.advance(bar)
            if not console.is_terminal:
                console.print(f"{len(outcomes)}/{len(jobs)}  {job.sample.name}", highlight=False)
        return outcomes


def _submit(api: httpx.Client, job: Job) -> str:
    fields = {
        "connection": job.stand_in.kind,
        "candidate": job.person.candidate,
        "application": job.person.application,
        "applicant": json.dumps({"name": job.person.name, "emails": [job.person.email]}),
        "basis": "api",
        "consent_reference": "demo",
    }
    if job.sample.url:
        body = {**fields, "applicant": json.loads(fields["applicant"]), "url": job.sample.url}
        answer = api.post("/api/v1/submissions", json=body)
    else:
        files = {"file": ("ler", job.sample.content or b"", "application/octet-stream")}
        answer = api.post("/api/v1/submissions", data=fields, files=files)
    if answer.status_code != 202:
        raise ConfigurationError(f"The API refused {job.sample.name}: {answer.text}")
    location: str = answer.json()["status_url"]
    return location


def _wait(api: httpx.Client, location: str) -> dict[str, Any]:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        record: dict[str, Any] = api.get(location).json()
        if record["state"] in RESTING_STATES:
            return record
        time.sleep(0.05)
    raise ConfigurationError(f"{location} did not come to rest within {TIMEOUT_SECONDS:.0f} s.")


def _print_table(jobs: list[Job], outcomes: list[dict[str, Any]]) -> None:
    table = Table(title="What became of each LER", title_justify="left", show_lines=True)
    for column in ("LER", "decision, and why", "assurance", "written where", "what was written"):
        table.add_column(column, overflow="fold")
    for job, record in zip(jobs, outcomes, strict=True):
        where = f"{job.stand_in.title}\n{job.person.name}\n{record['state'].replace('_', ' ')}"
        table.add_row(job.sample.name, _decision(record), _assurances(record), where, _written(record))
    console.print(table)


def _decision(record: dict[str, Any]) -> str:
    """The file's decision and why: for an accepted one what holds, else the most telling check that does not."""
    report = record["report"]
    if report is None or report["error"]:
        return f"refused\n{record['message']}"
    checks = [c for credential in report["credentials"] for c in credential["checks"]]
    if report["decision"] == "accepted":
        telling = [c for c in checks if c["check"] in ("proof", "issuer", "subject") and c["outcome"] == "passed"]
        sentences = list(dict.fromkeys(c["summary"] for c in telling))
    else:
        open_ones = [c for c in checks if c["outcome"] not in ("passed", "not_applicable")]
        failed = [c for c in open_ones if c["outcome"] == "failed"] or open_ones
        sentences = [c["summary"] for c in failed[:1]]
    return "\n".join([report["decision"].replace("_", " "), *sentences])


def _assurances(record: dict[str, Any]) -> str:
    report = record["report"]
    found = [c["assurance"] for c in report["credentials"]] if report else []
    counted = {name: found.count(name) for name in dict.fromkeys(found)}
    return "\n".join(name if n == 1 else f"{name} ({n})" for name, n in counted.items())


def _written(record: dict[str, Any]) -> str:
    receipt = record["receipt"]
    if not receipt or not receipt["effects"]:
        return "nothing"
    lines = []
    for effect in receipt["effects"]:
        note = "" if effect["wrote"] else " (stood there already)"
        parts = effect["value"] if effect["op"] == "put_form" else {effect["target"]: effect["value"]}
        lines += [f"{label}: {_short(value)}{note}" for label, value in parts.items()]
    return "\n".join(lines)


def _short(value: Any) -> str:
    """One line of a value, as much as a table has room for."""
    text = " | ".join(value_words(value).splitlines())
    return text if len(text) <= CELL_WIDTH else text[: CELL_WIDTH - 1] + "…"


def _places(api: httpx.Client, stand_ins: list[StandIn], server: LoopbackServer) -> str:
    """Where to look: a candidate's page, each stand-in's recruiter view, the API's description."""
    lines = ["", "Look around:"]
    for stand_in in stand_ins:
        person = stand_in.sandbox.people()[0]
        body = {
            "connection": stand_in.kind,
            "candidate": person.candidate,
            "application": person.application,
            "applicant": {"name": person.name, "emails": [person.email]},
            "job": {"title": person.job},
        }
        invitation = api.post("/api/v1/invitations", json=body).raise_for_status().json()
        lines.append(f"  {person.name} in {stand_in.title}")
        lines.append(f"    candidate's page   {invitation['url']}")
        lines.append(f"    recruiter's view   {stand_in.server.url}{stand_in.sandbox.view_path(person.candidate)}")
    return "\n".join([*lines, f"  API                  {server.url}/docs"])
