"""The commands' edges: exit codes, one sentence instead of a traceback, output that can be pasted."""

from __future__ import annotations

import json
import logging
import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dotenv import dotenv_values
from rich.console import Console
from typer.testing import CliRunner

from connector import registry
from connector.cli import deliver, render, service
from connector.cli.main import app, main
from connector.cli.sandbox import env_lines
from connector.errors import ConfigurationError
from connector.model.applicant import ApplicationRef
from connector.model.changes import Effect, EffectState, Receipt, Skip
from connector.model.records import SubmissionRecord
from connector.testing.issuer import Issuer, recorded_world
from connector.testing.loopback import LoopbackServer

EMAIL = "maria@mail.example"
CROSSWALK = """crosswalk:
  - match: {achievement: "urn:welder"}
    skills: [{name: Pipe welding}]
"""


@pytest.fixture(autouse=True)
def _clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [n for n in os.environ if n.startswith("LER_")]:
        monkeypatch.delenv(name)


def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    """A command as the shell starts it: with what `main` makes of errors."""
    monkeypatch.setattr(sys, "argv", ["ler-connector", *args])
    with pytest.raises(SystemExit) as stopped:
        main()
    out, err = capfd.readouterr()
    return int(stopped.value.code or 0), out, err


# --- ports ---


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as held:
        yield held.getsockname()[1]


