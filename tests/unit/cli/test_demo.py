"""`demo`: one bad file costs one row; a row says what its LER added; a narrow terminal gets blocks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from rich.console import Console
from typer.testing import CliRunner

from connector.cli import demo
from connector.cli.demo_table import Row, refused_at_the_door, show
from connector.cli.main import app
from connector.testing.issuer import Issuer

LINK = "http://127.0.0.1:4711/r/abc?e=1&s=x"


def effect(target: str, value: Any, **more: Any) -> dict[str, Any]:
    return {"op": "set_field", "target": target, "value": value, "state": "confirmed", "wrote": True, **more}


def credential(path: str, decision: str = "accepted", assurance: str = "verified") -> dict[str, Any]:
    return {"path": path, "decision": decision, "assurance": assurance, "checks": []}


def record(*effects: dict[str, Any], **more: Any) -> dict[str, Any]:
    report = {
        "error": None,
        "decision": "accepted",
        "credentials": [credential("$")],
        "claims": [{"credential": "$", "name": "Crane operator"}],
        **more.pop("report", {}),
    }
    receipt = {"effects": list(effects)}
    return {"state": "delivered", "message": None, "report": report, "receipt": receipt, **more}


def shown(found: dict[str, Any], *, width: int = 150, links: bool = False, name: str = "a badge") -> str:
    console = Console(emoji=False, width=width)
    with console.capture() as capture:
        show(console, [Row(name, ("Greenhouse", "Maria Okafor"), found)], links=links)
    return capture.get()


def test_a_row_shows_what_this_ler_added_and_not_what_stood_there() -> None:
    before = "“Welder I”, issuer A: genuine"
    after = f"{before}\n“Crane operator”, issuer B: genuine"
    first = record(effect("credentials", before), effect("skills", ["Welding"]), effect("checked", "2026-11-24"))
    second = record(
        effect("credentials", after),
        effect("skills", ["Welding", "Hoisting"]),
        effect("checked", "2026-11-24", wrote=False),
        effect("summary", "old.txt", state="undone"),
        effect("summary", "new.txt"),
    )
    console = Console(emoji=False, width=100)
    with console.capture() as capture:
        show(console, [Row("one", ("Lever", "Maria"), first), Row("two", ("Lever", "Maria"), second)], links=False)
    text = capture.get()
    mine = text[text.index("two") :]
    assert "“Crane operator”, issuer B" in mine
    assert "skills: Hoisting" in mine
    assert "new.txt" in mine
    for old in ("Welder I", "Welding", "2026-11-24", "taken back"):
        assert old not in mine


def test_another_applicant_starts_with_nothing() -> None:
    same = record(effect("credentials", "“Welder I”"))
    console = Console(emoji=False, width=100)
    with console.capture() as capture:
        show(console, [Row("one", ("Lever", "Maria"), same), Row("two", ("Lever", "Jonas"), same)], links=False)
    assert capture.get().count("Welder I") == 2


def test_what_was_there_already_is_said_once() -> None:
    assert "nothing new" in shown(record(effect("tags", "LER: Rigging", wrote=False)))


def test_a_refused_file_wrote_nothing_whatever_its_receipt_tells() -> None:
    found = shown(record(effect("tags", "LER: Rigging"), state="refused", report={"decision": "refused"}))
    assert "nothing" in found
    assert "Rigging" not in found
    assert "verified" not in found


def test_credentials_that_say_nothing_are_not_counted() -> None:
    report = {
        "credentials": [credential("$"), credential("$.a"), credential("$.b"), credential("$.c", "refused", "stated")],
        "claims": [{"credential": "$.a", "name": "A"}, {"credential": "$.b", "name": "B"}],
    }
    found = shown(record(report=report))
    assert "verified (2)" in found
    assert "stated" not in found


def test_links_are_shown_whole_or_not_at_all() -> None:
    done = record(effect("report", LINK), effect("note", f"Shared. See {LINK} for more."))
    assert "127.0.0.1" not in shown(done, links=False)
    assert LINK in shown(done, links=True, width=300)


def test_a_narrow_terminal_gets_blocks_that_fit_it() -> None:
    found = shown(record(effect("credentials", "x" * 300)), width=60)
    assert "┃" not in found
    assert "what it added" in found
    assert max(len(line) for line in found.splitlines()) <= 60
    assert "┃" in shown(record(), width=110)


def test_names_cannot_write_to_the_terminal() -> None:
    found = shown(record(effect("tags", "a\x1b[2Jb[red]")), name="x\x1b[2J.json")
    assert "\x1b" not in found
    assert "[red]" in found


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (httpx.Response(413, json={"detail": "The file is larger than 10 MB."}), "larger than 10 MB. (HTTP 413)"),
        (httpx.Response(502, text="<html>"), "answered HTTP 502"),
        (httpx.ReadError("reset"), "ended the connection (ReadError)"),
    ],
)
def test_a_file_that_is_not_taken_costs_one_row(answer: Any, words: str, tmp_path: Path) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[no-any-return]

    file = tmp_path / "big.json"
    file.write_bytes(b"x" * 100)
    stand_in = demo._start(demo.ExitStack(), "greenhouse")
    try:
        person = stand_in.sandbox.people()[0]
        job = demo.Job(demo.Sample("big.json", "", path=file), stand_in, person, (person.email,))
        with httpx.Client(base_url="http://a.example", transport=httpx.MockTransport(handle)) as api:
            found = demo._outcome(api, job)
    finally:
        stand_in.server.stop()
    assert found["state"] == "refused"
    assert words in found["message"]
    assert words in " ".join(shown(found, width=100).split())


def test_the_door_has_no_report() -> None:
    assert "refused" in shown(refused_at_the_door("No."))


def test_own_files_issuers_and_addresses_go_the_whole_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is too large does not keep the others, the table or the exit code from being right."""
    monkeypatch.setattr(demo, "SAMPLES", 0)
    mine = Issuer("mine", method="key", name="My Own College")
    badge = mine.open_badge(name="Glass blowing", email="me@home.example", tags=["MIG welding"])
    (tmp_path / "mine.json").write_text(json.dumps(badge))
    (tmp_path / "large.bin").write_bytes(bytes(16_000_000))
    (tmp_path / "policy.yaml").write_text(f"trusted_issuers:\n  - '{mine.id}'\n")
    files = [str(tmp_path / name) for name in ("large.bin", "mine.json")]
    more = ["--once", "--policy", str(tmp_path / "policy.yaml"), "--applicant-email", "me@home.example"]
    found = CliRunner().invoke(app, ["demo", *more, *files])
    assert found.exit_code == 0, found.output
    words = " ".join(found.stdout.split())
    assert "HTTP 413" in words
    assert "verified" in words
    assert "LER: MIG welding" in words
    assert "Maria Okafor <maria.okafor@mail.example>" in words
    assert "127.0.0.1" not in words
