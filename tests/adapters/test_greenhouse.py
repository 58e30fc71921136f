"""What only Greenhouse has: the complete set in a PATCH, two resources for a tag, notes that stay for ever."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from adapters.greenhouse.adapter import KEPT_SECONDS, MAX_ATTACHMENT_BYTES, GreenhouseAdapter
from adapters.greenhouse.doctor import ONLY_FOR, SCOPES, USERS
from adapters.greenhouse.sandbox import GreenhouseSandbox
from adapters.greenhouse.settings import GreenhouseSettings
from adapters.greenhouse.wire import read_token, words_of
from connector.errors import (
    AmbiguousTarget,
    AtsAuthError,
    DeliveryError,
    NotFoundInAts,
    RejectedByAts,
    RetryableDeliveryError,
    UnsupportedByAts,
)
from connector.infra.ats_http import AtsHttpClients
from connector.model.applicant import ApplicationRef
from connector.model.changes import AddAttachment, AtsState, AttachmentValue, Family
from connector.ports import SandboxFault, SandboxSeed
from connector.testing.ats_suite import LoopbackTransport

BASE = "http://127.0.0.1"
MARKER = "9f2c51d07a3be846"
ALL = frozenset({Family.FIELDS, Family.TAGS, Family.NOTES, Family.ATTACHMENTS})
FIELDS = frozenset({Family.FIELDS})


class Recorder(httpx.AsyncBaseTransport):
    """Keeps every request that leaves, with its body."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.inner = inner
        self.sent: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        return await self.inner.handle_async_request(request)

    def calls(self) -> list[str]:
        return [f"{r.method} {r.url.path}" for r in self.sent]

    def bodies(self, method: str, path: str) -> list[Any]:
        return [json.loads(r.content) for r in self.sent if (r.method, r.url.path) == (method, path)]


@dataclass
class Bench:
    """An adapter, its stand-in, and what went between them."""

    sandbox: GreenhouseSandbox
    ats: GreenhouseAdapter
    wire: Recorder
    ref: ApplicationRef
    clock: list[float]

    async def look(self, wanted: frozenset[Family] = ALL) -> AtsState:
        return await self.ats.read(self.ref, wanted)

    @property
    def candidate_path(self) -> str:
        return f"/v3/candidates/{self.ref.candidate}"

    def candidate(self) -> Any:
        return self.sandbox.world.candidates[int(self.ref.candidate)]


Make = Callable[..., Bench]


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    opened: list[AtsHttpClients] = []

    def build(settings: Mapping[str, Any] | None = None, **options: Any) -> Bench:
        clock = [1_800_000_000.0]
        sandbox = GreenhouseSandbox(SandboxSeed(options=options), now=lambda: clock[0])
        sandbox.permissions.add(USERS)
        wire = Recorder(LoopbackTransport(sandbox))
        http = AtsHttpClients("gh", rate=10_000, burst=10_000, transport=wire, time_scale=100_000)
        opened.append(http)
        model = GreenhouseSettings.model_validate({**sandbox.settings(BASE), **(settings or {})})
        person = sandbox.people()[0]
        ref = ApplicationRef(connection="gh", candidate=person.candidate, application=person.application)
        return Bench(sandbox, GreenhouseAdapter(model, http, monotonic=lambda: clock[0]), wire, ref, clock)

    yield build
    for http in opened:
        await http.aclose()


def file(content: bytes = b"%PDF-1.7\n", *, private: bool = False) -> AddAttachment:
    digest = hashlib.sha256(content).hexdigest()
    value = AttachmentValue(filename="ler-1.pdf", content_type="application/pdf", sha256=digest, length=len(content))
    return AddAttachment(target="record", rule="r", value=value, content=content, private=private)


# --- how many requests, and what is in them --------------------------------------------------------------------------


