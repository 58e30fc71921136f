"""`verify --stream`: a line that is wrong is answered, and the lines behind it are too."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from connector.cli import stream
from connector.cli.options import moment
from connector.infra.documents import NoDocuments
from connector.intake.limits import MAX_UPLOAD_BYTES
from connector.testing.issuer import Issuer, recorded_world
from connector.verify import Policy

MEMBERS = {"id", "ms", "decision", "verdict", "credentials", "claims", "plan", "requests", "error"}
NOW = "2026-11-23T12:00:00Z"
EMAIL = "maria@mail.example"


class Flushed(io.StringIO):
    """Notes how much had been written at each flush."""

    def __init__(self) -> None:
        super().__init__()
        self.flushes: list[int] = []

    def flush(self) -> None:
        self.flushes.append(self.getvalue().count("\n"))


def answers(*lines: bytes | dict[str, Any]) -> list[dict[str, Any]]:
    given = b"".join((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines)
    out = Flushed()
    stream.serve_stream(io.BytesIO(given), out, Policy(), NoDocuments(), moment, NOW)
    found = [json.loads(line) for line in out.getvalue().splitlines()]
    assert out.flushes == list(range(1, len(found) + 1)), "each answer is flushed before the next is made"
    return found


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"\xff\xfe",
        b"[]",
        b"5",
        b"null",
        b'{"id": "a", "id": "b"}',
        {"id": 5, "text": "{}"},
        {"id": "x"},
        {"id": "x", "text": "{}", "url": "https://a.example"},
        {"id": "x", "text": "{}", "unknown": 1},
        {"id": "x", "text": {}},
        {"id": "x", "file": "a\0b"},
        {"id": "x", "file": "/"},
        {"id": "x", "file": "-"},
        {"id": "x", "text": "{}", "as_of": "0001-01-01T00:00:00+14:00"},
        {"id": "x", "text": "{}", "as_of": "2026-01-01"},
        {"id": "x", "text": "{}", "trusted_issuers": [""]},
        {"id": "x", "text": "{}", "documents": {"https://a.example": 5}},
        {"id": "x", "text": "{}", "documents": [{"file": "no address"}]},
        {"id": "x", "text": "{}", "plan": {"ats": "nobody"}},
        {"id": "x", "text": "{}", "plan": {"ats": "greenhouse", "mapping": "a\0b"}},
        {"id": "x", "text": "https://a.example/b", "documents": {"https://a.example/b": {"file": "a\0b"}}},
        {"id": "x", "url": "https://a.example/\0"},
        {"id": "x", "url": "http://[::1"},
    ],
)
def test_a_wrong_request_is_answered_and_so_is_the_next(line: bytes | dict[str, Any]) -> None:
    wrong, right = answers(line, {"id": "next", "text": "{}"})
    assert set(wrong) == MEMBERS
    assert wrong["decision"] == "refused"
    assert wrong["error"]["code"] not in ("", "internal_error")
    assert (right["id"], right["verdict"]) == ("next", "no_credential")


def test_null_is_a_member_that_is_not_there() -> None:
    optional = ("file", "url", "applicant", "trusted_issuers", "presentation", "require_key_binding", "documents")
    (found,) = answers({"id": "x", "text": "{}", **dict.fromkeys((*optional, "as_of", "plan"))})
    assert found["verdict"] == "no_credential"


def test_an_endless_line_is_dropped_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MAX_LINE_BYTES", 1_000)
    monkeypatch.setattr(stream, "_CHUNK", 64)
    wrong, right = answers(b'{"id": "' + b"x" * 5_000 + b'"}', {"id": "next", "text": "{}"})
    assert (wrong["error"]["code"], right["id"]) == ("bad_request", "next")


def test_a_bug_costs_one_answer_and_not_those_behind_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    honest = stream.answer

    def broken(source: Any, *args: Any, **options: Any) -> Any:
        if options["request_id"] == "bug":
            raise RuntimeError("a bug")
        return honest(source, *args, **options)

    monkeypatch.setattr(stream, "answer", broken)
    wrong, right = answers({"id": "bug", "text": "{}"}, {"id": "next", "text": "{}"})
    assert (wrong["id"], wrong["error"]["code"], wrong["decision"]) == ("bug", "internal_error", "refused")
    assert right["verdict"] == "no_credential"
    assert "a bug" in caplog.text


def test_a_file_without_end_is_read_as_far_as_the_limit(tmp_path: Path) -> None:
    endless = Path("/dev/zero")
    if not endless.exists():
        endless = tmp_path / "large"
        endless.write_bytes(bytes(MAX_UPLOAD_BYTES + 1))
    (found,) = answers({"id": "x", "file": str(endless)})
    assert (found["verdict"], found["error"]["code"]) == ("malformed", "too_large")


@pytest.mark.parametrize("shape", ["object", "list"])
def test_a_recorded_world_comes_in_both_shapes(tmp_path: Path, shape: str) -> None:
    issuer = Issuer("lakeview", method="web")
    badge = issuer.open_badge(email=EMAIL)
    url = str(issuer.document_url)
    (tmp_path / "did.json").write_text(json.dumps(issuer.controller_document()))
    file = str(tmp_path / "did.json")
    world: Any = {url: {"file": file}} if shape == "object" else [{"url": url, "file": file}]
    request = {"id": "x", "text": json.dumps(badge), "applicant": {"emails": [EMAIL]}, "trusted_issuers": [issuer.id]}
    (found,) = answers({**request, "documents": world})
    assert (found["verdict"], found["decision"]) == ("verified", "accepted")
    assert found["requests"] == [{"url": url, "outcome": "answered", "status": 200}]


def test_a_request_brings_its_own_trust_which_the_next_does_not_have() -> None:
    issuer = Issuer("lakeview", method="web")
    request = {
        "text": json.dumps(issuer.open_badge(email=EMAIL)),
        "applicant": {"emails": [EMAIL]},
        "documents": recorded_world(issuer),
    }
    first, second = answers({**request, "id": "1", "trusted_issuers": [issuer.id]}, {**request, "id": "2"})
    assert (first["decision"], second["decision"]) == ("accepted", "accepted_with_warning")
