"""The Greenhouse stand-in against what is published about Harvest v3: it may know less than the vendor, never more."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from importlib import resources
from pathlib import Path
from typing import Any

import httpx
import pytest
from ruamel.yaml import YAML

from adapters.greenhouse.doctor import SCOPES, USERS
from adapters.greenhouse.lists import LISTS
from adapters.greenhouse.sandbox import ATTACHMENT_TYPES, CLIENT_ID, CLIENT_SECRET, VISIBILITY, GreenhouseSandbox
from connector.ports import SandboxSeed
from connector.testing.ats_suite import LoopbackTransport

pytestmark = pytest.mark.shared

Json = dict[str, Any]


@pytest.fixture(scope="module")
def lists(shared: Path) -> dict[str, Json]:
    """The vendor's GET endpoints by path, from its OpenAPI."""
    endpoints = json.loads((shared / "ats/greenhouse/harvest-v3-get-endpoints.json").read_text("utf-8"))
    return {e["path"].removeprefix("/v3/"): e for e in endpoints}


@pytest.fixture(scope="module")
def writes(shared: Path) -> Json:
    document: Json = json.loads((shared / "ats/greenhouse/harvest-v3-writes.json").read_text("utf-8"))
    return document


@pytest.fixture
def sandbox() -> GreenhouseSandbox:
    sandbox = GreenhouseSandbox(SandboxSeed())
    sandbox.permissions.add(USERS)
    return sandbox


@pytest.fixture
async def api(sandbox: GreenhouseSandbox) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=LoopbackTransport(sandbox), base_url="http://127.0.0.1") as client:
        form = {"grant_type": "client_credentials"}
        token = (await client.post("/token", data=form, auth=(CLIENT_ID, CLIENT_SECRET))).json()["access_token"]
        client.headers["authorization"] = f"Bearer {token}"
        sandbox.permissions.add("harvest:jobs:list")
        yield client


def enum(endpoint: Json, parameter: str) -> list[str]:
    found = next(p for p in endpoint["parameters"] if p["name"] == parameter)
    return list(found["enumValues"])


def test_every_parameter_it_takes_is_published(lists: dict[str, Json]) -> None:
    for path, spec in LISTS.items():
        published = {p["name"] for p in lists[path]["parameters"]}
        assert spec.parameters <= published, path


async def test_every_member_of_its_rows_is_published(lists: dict[str, Json], api: httpx.AsyncClient) -> None:
    for path in LISTS:
        rows = (await api.get(f"/v3/{path}")).json()
        published = {f["name"] for f in lists[path]["responseFields"]}
        assert rows, path
        assert {name for row in rows for name in row} <= published, path


async def test_parameters_that_are_not_published_are_refused(lists: dict[str, Json], api: httpx.AsyncClient) -> None:
    for path in LISTS:
        for wrong in ("page", "skip_count", "candidate_id", "updated_after", "On-Behalf-Of"):
            answer = await api.get(f"/v3/{path}", params={wrong: "1"})
            assert (answer.status_code, answer.json()["errors"]) == (422, [f"Invalid query params: {wrong}"])


async def test_published_parameters_filter(api: httpx.AsyncClient, sandbox: GreenhouseSandbox) -> None:
    first = sandbox.people()[0]
    calls = {
        "candidates?email=MARIA.OKAFOR@mail.example": 1,
        "candidates?tag=Career fair": 1,
        "candidates?tag=career fair": 0,
        "candidates?email=nobody@mail.example": 0,
        f"applications?candidate_ids={first.candidate}&status=active": 1,
        "applications?status=rejected": 0,
        f"attachments?application_ids={first.application}&type=other": 1,
        f"attachments?candidate_ids={first.candidate}": 2,
        "notes?visibility=publicly_visible": 1,
        "custom_fields?name_key=ler_skills&field_type=candidate&active=true": 1,
        "custom_fields?active=false": 1,
        "users?primary_email=ada.quist@employer.example": 1,
        "candidates?updated_at[gte]=2001-01-01T00:00:00Z&ids=" + first.candidate: 1,
        "candidates?updated_at=gte|2999-01-01T00:00:00Z": 0,
        "jobs?status=open&per_page=2": 2,
    }
    for call, expected in calls.items():
        answer = await api.get(f"/v3/{call}")
        assert answer.status_code == 200, (call, answer.text)
        assert len(answer.json()) == expected, call