async def test_a_default_delivery_costs_six_requests_once_definitions_and_application_are_known(make: Make) -> None:
    bench = make()
    await bench.ats.catalog()
    await bench.look(FIELDS)
    bench.wire.sent.clear()
    seen = await bench.look(frozenset({Family.FIELDS, Family.NOTES}))
    await bench.ats.set_fields(bench.ref, {"ler_skills": "MIG welding", "ler_report": "https://ler.example/r/1"}, seen)
    await bench.ats.put_note(bench.ref, MARKER, "The applicant shared records.", private=True, existing=None)
    assert bench.wire.calls() == [
        "GET /v3/candidates",
        "GET /v3/notes",
        "GET /v3/candidates",
        f"PATCH {bench.candidate_path}",
        "GET /v3/candidates",
        "POST /v3/notes",
    ]


async def test_whose_an_application_is_is_asked_for_once_and_again_when_it_is_old(make: Make) -> None:
    bench = make()
    for _ in range(2):
        await bench.look(FIELDS)
    assert bench.wire.calls().count("GET /v3/applications") == 1
    bench.clock[0] += KEPT_SECONDS + 1
    await bench.look(frozenset({Family.ATTACHMENTS}))
    assert bench.wire.calls().count("GET /v3/applications") == 2


async def test_only_what_is_needed_of_a_candidate_is_asked_for(make: Make) -> None:
    bench = make()
    await bench.look()
    fields = {r.url.path: r.url.params.get("fields") for r in bench.wire.sent if r.method == "GET"}
    assert fields["/v3/candidates"] == "id,tags,custom_fields"
    assert fields["/v3/attachments"] == "id,application_id,filename"
    assert None not in fields.values()


async def test_a_patch_sends_the_complete_known_set_and_nothing_that_cannot_be_sent(make: Make) -> None:
    bench = make()
    await bench.ats.set_fields(bench.ref, {"ler_skill_set": ("Python", "SQL")}, await bench.look(FIELDS))
    (body,) = bench.wire.bodies("PATCH", bench.candidate_path)
    assert list(body) == ["custom_fields"]
    sent = {item["name_key"]: item["value"] for item in body["custom_fields"]}
    option = {(o["custom_field_id"], o["name"]): n for n, o in bench.sandbox.world.options.items()}
    ids = {row["name_key"]: n for n, row in bench.sandbox.world.custom_fields.items()}
    assert sent == {
        "ler_skill_set": [option[ids["ler_skill_set"], "Python"], option[ids["ler_skill_set"], "SQL"]],
        "preferred_shift": option[ids["preferred_shift"], "Night"],
        "notice_period_days": 14,
        "willing_to_relocate": False,
        "heard_of_us": "Union hall",
        "tools_owned": [option[ids["tools_owned"], "Torque wrench"], option[ids["tools_owned"], "Laptop"]],
        "interview_summary": "<p>Calm, <strong>precise</strong>.</p>",
        "desired_pay": {"amount": 31, "currency_code": "USD"},
        "talent_partner": bench.sandbox.world.recruiter,
    }


async def test_what_stands_there_since_we_looked_is_not_written_again(make: Make) -> None:
    bench = make()
    seen = await bench.look(FIELDS)
    for _ in range(2):
        await bench.ats.set_fields(bench.ref, {"ler_skill_set": ("SQL", "Python"), "ler_skills": None}, seen)
    assert bench.wire.calls().count(f"PATCH {bench.candidate_path}") == 1


async def test_no_value_of_the_recruiters_changes_in_a_year_of_deliveries(make: Make) -> None:
    bench = make(custom_fields_patch="replace")
    before = dict(bench.candidate().values)
    for turn in range(5):
        await bench.ats.set_fields(bench.ref, {"ler_skills": f"skill {turn}"}, await bench.look(FIELDS))
    await bench.ats.set_fields(bench.ref, {"ler_skills": None}, await bench.look(FIELDS))
    assert bench.candidate().values == before


async def test_a_value_that_cannot_be_sent_back_stops_the_write(make: Make) -> None:
    """Leaving it out of a PATCH that replaces would lose it."""
    bench = make()
    bench.sandbox.world.define("pay_band", "Pay band", "number_range_v2")
    bench.candidate().values["pay_band"] = [1, 2]
    with pytest.raises(UnsupportedByAts, match="`pay_band`") as refusal:
        await bench.ats.set_fields(bench.ref, {"ler_skills": "x"}, await bench.look(FIELDS))
    assert refusal.value.code == "foreign_value_unsendable"
    assert not any(r.write for r in bench.sandbox.log)