@pytest.mark.parametrize("command", [["sandbox", "--port"], ["demo", "--once", "--port"], ["serve"]])
def test_a_port_in_use_is_one_sentence_and_exit_2(
    command: list[str], taken: int, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    if command[-1] == "--port":
        command = [*command, str(taken)]
    monkeypatch.setenv("LER_LISTEN", f"127.0.0.1:{taken}")
    code, _, err = run(monkeypatch, capfd, *command)
    assert code == 2
    assert f"Port {taken} of 127.0.0.1 is in use" in err
    assert "Traceback" not in err
    assert len(err.strip().splitlines()) == 1


@pytest.mark.parametrize("listen", ["127.0.0.1", "127.0.0.1:x", "nowhere.invalid:8080", "127.0.0.1:99999"])
def test_an_address_that_cannot_be_listened_on_names_the_variable(
    listen: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LER_LISTEN", listen)
    code, _, err = run(monkeypatch, capfd, "serve")
    assert (code, "LER_LISTEN" in err) == (2, True)


def test_a_loopback_port_in_use_is_ours_to_say(taken: int) -> None:
    with pytest.raises(ConfigurationError, match=str(taken)):
        LoopbackServer(port=taken)


# --- crosswalk ---


@pytest.fixture
def badge(tmp_path: Path) -> list[str]:
    issuer = Issuer("lakeview", method="web")
    document = issuer.open_badge(name="Welder I", email=EMAIL, achievement_id="urn:welder")
    (tmp_path / "badge.json").write_text(json.dumps(document))
    (tmp_path / "world.json").write_text(json.dumps(recorded_world(issuer)))
    (tmp_path / "policy.yaml").write_text(json.dumps({"trusted_issuers": [issuer.id]}))
    return ["--documents", "world.json", "--policy", "policy.yaml"]


COMMANDS = [["verify", "badge.json", "--json"], ["plan", "badge.json", "--ats", "greenhouse", "--json"]]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_crosswalk_of_the_settings_counts(
    command: list[str], badge: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "crosswalk.yaml").write_text(CROSSWALK)
    monkeypatch.setenv("LER_CROSSWALK_FILE", "crosswalk.yaml")
    found = json.loads(CliRunner().invoke(app, [*command, *badge]).stdout)
    assert "Pipe welding" in [claim["name"] for claim in found["claims"]]


def test_the_crosswalk_counts_for_a_stream(badge: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "crosswalk.yaml").write_text(CROSSWALK)
    monkeypatch.setenv("LER_CROSSWALK_FILE", "crosswalk.yaml")
    request = json.dumps({"id": "1", "file": "badge.json"})
    found = json.loads(CliRunner().invoke(app, ["verify", "--stream", *badge], input=request).stdout)
    assert "Pipe welding" in [claim["name"] for claim in found["claims"]]


@pytest.mark.parametrize("command", [*COMMANDS, ["verify", "--stream"]])
def test_a_broken_crosswalk_names_its_place(
    command: list[str],
    badge: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "crosswalk.yaml").write_text("crosswalk:\n  - matched: {}\n")
    monkeypatch.setenv("LER_CROSSWALK_FILE", "crosswalk.yaml")
    code, _, err = run(monkeypatch, capfd, *command, *badge)
    assert code == 2
    assert re.search(r"crosswalk\.yaml:\d+:\d+", err)


# --- sandbox ---


def test_settings_read_the_same_from_dotenv_and_from_a_shell(tmp_path: Path) -> None:
    values = {
        "plain": "http://127.0.0.1:8100/v3",
        "password": 'pass & word <1> #$HOME `x` "q" !',
        "name": "O'Brien & Sons",
        "list": "a:b, " * 60 + "c",
        "empty": "",
    }
    lines = env_lines("workday", values)
    (tmp_path / "x.env").write_text("\n".join(lines) + "\n")
    expected = {f"LER_WORKDAY__{name.upper()}": value for name, value in values.items()}
    assert dict(dotenv_values(tmp_path / "x.env", interpolate=False)) == expected
    split = dict(word.split("=", 1) for line in lines for word in shlex.split(line, comments=True))
    assert split == expected
    if os.name == "posix":
        printed = subprocess.run(
            [
                "sh",
                "-c",
                f'set -a; . ./x.env; "{sys.executable}" -c "import json,os; print(json.dumps(dict(os.environ)))"',
            ],
            capture_output=True,
            text=True,
            check=True,
        )
        assert expected.items() <= json.loads(printed.stdout).items()


def test_the_sandbox_prints_settings_whole_and_people_under_headings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setattr("connector.cli.sandbox.wait_for_interrupt", lambda: None)
    found = CliRunner().invoke(app, ["sandbox", "--port", "0", "--env", "made.env"])
    assert found.exit_code == 0, found.output
    settings, people = found.stdout.split("Who applies in", 1)
    written = dict(dotenv_values(tmp_path / "made.env", interpolate=False))
    assert {name.split("__")[0] for name in written} == {f"LER_{kind.upper()}" for kind in registry.available()}
    (tmp_path / "printed.env").write_text(settings)
    assert dict(dotenv_values(tmp_path / "printed.env", interpolate=False)) == written
    assert people.splitlines()[1].split() == ["candidate", "application", "name", "e-mail", "job", "page"]
    assert "LER_" not in people.replace("LER_RECORDS", "")
    assert "maria.okafor@mail.example" in people


def test_the_sandbox_replaces_no_settings_of_somebody_elses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connector.cli.sandbox.wait_for_interrupt", lambda: None)
    monkeypatch.setattr("connector.testing.loopback.LoopbackServer.url", property(lambda _: "http://127.0.0.1:8100"))
    made = tmp_path / "made.env"
    for more in ("", "LER_POLICY_FILE=policy.yaml\n"):
        kept = made.read_text() + more if made.exists() else None
        if kept is not None:
            made.write_text(kept)
        assert CliRunner().invoke(app, ["sandbox", "--port", "0", "--env", "made.env"]).exit_code == 0
        assert kept is None or made.read_text() == kept
    made.write_text("LER_SECRET_KEY=mine\n")
    found = CliRunner().invoke(app, ["sandbox", "--port", "0", "--env", "made.env"])
    assert "is left as it is" in str(found.exception)
    assert made.read_text() == "LER_SECRET_KEY=mine\n"


# --- verify, version ---


def test_every_readable_input_is_answered_before_the_unreadable_is_named(
    badge: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = CliRunner().invoke(app, ["verify", "missing.json", "badge.json", *badge])
    assert found.exit_code == 2
    assert found.output.index("badge.json") < found.output.index("missing.json cannot be read")


def test_a_stream_takes_no_paths() -> None:
    found = CliRunner().invoke(app, ["verify", "--stream", "badge.json"])
    assert found.exit_code == 2
    assert "standard input" in found.output


def test_the_version_is_printed() -> None:
    found = CliRunner().invoke(app, ["--version"])
    assert (found.exit_code, found.stdout.strip()[:1].isdigit()) == (0, True)


def test_output_that_is_no_terminal_has_room() -> None:
    assert render.console.width == render.PLAIN_WIDTH


def test_nested_credentials_are_told_apart_by_name_and_refused_ones_have_no_assurance(
    tmp_path: Path,
) -> None:
    issuer = Issuer("lakeview", method="web")
    badges = [issuer.open_badge(name="Welder I", email=EMAIL), issuer.open_badge(name="Rigger I", revoked=True)]
    (tmp_path / "clr.json").write_text(json.dumps(issuer.clr(badges=badges, email=EMAIL)))
    (tmp_path / "world.json").write_text(json.dumps(recorded_world(issuer)))
    found = CliRunner().invoke(app, ["verify", "clr.json", "--documents", "world.json", "--applicant-email", EMAIL])
    headings = [line for line in found.stdout.splitlines() if line.startswith("$.")]
    assert any(line.rstrip().endswith("Welder I") for line in headings), found.stdout
    assert re.search(r"assurance +-\s", found.stdout)


def shown(tmp_path: Path, document: Any, *options: str, world: Any = None) -> str:
    """What `verify` prints about a document whose issuer's documents are those of `world`."""
    (tmp_path / "shown.json").write_text(json.dumps(document))
    (tmp_path / "world.json").write_text(json.dumps(world or {}))
    found = CliRunner().invoke(app, ["verify", "shown.json", "--documents", "world.json", *options])
    assert found.exit_code == 1, found.output
    return found.stdout


def test_only_what_has_a_genuine_signature_is_called_signed_but_not_by_its_issuer(
    tmp_path: Path,
) -> None:
    issuer = Issuer("lakeview", method="web")
    words = "signed, but not shown to be by that issuer"
    stranger = issuer.jwt_badge(email=EMAIL, header={"kid": None, "jwk": issuer.key.public_jwk})
    assert words in shown(tmp_path, stranger)
    assert words not in shown(tmp_path, issuer.open_badge(email=EMAIL))
    assert words not in shown(tmp_path, issuer.open_badge(email=EMAIL, tampered=True), world=recorded_world(issuer))


def test_an_address_that_was_not_asked_is_told_once_and_apart_from_a_refused_record(
    tmp_path: Path,
) -> None:
    issuer = Issuer("lakeview", method="web")
    clr = issuer.clr(badges=[issuer.open_badge(name=name, email=EMAIL) for name in ("Welder I", "Rigger I")])
    (tmp_path / "offline.json").write_text(json.dumps(clr))
    found = CliRunner().invoke(app, ["verify", "offline.json", "--offline"]).stdout
    assert found.count(f"  not asked  {issuer.document_url}") == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "genuine, issuer not on our list"),
        (("--policy", "policy.yaml"), "genuine, issuer on our list, not tied to the applicant"),
    ],
)
def test_of_what_is_genuine_but_unbound_the_one_reason_is_said(
    options: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    issuer = Issuer("lakeview")
    (tmp_path / "policy.yaml").write_text(f"trusted_issuers: ['{issuer.id}']")
    out = shown(tmp_path, issuer.open_badge(email=EMAIL), *options)
    assert re.search(rf"assurance +{words}\s*$", out, re.MULTILINE), out


def test_a_plan_of_what_is_refused_says_that_nothing_of_it_is_delivered(tmp_path: Path) -> None:
    issuer = Issuer("lakeview")
    words = "`deliver` writes nothing of it"
    (tmp_path / "lost.json").write_text(json.dumps(Issuer("lakeview", method="web").open_badge(email=EMAIL)))
    (tmp_path / "good.json").write_text(json.dumps(issuer.open_badge(email=EMAIL)))
    assert words in CliRunner().invoke(app, ["plan", "lost.json", "--ats", "greenhouse", "--offline"]).stdout
    assert words not in CliRunner().invoke(app, ["plan", "good.json", "--ats", "greenhouse", "--offline"]).stdout


# --- deliver ---


def test_no_connection_at_all_is_said_with_the_place_to_set_one(
    badge: list[str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(monkeypatch, capfd, "deliver", "badge.json", "--ats", "greenhouse", "--candidate", "1")
    assert code == 2
    assert "none is configured" in err
    assert ".env.example" in err


def receipt_of(*effects: Effect, skipped: tuple[Skip, ...] = ()) -> Receipt:
    return Receipt(ref=ApplicationRef(connection="greenhouse", candidate="1"), effects=effects, skipped=skipped)


def submission(**values: Any) -> SubmissionRecord:
    defaults = {
        "id": "sub_1",
        "ref": ApplicationRef(connection="greenhouse", candidate="1"),
        "state": "delivered",
        "basis": "api",
        "created_at": "2026-11-24T08:00:00Z",
        "updated_at": "2026-11-24T08:00:00Z",
    }
    return SubmissionRecord.model_validate({**defaults, **values})


def told(record: SubmissionRecord, monkeypatch: pytest.MonkeyPatch) -> str:
    console = Console(emoji=False, width=150)
    monkeypatch.setattr(deliver, "console", console)
    with console.capture() as capture:
        deliver.show_record(record, as_json=False)
    return capture.get()


def test_a_receipt_tells_what_was_not_written_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    skips = (
        Skip(rule="skills", reason="not_in_vocabulary", detail="Origami"),
        Skip(rule="degree", reason="kept_existing_value", detail="field degree holds a value that is not ours"),
    )
    found = told(submission(receipt=receipt_of(skipped=skips)), monkeypatch)
    assert "skills: Values are no word of the vocabulary, or no option of the field. Origami" in found
    assert "degree: kept existing value: field degree holds a value that is not ours" in found


def test_a_failure_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    detail = "Greenhouse refused the value."
    effect = Effect(op="set_field", target="x", value="y", state=EffectState.FAILED, code="ats_rejected", detail=detail)
    message = f"The ATS refused 1 of 1 values: {detail}"
    found = told(
        submission(state="failed", code="ats_rejected", message=message, receipt=receipt_of(effect)), monkeypatch
    )
    assert found.count(detail) == 1


def test_an_ats_that_is_down_is_said_after_the_first_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    stages = iter(
        [
            submission(state="delivering", attempts=1),
            submission(state="delivering", attempts=1, code="ats_unreachable", message="Greenhouse cannot be reached."),
            submission(state="delivering", attempts=2, code="ats_unreachable", message="Greenhouse cannot be reached."),
            submission(attempts=3),
        ]
    )

    class Told:
        def submission(self, _: str) -> SubmissionRecord:
            return next(stages)

    console = Console(emoji=False, width=150)
    monkeypatch.setattr(deliver, "progress", console)
    monkeypatch.setattr(deliver, "_LOOK_SECONDS", 0)
    with console.capture() as capture:
        record = deliver._settled(Told(), "sub_1")  # type: ignore[arg-type]
    assert record.state == "delivered"
    said = "Greenhouse cannot be reached. It will be tried again; Ctrl-C leaves it queued for `serve`."
    assert capture.get().count(said) == 1


def test_the_service_logs_no_steps_of_the_database() -> None:
    before = logging.getLogger("alembic").level
    try:
        service.configure_logging("info")
        assert not logging.getLogger("alembic.runtime.migration").isEnabledFor(logging.INFO)
    finally:
        logging.getLogger("alembic").setLevel(before)
