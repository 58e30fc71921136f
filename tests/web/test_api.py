"""`/api/v1/submissions` and `/api/v1/invitations`: what is taken, what is refused, and in which words."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from connector.testing.badge_host import BadgeHost
from connector.web.auth import MAX_FAILURES, WINDOW_SECONDS, ApiKeys
from connector.web.problems import ApiError

from .conftest import IDLE, ORIGIN, House

SUBMISSIONS = "/api/v1/submissions"


def problem(answer: httpx.Response) -> dict[str, Any]:
    """The problem details of a refusal, whose shape is the same everywhere (RFC 9457)."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body: dict[str, Any] = answer.json()
    assert body["status"] == answer.status_code
    assert body["title"] and body["detail"] and body["code"]
    assert body["type"] == "about:blank"
    return body


async def settled(api: httpx.AsyncClient, answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 202, answer.text
    where = answer.json().get("status_url") or f"{SUBMISSIONS}/{answer.json()['id']}"
    async with asyncio.timeout(30):
        while True:
            record: dict[str, Any] = (await api.get(where)).json()
            if record["state"] in ("delivered", "partly_delivered", "refused", "failed", "withdrawn"):
                return record
            await asyncio.sleep(0.05)


# --- what is taken -----------------------------------------------------------------------------------------------


async def test_a_credential_as_json_is_delivered_and_its_status_tells_all(house: House, api: httpx.AsyncClient) -> None:
    answer = await api.post(SUBMISSIONS, json=house.request(credential=house.badge(), consent_reference="case 7"))
    assert answer.status_code == 202
    assert answer.headers["location"] == f"{SUBMISSIONS}/{answer.json()['id']}"
    assert answer.json()["status_url"] == ORIGIN + answer.headers["location"], "a whole address, for curl"
    record = await settled(api, answer)
    assert (record["state"], record["basis"], record["consent_reference"]) == ("delivered", "api", "case 7")
    assert record["report"]["decision"] == "accepted"
    assert {c["target"] for c in record["change_set"]["changes"]} >= {"ler_credentials", "ler_skills"}
    assert all(e["state"] == "confirmed" for e in record["receipt"]["effects"])
    assert record["report_url"].startswith("http://lakeshore.example/r/")
    assert record["assessed_at"] is not None
    assert house.held.fields["ler_credentials"]


async def test_a_file_goes_by_form(house: House, api: httpx.AsyncClient) -> None:
    fields = {**house.request(), "applicant": json.dumps(house.request()["applicant"])}
    files = {"file": ("anything", json.dumps(house.badge()).encode())}
    record = await settled(api, await api.post(SUBMISSIONS, data=fields, files=files))
    assert (record["state"], record["report"]["decision"]) == ("delivered", "accepted")


async def test_pasted_text_may_be_a_token(house: House, api: httpx.AsyncClient) -> None:
    token = house.issuer.jwt_badge(name="Forklift operator", email=house.person.email)
    record = await settled(api, await api.post(SUBMISSIONS, json=house.request(text=f"  {token}\n")))
    assert (record["state"], record["report"]["decision"]) == ("delivered", "accepted")
    record = await settled(api, await api.post(SUBMISSIONS, json=house.request(credential=token)))
    assert record["report"]["decision"] == "accepted"


async def test_a_link_is_followed(house: House, api: httpx.AsyncClient) -> None:
    host = BadgeHost("badges.harborview.example", issuer_name="Harborview Academy")
    badge = host.issue(house.person.email, name="Data analysis basics", tags=("SQL",))
    house.world.extra = host.answers()
    record = await settled(api, await api.post(SUBMISSIONS, json=house.request(url=badge.page)))
    assert record["report"]["verdict"] == "verified", record["message"]
    assert record["report"]["credentials"][0]["securing"] == ["hosted"]


# --- what is refused ---------------------------------------------------------------------------------------------


@IDLE
async def test_without_a_basis_nothing_is_taken(house: House, api: httpx.AsyncClient) -> None:
    body = house.request(credential=house.badge())
    del body["basis"]
    refused = problem(await api.post(SUBMISSIONS, json=body))
    assert (refused["status"], refused["code"]) == (422, "basis_missing")
    assert "api" in refused["hint"]
    assert (await api.get(SUBMISSIONS)).json()["items"] == []


@IDLE
@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"basis": "a hunch"}, 422, "invalid_request"),
        ({"connection": "taleo"}, 422, "unknown_connection"),
        ({"candidate": ""}, 422, "invalid_request"),
        ({"candidate": "7" * 300}, 422, "invalid_request"),
        ({"shoe_size": 43}, 422, "invalid_request"),
        ({"credential": None}, 422, "invalid_request"),
        ({"url": "https://badges.example/1"}, 422, "invalid_request"),
        ({"applicant": {"name": "Maria", "born": "1990-01-01"}}, 422, "invalid_request"),
    ],
)
async def test_a_request_with_one_thing_wrong(
    house: House, api: httpx.AsyncClient, change: dict[str, Any], status: int, code: str
) -> None:
    refused = problem(await api.post(SUBMISSIONS, json={**house.request(credential=house.badge()), **change}))
    assert (refused["status"], refused["code"]) == (status, code)
    assert (await api.get(SUBMISSIONS)).json()["items"] == []