async def test_an_ats_that_loses_a_foreign_value_is_caught(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = make()
    seen = await bench.look(FIELDS)
    monkeypatch.setattr("adapters.greenhouse.adapter._kept_values", lambda *a: [])
    with pytest.raises(DeliveryError, match="not ours") as caught:
        await bench.ats.set_fields(bench.ref, {"ler_skills": "x"}, seen)
    assert caught.value.code == "foreign_field_changed"
    assert not isinstance(caught.value, RejectedByAts), "a refusal would be tried again value by value"
    assert "`heard_of_us`" in caught.value.message and "Union hall" not in caught.value.message


async def test_an_ats_that_changes_our_value_is_caught(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = make()
    store = bench.sandbox._store
    monkeypatch.setattr(bench.sandbox, "_store", lambda c, v: store(c, {**v, "ler_skills": v["ler_skills"][:4]}))
    with pytest.raises(RejectedByAts, match="`ler_skills`") as caught:
        await bench.ats.set_fields(bench.ref, {"ler_skills": "MIG welding"}, await bench.look(FIELDS))
    assert caught.value.code == "value_not_kept"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ler_checked_on", 7),
        ("notice_period_days", "soon"),
        ("notice_period_days", True),
        ("willing_to_relocate", "yes"),
    ],
)
async def test_a_value_of_another_kind_is_refused_before_anything_is_sent(make: Make, key: str, value: Any) -> None:
    bench = make()
    with pytest.raises(RejectedByAts, match=f"`{key}`") as refusal:
        await bench.ats.set_fields(bench.ref, {key: value}, await bench.look(FIELDS))
    assert refusal.value.code == "wrong_value"
    assert not any(r.write for r in bench.sandbox.log)


@pytest.mark.parametrize("key", ["desired_pay", "payroll_number"])
async def test_a_field_of_a_type_that_is_never_written_is_unsupported(make: Make, key: str) -> None:
    bench = make()
    with pytest.raises(UnsupportedByAts, match=f"`{key}`"):
        await bench.ats.set_fields(bench.ref, {key: "x"}, await bench.look(FIELDS))


async def test_an_archived_field_or_option_is_not_written(make: Make) -> None:
    bench = make()
    seen = await bench.look(FIELDS)
    with pytest.raises(RejectedByAts, match="`old_grade`"):
        await bench.ats.set_fields(bench.ref, {"old_grade": "B"}, seen)
    with pytest.raises(RejectedByAts, match="`tools_owned`"):
        await bench.ats.set_fields(bench.ref, {"tools_owned": ("Multimeter", "Laptop")}, seen)


async def test_an_option_that_was_added_meanwhile_is_found(make: Make) -> None:
    bench = make()
    await bench.ats.set_fields(bench.ref, {"ler_skill_set": ("Python",)}, await bench.look(FIELDS))
    field = bench.sandbox.world.definition("ler_skill_set")
    assert field is not None
    row = {"custom_field_id": field["id"], "name": "Rust", "active": True, "sort_order": 99, "external_id": None}
    bench.sandbox.world.add(bench.sandbox.world.options, row)
    await bench.ats.set_fields(bench.ref, {"ler_skill_set": ("Python", "Rust")}, await bench.look(FIELDS))
    assert sorted((await bench.look(FIELDS)).fields["ler_skill_set"]) == ["Python", "Rust"]  # type: ignore[arg-type]  # a tuple


async def test_a_refused_field_carries_greenhouses_words_and_not_the_value(make: Make) -> None:
    bench = make()
    with pytest.raises(RejectedByAts) as refusal:
        await bench.ats.set_fields(bench.ref, {"agency_reference": "Maria " * 60}, await bench.look(FIELDS))
    assert "agency_reference: is not a valid short_text" in refusal.value.ats_words
    assert "Maria" not in refusal.value.message + refusal.value.detail


# --- what is processed later ---------------------------------------------------------------------------------------


