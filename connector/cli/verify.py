"""`verify` and `plan`: files and links in, reports out; and `verify --stream`, one warm process for many requests."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli.loading import loading
from connector.cli.options import (
    ApplicantDid,
    ApplicantEmail,
    ApplicantName,
    AsOf,
    Documents,
    Json,
    Offline,
    PolicyFile,
    applicant_of,
    crosswalk_of,
    documents_of,
    moment,
    named_ats,
    policy_of,
    read_input,
    with_registries,
)
from connector.errors import ConfigurationError
from connector.model.submission import Submission

if TYPE_CHECKING:
    from connector.answers import Planner


def verify(
    paths: Annotated[list[str] | None, typer.Argument(help="Files, links, or - for standard input.")] = None,
    stream: Annotated[
        bool, typer.Option("--stream", help="Read JSON requests from standard input, one line each; answer in order.")
    ] = False,
    as_json: Json = False,
    applicant_name: ApplicantName = "",
    applicant_email: ApplicantEmail = [],  # noqa: B006  # typer copies it
    applicant_did: ApplicantDid = [],  # noqa: B006
    policy: PolicyFile = None,
    as_of: AsOf = "",
    documents: Documents = None,
    offline: Offline = False,
) -> None:
    """Verify LERs. Exit 0: every answer is accepted; 1: one is not; 2: the command could not run.

    A request of --stream: {"id": ..., "file" or "text" or "url": ...}, and at will "applicant", "documents", "plan" and
    others: docs/answers.md tells every member of it and of the answer, docs/verdicts.md what verdicts and codes mean.
    """
    with loading():
        from connector.answers import answer
        from connector.infra.workbench import Workbench
        from connector.ports import World

    if stream:
        if paths:
            raise typer.BadParameter("--stream reads its requests from standard input; leave out", param_hint="PATHS")
        with loading():
            from connector.cli.stream import serve_stream

        world, recorded = documents_of(documents, offline), documents is not None
        rules = with_registries(policy_of(policy), world, moment(as_of), recorded=recorded)
        serve_stream(sys.stdin.buffer, sys.stdout, rules, world, moment, as_of, crosswalk_of())
        return
    if not paths:
        raise typer.BadParameter("give at least one file or link", param_hint="PATH")
    source, now = documents_of(documents, offline), moment(as_of)
    recognised = with_registries(policy_of(policy), source, now, recorded=documents is not None)
    applicant = applicant_of(applicant_name, applicant_email, applicant_did)
    crosswalk, code = crosswalk_of(), 0
    unreadable: list[ConfigurationError] = []
    workbench = Workbench()
    for path in paths:
        try:
            item = _input(path)
        except ConfigurationError as error:  # the others still get their answers; the exit code says that one did not
            unreadable.append(error)
            continue
        reach = World(source.session())
        result = answer(
            item, recognised, reach, applicant=applicant, now=now, request_id=path, crosswalk=crosswalk,
            look_into=workbench,
        )  # fmt: skip
        code = max(code, 0 if result["decision"] == "accepted" and result["error"] is None else 1)
        _print(result, as_json)
    workbench.close()
    sys.stdout.flush()
    for problem in unreadable:
        print(f"ler-connector: {problem}", file=sys.stderr)
    raise typer.Exit(2 if unreadable else code)


def _input(path: str) -> Submission | str:
    """A link as it is, else what the file (or standard input) holds."""
    if path.lower().startswith(("https://", "http://")):
        return path
    return Submission(content=read_input(path), label=path)


def _print(result: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(result), flush=True)  # ASCII: whatever the terminal's encoding, and the file's name
        return
    from connector.cli.render import console, show_answer

    show_answer(console, result)


def plan(
    file: Annotated[str, typer.Argument(help="The LER: a file, a link, or - for standard input.")],
    ats: Annotated[str, typer.Option("--ats", help="A connection, or a kind of ATS (greenhouse, lever, workday).")],
    mapping: Annotated[Path | None, typer.Option("--mapping", help="Another mapping file.")] = None,
    as_json: Json = False,
    applicant_name: ApplicantName = "",
    applicant_email: ApplicantEmail = [],  # noqa: B006
    applicant_did: ApplicantDid = [],  # noqa: B006
    policy: PolicyFile = None,
    as_of: AsOf = "",
    documents: Documents = None,
    offline: Offline = False,
) -> None:
    """Show what would be written, value by value, with rule and claim. Exit 1: nothing to write."""
    from connector.answers import answer
    from connector.ports import World

    source, now = documents_of(documents, offline), moment(as_of)
    result = answer(
        _input(file),
        with_registries(policy_of(policy), source, now, recorded=documents is not None),
        World(source),
        applicant=applicant_of(applicant_name, applicant_email, applicant_did),
        now=now,
        request_id=file,
        crosswalk=crosswalk_of(),
        planner=planner_for(ats, mapping, now),
    )
    _print(result, as_json)
    raise typer.Exit(0 if result["plan"] and result["plan"]["changes"] else 1)


def planner_for(ats: str, mapping: Path | None, now: Any) -> Planner:
    """What makes the plan for a connection's name or a bare kind, without asking the ATS anything.

    Raises:
        ConfigurationError: no connection and no adapter has that name.
        MappingError: the mapping is not right, or for another ATS.
    """
    from connector import registry
    from connector.config import load_settings
    from connector.mapping import PlanContext, load_mapping, make_plan, mapping_path

    settings = load_settings()
    connection, kind = named_ats(settings, ats)
    plugin = registry.plugin(kind)
    path = mapping or mapping_path(settings.mapping_dir, ats, kind, plugin.default_mapping)
    rules = load_mapping(path, kind=kind, known=registry.available())
    context = PlanContext(
        ats=kind,
        shared_on=now.date(),
        report_url=f"{settings.public_url}/r/example",
        language=connection.options.language if connection else "en",
        employer_name=settings.employer.name,
    )
    return lambda claims: make_plan(claims, rules, plugin.capabilities, context)