async def test_rows_come_newest_first_in_pages_that_hold_together(api: httpx.AsyncClient) -> None:
    whole = [row["id"] for row in (await api.get("/v3/custom_field_options")).json()]
    assert whole == sorted(whole, reverse=True)
    paged, url = [], "/v3/custom_field_options?per_page=7&active=true"
    while url:
        answer = await api.get(url)
        paged += [row["id"] for row in answer.json()]
        url = answer.links.get("next", {}).get("url", "")
        assert not url or list(httpx.URL(url).params) == ["cursor"]
    active = [row["id"] for row in (await api.get("/v3/custom_field_options?active=true")).json()]
    assert paged == active


async def test_the_measured_refusals_are_answered_alike(writes: Json, api: httpx.AsyncClient) -> None:
    """Each refusal that was measured in public, asked of the stand-in."""
    measured = {entry["request"]: entry for entry in writes["auth_errors_measured_2026_08_11"]}
    token = api.headers.pop("authorization")
    good = (CLIENT_ID, CLIENT_SECRET)
    asked = {
        "POST auth.greenhouse.io/token with no credential": await api.post("/token"),
        "client id notaclient": await api.post("/token", auth=("notaclient", "x")),
        "well-formed unknown client": await api.post("/token", auth=("other-harvest", "x")),
        "no grant_type": await api.post("/token", auth=good),
        "grant_type=not_a_grant": await api.post("/token", auth=good, data={"grant_type": "not_a_grant"}),
        "GET /v3/candidates unauthenticated": await api.get("/v3/candidates"),
        "GET /v3/definitely-not-real-zzz": await api.get("/v3/definitely-not-real-zzz"),
    }
    api.headers["authorization"] = token
    no_application = {"application_id": 1, "filename": "a", "type": "other", "content": "YQ=="}
    asked |= {
        "record absent on a path-id write": await api.post("/v3/attachments", json=no_application),
        "cursor plus another parameter": await api.get("/v3/candidates?cursor=abc&per_page=5"),
        "per_page=600": await api.get("/v3/candidates?per_page=600"),
    }
    assert asked.keys() == measured.keys()
    for request, answer in asked.items():
        body, expected = answer.json(), dict(measured[request]["body"])
        assert ("errorId" in body) == ("errorId" in expected), request
        body.pop("errorId", None), expected.pop("errorId", None)
        assert (answer.status_code, body) == (measured[request]["status"], expected), request


def test_the_enumerations_are_the_published_ones(lists: dict[str, Json]) -> None:
    assert list(ATTACHMENT_TYPES) == enum(lists["attachments"], "type")
    assert sorted(VISIBILITY.values()) == sorted(enum(lists["notes"], "visibility"))


def test_every_scope_it_asks_for_is_published(lists: dict[str, Json], writes: Json) -> None:
    scopes = {entry["scope"] for entry in writes["endpoints"]} | {f"harvest:{path}:list" for path in lists}
    assert SCOPES.keys() <= scopes


async def test_required_and_unknown_properties_of_each_write_are_refused(writes: Json, api: httpx.AsyncClient) -> None:
    """What the published list calls required is required, and nothing beyond required and optional is taken."""
    checked = 0
    for entry in writes["endpoints"]:
        path, method = entry["path"], entry["method"]
        if method != "POST" or path not in ("/notes", "/candidate_tags", "/applied_candidate_tags", "/attachments"):
            continue
        required = {re.split(r"[ (]", name)[0] for name in entry["required"]} - {"content"}
        empty = await api.request(method, f"/v3{path}", json={})
        assert empty.status_code == 422
        assert {key for error in empty.json()["errors"] for key in error} == required, path
        extra = await api.request(method, f"/v3{path}", json={"tag": 1})
        assert extra.status_code == 422 and "tag" in extra.json()["errors"][0], path
        checked += 1
    assert checked == 4


async def test_a_patch_takes_exactly_the_published_members(
    writes: Json, api: httpx.AsyncClient, sandbox: GreenhouseSandbox
) -> None:
    entry = next(e for e in writes["endpoints"] if (e["method"], e["path"]) == ("PATCH", "/candidates/{id}"))
    url = f"/v3/candidates/{sandbox.people()[1].candidate}"
    collections = {"phone_numbers", "addresses", "email_addresses", "website_addresses", "social_media_addresses"}
    collections |= {"linked_user_ids", "tags", "custom_fields"}
    for name in entry["optional"]:
        value: Any = [] if name in collections else True if name in ("is_private", "can_email") else "x"
        answer = await api.patch(url, json={name: value})
        assert answer.status_code == 200, (name, answer.text)
    for wrong in ("private", "keyed_custom_fields", "applications", "id"):
        assert (await api.patch(url, json={wrong: "x"})).status_code == 422, wrong


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"note_type": "note"}, "is not one of: note, activity, email"),
        ({"visibility": "publicly_visible"}, "is not one of"),
        ({"subject": "x"}, "only for note_type EMAIL"),
        ({"note_type": "EMAIL"}, "is required"),
        ({"candidate_id": "5"}, "not an integer"),
        ({"user_name": "x"}, "not allowed"),
    ],
)
async def test_notes_are_as_picky_as_was_seen(api: httpx.AsyncClient, body: Json, said: str) -> None:
    good = {"candidate_id": 5, "body": "x", "note_type": "NOTE", "visibility": "private"}
    assert (await api.post("/v3/notes", json=good)).status_code == 201, "a note for nobody is taken, as was seen"
    answer = await api.post("/v3/notes", json=good | body)
    assert answer.status_code == 422 and said in answer.text