async def test_a_change_that_is_still_processed_is_no_success(make: Make) -> None:
    bench = make(patch_answer="message", processing_seconds=60)
    with pytest.raises(RetryableDeliveryError) as caught:
        await bench.ats.set_fields(bench.ref, {"ler_skills": "x"}, await bench.look(FIELDS))
    assert (caught.value.code, caught.value.maybe_applied, caught.value.retry_after) == ("ats_processing", True, 30)
    bench.clock[0] += 61
    assert (await bench.look(FIELDS)).fields["ler_skills"] == "x"


async def test_a_change_that_cannot_be_looked_at_again_may_have_been_made(make: Make) -> None:
    bench = make(patch_answer="message")
    seen = await bench.look(FIELDS)
    await bench.ats.catalog()
    patch = bench.ats._client.patch_custom_fields

    async def patch_then_break(candidate: int, values: Any) -> Any:
        answer = await patch(candidate, values)
        bench.sandbox.inject(SandboxFault(status=503, on="read"))
        return answer

    bench.ats._client.patch_custom_fields = patch_then_break  # type: ignore[method-assign]  # a fault in between
    with pytest.raises(RetryableDeliveryError) as caught:
        await bench.ats.set_fields(bench.ref, {"ler_skills": "x"}, seen)
    assert caught.value.maybe_applied
    assert (await bench.look(FIELDS)).fields["ler_skills"] == "x"


async def test_a_candidate_who_is_still_processed_is_read_again_later(make: Make) -> None:
    bench = make()
    for body in (b'{"message": "processing"}', b'[{"message": "processing"}]'):
        bench.sandbox.inject(SandboxFault(status=200, body=body, on="read"))
        with pytest.raises(RetryableDeliveryError) as caught:
            await bench.look(FIELDS)
        assert (caught.value.code, caught.value.maybe_applied) == ("ats_processing", False)


async def test_what_is_listed_late_is_not_there_yet(make: Make) -> None:
    bench = make(visibility_seconds=10)
    await bench.ats.put_note(bench.ref, MARKER, "x", private=True, existing=None)
    assert (await bench.look()).notes == ()
    bench.clock[0] += 11
    assert [n.marker for n in (await bench.look()).notes] == [MARKER]


@pytest.mark.parametrize("lost", ["tags", "custom_fields"])
async def test_a_renamed_member_does_not_read_as_empty(make: Make, lost: str) -> None:
    bench = make()
    row = {"id": int(bench.ref.candidate), "tags": [], "custom_fields": {}}
    del row[lost]
    bench.sandbox.inject(SandboxFault(status=200, body=json.dumps([row]).encode(), on="read"))
    with pytest.raises(RetryableDeliveryError) as caught:
        await bench.look(FIELDS)
    assert lost in caught.value.detail


async def test_a_filter_that_did_not_work_shows_nobody_elses_record(make: Make) -> None:
    """A 200 does not prove that a filter worked: rows of other candidates are left out."""
    bench = make()
    await bench.look()
    mine = {"id": int(bench.ref.candidate), "tags": [], "custom_fields": {}}
    note = {"id": 6, "candidate_id": 5, "body": f"x\nler-ref: {MARKER}"}
    application = {"id": int(str(bench.ref.application)), "candidate_id": 5}

    def answer(*pages: list[dict[str, Any]]) -> None:
        for page in pages:
            bench.sandbox.inject(SandboxFault(status=200, body=json.dumps(page).encode(), on="read"))

    answer([mine | {"id": 5}])
    with pytest.raises(NotFoundInAts):
        await bench.look(FIELDS)
    answer([mine], [note])
    assert (await bench.look(frozenset({Family.NOTES}))).notes == ()
    bench.clock[0] += KEPT_SECONDS + 1
    answer([mine], [application])
    with pytest.raises(NotFoundInAts):
        await bench.look(frozenset({Family.ATTACHMENTS}))


