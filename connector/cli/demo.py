"""`ler-connector demo`: three stand-ins, the service and sample LERs on loopback, through the public API.

Nothing here knows more than an employer's own script would: LERs go in by HTTP with an API key, and what was written
is read from the receipts. Issuers are invented and answer from a recorded world, so no network is needed.
"""

from __future__ import annotations

import json
import logging
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
from rich.markup import escape as escape_markup
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from connector import registry
from connector.cli.demo_table import Row, refused_at_the_door, show
from connector.cli.render import console, escape
from connector.cli.service import wait_for_interrupt
from connector.model.records import RESTING_STATES
from connector.ports import Sandbox, SandboxPerson, SandboxSeed
from connector.testing.loopback import LoopbackServer
from connector.testing.samples import Sample, SampleWorld

TIMEOUT_SECONDS: Final = 120.0
SAMPLES: Final = 11


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line may say.

    Attributes:
        policy: a policy file whose trusted issuers are recognised beside the demo's.
        emails: addresses of the person at the keyboard, so that a badge of theirs is the applicant's.
    """

    once: bool = False
    port: int = 0
    policy: Path | None = None
    emails: tuple[str, ...] = ()


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
    emails: tuple[str, ...]


def run(files: list[Path], options: Options) -> None:
    """Start everything, deliver everything, print the table; serve on unless `options.once`."""
    logging.basicConfig(level=logging.ERROR)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ler-demo-")))
        stand_ins = [_start(stack, kind) for kind in registry.available()]
        world = SampleWorld()
        jobs = list(_jobs(world, stand_ins, files, options.emails))
        key, server = _service(stack, folder, stand_ins, world, options)
        with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {key}"}, timeout=30) as api:
            outcomes = _deliver_all(api, jobs)
            _explain(jobs[0].person)
            rows = [_row(job, record) for job, record in zip(jobs, outcomes, strict=True)]
            show(console, rows, links=not options.once)
            links = "" if options.once else _places(api, stand_ins, server)
        if not options.once:
            console.print(links, highlight=False, soft_wrap=True)
            console.print("Serving; stop with Ctrl-C.")
            wait_for_interrupt()


def _start(stack: ExitStack, kind: str) -> StandIn:
    plugin = registry.plugin(kind)
    sandbox = plugin.sandbox(SandboxSeed())
    server = stack.enter_context(LoopbackServer().start(sandbox.app))
    return StandIn(kind, plugin.title, sandbox, server)


def _jobs(world: SampleWorld, stand_ins: list[StandIn], files: list[Path], own: tuple[str, ...]) -> Iterator[Job]:
    """The samples, dealt out over the stand-ins' applicants; then each file given, once per stand-in."""
    people = [(s, person) for group in zip(*(_people(s) for s in stand_ins), strict=False) for s, person in group]
    for index in range(SAMPLES):
        stand_in, person = people[index % len(people)]
        yield Job(world.samples(person.name, person.email)[index], stand_in, person, (person.email,))
    for path in files:
        for stand_in in stand_ins:
            person = stand_in.sandbox.people()[0]
            yield Job(Sample(path.name, "as it is", path=path), stand_in, person, (person.email, *own))


def _people(stand_in: StandIn) -> list[tuple[StandIn, SandboxPerson]]:
    return [(stand_in, person) for person in stand_in.sandbox.people()]


def _service(
    stack: ExitStack, folder: Path, stand_ins: list[StandIn], world: SampleWorld, options: Options
) -> tuple[str, LoopbackServer]:
    """The service as an employer would run it, with settings that point at the stand-ins."""
    from connector.bootstrap import build
    from connector.config import load_settings, variables_of
    from connector.infra.world_file import RecordedWorld
    from connector.share.keys import new_api_key
    from connector.web.app import create_app

    key, digest = new_api_key()
    _write_policy(folder / "policy.yaml", world, options.policy)
    environ = {
        "LER_DATA_DIR": str(folder / "data"),
        "LER_API_KEYS": digest,
        "LER_POLICY_FILE": str(folder / "policy.yaml"),
        "LER_EMPLOYER__NAME": "Lakeshore Works",
        "LER_MAPPING_DIR": str(_full_mappings(folder)),
    }
    for stand_in in stand_ins:
        environ |= variables_of(stand_in.kind, stand_in.sandbox.settings(stand_in.server.url))
    server = stack.enter_context(LoopbackServer(port=options.port))
    environ["LER_PUBLIC_URL"] = server.url
    connector = build(load_settings(environ, env_file=None), documents=RecordedWorld(world.documents(), base=folder))
    connector.start()
    stack.callback(connector.stop)
    server.start(create_app(connector))
    return key, server


