"""`verify`: exit codes, several inputs, and a terminal that a record cannot write to."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from connector.cli.main import app
from connector.cli.render import show_answer
from connector.testing.issuer import Issuer, recorded_world
from connector.testing.registry_host import DccRegistryHost, FederationHost

AS_OF = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
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


@pytest.mark.parametrize("kind", ["dcc", "openid_federation"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_recorded_world_may_hold_a_registry(folder: Path, kind: str, stream: bool) -> None:
    answers = _registry(folder, kind)
    world = recorded_world(ISSUER, extra=answers)
    (folder / "world.json").write_text(json.dumps(world))
    found = _answer(world) if stream else json.loads(verify("good.json").stdout)
    [credential] = found["credentials"]
    assert (credential["issuer"]["name"], credential["issuer"]["name_source"]) == ("Lakeview (listed)", "registry")
    assert (credential["issuer"]["recognised"], found["decision"]) == (False, "accepted_with_warning")
    assert "registry_lists" in {c["code"] for c in credential["checks"]}
    assert not any("registry" in r["url"] or "federation" in r["url"] for r in found["requests"])


@pytest.mark.parametrize("kind", ["dcc", "openid_federation"])
def test_a_registry_that_the_recorded_world_lacks_could_not_be_loaded(folder: Path, kind: str) -> None:
    _registry(folder, kind)
    [credential] = json.loads(verify("good.json").stdout)["credentials"]
    [said] = [c for c in credential["checks"] if c["code"] == "registry_unavailable"]
    assert said["detail"] == "Members: it answered HTTP 404"


def test_offline_a_registry_is_not_asked(folder: Path) -> None:
    keyed = Issuer("somebody")
    (folder / "good.json").write_text(json.dumps(keyed.open_badge(email=EMAIL)))
    _registry(folder, "dcc")
    found = CliRunner().invoke(app, ["verify", "good.json", "--policy", "policy.yaml", "--offline", "--json"])
    [credential] = json.loads(found.stdout)["credentials"]
    [said] = [c for c in credential["checks"] if c["code"] == "registry_unavailable"]
    assert said["detail"] == "Members: Nothing is fetched while offline (offline)"
    assert not (folder / "var").exists(), "verify keeps nothing where nothing is installed"


def _registry(folder: Path, kind: str) -> dict[str, Any]:
    """Put a registry into the policy; what it answers."""
    host: DccRegistryHost | FederationHost
    if kind == "dcc":
        host = DccRegistryHost({ISSUER.id: {"name": "Lakeview (listed)", "url": "https://lakeview.example"}})
        entry: dict[str, Any] = {"url": host.url, "name": "Members"}
    else:
        host = FederationHost({ISSUER.id: "Lakeview (listed)"}, now=lambda: AS_OF)
        entry = {"url": host.url, "name": "Members", "kind": kind, "jwks": host.jwks}
    (folder / "policy.yaml").write_text(json.dumps({"registries": [entry]}))
    return host.answers()


def _answer(world: dict[str, Any]) -> dict[str, Any]:
    request = {"id": "c1", "file": "good.json", "documents": world, "as_of": AS_OF.isoformat()}
    request["applicant"] = {"emails": [EMAIL]}
    arguments = ["verify", "--stream", "--policy", "policy.yaml"]
    found: dict[str, Any] = json.loads(CliRunner().invoke(app, arguments, input=json.dumps(request) + "\n").stdout)
    return found


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