async def test_a_masked_value_may_change_its_mask(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = make()
    shown, turns = bench.sandbox.world.shown, itertools.count()
    monkeypatch.setattr(
        bench.sandbox.world,
        "shown",
        lambda c, row: f"*{next(turns)}" if row["name_key"] == "payroll_number" else shown(c, row),
    )
    await bench.ats.set_fields(bench.ref, {"ler_skills": "x"}, await bench.look(FIELDS))
    assert "payroll_number" not in (await bench.look(FIELDS)).fields


# --- tags ----------------------------------------------------------------------------------------------------------


async def test_a_new_tag_is_made_in_the_dictionary_and_then_applied(make: Make) -> None:
    bench = make()
    await bench.ats.add_tags(bench.ref, ["LER: MIG welding", "Silver medalist"], await bench.look())
    assert bench.wire.bodies("POST", "/v3/candidate_tags") == [{"name": "LER: MIG welding"}]
    applied = bench.wire.bodies("POST", "/v3/applied_candidate_tags")
    assert [body["candidate_id"] for body in applied] == [int(bench.ref.candidate)] * 2
    bench.wire.sent.clear()
    second = bench.sandbox.people()[1]
    ref = ApplicationRef(connection="gh", candidate=second.candidate)
    await bench.ats.add_tags(ref, ["LER: MIG welding"], await bench.ats.read(ref, ALL - {Family.ATTACHMENTS}))
    assert bench.wire.bodies("POST", "/v3/candidate_tags") == []


async def test_removing_a_tag_leaves_it_in_the_dictionary_for_others(make: Make) -> None:
    bench = make()
    await bench.ats.add_tags(bench.ref, ["LER: SQL"], await bench.look())
    await bench.ats.remove_tags(bench.ref, ["LER: SQL"], await bench.look())
    assert "LER: SQL" not in (await bench.look()).tags
    assert "LER: SQL" in (await bench.ats.catalog()).tags


async def test_a_tag_that_somebody_makes_at_the_same_time_is_used(make: Make) -> None:
    bench = make()
    seen = await bench.look()
    await bench.ats.catalog()
    bench.sandbox.world.add(bench.sandbox.world.tags, {"name": "LER: SQL"})
    await bench.ats.add_tags(bench.ref, ["LER: SQL"], seen)
    assert "LER: SQL" in (await bench.look()).tags


async def test_a_tag_that_exists_in_another_spelling_is_refused_before_any_is_applied(make: Make) -> None:
    bench = make()
    with pytest.raises(RejectedByAts, match="another spelling") as refusal:
        await bench.ats.add_tags(bench.ref, ["LER: SQL", "silver MEDALIST"], await bench.look())
    assert "already been taken" in refusal.value.ats_words
    assert bench.wire.bodies("POST", "/v3/applied_candidate_tags") == []


async def test_half_of_several_tags_leaves_the_whole_open(make: Make) -> None:
    """The first is on the candidate when the second is refused for a moment: look before repeating."""
    bench = make()
    seen = await bench.look()
    names = ["Silver medalist", "Veterans hiring event"]
    ids = [bench.sandbox.world.tag_ids[name] for name in names]
    bench.sandbox.world.add(
        bench.sandbox.world.applied_tags, {"candidate_id": int(bench.ref.candidate), "candidate_tag_id": ids[0]}
    )
    await bench.ats.add_tags(bench.ref, names, seen)
    assert [b["candidate_tag_id"] for b in bench.wire.bodies("POST", "/v3/applied_candidate_tags")] == [ids[1]]
    await bench.ats.remove_tags(bench.ref, names, await bench.look())
    seen = await bench.look()
    apply_tag, applied = bench.ats._client.apply_tag, [0]

    async def second_fails(candidate: int, tag: int) -> int:
        applied[0] += 1
        if applied[0] == 2:
            bench.sandbox.inject(SandboxFault(status=429, on="write"))
        return await apply_tag(candidate, tag)

    bench.ats._client.apply_tag = second_fails  # type: ignore[method-assign]  # a fault between two writes
    with pytest.raises(RetryableDeliveryError) as caught:
        await bench.ats.add_tags(bench.ref, names, seen)
    assert caught.value.maybe_applied


# --- notes and files -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("private", "written", "read"), [(True, "private", "privately"), (False, "public", "publicly")]
)
async def test_a_note_is_written_as_greenhouse_spells_it(make: Make, private: bool, written: str, read: str) -> None:
    bench = make()
    number = await bench.ats.put_note(bench.ref, MARKER, "Line one\nLine two", private=private, existing=None)
    assert bench.wire.bodies("POST", "/v3/notes") == [
        {
            "candidate_id": int(bench.ref.candidate),
            "body": f"Line one\nLine two\nler-ref: {MARKER}",
            "note_type": "NOTE",
            "visibility": written,
        }
    ]
    assert bench.sandbox.world.notes[int(number)]["visibility"] == f"{read}_visible"