def _write_policy(path: Path, world: SampleWorld, more: Path | None) -> None:
    """The demo's policy, and the trusted issuers of another one.

    Raises:
        PolicyFileError: that other one is not right.
    """
    from connector.verify.policy_file import load_policy

    path.write_text(world.policy(), encoding="utf-8")
    if more is not None:
        entries = (*load_policy(path).trusted_issuers, *load_policy(more).trusted_issuers)
        dumped = [e.model_dump(mode="json", by_alias=True, exclude_defaults=True) for e in entries]
        path.write_text(json.dumps({"trusted_issuers": dumped}), encoding="utf-8")


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
            outcomes.append(_outcome(api, job))
            progress.advance(bar)
            if not console.is_terminal:
                console.print(f"{len(outcomes)}/{len(jobs)}  {escape(job.sample.name)}", highlight=False)
        return outcomes


def _outcome(api: httpx.Client, job: Job) -> dict[str, Any]:
    """What became of one LER. One that is not taken, or got stuck, costs its own row and no other."""
    try:
        answer = _submit(api, job)
        if answer.status_code != httpx.codes.ACCEPTED:
            return refused_at_the_door(_problem(answer))
        return _wait(api, answer.json()["status_url"])
    except httpx.TransportError as error:
        return refused_at_the_door(f"The service ended the connection ({type(error).__name__}).")
    except OSError as error:
        return refused_at_the_door(f"The file cannot be read: {error.strerror}.")


def _problem(answer: httpx.Response) -> str:
    """What an error answer says, in its own words where it has some."""
    with suppress(ValueError):
        body = answer.json()
        if isinstance(body, dict) and isinstance(body.get("detail"), str):
            return f"{body['detail']} (HTTP {answer.status_code})"
    return f"The service answered HTTP {answer.status_code}."


def _submit(api: httpx.Client, job: Job) -> httpx.Response:
    fields = {
        "connection": job.stand_in.kind,
        "candidate": job.person.candidate,
        "application": job.person.application,
        "applicant": json.dumps({"name": job.person.name, "emails": list(job.emails)}),
        "basis": "api",
        "consent_reference": "demo",
    }
    if job.sample.url is not None:
        body = {**fields, "applicant": json.loads(fields["applicant"]), "url": job.sample.url}
        return api.post("/api/v1/submissions", json=body)
    with job.sample.open() as content:
        files = {"file": ("ler", content, "application/octet-stream")}
        return api.post("/api/v1/submissions", data=fields, files=files)


def _wait(api: httpx.Client, location: str) -> dict[str, Any]:
    """The submission once it rests, or as it stands when that takes too long."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while True:
        record: dict[str, Any] = api.get(location).json()
        if record["state"] in RESTING_STATES or time.monotonic() > deadline:
            return record
        time.sleep(0.05)


def _explain(person: SandboxPerson) -> None:
    """What whoever brings files of their own has to know to read the table."""
    sentences = (
        f"The applicants are invented: {person.name} <{person.email}> and others, the same in each ATS. Files of yours "
        "go to that first applicant; a badge issued to your own address matches with --applicant-email ADDRESS.",
        "What is written follows the full mappings; the ones that come with each ATS for a start write less.",
        "Issuers are recognised by a policy. --policy FILE adds yours, for example trusted_issuers: [did:key:z6Mk...]. "
        "The demo asks nobody on the network: what a did:web or hosted badge of yours needs counts as not reachable.",
    )
    console.print("", *(escape_markup(sentence) for sentence in sentences), "", sep="\n", highlight=False)


def _row(job: Job, record: dict[str, Any]) -> Row:
    return Row(job.sample.name, (job.stand_in.title, job.person.name), record)


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
