"""DCC's registry file: what is read of it, and what is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from connector.errors import PolicyFileError
from connector.verify import load_policy
from connector.verify.registries import RegistryProblem, read_dcc

LAKEVIEW = "did:web:lakeview.example"
ENTRY = {"name": "Lakeview University", "location": "Lakeview", "url": "https://lakeview.example"}


@pytest.mark.parametrize("document", [{"meta": {}, "registry": {LAKEVIEW: ENTRY}}, {LAKEVIEW: ENTRY}])
def test_a_registry_is_read_with_or_without_its_cover(document: object) -> None:
    assert read_dcc(json.dumps(document).encode())[LAKEVIEW].name == "Lakeview University"


def test_an_identifier_that_is_listed_twice_keeps_both_names_and_either_test_mark() -> None:
    twice = f'{{"{LAKEVIEW}": {{"name": "College"}}, "{LAKEVIEW}": {{"name": "Sandbox Issuer"}}}}'
    entry = read_dcc(f'{{"registry": {twice}}}'.encode())[LAKEVIEW]
    assert (entry.name, entry.is_test) == ("College / Sandbox Issuer", True)
    same = twice.replace("Sandbox Issuer", "College")
    assert read_dcc(same.encode())[LAKEVIEW].name == "College"


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b'"x"', b'{"registry": []}', b"<html></html>", b"\xff", b"[" * 100_000, b'{"a": NaN}'],
)
def test_what_is_no_registry_is_refused(content: bytes) -> None:
    with pytest.raises(RegistryProblem):
        read_dcc(content)


def test_entries_that_are_no_entries_are_left_out() -> None:
    content = json.dumps({"registry": {"did:web:a.example": None, "did:web:b.example": {"name": 1}, LAKEVIEW: ENTRY}})
    found = read_dcc(content.encode())
    assert {issuer: entry.name for issuer, entry in found.items()} == {
        "did:web:b.example": "",
        LAKEVIEW: "Lakeview University",
    }


def test_a_file_of_the_employers_is_read_with_the_policy_and_held_to_its_pin(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(json.dumps({LAKEVIEW: ENTRY}), encoding="utf-8")
    policy = tmp_path / "policy.yaml"
    policy.write_text("registries:\n  - file: r.json\n    name: Ours\n", encoding="utf-8")
    [words] = load_policy(policy).words(LAKEVIEW)
    assert words.entry is not None
    assert (words.entry.name, words.dated) == ("Lakeview University", "Ours")
    policy.write_text(f"registries:\n  - file: r.json\n    sha256: '{'0' * 64}'\n", encoding="utf-8")
    with pytest.raises(PolicyFileError, match="pins"):
        load_policy(policy)


@pytest.mark.parametrize(
    "text",
    [
        "registries:\n  - url: http://registry.example/r.json\n",
        "registries:\n  - url: https://r.example\n    kind: openid_federation\n    jwks: {keys: []}\n",
        "registries:\n  - url: https://r.example\n    jwks: {keys: [{kty: oct, k: AA}]}\n",
        "registries:\n  - url: https://r.example\n    sha256: abc\n",
        "registries:\n  - url: https://r.example\n    jwks: {keys: [{kty: OKP, crv: Ed25519, x: "
        "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo}]}\n",  # of RFC 8037: everybody has its secret half
        "registries:\n  - url: https://r.example\n    book: x\n",
        "registries:\n  - file: r.json\n    kind: openid_federation\n",
    ],
)
def test_a_registry_that_cannot_be_meant_is_an_error_of_the_policy(tmp_path: Path, text: str) -> None:
    (tmp_path / "r.json").write_text("{}", encoding="utf-8")
    (tmp_path / "policy.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(PolicyFileError):
        load_policy(tmp_path / "policy.yaml")


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "entries", "marked", "not_marked"),
    [
        ("dcc-issuer-registry", 21, ["DCC Playground", "DCC Sandbox Issuer"], ["MIT xPRO", "Digital Promise"]),
        ("dcc-community-registry", 27, ["JFF Plugfest 2 Test Issuer"], ["TerritoriumCLR", "Digit.ink"]),
        ("dcc-sandbox-registry", 39, ["James Test", "Public Test Issuer"], ["SOLID Issuer"]),
    ],
)
def test_published_registries_are_read(
    shared: Path, name: str, entries: int, marked: list[str], not_marked: list[str]
) -> None:
    folder = shared / "vectors" / "documents" / "registries"
    found = read_dcc((folder / f"{name}.json").read_bytes())
    assert len(found) == entries
    tests = {entry.name for entry in found.values() if entry.is_test}
    assert tests >= set(marked)
    assert tests.isdisjoint(not_marked)