async def test_no_orphan_note_is_made_for_a_merged_candidate(make: Make) -> None:
    bench = make()
    await bench.look()
    notes = len(bench.sandbox.world.notes)
    bench.sandbox.delete_candidate(bench.ref.candidate)
    with pytest.raises(DeliveryError):
        await bench.ats.put_note(bench.ref, MARKER, "x", private=True, existing=None)
    assert len(bench.sandbox.world.notes) == notes


@pytest.mark.parametrize("private", [True, False])
async def test_a_file_goes_to_the_application_as_other_with_its_bytes(make: Make, private: bool) -> None:
    bench = make()
    number = await bench.ats.add_attachment(bench.ref, file(b"%PDF-1.7\nbytes\x00\xff", private=private))
    (body,) = bench.wire.bodies("POST", "/v3/attachments")
    assert base64.b64decode(body.pop("content")) == b"%PDF-1.7\nbytes\x00\xff"
    assert body == {
        "application_id": int(str(bench.ref.application)),
        "filename": "ler-1.pdf",
        "type": "other",
        "visibility": "private" if private else "public",
    }
    assert bench.sandbox.world.contents[int(number)] == b"%PDF-1.7\nbytes\x00\xff"


async def test_a_file_beyond_the_limit_is_not_sent(make: Make) -> None:
    bench = make()
    with pytest.raises(RejectedByAts, match="10 MB"):
        await bench.ats.add_attachment(bench.ref, file(b"x" * (MAX_ATTACHMENT_BYTES + 1)))
    assert bench.wire.sent == []


async def test_removing_a_file_that_is_gone_is_done(make: Make) -> None:
    for bench in (make(), make(bare_404=True)):
        await bench.ats.add_attachment(bench.ref, file())
        found = next(a for a in (await bench.look()).attachments if a.filename == "ler-1.pdf")
        await bench.ats.remove_attachment(bench.ref, found)
        await bench.ats.remove_attachment(bench.ref, found)
        assert found not in (await bench.look()).attachments


async def test_fields_and_notes_need_no_application(make: Make) -> None:
    bench = make()
    twice = next(p for p in bench.sandbox.people() if p.name == "Daniel Mbeki")
    ref = ApplicationRef(connection="gh", candidate=twice.candidate)
    state = await bench.ats.read(ref, ALL - {Family.ATTACHMENTS})
    await bench.ats.set_fields(ref, {"ler_skills": "x"}, state)
    await bench.ats.put_note(ref, MARKER, "x", private=True, existing=None)
    with pytest.raises(AmbiguousTarget):
        await bench.ats.read(ref, frozenset({Family.ATTACHMENTS}))


# --- tokens ----------------------------------------------------------------------------------------------------------

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        ({"expires_in": 1800}, 1800),
        ({"expires_at": "2026-11-24T13:00:00Z"}, 3600),
        ({"expires_at": "2026-11-24T13:00:00.000+00:00"}, 3600),
        ({"expires_at": "2026-11-24T12:30:00"}, 1800),
        ({"expires": "2026-11-24T12:10:00Z"}, 600),
        ({"expires": "900"}, 900),
        ({"expires": 1_795_521_600 + 60}, 60),
        ({"expires_at": "2026-11-24T11:00:00Z"}, None),
        ({"expires_at": "soon"}, None),
        ({}, None),
    ],
)
def test_a_tokens_end_is_read_in_each_of_its_spellings(answer: dict[str, Any], seconds: int | None) -> None:
    token = read_token({"access_token": "t", "token_type": "Bearer", "extra": 1, **answer}, now=NOW)
    assert token == {"access_token": "t", "token_type": "Bearer"} | ({} if seconds is None else {"expires_in": seconds})