@IDLE
@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"connection": "greenhouse", "connection": "lever"}',
        b'{"candidate": NaN}',
        b'{"text": "\xff"}',
        b'{"credential": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    ],
    ids=["empty", "cut", "array", "null", "duplicate member", "NaN", "bad UTF-8", "deep"],
)
async def test_a_body_that_is_no_proper_json_is_refused(api: httpx.AsyncClient, raw: bytes) -> None:
    answer = await api.post(SUBMISSIONS, content=raw, headers={"Content-Type": "application/json"})
    assert problem(answer)["status"] in (400, 422)


@IDLE
async def test_a_duplicate_member_inside_the_credential_is_refused(house: House, api: httpx.AsyncClient) -> None:
    """One reader would see the first, another the last: nobody must be able to sign one and show the other."""
    raw = json.dumps(house.request(credential={"id": "x"})).replace('"id": "x"', '"id": "x", "id": "y"')
    answer = await api.post(SUBMISSIONS, content=raw, headers={"Content-Type": "application/json"})
    assert (answer.status_code, problem(answer)["code"]) == (400, "not_json")


@IDLE
async def test_other_media_types_and_broken_forms_are_refused(house: House, api: httpx.AsyncClient) -> None:
    answer = await api.post(SUBMISSIONS, content=b"x", headers={"Content-Type": "text/plain"})
    assert problem(answer)["status"] == 415
    answer = await api.post(SUBMISSIONS, content=b"x", headers={"Content-Type": "multipart/form-data"})
    assert (answer.status_code, problem(answer)["code"]) == (422, "invalid_request")
    answer = await api.post(SUBMISSIONS, data=house.request(applicant="{}"), files={"other": b"x"})
    assert problem(answer)["code"] == "invalid_request"
    two = [("file", ("a", b"{}")), ("file", ("b", b"{}"))]
    answer = await api.post(SUBMISSIONS, data=house.request(applicant="{}"), files=two)
    assert problem(answer)["code"] == "invalid_request"


async def test_what_cannot_be_a_record_is_taken_and_then_refused_with_its_reason(
    house: House, api: httpx.AsyncClient
) -> None:
    record = await settled(api, await api.post(SUBMISSIONS, json=house.request(text="my cousin can vouch for me")))
    assert record["state"] == "refused"
    assert record["code"] == "unsupported_format"
    assert house.writes == 0


@IDLE
async def test_errors_of_the_framework_have_the_same_shape(api: httpx.AsyncClient) -> None:
    assert problem(await api.get("/api/v1/nothing"))["code"] == "not_found"
    answer = await api.put(SUBMISSIONS, json={})
    assert problem(answer)["code"] == "method_not_allowed"
    assert set(answer.headers["allow"].split(", ")) <= {"GET", "POST"}
    assert problem(await api.get(SUBMISSIONS, params={"state": "asleep"}))["code"] == "invalid_request"


# --- keys --------------------------------------------------------------------------------------------------------


@IDLE
async def test_without_a_key_or_with_a_wrong_one_nothing_is_told(house: House) -> None:
    async with house.client() as anybody:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {house.key}"}):
            for path in (SUBMISSIONS, f"{SUBMISSIONS}/sub_1"):
                answer = await anybody.get(path, headers=headers)
                assert (answer.status_code, problem(answer)["code"]) == (401, "unauthorized")
                assert answer.headers["www-authenticate"] == "Bearer"
        answer = await anybody.post("/api/v1/invitations", json={})
        assert answer.status_code == 401


async def test_a_service_without_keys_says_how_to_make_one(houses: Callable[..., House]) -> None:
    house = houses(start=False, overrides={"LER_API_KEYS": ""})
    async with house.client(headers={"Authorization": f"Bearer {house.key}"}) as api:
        refused = problem(await api.get(SUBMISSIONS))
    assert (refused["status"], refused["code"]) == (401, "no_api_keys")
    assert "ler-connector key new" in refused["hint"]