async def test_notes_can_be_neither_edited_nor_deleted(api: httpx.AsyncClient, sandbox: GreenhouseSandbox) -> None:
    note = next(iter(sandbox.world.notes))
    for method in ("PATCH", "PUT", "DELETE", "GET"):
        answer = await api.request(method, f"/v3/notes/{note}")
        assert (answer.status_code, answer.json()) == (404, {"message": "Resource not found"})


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 201),
        ({"application_id": None}, 422),
        ({"url": "https://x.example"}, 422),
        ({"content": None, "url": None}, 422),
        ({"content": "not base64!"}, 422),
        ({"content": ""}, 422),
        ({"type": "ler"}, 422),
        ({"visibility": "secret"}, 422),
        ({"type": "resume"}, 201),
        ({"type": "resume", "visibility": "private"}, 422),
        ({"content_type": "application/pdf"}, 422),
    ],
)
async def test_attachments_are_as_picky_as_is_published(
    api: httpx.AsyncClient, sandbox: GreenhouseSandbox, change: Json, status: int
) -> None:
    good = {
        "application_id": int(sandbox.people()[0].application),
        "filename": "a.pdf",
        "type": "other",
        "content": "YQ==",
    }
    body = {k: v for k, v in (good | change).items() if v is not None}
    assert (await api.post("/v3/attachments", json=body)).status_code == status


async def test_missing_ids_are_an_empty_list_and_too_many_are_refused(api: httpx.AsyncClient) -> None:
    assert (await api.get("/v3/candidates?ids=1,2")).json() == []
    assert (await api.get("/v3/candidates?ids=" + ",".join(["1"] * 51))).status_code == 422
    assert (await api.get("/v3/candidates?ids=x")).status_code == 422
    assert (await api.get("/v3/candidates?fields=id,applied_at")).status_code == 422


async def test_option_values_are_taken_by_id_and_by_exact_name(
    api: httpx.AsyncClient, sandbox: GreenhouseSandbox
) -> None:
    url = f"/v3/candidates/{sandbox.people()[1].candidate}"
    definition = sandbox.world.definition("preferred_shift")
    assert definition is not None
    ids = [n for n, o in sandbox.world.options.items() if o["custom_field_id"] == definition["id"]]
    for value, status in ((ids[0], 200), ("Night", 200), ("night", 422), (1, 422)):
        body = {"custom_fields": [{"name_key": "preferred_shift", "value": value}]}
        assert (await api.patch(url, json=body)).status_code == status, value
    by_id = {"custom_fields": [{"custom_field_id": definition["id"], "value": None}]}
    row = (await api.patch(url, json=by_id)).json()
    assert row["custom_fields"]["preferred_shift"] == {
        "name": "Preferred shift",
        "type": "single_select",
        "value": None,
    }


async def test_rate_headers_are_on_every_answer_of_the_api(api: httpx.AsyncClient) -> None:
    for answer in (await api.get("/v3/candidates"), await api.get("/v3/candidates?x=1"), await api.post("/v3/notes")):
        assert int(answer.headers["x-ratelimit-remaining"]) < int(answer.headers["x-ratelimit-limit"])
        assert answer.headers["x-ratelimit-reset"].isdigit()


@pytest.mark.parametrize("name", ["greenhouse.yaml", "greenhouse-full.yaml"])
def test_the_stand_in_has_what_the_shipped_mappings_write_to(name: str) -> None:
    text = resources.files("mappings").joinpath(name).read_text("utf-8")
    fields: dict[str, Json] = YAML(typ="safe").load(text)["fields"]
    world = GreenhouseSandbox(SandboxSeed()).world
    assert fields
    for field in fields.values():
        row = world.definition(field["target"])
        assert row is not None and row["value_type"] == field["type"], field["target"]
        wanted = {o if isinstance(o, str) else o["name"] for o in field.get("options", [])}
        assert wanted <= {o["name"] for o in world.options.values() if o["custom_field_id"] == row["id"]}