async def test_the_token_request_is_basic_with_the_acting_user(make: Make) -> None:
    bench = make()
    admin = bench.sandbox.world.admin
    bench = make({"user_id": admin})
    await bench.ats.put_note(bench.ref, MARKER, "x", private=True, existing=None)
    request = bench.wire.sent[0]
    basic = base64.b64encode(b"ler-demo-harvest:stand-in-secret").decode()
    assert (request.method, request.url.path, request.headers["authorization"]) == ("POST", "/token", f"Basic {basic}")
    assert set(request.content.decode().split("&")) == {"grant_type=client_credentials", f"sub={admin}"}
    assert list(bench.sandbox.world.notes.values())[-1]["user_id"] == admin


async def test_one_token_serves_until_a_newer_one_ends_it(make: Make) -> None:
    bench = make(single_active_token=True)
    await bench.look()
    other = AtsHttpClients("gh2", rate=10_000, burst=10_000, transport=LoopbackTransport(bench.sandbox))
    settings = GreenhouseSettings.model_validate(bench.sandbox.settings(BASE))
    await GreenhouseAdapter(settings, other).read(bench.ref, FIELDS)
    await other.aclose()
    await bench.look()
    assert bench.wire.calls().count("POST /token") == 2


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"client_secret": "wrong"}, "token_refused"),
        ({"client_id": "other-harvest"}, "token_refused"),
        ({"client_id": "0123456789abcdef-1"}, "token_refused"),
        ({"user_id": 1}, "token_refused"),
    ],
)
async def test_a_refused_credential_stops_and_the_doctor_explains(
    make: Make, change: dict[str, Any], code: str
) -> None:
    bench = make(change)
    with pytest.raises(AtsAuthError) as refusal:
        await bench.look()
    assert refusal.value.code == code
    assert str(change.get("client_id", "?")) not in refusal.value.message + refusal.value.detail
    (probe,) = await bench.ats.probe()
    assert (probe.name, probe.ok) == ("token", False)
    assert "Harvest v3" in probe.fix and "v1" in probe.fix


# --- answers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"message": "Unprocessable Content"}, "Unprocessable Content"),
        ({"message": "Resource not found", "errors": "Candidate not found"}, "Resource not found; Candidate not found"),
        ({"message": "U", "errors": ["a", {"per_page": "too big"}]}, "U; a; per_page: too big"),
        ({"errors": [{"message": "Must be one of", "field": "type"}]}, "message: Must be one of; field: type"),
        ({"errors": None}, ""),
        (["x"], ""),
    ],
)
def test_every_shape_of_errors_is_read(body: Any, words: str) -> None:
    assert words_of(httpx.Response(422, json=body)) == words
    assert words_of(httpx.Response(422, text="<html>")) == ""


async def test_an_address_without_v3_says_so(make: Make) -> None:
    with pytest.raises(ValidationError, match="/v3"):
        make({"api_url": f"{BASE}/v1"})
    bench = make({"api_url": f"{BASE}/elsewhere/v3"})
    with pytest.raises(RejectedByAts, match="API_URL") as refusal:
        await bench.look()
    assert refusal.value.code == "ats_wrong_address"


async def test_long_lists_are_followed_by_cursor_alone(make: Make) -> None:
    bench = make()
    for index in range(1203):
        bench.sandbox.world.add(bench.sandbox.world.tags, {"name": f"tag {index}"})
    assert len((await bench.ats.catalog()).tags) == 1203 + 4
    queries = [dict(r.url.params) for r in bench.wire.sent if r.url.path == "/v3/candidate_tags"]
    assert [sorted(q) for q in queries] == [["fields", "per_page"], ["cursor"], ["cursor"]]


async def test_a_next_page_elsewhere_never_gets_the_token(make: Make) -> None:
    bench = make()
    link = {"Link": '<https://evil.example/v3/candidates?cursor=abc>; rel="next"'}
    row = {"id": int(bench.ref.candidate), "tags": [], "custom_fields": {}}
    bench.sandbox.inject(SandboxFault(status=200, headers=link, body=json.dumps([row]).encode(), on="read"))
    with pytest.raises(DeliveryError):
        await bench.look(FIELDS)
    assert {r.url.host for r in bench.wire.sent} == {"127.0.0.1"}