@IDLE
async def test_many_wrong_keys_are_slowed_down_and_the_right_one_still_works(
    house: House, api: httpx.AsyncClient
) -> None:
    async with house.client(headers={"Authorization": "Bearer guess"}) as guesser:
        statuses = [(await guesser.get(SUBMISSIONS)).status_code for _ in range(MAX_FAILURES + 2)]
        assert statuses == [401] * MAX_FAILURES + [429, 429]
        slowed = await guesser.get(SUBMISSIONS)
        assert problem(slowed)["code"] == "too_many_failures"
        assert slowed.headers["retry-after"] == "60"
    assert (await api.get(SUBMISSIONS)).status_code == 200


def test_a_minute_after_the_last_guess_a_wrong_key_is_only_wrong_again() -> None:
    now = 0.0
    keys = ApiKeys(("sha256$00",), monotonic=lambda: now)
    codes = []
    for _ in range(MAX_FAILURES + 1):
        with pytest.raises(ApiError) as error:
            keys.require("guess")
        codes.append(error.value.status)
    assert codes[-1] == 429
    now = WINDOW_SECONDS + 1
    with pytest.raises(ApiError) as error:
        keys.require("guess")
    assert error.value.status == 401


# --- once and only once ------------------------------------------------------------------------------------------


@IDLE
async def test_an_idempotency_key_gives_the_same_submission_again(house: House, api: httpx.AsyncClient) -> None:
    body, headers = house.request(credential=house.badge()), {"Idempotency-Key": "order-1"}
    first = await api.post(SUBMISSIONS, json=body, headers=headers)
    again = await api.post(SUBMISSIONS, json=body, headers=headers)
    assert first.json() == again.json()
    other = await api.post(SUBMISSIONS, json={**body, "credential": house.badge("Rigger II")}, headers=headers)
    assert (other.status_code, problem(other)["code"]) == (409, "idempotency_conflict")
    assert len((await api.get(SUBMISSIONS)).json()["items"]) == 1
    for key in ("", "k" * 201):
        answer = await api.post(SUBMISSIONS, json=body, headers={"Idempotency-Key": key})
        assert problem(answer)["code"] == "invalid_request"


@IDLE
async def test_an_idempotency_key_holds_for_forms_too(house: House, api: httpx.AsyncClient) -> None:
    fields = {**house.request(), "applicant": json.dumps(house.request()["applicant"])}
    raw, headers = json.dumps(house.badge()).encode(), {"Idempotency-Key": "order-2"}
    one = await api.post(SUBMISSIONS, data=fields, files={"file": ("a.json", raw)}, headers=headers)
    two = await api.post(SUBMISSIONS, data=fields, files={"file": ("b.json", raw)}, headers=headers)
    assert one.json() == two.json()
    three = await api.post(SUBMISSIONS, data=fields, files={"file": ("b.json", raw + b" ")}, headers=headers)
    assert three.status_code == 409


# --- the list ----------------------------------------------------------------------------------------------------


async def test_the_list_goes_page_by_page_and_can_be_narrowed(house: House, api: httpx.AsyncClient) -> None:
    for number in range(52):
        answer = await api.post(SUBMISSIONS, json=house.request(text=f"no record, number {number}"))
        assert answer.status_code == 202
    await settled(api, answer)
    good = await settled(api, await api.post(SUBMISSIONS, json=house.request(credential=house.badge())))
    first = (await api.get(SUBMISSIONS)).json()
    rest = (await api.get(SUBMISSIONS, params={"cursor": first["next_cursor"]})).json()
    ids = [item["id"] for item in first["items"] + rest["items"]]
    assert (len(first["items"]), len(ids), len(set(ids)), rest["next_cursor"]) == (50, 53, 53, None)
    assert ids[0] == good["id"]
    assert first["items"][0]["report"] is None
    delivered = (await api.get(SUBMISSIONS, params={"state": "delivered"})).json()["items"]
    assert [item["id"] for item in delivered] == [good["id"]]
    assert (await api.get(SUBMISSIONS, params={"connection": "lever"})).json()["items"] == []
    broken = await api.get(SUBMISSIONS, params={"cursor": "!!"})
    assert (broken.status_code, problem(broken)["code"]) == (422, "cursor_invalid")


# --- acting on one -----------------------------------------------------------------------------------------------


async def test_undo_takes_back_and_says_what_stays(house: House, api: httpx.AsyncClient) -> None:
    before = house.held.fields
    record = await settled(api, await api.post(SUBMISSIONS, json=house.request(credential=house.badge())))
    assert house.held.fields != before
    undone = await settled(api, await api.post(f"{SUBMISSIONS}/{record['id']}/undo"))
    assert (undone["state"], undone["code"]) == ("withdrawn", "undone")
    assert house.held.fields == before
    assert "note" in undone["message"]
    again = await api.post(f"{SUBMISSIONS}/{record['id']}/undo")
    assert (again.status_code, problem(again)["code"]) == (409, "not_allowed_now")
    again = await api.post(f"{SUBMISSIONS}/{record['id']}/retry")
    assert (again.status_code, problem(again)["code"]) == (409, "not_allowed_now")


