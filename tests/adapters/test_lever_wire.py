"""Lever's stand-in has the shapes of Lever's recorded answers, and our values survive the way to Lever and back."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.lever.sandbox import LeverSandbox
from adapters.lever.sandbox_signin import API_KEY
from adapters.lever.wire import (
    FormField,
    FormTemplate,
    Note,
    Opportunity,
    Page,
    Tag,
    TemplateField,
    User,
    read_filename,
    read_note,
    read_value,
    same_written,
    write_filename,
    write_note,
    write_value,
)
from connector.errors import UnsupportedByAts
from connector.model.changes import FieldValue
from connector.ports import SandboxSeed
from connector.testing.ats_suite import BASE_URL, LoopbackTransport

MARKER = "9f2c51d07a3be846"
AS = "perform_as"


# --- shapes ------------------------------------------------------------------------------------------------------


def shape(value: Any) -> Any:
    """Member names and types; a list has the shape of its first row, null is compatible with anything."""
    if isinstance(value, dict):
        return {name: shape(member) for name, member in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return None if value is None else type(value).__name__


def differences(ours: Any, recorded: Any, place: str = "$") -> list[str]:
    """Where two shapes disagree, in words."""
    if ours is None or recorded is None or ours == [] or recorded == []:
        return []
    if isinstance(ours, dict) and isinstance(recorded, dict):
        odd = [f"{place}.{name}: only in one" for name in sorted(ours.keys() ^ recorded.keys())]
        both = sorted(ours.keys() & recorded.keys())
        return odd + [d for name in both for d in differences(ours[name], recorded[name], f"{place}.{name}")]
    if isinstance(ours, list) and isinstance(recorded, list):
        return differences(ours[0], recorded[0], f"{place}[]")
    return [] if ours == recorded else [f"{place}: {ours} is not {recorded}"]


def test_the_comparison_of_shapes_sees_a_missing_member_and_another_type() -> None:
    recorded = {"id": "1", "rows": [{"at": 1, "by": None}]}
    assert differences(shape({"id": "2", "rows": [{"at": 3, "by": "u"}]}), shape(recorded)) == []
    assert differences(shape({"id": "2", "rows": [{"at": "3"}]}), shape(recorded)) == [
        "$.rows[].by: only in one",
        "$.rows[].at: str is not int",
    ]


def recording(shared: Path, name: str) -> dict[str, Any]:
    exchange: dict[str, Any] = json.loads((shared / "ats" / "lever" / "recorded" / f"{name}.json").read_text())[0]
    return exchange


@pytest.fixture
def sandbox() -> LeverSandbox:
    sandbox = LeverSandbox(SandboxSeed())
    sandbox.permissions |= {"contact:read:admin", "stages:read:admin"}
    return sandbox


@pytest.fixture
async def lever(sandbox: LeverSandbox) -> Any:
    async with httpx.AsyncClient(
        transport=LoopbackTransport(sandbox), base_url=BASE_URL + "/v1", auth=(API_KEY, "")
    ) as client:
        yield client


async def ask(lever: httpx.AsyncClient, sandbox: LeverSandbox, name: str) -> httpx.Response:
    """The request of a recording, made to the stand-in about its own people."""
    candidacy = next(iter(sandbox.world.candidacies.values()))
    opportunity, acting = f"/opportunities/{candidacy.id}", {AS: sandbox.world.integration["id"]}
    if name == "create-note":
        return await lever.post(opportunity + "/notes", params=acting, json={"value": "A note"})
    if name == "delete-note":
        note = (await ask(lever, sandbox, "create-note")).json()["data"]["noteId"]
        return await lever.delete(f"{opportunity}/notes/{note}")
    if name.startswith("update-opportunity-"):
        member = name.rsplit("-", 1)[1]
        verb = "add" + member.capitalize()
        return await lever.post(f"{opportunity}/{verb}", params=acting, json={member: ["https://ler.example/1"]})
    paths = {
        "get-opportunity": opportunity,
        "opportunities": "/opportunities?limit=6",
        "get-opportunities-deleted": "/opportunities/deleted",
        "get-note": f"{opportunity}/notes/{candidacy.notes[0]['id']}",
        "get-contact": f"/contacts/{candidacy.opportunity['contact']}",
        "get-tags": "/tags",
        "get-stages": "/stages",
        "get-user": f"/users/{acting[AS]}",
        "users": "/users",
    }
    return await lever.get(paths[name])


@pytest.mark.shared
@pytest.mark.parametrize(
    "name",
    [
        "get-opportunity",
        "opportunities",
        "get-opportunities-deleted",
        "create-note",
        "get-note",
        "delete-note",
        "update-opportunity-tags",
        "update-opportunity-links",
        "update-opportunity-sources",
        "get-contact",
        "get-tags",
        "get-stages",
        "get-user",
        "users",
    ],
)
async def test_the_stand_in_answers_in_the_recorded_shape(
    lever: httpx.AsyncClient, sandbox: LeverSandbox, shared: Path, name: str
) -> None:
    recorded = recording(shared, name)
    answer = await ask(lever, sandbox, name)
    assert answer.status_code == recorded["status"]
    if recorded["status"] == 204:
        assert answer.content == b""
        return
    assert differences(shape(answer.json()), shape(recorded["response"])) == []


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "model"),
    [("get-opportunity", Opportunity), ("get-note", Note), ("get-user", User)],
)
def test_recorded_answers_fit_our_models(shared: Path, name: str, model: type[Opportunity | Note | User]) -> None:
    data = recording(shared, name)["response"]["data"]
    assert model.model_validate(data).id == data["id"]


@pytest.mark.shared
def test_every_recorded_list_of_opportunities_fits_and_their_ids_need_not_be_uuids(shared: Path) -> None:
    text = (shared / "ats" / "lever" / "recorded" / "opportunities.json").read_text()
    pages = [Page[Opportunity].model_validate(x["response"]) for x in json.loads(text)]
    assert [p.has_next for p in pages] == [True] * (len(pages) - 1) + [False]
    assert all(p.next is not None and "%5B" in p.next for p in pages[:-1])
    assert len(Page[Tag].model_validate(recording(shared, "get-tags")["response"]).data) > 10


def test_dates_and_sizes_that_come_as_strings_are_read() -> None:
    """The documentation's examples draw `createdAt` of templates and `size` of files as strings."""
    raw = {"id": "t1", "createdAt": "1552325829124", "text": "Offer", "group": "", "fields": []}
    assert FormTemplate.model_validate(raw).fields == ()


