"""Changing the policy file by command: one entry, and nothing else that somebody wrote."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from connector.errors import PolicyFileError
from connector.operate.policy_edit import PolicyNotChanged, accepted, comments, rejected, snippet, write
from connector.verify import Policy, load_policy

NEW = "did:web:new.example"
FULL = {"id": NEW, "name": 'New "College" # 1: a', "types": ["Certificate", "no"], "from": "2024-01-01"}
COMMENTED = """\
# whom we trust, as agreed

trusted_issuers:   # the list
  - did:web:a.example   # first
  # about b
  - id: did:web:b.example
    name: "B College"  # as legal writes it
    from: 2024-01-01

# never again
denied_issuers:
  - did:web:x.example  # sold badges
  - did:web:y.example
test_issuers: refuse
"""
SHAPES = {
    "commented": COMMENTED,
    "dashes at the margin": "trusted_issuers:\n- did:web:a.example\n- id: did:web:b.example\n  name: B\n",
    "no line end": "trusted_issuers:\n  - did:web:a.example",
    "terms in a block": "trusted_issuers:\n  - id: did:web:a.example\n    types:\n      - Diploma # only\n\n# end\n",
    "inline": "trusted_issuers: [did:web:a.example]  # inline\n",
    "json": '{"trusted_issuers": [{"id": "did:web:a.example", "name": "A"}]}',
    "empty list": "trusted_issuers: []\n",
    "without the list": "# ours\ntest_issuers: refuse",
    "only a comment": "# ours\n",
    "nothing": "",
    "windows": "# ours\r\ntrusted_issuers:\r\n  - did:web:a.example\r\n",
}


def policy(text: str, tmp_path: Path) -> Policy:
    file = tmp_path / "policy.yaml"
    file.write_text(text, encoding="utf-8", newline="")
    return load_policy(file)


def entry(found: Policy, issuer: str) -> dict[str, Any]:
    [one] = [e for e in found.trusted_issuers if e.id == issuer]
    return one.model_dump(mode="json", by_alias=True, exclude_defaults=True)


@pytest.mark.parametrize("shape", SHAPES)
def test_an_entry_is_added_and_all_else_stays(shape: str, tmp_path: Path) -> None:
    before, text = SHAPES[shape], accepted(SHAPES[shape], FULL)
    found = policy(text, tmp_path)
    assert entry(found, NEW) == {
        "id": NEW,
        "name": 'New "College" # 1: a',
        "types": ["Certificate", "no"],
        "from": "2024-01-01T00:00:00Z",
    }
    old = policy(before, tmp_path)
    assert found.trusted_issuers[:-1] == old.trusted_issuers
    assert found.model_copy(update={"trusted_issuers": ()}) == old.model_copy(update={"trusted_issuers": ()})
    assert all(comment in text for comment in comments(before))


def test_where_entries_stand_on_lines_no_other_byte_changes() -> None:
    text = accepted(COMMENTED, {"id": NEW})
    added = "    from: 2024-01-01\n  - did:web:new.example\n"
    assert text == COMMENTED.replace("    from: 2024-01-01\n", added)
    assert rejected(COMMENTED, NEW) == COMMENTED.replace(
        "  - did:web:y.example\n", "  - did:web:y.example\n  - did:web:new.example\n"
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_an_issuer_is_denied_and_all_else_stays(shape: str, tmp_path: Path) -> None:
    found, old = policy(rejected(SHAPES[shape], NEW), tmp_path), policy(SHAPES[shape], tmp_path)
    assert found.denied_issuers == (*old.denied_issuers, NEW)
    assert found.trusted_issuers == old.trusted_issuers


@pytest.mark.parametrize(
    "change", [lambda t: accepted(t, {"id": "did:web:b.example"}), lambda t: rejected(t, "did:web:x.example")]
)
def test_what_is_there_already_changes_nothing(change: Any) -> None:
    assert change(COMMENTED) == COMMENTED


def test_an_identifier_gets_terms_where_it_stands(tmp_path: Path) -> None:
    text = accepted(COMMENTED, {"id": "did:web:a.example", "name": "A"})
    assert '  - id: did:web:a.example   # first\n    name: "A"\n  # about b\n' in text
    text = accepted(text, {"id": "did:web:b.example", "until": "2030-01-01"})
    assert "    from: 2024-01-01\n    until: 2030-01-01\n\n# never again\n" in text
    text = accepted(text, {"id": "did:web:b.example", "name": "B University"})
    assert entry(policy(text, tmp_path), "did:web:b.example")["name"] == "B University"
    assert "# as legal writes it" in text


def test_who_is_accepted_is_not_denied_any_more(tmp_path: Path) -> None:
    text = accepted(COMMENTED, {"id": "did:web:x.example"})
    assert "denied_issuers:\n  # sold badges\n  - did:web:y.example\n" in text
    text = accepted(text, {"id": "did:web:y.example"})
    found = policy(text, tmp_path)
    assert found.denied_issuers == ()
    assert {"did:web:x.example", "did:web:y.example"} <= {e.id for e in found.trusted_issuers}
    assert "# sold badges" in text


@pytest.mark.parametrize(
    "name",
    [
        "x\n  - id: did:web:evil.example",
        "true",
        "2024-01-01",
        "- a",
        "&a",
        "*a",
        "!!str x",
        "'",
        '"',
        "a: b",
        "{}",
        "\u2028",
        "Ünïversity 大学",
    ],
)
def test_a_name_is_text_whatever_it_holds(name: str, tmp_path: Path) -> None:
    for shape in ("commented", "inline", "nothing"):
        found = policy(accepted(SHAPES[shape], {"id": NEW, "name": name}), tmp_path)
        assert entry(found, NEW)["name"] == name
        assert "did:web:evil.example" not in {e.id for e in found.trusted_issuers}


def test_what_is_printed_is_a_policy(tmp_path: Path) -> None:
    assert entry(policy(snippet(FULL), tmp_path), NEW)["types"] == ["Certificate", "no"]
    assert policy(snippet({"id": NEW}, denied=True), tmp_path).denied_issuers == (NEW,)


@pytest.mark.parametrize("text", ["trusted_issuers: {a: b}\n", "just text\n", "- a\n"])
def test_a_file_of_another_shape_is_left(text: str) -> None:
    with pytest.raises(PolicyFileError):
        accepted(text, FULL)


def test_the_file_is_written_whole_with_its_rights(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(COMMENTED, encoding="utf-8")
    file.chmod(0o640)
    write(file, COMMENTED, accepted(COMMENTED, FULL), "")
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["policy.yaml"]
    assert NEW in file.read_text(encoding="utf-8")


def test_a_file_whose_owner_cannot_be_kept_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service that runs under another account could not read it any more."""
    file = tmp_path / "policy.yaml"
    file.write_text(COMMENTED, encoding="utf-8")

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("connector.operate.policy_edit.os.chown", refuse)
    with pytest.raises(PolicyNotChanged, match="not permitted") as caught:
        write(file, COMMENTED, accepted(COMMENTED, FULL), "the lines")
    assert caught.value.snippet == "the lines"
    assert [path.name for path in tmp_path.iterdir()] == ["policy.yaml"]
    assert file.read_text(encoding="utf-8") == COMMENTED


def test_what_somebody_else_wrote_meanwhile_is_not_lost(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text("# newer\n", encoding="utf-8")
    with pytest.raises(PolicyNotChanged, match="somebody else"):
        write(file, COMMENTED, accepted(COMMENTED, FULL), "")
    assert file.read_text(encoding="utf-8") == "# newer\n"