async def test_withdraw_takes_the_values_out(house: House, api: httpx.AsyncClient) -> None:
    before = house.held.fields
    record = await settled(api, await api.post(SUBMISSIONS, json=house.request(credential=house.badge())))
    gone = await settled(api, await api.post(f"{SUBMISSIONS}/{record['id']}/withdraw"))
    assert (gone["state"], gone["code"]) == ("withdrawn", "withdrawn")
    assert house.held.fields == before


async def test_erase_leaves_nothing_of_the_person_here(house: House, api: httpx.AsyncClient) -> None:
    before = house.held.fields
    record = await settled(api, await api.post(SUBMISSIONS, json=house.request(credential=house.badge())))
    answer = await api.delete(f"{SUBMISSIONS}/{record['id']}")
    assert (answer.status_code, answer.json()) == (202, {"id": record["id"], "status": "erasing"})
    gone = await settled(api, answer)
    assert (gone["state"], gone["code"]) == ("withdrawn", "erased")
    assert gone["report"] is None
    assert gone["change_set"] is None
    assert gone["document_sha256"] is None
    assert house.held.fields == before


async def test_retry_sets_a_failed_one_in_motion_again(house: House, api: httpx.AsyncClient) -> None:
    permissions = set(house.sandbox.permissions)
    house.sandbox.permissions.clear()
    record = await settled(api, await api.post(SUBMISSIONS, json=house.request(credential=house.badge())))
    assert (record["state"], record["code"]) == ("failed", "ats_forbidden")
    house.sandbox.permissions.update(permissions)
    again = await api.post(f"{SUBMISSIONS}/{record['id']}/retry")
    assert (await settled(api, again))["state"] == "delivered"


@IDLE
@pytest.mark.parametrize("act", ["retry", "undo", "withdraw"])
async def test_acting_on_what_does_not_exist(api: httpx.AsyncClient, act: str) -> None:
    answer = await api.post(f"{SUBMISSIONS}/sub_000/{act}")
    assert (answer.status_code, problem(answer)["code"]) == (404, "unknown_submission")


@IDLE
async def test_reading_or_erasing_what_does_not_exist(api: httpx.AsyncClient) -> None:
    for answer in (await api.get(f"{SUBMISSIONS}/sub_000"), await api.delete(f"{SUBMISSIONS}/sub_000")):
        assert (answer.status_code, problem(answer)["code"]) == (404, "unknown_submission")


# --- invitations -------------------------------------------------------------------------------------------------


@IDLE
async def test_an_invitation_is_a_link_that_ends(house: House, api: httpx.AsyncClient) -> None:
    body = {"connection": "greenhouse", "application": house.person.application, "job": {"title": "Welder"}}
    answer = await api.post("/api/v1/invitations", json={**body, "expires_in": 3600})
    assert answer.status_code == 201
    token = answer.json()["url"].removeprefix("http://lakeshore.example/s/")
    assert len(token) >= 32, "at least 128 bits in base64"
    for change in ({"connection": "taleo"}, {"expires_in": 1}, {"language": "x" * 20}, {"pay": 3}):
        refused = await api.post("/api/v1/invitations", json={**body, **change})
        assert problem(refused)["status"] == 422


# --- when the database does not answer ---------------------------------------------------------------------------


@pytest.fixture
async def broken(house: House, api: httpx.AsyncClient) -> AsyncIterator[House]:
    """A house whose table of submissions is gone, as after a botched restore."""
    with sqlite3.connect(house.folder / "data" / "connector.sqlite") as db:
        db.execute("ALTER TABLE submissions RENAME TO elsewhere")
    yield house
    with sqlite3.connect(house.folder / "data" / "connector.sqlite") as db:
        db.execute("ALTER TABLE elsewhere RENAME TO submissions")


@IDLE
async def test_what_cannot_be_stored_is_not_acknowledged(broken: House, api: httpx.AsyncClient) -> None:
    answer = await api.post(SUBMISSIONS, json=broken.request(credential=broken.badge()))
    assert (answer.status_code, problem(answer)["code"]) == (503, "store_unavailable")
    assert answer.headers["retry-after"]
    assert "elsewhere" not in answer.text and "SELECT" not in answer.text


@IDLE
async def test_readiness_follows_the_database(house: House) -> None:
    async with house.client() as anybody:
        assert (await anybody.get("/readyz")).json() == {"status": "ready"}
        with sqlite3.connect(house.folder / "data" / "connector.sqlite") as db:
            db.execute("ALTER TABLE installation RENAME TO elsewhere")
        answer = await anybody.get("/readyz")
        assert (answer.status_code, problem(answer)["code"]) == (503, "store_unavailable")
        assert (await anybody.get("/healthz")).json() == {"status": "ok"}