# --- notes -------------------------------------------------------------------------------------------------------


@given(st.text(alphabet="ab@＠ \n.:"), st.from_regex(r"[a-z0-9]{4,16}", fullmatch=True))
def test_any_text_comes_back_from_a_note_and_mentions_nobody(text: str, marker: str) -> None:
    written = write_note(text, marker)
    assert read_note(written) == (marker, text)
    assert not any(a == "@" and (b.isalnum() or b == "_") for a, b in pairwise(written))


def test_a_mention_in_a_credential_notifies_nobody() -> None:
    assert write_note("Award by @hannah", MARKER) == f"Award by ＠hannah\nler-ref: {MARKER}"


# --- files -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ler-1.pdf", "ler-1.txt", "ler-1.PNG", "ler.1.docx", "ler-1.json"])
def test_a_file_is_found_under_the_name_it_was_given(name: str) -> None:
    assert read_filename(write_filename(name)) == name


def test_json_goes_to_lever_as_text() -> None:
    assert write_filename("ler-1.json") == "ler-1.json.txt"


@pytest.mark.parametrize("name", ["ler-1.svg", "ler-1.html", "ler-1", "ler-1.pdf.exe", "ler-1.js"])
def test_what_lever_does_not_take_is_unsupported(name: str) -> None:
    with pytest.raises(UnsupportedByAts) as refusal:
        write_filename(name)
    assert refusal.value.code == "attachment_type"


# --- form values -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "value", "written"),
    [
        ("text", "Lakeview University", "Lakeview University"),
        ("text", 3, "3"),
        ("textarea", "one\ntwo", "one\ntwo"),
        ("yes-no", True, "yes"),
        ("yes-no", False, "no"),
        ("currency", 50000, 50000),
        ("date", "2014-12-16", 1418688000000),
        ("date", "1969-12-31", -86400000),
        ("dropdown", "Day", "Day"),
        ("multiple-choice", "Part-time", "Part-time"),
        ("multiple-select", ("Forklift", "Crane"), ["Forklift", "Crane"]),
    ],
)
def test_a_value_is_written_in_levers_way_and_read_back(kind: str, value: FieldValue, written: object) -> None:
    field = TemplateField(type=kind, text="F")
    assert write_value(field, value) == written
    expected = str(value) if kind == "text" else value
    assert read_value(FormField(type=kind, text="F", value=written)) == expected


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("date", "tomorrow"),
        ("date", "2026-02-30"),
        ("date", "20261123"),
        ("yes-no", "yes"),
        ("currency", "50000"),
        ("currency", True),
        ("text", True),
        ("dropdown", ("Day", "Night")),
        ("multiple-select", 3),
        ("score-system", "4 - Strong Hire"),
    ],
)
def test_a_value_that_a_field_cannot_express_is_unsupported(kind: str, value: FieldValue) -> None:
    with pytest.raises(UnsupportedByAts) as refusal:
        write_value(TemplateField(type=kind, text="F"), value)
    assert refusal.value.code == "value_type"


def test_several_values_in_one_text_field_are_joined() -> None:
    assert write_value(TemplateField(type="textarea", text="F"), ("MIG", "TIG")) == "MIG\nTIG"
    assert write_value(TemplateField(type="text", text="F"), ("MIG", "TIG")) == "MIG, TIG"


@pytest.mark.parametrize(
    ("kind", "left", "right", "same"),
    [
        ("textarea", ("MIG", "TIG"), "MIG\nTIG", True),
        ("textarea", "MIG\n", "MIG", True),
        ("text", "", None, True),
        ("multiple-select", ("a", "b"), ("b", "a"), True),
        ("multiple-select", ("a", "b"), ("a",), False),
        ("date", "2026-11-23", "2026-11-24", False),
        ("yes-no", False, None, False),
    ],
)
def test_values_are_the_same_when_lever_would_show_the_same(
    kind: str, left: FieldValue, right: FieldValue | None, same: bool
) -> None:
    assert same_written(TemplateField(type=kind, text="F"), left, right) is same
