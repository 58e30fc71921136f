"""`verify`: exit codes, several inputs, and a terminal that a record cannot write to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from connector.cli.main import app
from connector.cli.render import show_answer
from connector.testing.issuer import Issuer, recorded_world

EMAIL = "maria@mail.example"
ISSUER = Issuer("lakeview", method="web")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.json").write_text(json.dumps(ISSUER.open_badge(email=EMAIL, tags=["MIG welding"])))
    (tmp_path / "bad.json").write_text("{}")
    (tmp_path / "world.json").write_text(json.dumps(recorded_world(ISSUER)))
    (tmp_path / "policy.yaml").write_text(json.dumps({"trusted_issuers": [ISSUER.id]}))
    return tmp_path


def verify(*args: str) -> Any:
    shared = ["--applicant-email", EMAIL, "--documents", "world.json", "--policy", "policy.yaml"]
    return CliRunner().invoke(app, ["verify", *args, *shared, "--as-of", "2026-11-23T12:00:00Z", "--json"])


@pytest.mark.parametrize(
    ("paths", "code", "decisions"),
    [
        (["good.json"], 0, ["accepted"]),
        (["good.json", "good.json"], 0, ["accepted", "accepted"]),
        (["good.json", "bad.json"], 1, ["accepted", "refused"]),
        (["bad.json", "good.json"], 1, ["refused", "accepted"]),
        (["nowhere.json", "good.json"], 2, ["accepted"]),
        (["bad.json", "nowhere.json", "good.json"], 2, ["refused", "accepted"]),
        (["HTTPS://a.example/badge"], 1, ["refused"]),
    ],
)
def test_two_wins_and_every_readable_input_has_its_answer(
    folder: Path, paths: list[str], code: int, decisions: list[str]
) -> None:
    found = verify(*paths)
    lines = [json.loads(line) for line in found.stdout.splitlines() if line.startswith("{")]
    assert ([line["decision"] for line in lines], found.exit_code) == (decisions, code)


def test_json_is_ascii_whatever_the_names_are(folder: Path) -> None:
    (folder / "good.json").write_text(json.dumps(ISSUER.open_badge(email=EMAIL, name="Schweißerin — 溶接")))
    assert verify("good.json").stdout.isascii()


HOSTILE = "Welder\n  decision   accepted\x1b[2J\x07\u202e[red]x[/red]"


def test_a_record_cannot_write_to_the_terminal() -> None:
    """A line break in a name would look like a line of ours; an escape sequence could clear the screen."""
    claim = {"kind": "skill", "name": HOSTILE, "source": "tag", "assurance": "stated"}
    credential = {
        "path": f"$.{HOSTILE}",
        "format": "open_badge_3",
        "securing": ["eddsa-rdfc-2022"],
        "verdict": "invalid",
        "decision": "refused",
        "assurance": "stated",
        "issuer": {"id": HOSTILE, "name": HOSTILE, "name_source": "self_asserted", "bound": False},
        "checks": [{"check": "proof", "outcome": "failed", "code": "x", "summary": HOSTILE, "detail": HOSTILE}],
        "endorsements": [
            {"endorses": "issuer", "about_this": True, "verdict": "invalid", "issuer": {"id": HOSTILE, "name": HOSTILE}}
        ],
    }
    plan = {
        "ats": "greenhouse",
        "changes": [{"op": "set_field", "target": "t", "value": "one\ntwo", "assurance": None, "rule": "r"}],
        "skipped": [{"rule": "r", "reason": "no_claims", "detail": HOSTILE}],
    }
    answer = {
        "id": HOSTILE,
        "decision": "refused",
        "verdict": "invalid",
        "credentials": [credential],
        "claims": [claim],
        "plan": plan,
        "requests": [{"url": HOSTILE, "outcome": "failed"}],
        "error": {"code": "x", "message": HOSTILE},
    }
    console = Console(emoji=False, width=200)
    with console.capture() as capture:
        show_answer(console, answer)
    shown = capture.get()
    assert not [char for char in shown if char != "\n" and not char.isprintable()]
    assert "[red]x[/red]" in shown, "shown as it is, not obeyed"
    forged = [line for line in shown.splitlines() if line.strip().startswith("decision") and "accepted" in line]
    assert forged == []