async def test_a_used_up_window_answers_429_with_its_end(make: Make) -> None:
    bench = make(rate_limit=4)
    for _ in range(3):  # four requests: the first time the application is asked for too
        await bench.look(FIELDS)
    with pytest.raises(RetryableDeliveryError) as caught:
        await bench.look(FIELDS)
    assert caught.value.retry_after == 30
    bench.clock[0] += 30
    await bench.look(FIELDS)


# --- doctor ----------------------------------------------------------------------------------------------------------


async def test_the_doctor_asks_about_each_scope_once_and_writes_nothing(make: Make) -> None:
    admin = make().sandbox.world.admin
    bench = make({"user_id": admin})
    world = bench.sandbox.world
    before = [len(t) for t in (world.notes, world.tags, world.applied_tags, world.attachments)]
    probes = await bench.ats.probe()
    assert [p.name for p in probes] == ["token", *SCOPES, "acting user"]
    assert all(p.ok for p in probes)
    assert [len(t) for t in (world.notes, world.tags, world.applied_tags, world.attachments)] == before


async def test_the_scope_to_look_at_users_is_needed_only_for_an_acting_user(make: Make) -> None:
    bench = make()
    bench.sandbox.permissions.discard(USERS)
    assert [p.name for p in await bench.ats.probe() if not p.ok] == []
    assert "GET /v3/users" not in bench.wire.calls()


async def test_a_scope_says_for_what_alone_it_is_needed(make: Make) -> None:
    needed = {p.name: p.only_for for p in await make().ats.probe()}
    assert needed["harvest:attachments:destroy"] is Family.ATTACHMENTS
    assert needed["harvest:candidates:list"] is None and needed["token"] is None
    assert set(ONLY_FOR) <= set(SCOPES)


async def test_a_missing_scope_is_told_from_an_answer_that_says_nothing(make: Make) -> None:
    bench = make()
    bench.sandbox.permissions.discard("harvest:notes:create")
    missing = [p for p in await bench.ats.probe() if not p.ok]
    assert [p.name for p in missing] == ["harvest:notes:create"]
    assert "does not allow" in missing[0].message and "Give the API credential the scope" in missing[0].fix
    bench.sandbox.inject(SandboxFault(status=500, on="write", times=1))
    unknown = [p for p in await bench.ats.probe() if not p.ok and p.name != "harvest:notes:create"]
    assert ["could not be found out" in p.message for p in unknown] == [True]


async def test_an_acting_user_who_is_no_site_admin_is_found_out(make: Make) -> None:
    recruiter, admin = make().sandbox.world.recruiter, make().sandbox.world.admin
    for non_admin in ("empty", "403"):
        probes = await make({"user_id": recruiter}, non_admin=non_admin).ats.probe()
        acting = probes[-1]
        assert acting.name == "acting user" and not acting.ok
        assert acting.fix
    probes = await make({"user_id": admin}).ats.probe()
    assert all(p.ok for p in probes)
    bench = make({"user_id": admin})
    await bench.look()
    bench.sandbox.world.users[admin]["deactivated"] = True
    assert "deactivated" in (await bench.ats.probe())[-1].message


# --- settings --------------------------------------------------------------------------------------------------------


def test_settings_have_the_vendors_addresses_and_hide_secrets() -> None:
    settings = GreenhouseSettings.model_validate(
        {"client_id": "c", "client_secret": "s3cret", "webhook_secret": "a, b"}
    )
    assert (settings.api_url, settings.token_url) == (
        "https://harvest.greenhouse.io/v3",
        "https://auth.greenhouse.io/token",
    )
    assert [s.get_secret_value() for s in settings.webhook_secret] == ["a", "b"]
    assert "s3cret" not in repr(settings) + str(settings)
    with pytest.raises(ValidationError):
        GreenhouseSettings.model_validate({"client_id": "c", "client_secret": "s", "api_key": "v1"})
