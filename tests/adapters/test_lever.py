"""Lever: the shared conformance suite with a key and with OAuth, then what is Lever's own."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from pydantic import SecretStr, ValidationError

from adapters import lever
from adapters.lever.adapter import LER_TEMPLATE, LeverAdapter
from adapters.lever.sandbox import LeverSandbox
from adapters.lever.sandbox_signin import API_KEY, CLIENT_ID, CLIENT_SECRET
from adapters.lever.settings import LeverSettings
from adapters.lever.wire import REFERENCE_FIELD
from connector.errors import (
    AtsAuthError,
    NotFoundInAts,
    RejectedByAts,
    RetryableDeliveryError,
    UnsupportedByAts,
)
from connector.infra.ats_http import AtsHttpClients
from connector.model.applicant import ApplicationRef
from connector.model.changes import AddAttachment, AtsState, AttachmentValue, Family, FormState, NoteState, PutForm
from connector.ports import AtsPlugin, Sandbox, SandboxFault, SandboxSeed
from connector.testing.ats_suite import BASE_URL, AtsConformance, LoopbackTransport

UNLIMITED = {"rate": 10_000, "burst": 10_000}
"""The suite's client knows no limit; what the limit does is tested below."""
MARKER = "9f2c51d07a3be846"
NOBODY = "3f0a6a52-9d0b-4f5e-8a57-0d0c54b0beef"


class TestLeverConformance(AtsConformance):
    @pytest.fixture
    def plugin(self) -> AtsPlugin:
        return lever.plugin

    @pytest.fixture
    def sandbox(self, plugin: AtsPlugin) -> Sandbox:
        return plugin.sandbox(SandboxSeed(options=UNLIMITED))


class TestLeverConformanceWithOAuth(TestLeverConformance):
    @pytest.fixture
    def sandbox(self, plugin: AtsPlugin) -> Sandbox:
        return plugin.sandbox(SandboxSeed(options={**UNLIMITED, "auth": "oauth"}))


class TestLeverConformanceAsDocumented(TestLeverConformance):
    """The documentation draws some answers smaller than the real ones, and lists in pages of their own size."""

    @pytest.fixture
    def sandbox(self, plugin: AtsPlugin) -> Sandbox:
        options = {**UNLIMITED, "note_answer": "docs", "form_answer": "docs", "page_size": 1}
        return plugin.sandbox(SandboxSeed(options=options))


# --- what the tests below use ------------------------------------------------------------------------------------


class Clock:
    def __init__(self) -> None:
        self.time = 1_800_000_000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def options() -> dict[str, Any]:
    """Switches of the stand-in; a test overrides them with `@pytest.mark.parametrize("options", ...)`."""
    return {}


@pytest.fixture
def sandbox(options: dict[str, Any], clock: Clock) -> LeverSandbox:
    return LeverSandbox(SandboxSeed(options={**UNLIMITED, **options}), now=clock)


@pytest.fixture
async def http(sandbox: LeverSandbox) -> AsyncIterator[AtsHttpClients]:
    clients = AtsHttpClients("lever", rate=10_000, burst=10_000, transport=LoopbackTransport(sandbox))
    yield clients
    await clients.aclose()


@pytest.fixture
def ats(sandbox: LeverSandbox, http: AtsHttpClients) -> LeverAdapter:
    return LeverAdapter(LeverSettings.model_validate(sandbox.settings(BASE_URL)), http)


@pytest.fixture
def ref(sandbox: LeverSandbox) -> ApplicationRef:
    person = sandbox.people()[0]
    return ApplicationRef(connection="lever", candidate=person.candidate, application=person.application)


@pytest.fixture
async def raw(sandbox: LeverSandbox) -> AsyncIterator[httpx.AsyncClient]:
    """Lever's API without our adapter."""
    transport = LoopbackTransport(sandbox)
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL + "/v1", auth=(API_KEY, "")) as client:
        yield client


def candidacy(sandbox: LeverSandbox, ref: ApplicationRef) -> Any:
    return sandbox.world.candidacies[ref.candidate]


def writes(sandbox: LeverSandbox) -> int:
    return sum(request.write for request in sandbox.log)


async def state(ats: LeverAdapter, ref: ApplicationRef) -> AtsState:
    return await ats.read(ref, frozenset(f for f in Family if ats.capabilities.holds(f)))


def form(private: bool = False, **values: str) -> PutForm:
    return PutForm(target=LER_TEMPLATE, rule="form", value={"Credentials": "Welder I", **values}, private=private)


def file(name: str, content: bytes = b"%PDF-1.7\n") -> AddAttachment:
    kind = {"pdf": "application/pdf", "txt": "text/plain", "json": "application/json"}.get(
        name.rpartition(".")[2], "x/y"
    )
    value = AttachmentValue(filename=name, content_type=kind, sha256="0" * 64, length=len(content))
    return AddAttachment(target="record", rule="record", value=value, content=content)


# --- settings ----------------------------------------------------------------------------------------------------


def test_the_vendors_addresses_are_the_defaults() -> None:
    settings = LeverSettings(api_key=SecretStr("k"))
    assert settings.api_url == "https://api.lever.co/v1"
    assert settings.token_url == "https://auth.lever.co/oauth/token"


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"client_id": "c", "client_secret": "s"},
        {"api_key": "k", "refresh_token": "r"},
        {"api_key": "k", "key": "k"},
    ],
)
def test_one_complete_way_to_sign_in_is_needed_and_nothing_unknown(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        LeverSettings.model_validate(given)


def test_settings_do_not_print_their_secrets() -> None:
    settings = LeverSettings(client_id="c", client_secret=SecretStr("hush1"), refresh_token=SecretStr("hush2"))
    assert "hush" not in repr(settings)


# --- which candidacy ---------------------------------------------------------------------------------------------


async def test_an_application_of_another_opportunity_is_not_found(
    ats: LeverAdapter, sandbox: LeverSandbox, ref: ApplicationRef
) -> None:
    other = sandbox.people()[1].application
    with pytest.raises(NotFoundInAts) as refusal:
        await state(ats, ref.model_copy(update={"application": other}))
    assert refusal.value.code == "application_not_found"
    with pytest.raises(NotFoundInAts):
        await ats.put_note(ref.model_copy(update={"application": other}), MARKER, "x", private=False, existing=None)
    assert writes(sandbox) == 0


async def test_the_application_need_not_be_named(ats: LeverAdapter, ref: ApplicationRef) -> None:
    assert (await state(ats, ref.model_copy(update={"application": None}))).tags


async def test_an_anonymised_candidate_is_not_found_and_nothing_is_written(
    ats: LeverAdapter, sandbox: LeverSandbox, ref: ApplicationRef
) -> None:
    sandbox.world.anonymize(candidacy(sandbox, ref))
    for attempt in (
        state(ats, ref),
        ats.add_tags(ref, ["LER: Welding"], AtsState()),
        ats.add_links(ref, ["https://ler.example/r/1"], AtsState()),
        ats.put_note(ref, MARKER, "x", private=False, existing=None),
        ats.put_form(ref, MARKER, form(), existing=None),
        ats.add_attachment(ref, file("ler-1.pdf")),
    ):
        with pytest.raises(NotFoundInAts) as refusal:
            await attempt
        assert refusal.value.code == "anonymised"
    assert writes(sandbox) == 0


async def test_nothing_is_added_where_storing_is_not_allowed_but_ours_can_be_taken_away(
    ats: LeverAdapter, sandbox: LeverSandbox, ref: ApplicationRef
) -> None:
    await ats.add_tags(ref, ["LER: Welding"], await state(ats, ref))
    note = await ats.put_note(ref, MARKER, "x", private=False, existing=None)
    contact = sandbox.world.contact_of(candidacy(sandbox, ref))
    contact["dataProtection"] = {"store": {"allowed": False, "expiresAt": None}, "contact": None}
    seen, before = await state(ats, ref), writes(sandbox)
    for attempt in (
        ats.add_tags(ref, ["LER: TIG"], seen),
        ats.add_links(ref, ["https://ler.example/r/1"], seen),
        ats.put_note(ref, "another-marker", "x", private=False, existing=None),
        ats.put_form(ref, MARKER, form(), existing=None),
        ats.add_attachment(ref, file("ler-1.pdf")),
    ):
        with pytest.raises(RejectedByAts) as refusal:
            await attempt
        assert refusal.value.code == "storage_not_allowed"
    assert writes(sandbox) == before
    await ats.remove_tags(ref, ["LER: Welding"], seen)
    await ats.remove_note(ref, NoteState(MARKER, note, "x"))
    after = sandbox.holdings(ref.candidate, None)
    assert "LER: Welding" not in after.tags and after.notes == ()


async def test_a_candidate_without_a_policy_or_with_consent_may_be_written_to(
    ats: LeverAdapter, sandbox: LeverSandbox, ref: ApplicationRef
) -> None:
    contact = sandbox.world.contact_of(candidacy(sandbox, ref))
    contact["dataProtection"] = {"store": {"allowed": True, "expiresAt": 1}, "contact": {"allowed": False}}
    await ats.add_tags(ref, ["LER: Welding"], await state(ats, ref))
    assert "LER: Welding" in sandbox.holdings(ref.candidate, None).tags


async def test_a_confidential_candidate_is_seen_only_with_that_access(ats: LeverAdapter, sandbox: LeverSandbox) -> None:
    hidden = ApplicationRef(connection="lever", candidate=sandbox.world.confidential.id)
    with pytest.raises(AtsAuthError):
        await state(ats, hidden)
    sandbox.permissions.add("confidential:access:admin")
    assert "Chief financial officer" in (await state(ats, hidden)).tags


async def test_a_record_that_moved_is_followed_for_reads_and_writes(
    ats: LeverAdapter, sandbox: LeverSandbox, ref: ApplicationRef
) -> None:
    record = candidacy(sandbox, ref)
    sandbox.world.move(record)
    seen = await state(ats, ref)
    await ats.add_tags(ref, ["LER: Welding"], seen)
    await ats.put_note(ref, MARKER, "x", private=False, existing=None)
    await ats.remove_tags(ref, ["Referred"], seen)
    await ats.add_attachment(ref, file("ler-1.pdf"))
    held = sandbox.holdings(record.id, None)
    assert "LER: Welding" in held.tags and "Referred" not in held.tags
    assert [n.marker for n in held.notes] == [MARKER]
    assert "ler-1.pdf" in {a.filename for a in held.attachments}


async def test_a_move_is_followed_once(ats: LeverAdapter, sandbox: LeverSandbox, ref: ApplicationRef) -> None:
    sandbox.world.move(candidacy(sandbox, ref))
    sandbox.world.moved[sandbox.world.moved[ref.candidate]] = ref.candidate
    with pytest.raises(RetryableDeliveryError):
        await state(ats, ref)
    assert [r.status for r in sandbox.log] == [301, 301]


@pytest.mark.parametrize("elsewhere", ["https://127.0.0.1/v1/x", "http://other.example/v1/x", "//other.example/x"])
async def test_a_move_to_another_server_is_not_followed(
    ats: LeverAdapter, sandbox: LeverSandbox, ref: ApplicationRef, elsewhere: str
) -> None:
    sandbox.inject(SandboxFault(status=301, headers={"Location": elsewhere}))
    with pytest.raises(RejectedByAts) as refusal:
        await state(ats, ref)
    assert refusal.value.code == "moved_elsewhere"
    assert len(sandbox.log) == 1


# --- requests ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("families", "requests"),
    [
        ({Family.TAGS}, 1),
        ({Family.TAGS, Family.LINKS}, 1),
        ({Family.TAGS, Family.LINKS, Family.NOTES}, 2),
        ({Family.TAGS, Family.LINKS, Family.NOTES, Family.ATTACHMENTS, Family.FORMS}, 4),
    ],
)
async def test_a_read_asks_only_for_what_is_wanted(
    ats: LeverAdapter, sandbox: LeverSandbox, ref: ApplicationRef, families: set[Family], requests: int
) -> None:
    await ats.read(ref, frozenset(families))
    assert len(sandbox.log) == requests


async def test_writes_that_follow_a_read_do_not_look_again(
    ats: LeverAdapter, sandbox: LeverSandbox, ref: ApplicationRef
) -> None:
    seen = await state(ats, ref)
    before = len(sandbox.log)
    await ats.add_tags(ref, ["LER: Welding", "LER: TIG"], seen)
    await ats.add_links(ref, ["https://ler.example/r/1"], seen)
    await ats.put_note(ref, MARKER, "x", private=False, existing=None)
    await ats.add_attachment(ref, file("ler-1.pdf"))
    assert [r.method for r in list(sandbox.log)[before:]] == ["POST"] * 4


async def test_a_write_without_a_read_before_it_looks_at_the_candidate_first(
    ats: LeverAdapter, sandbox: LeverSandbox, ref: ApplicationRef
) -> None:
    await ats.put_note(ref, MARKER, "x", private=False, existing=None)
    assert [r.method for r in sandbox.log] == ["GET", "POST"]


@pytest.mark.parametrize("options", [{"page_size": 2}])
async def test_a_long_list_is_read_to_its_end(ats: LeverAdapter, sandbox: LeverSandbox, ref: ApplicationRef) -> None:
    markers = [f"marker-{i}" for i in range(7)]
    for marker in markers:
        await ats.put_note(ref, marker, "x", private=False, existing=None)
    assert [n.marker for n in (await ats.read(ref, frozenset({Family.NOTES}))).notes] == markers


async def test_a_list_that_goes_on_without_saying_where_is_no_answer(
    ats: LeverAdapter, sandbox: LeverSandbox, ref: ApplicationRef
) -> None:
    """Half a list of notes would let a second note be written."""
    sandbox.inject(SandboxFault(status=200, body=b'{"data": [], "hasNext": true}', on="read"))
    with pytest.raises(RetryableDeliveryError) as refusal:
        await ats.catalog()
    assert refusal.value.code == "ats_unreadable_answer"


# --- tags and links ----------------------------------------------------------------------------------------------


async def test_tags_of_the_posting_and_of_recruiters_are_left_alone(
    ats: LeverAdapter, sandbox: LeverSandbox, ref: ApplicationRef
) -> None:
    before = sandbox.holdings(ref.candidate, None).tags
    assert {"Referred", "Welder, second shift", "Production"} <= before
    await ats.add_tags(ref, ["LER: Welding"], await state(ats, ref))
    assert sandbox.holdings(ref.candidate, None).tags == before | {"LER: Welding"}


async def test_links_land_on_the_contact_and_show_on_every_candidacy(ats: LeverAdapter, sandbox: LeverSandbox) -> None:
    one, two = (p for p in sandbox.people() if p.name == "Daniel Mbeki")
    first = ApplicationRef(connection="lever", candidate=one.candidate)
    await ats.add_links(first, ["https://ler.example/r/1"], await state(ats, first))
    assert "https://ler.example/r/1" in sandbox.holdings(two.candidate, None).links


# --- the note ----------------------------------------------------------------------------------------------------


async def test_a_private_note_is_secret_and_stays_so_when_it_is_edited(
    ats: LeverAdapter, sandbox: LeverSandbox, ref: ApplicationRef
) -> None:
    """A PUT replaces the whole note: without `secret` it would become visible to everybody."""
    await ats.put_note(ref, MARKER, "one", private=True, existing=None)
    existing = (await state(ats, ref)).notes[0]
    await ats.put_note(ref, MARKER, "two", private=True, existing=existing)
    note = candidacy(sandbox, ref).notes[-1]
    assert (note["secret"], note["fields"][0]["value"]) == (True, f"two\nler-ref: {MARKER}")


async def test_an_edit_keeps_what_recruiters_answered_in_the_thread(
    ats: LeverAdapter, sandbox: LeverSandbox, ref: ApplicationRef, raw: httpx.AsyncClient
) -> None:
    note = await ats.put_note(ref, MARKER, "one", private=False, existing=None)
    answer = {"value": "Checked with the yard.", "score": 3}
    await raw.post(f"/opportunities/{ref.candidate}/notes", params={"note_id": note}, json=answer)
    before = candidacy(sandbox, ref).notes[-1]["fields"][1]
    await ats.put_note(ref, MARKER, "two", private=False, existing=(await state(ats, ref)).notes[0])
    thread = candidacy(sandbox, ref).notes[-1]["fields"]
    assert [c["value"] for c in thread] == [f"two\nler-ref: {MARKER}", "Checked with the yard."]
    assert {k: thread[1][k] for k in ("createdAt", "score")} == {k: before[k] for k in ("createdAt", "score")}


async def test_removing_a_note_leaves_what_recruiters_answered(
    ats: LeverAdapter, sandbox: LeverSandbox, ref: ApplicationRef, raw: httpx.AsyncClient
) -> None:
    note = await ats.put_note(ref, MARKER, "one", private=True, existing=None)
    await raw.post(f"/opportunities/{ref.candidate}/notes", params={"note_id": note}, json={"value": "Good to know."})
    await ats.remove_note(ref, (await state(ats, ref)).notes[0])
    left = candidacy(sandbox, ref).notes[-1]
    assert ([c["value"] for c in left["fields"]], left["secret"]) == (["Good to know."], True)
    assert sandbox.holdings(ref.candidate, None).notes == ()


async def test_removing_a_note_that_is_gone_is_done_already(ats: LeverAdapter, ref: ApplicationRef) -> None:
    await ats.put_note(ref, MARKER, "one", private=False, existing=None)
    note = (await state(ats, ref)).notes[0]
    await ats.remove_note(ref, note)
    await ats.remove_note(ref, note)


async def test_editing_a_note_that_is_gone_asks_to_look_again(ats: LeverAdapter, ref: ApplicationRef) -> None:
    """It must not read as if the candidate were gone."""
    await ats.put_note(ref, MARKER, "one", private=False, existing=None)
    note = (await state(ats, ref)).notes[0]
    await ats.remove_note(ref, note)
    with pytest.raises(RetryableDeliveryError) as refusal:
        await ats.put_note(ref, MARKER, "two", private=False, existing=note)
    assert (refusal.value.code, refusal.value.maybe_applied) == ("note_gone", False)


@pytest.mark.parametrize("verb", ["edit", "remove"])
async def test_a_recruiters_note_with_our_reference_in_it_is_refused_without_an_alarm(
    ats: LeverAdapter, sandbox: LeverSandbox, ref: ApplicationRef, verb: str
) -> None:
    """Somebody copied our note into one of their own: that is no sign of lost permissions."""
    candidacy(sandbox, ref).notes[0]["fields"][0]["value"] = f"See this:\nwelding\nler-ref: {MARKER}"
    note = (await state(ats, ref)).notes[0]
    with pytest.raises(RejectedByAts) as refusal:
        if verb == "edit":
            await ats.put_note(ref, MARKER, "two", private=False, existing=note)
        else:
            await ats.remove_note(ref, note)
    assert refusal.value.code == "note_not_ours"


async def test_a_note_that_somebody_rewrote_is_neither_overwritten_nor_removed(
    ats: LeverAdapter, sandbox: LeverSandbox, ref: ApplicationRef
) -> None:
    await ats.put_note(ref, MARKER, "one", private=False, existing=None)
    note = (await state(ats, ref)).notes[0]
    candidacy(sandbox, ref).notes[-1]["fields"][0]["value"] = "Rewritten."
    for attempt in (ats.put_note(ref, MARKER, "two", private=False, existing=note), ats.remove_note(ref, note)):
        with pytest.raises(RejectedByAts) as refusal:
            await attempt
        assert refusal.value.code == "note_edited"
    assert candidacy(sandbox, ref).notes[-1]["fields"][0]["value"] == "Rewritten."


# --- files -------------------------------------------------------------------------------------------------------


async def test_json_is_stored_as_a_text_file_and_found_under_its_own_name(
    ats: LeverAdapter, sandbox: LeverSandbox, ref: ApplicationRef
) -> None:
    await ats.add_attachment(ref, file("ler-1.json", b"{}"))
    assert candidacy(sandbox, ref).files[-1]["name"] == "ler-1.json.txt"
    found = next(a for a in (await state(ats, ref)).attachments if a.filename == "ler-1.json")
    await ats.remove_attachment(ref, found)
    await ats.remove_attachment(ref, found)
    assert [f["name"] for f in candidacy(sandbox, ref).files] == ["portfolio.pdf"]


async def test_a_file_that_lever_does_not_take_is_not_sent(
    ats: LeverAdapter, sandbox: LeverSandbox, ref: ApplicationRef
) -> None:
    for wrong in (file("ler-1.svg"), file("ler-1.pdf", b"0" * 30_000_001)):
        with pytest.raises(UnsupportedByAts):
            await ats.add_attachment(ref, wrong)
    assert sandbox.log == ()


async def test_without_an_acting_user_there_are_no_files_and_the_rest_works(
    sandbox: LeverSandbox, http: AtsHttpClients, ref: ApplicationRef
) -> None:
    settings = LeverSettings.model_validate({**sandbox.settings(BASE_URL), "perform_as": None})
    ats = LeverAdapter(settings, http)
    assert not ats.capabilities.attachments and Family.ATTACHMENTS not in ats.capabilities.removable
    with pytest.raises(UnsupportedByAts):
        await ats.add_attachment(ref, file("ler-1.pdf"))
    await ats.put_note(ref, MARKER, "x", private=False, existing=None)
    assert candidacy(sandbox, ref).notes[-1]["user"] is None
    assert all(p.ok for p in await ats.probe())


# --- forms -------------------------------------------------------------------------------------------------------


async def test_a_form_carries_our_reference_and_null_for_what_is_empty(
    ats: LeverAdapter, sandbox: LeverSandbox, ref: ApplicationRef
) -> None:
    await ats.put_form(ref, MARKER, form(**{"Checked on": "2026-11-23"}), existing=None)
    written = {f["text"]: f["value"] for f in candidacy(sandbox, ref).forms[-1]["fields"]}
    assert written == {
        "Credentials": "Welder I",
        "Skills": None,
        "Report": None,
        "Checked on": 1795392000000,
        REFERENCE_FIELD: f"ler-ref: {MARKER}",
    }


async def test_a_changed_form_supersedes_and_the_same_writes_nothing(
    ats: LeverAdapter, sandbox: LeverSandbox, ref: ApplicationRef
) -> None:
    first = await ats.put_form(ref, MARKER, form(), existing=None)
    old = (await state(ats, ref)).forms[0]
    before = writes(sandbox)
    assert await ats.put_form(ref, MARKER, form(), existing=old) == first
    assert writes(sandbox) == before
    second = await ats.put_form(ref, MARKER, form(Skills="MIG"), existing=old)
    assert [f.remote_id for f in (await state(ats, ref)).forms] == [second]
    forms = candidacy(sandbox, ref).forms
    assert [f["id"] for f in forms] == [first, second]
    assert forms[1]["fields"][-1]["value"] == f"ler-ref: {MARKER}; supersedes {first}"


@pytest.mark.parametrize(
    ("private", "template_secret", "secret"), [(True, False, True), (False, True, True), (False, False, False)]
)
async def test_a_private_form_is_secret_and_else_the_template_decides(
    ats: LeverAdapter, sandbox: LeverSandbox, ref: ApplicationRef, private: bool, template_secret: bool, secret: bool
) -> None:
    sandbox.world.templates[0]["secretByDefault"] = template_secret
    made = await ats.put_form(ref, MARKER, form(private), existing=None)
    assert (made in candidacy(sandbox, ref).secret_forms) == secret


async def test_every_type_of_form_field_goes_both_ways(
    ats: LeverAdapter, sandbox: LeverSandbox, ref: ApplicationRef
) -> None:
    values = {
        "May start at once": False,
        "Expected pay": 52000,
        "Shift": "Night",
        "Contract": "Part-time",
        "Licences": ("Forklift", "Crane"),
        "Earliest start": "2027-01-04",
    }
    made = await ats.put_form(ref, MARKER, PutForm(target="Availability", rule="r", value=values), existing=None)
    assert (await state(ats, ref)).forms == (FormState("Availability", MARKER, made, values),)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (PutForm(target="No such form", rule="r", value={}), "form_template"),
        (PutForm(target=LER_TEMPLATE, rule="r", value={"Skillz": "MIG"}), "unknown_form_field"),
        (PutForm(target="Availability", rule="r", value={"May start at once": True, "Shift": "Dawn"}), "ats_rejected"),
        (PutForm(target="Availability", rule="r", value={}), "ats_rejected"),
    ],
    ids=["unknown template", "unknown field", "unknown option", "required and empty"],
)
async def test_a_form_that_does_not_fit_its_template_is_refused(
    ats: LeverAdapter, sandbox: LeverSandbox, ref: ApplicationRef, change: PutForm, code: str
) -> None:
    with pytest.raises(RejectedByAts) as refusal:
        await ats.put_form(ref, MARKER, change, existing=None)
    assert refusal.value.code == code
    assert candidacy(sandbox, ref).forms == []


async def test_a_template_without_our_reference_or_with_a_twin_is_refused(
    ats: LeverAdapter, sandbox: LeverSandbox, ref: ApplicationRef
) -> None:
    template = sandbox.world.templates[0]
    template["fields"][-1]["text"] = "Reference"
    with pytest.raises(RejectedByAts) as refusal:
        await ats.put_form(ref, MARKER, form(), existing=None)
    assert refusal.value.code == "form_reference"
    sandbox.world.templates.append({**template, "id": NOBODY})
    await ats.catalog()
    with pytest.raises(RejectedByAts) as refusal:
        await ats.put_form(ref, MARKER, form(), existing=None)
    assert refusal.value.code == "form_template"


async def test_a_template_that_changed_is_read_again_after_a_refusal(
    ats: LeverAdapter, sandbox: LeverSandbox, ref: ApplicationRef
) -> None:
    await ats.catalog()
    sandbox.world.templates[0]["fields"].insert(0, {"type": "text", "text": "New", "required": False, "id": NOBODY})
    with pytest.raises(RejectedByAts):
        await ats.put_form(ref, MARKER, form(), existing=None)
    await ats.put_form(ref, MARKER, form(), existing=None)
    assert len(candidacy(sandbox, ref).forms) == 1


async def test_the_catalog_names_form_fields_by_label_without_the_reference(ats: LeverAdapter) -> None:
    templates = (await ats.catalog()).form_templates
    assert [(f.key, f.type) for f in templates[LER_TEMPLATE]] == [
        ("Credentials", "long_text"),
        ("Skills", "long_text"),
        ("Report", "text"),
        ("Checked on", "date"),
    ]
    assert all(f.private for f in templates[LER_TEMPLATE])
    assert next(f.options for f in templates["Availability"] if f.key == "Shift") == ("Day", "Night")


# --- doctor ------------------------------------------------------------------------------------------------------


async def test_a_wrong_key_fails_the_first_probe_and_ends_there(sandbox: LeverSandbox, http: AtsHttpClients) -> None:
    settings = LeverSettings.model_validate({**sandbox.settings(BASE_URL), "api_key": "wrong"})
    probes = await LeverAdapter(settings, http).probe()
    assert [(p.name, p.ok) for p in probes] == [("credentials", False)]
    assert "wrong" not in repr(probes)


async def test_a_missing_or_deactivated_acting_user_is_named(sandbox: LeverSandbox, http: AtsHttpClients) -> None:
    for user in (NOBODY, sandbox.world.former["id"]):
        settings = LeverSettings.model_validate({**sandbox.settings(BASE_URL), "perform_as": user})
        bad = [p for p in await LeverAdapter(settings, http).probe() if not p.ok]
        assert [p.name for p in bad] == ["acting user"]
        assert "PERFORM_AS" in bad[0].fix


async def test_a_missing_form_template_is_named_with_what_it_needs(ats: LeverAdapter, sandbox: LeverSandbox) -> None:
    del sandbox.world.templates[0]
    bad = [p for p in await ats.probe() if not p.ok]
    assert [p.name for p in bad] == ["form template"]
    assert LER_TEMPLATE in bad[0].fix and REFERENCE_FIELD in bad[0].fix


async def test_probing_reads_no_candidate(ats: LeverAdapter, sandbox: LeverSandbox) -> None:
    await ats.probe()
    ids = {p.candidate for p in sandbox.people()}
    assert not [r for r in sandbox.log if any(i in r.path for i in ids)]


# --- OAuth -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{"auth": "oauth"}])
async def test_every_refresh_spends_the_refresh_token_and_takes_the_new_one(
    ats: LeverAdapter, sandbox: LeverSandbox, ref: ApplicationRef
) -> None:
    for _ in range(3):
        await state(ats, ref)
        sandbox.expire_tokens()
    assert [r.status for r in sandbox.log if r.path == "/oauth/token"] == [200, 200, 200]


@pytest.mark.parametrize("options", [{"auth": "oauth"}])
async def test_a_spent_refresh_token_is_refused(
    sandbox: LeverSandbox, http: AtsHttpClients, ref: ApplicationRef
) -> None:
    settings = LeverSettings.model_validate(sandbox.settings(BASE_URL))
    await state(LeverAdapter(settings, http), ref)
    with pytest.raises(AtsAuthError) as refusal:
        await state(LeverAdapter(settings, http), ref)
    assert refusal.value.code == "token_refused"


async def test_the_token_address_takes_the_secret_in_the_form_only(
    raw: httpx.AsyncClient, sandbox: LeverSandbox
) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": "x", "client_id": CLIENT_ID}
    url = BASE_URL + "/oauth/token"
    assert (await raw.post(url, data=form, auth=(CLIENT_ID, CLIENT_SECRET))).status_code == 401
    answer = await raw.post(url, data={**form, "client_secret": CLIENT_SECRET})
    assert (answer.status_code, answer.json()["error"]) == (403, "invalid_grant")


# --- what the stand-in refuses -----------------------------------------------------------------------------------


def refusal_of(answer: httpx.Response) -> tuple[int, str]:
    body = answer.json()
    assert body.keys() == {"code", "message"}
    return answer.status_code, body["code"]


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic " + base64.b64encode(b"wrong:").decode(),
        "Basic " + base64.b64encode(f"{API_KEY}:{API_KEY}".encode()).decode(),
        "Basic not-base64!",
        "Bearer " + API_KEY,
    ],
    ids=["none", "wrong key", "a password", "no base64", "key as bearer"],
)
async def test_the_stand_in_refuses_other_credentials(raw: httpx.AsyncClient, header: str) -> None:
    raw.auth = httpx.Auth()
    assert refusal_of(await raw.get("/tags", headers={"Authorization": header})) == (401, "Unauthorized")


async def test_the_stand_in_takes_only_offsets_that_it_gave(raw: httpx.AsyncClient) -> None:
    first = (await raw.get("/opportunities", params={"limit": 3})).json()
    assert first["hasNext"] is True and first["next"].startswith("%5B")
    second = (await raw.get("/opportunities", params={"limit": 3, "offset": first["next"]})).json()
    assert not {r["id"] for r in first["data"]} & {r["id"] for r in second["data"]}
    invented = json.dumps([0, 1, first["data"][0]["id"]])
    assert refusal_of(await raw.get("/opportunities", params={"offset": invented}))[0] == 400
    once_encoded = await raw.get(f"/opportunities?limit=3&offset={first['next']}")
    assert refusal_of(once_encoded)[0] == 400


async def test_the_stand_in_lists_non_confidential_records_unless_asked(
    raw: httpx.AsyncClient, sandbox: LeverSandbox
) -> None:
    hidden = sandbox.world.confidential.id
    assert hidden not in {r["id"] for r in (await raw.get("/opportunities")).json()["data"]}
    assert refusal_of(await raw.get("/opportunities", params={"confidentiality": "all"}))[0] == 403
    sandbox.permissions.add("confidential:access:admin")
    listed = (await raw.get("/opportunities", params={"confidentiality": "all"})).json()["data"]
    assert hidden in {r["id"] for r in listed}


async def test_the_stand_in_wants_an_acting_user_only_where_lever_does(
    raw: httpx.AsyncClient, sandbox: LeverSandbox, ref: ApplicationRef
) -> None:
    path, user = f"/opportunities/{ref.candidate}", {"perform_as": sandbox.world.integration["id"]}
    upload = {"file": ("a.txt", b"x", "text/plain")}
    assert (await raw.post(f"{path}/addTags", json={"tags": ["a"]})).status_code == 200
    assert refusal_of(await raw.post(f"{path}/files", files=upload))[0] == 400
    assert (await raw.post(f"{path}/files", files=upload, params=user)).status_code == 201
    assert refusal_of(await raw.post(f"{path}/files", files=upload, params={"perform_as": NOBODY}))[0] == 400
    note = (await raw.post(f"{path}/notes", json={"value": "x"}, params=user)).json()["data"]["noteId"]
    put = await raw.put(f"{path}/notes/{note}", json={"values": [{"value": "y"}]}, params=user)
    assert refusal_of(put) == (400, "BadRequest")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "addTags", {"tags": ["a"], "note": "x"}),
        ("POST", "addTags", {"tags": "a"}),
        ("POST", "addTags", {"tags": [""]}),
        ("POST", "addTags", ["a"]),
        ("POST", "addTags?colour=red", {"tags": ["a"]}),
        ("POST", "notes", {"text": "x"}),
        ("POST", "notes", {"value": "x", "score": 5}),
        ("POST", "notes", {"value": "x", "createdAt": 9_999_999_999_999}),
        ("POST", "forms", {"baseTemplateId": NOBODY, "fields": []}),
    ],
)
async def test_the_stand_in_refuses_bodies_that_lever_does_not_know(
    raw: httpx.AsyncClient, sandbox: LeverSandbox, ref: ApplicationRef, method: str, path: str, body: Any
) -> None:
    before = sandbox.holdings(ref.candidate, None)
    answer = await raw.request(method, f"/opportunities/{ref.candidate}/{path}", json=body)
    assert refusal_of(answer)[0] == 400
    assert sandbox.holdings(ref.candidate, None) == before


@pytest.mark.parametrize("spoil", ["left out", "unknown", "other type", "property"])
async def test_the_stand_in_holds_forms_to_their_template(
    raw: httpx.AsyncClient, sandbox: LeverSandbox, ref: ApplicationRef, spoil: str
) -> None:
    template = sandbox.world.templates[0]
    fields = [{"type": f["type"], "text": f["text"], "value": None} for f in template["fields"]]
    fields[-1]["value"] = "r"
    path, body = f"/opportunities/{ref.candidate}/forms", {"baseTemplateId": template["id"], "fields": fields}
    assert (await raw.post(path, json=body)).status_code == 201
    if spoil == "left out":
        del fields[0]
    elif spoil == "unknown":
        fields.append({"type": "text", "text": "More", "value": "x"})
    elif spoil == "other type":
        fields[0]["type"] = "text"
    else:
        fields[0]["colour"] = "red"
    assert refusal_of(await raw.post(path, json=body)) == (400, "ValidationError")
    assert len(candidacy(sandbox, ref).forms) == 1


async def test_the_stand_in_keeps_completed_forms_for_good(
    raw: httpx.AsyncClient, ats: LeverAdapter, sandbox: LeverSandbox, ref: ApplicationRef
) -> None:
    made = await ats.put_form(ref, MARKER, form(), existing=None)
    path = f"/opportunities/{ref.candidate}/forms/{made}"
    assert refusal_of(await raw.delete(path))[0] == 404
    assert refusal_of(await raw.put(path, json={}))[0] == 404
    assert len(candidacy(sandbox, ref).forms) == 1


async def test_the_stand_in_creates_no_opportunities(raw: httpx.AsyncClient, sandbox: LeverSandbox) -> None:
    """The connector must never create one; whoever tries is told."""
    params = {"perform_as": sandbox.world.integration["id"]}
    assert refusal_of(await raw.post("/opportunities", params=params, json={"name": "x"}))[0] == 404


async def test_the_stand_in_changes_only_notes_made_through_the_api(
    raw: httpx.AsyncClient, sandbox: LeverSandbox, ref: ApplicationRef
) -> None:
    note = candidacy(sandbox, ref).notes[0]["id"]
    path = f"/opportunities/{ref.candidate}/notes/{note}"
    assert refusal_of(await raw.put(path, json={"values": [{"value": "x"}]}))[0] == 403
    assert refusal_of(await raw.delete(path))[0] == 403


async def test_the_stand_in_refuses_large_and_strange_files(
    raw: httpx.AsyncClient, sandbox: LeverSandbox, ref: ApplicationRef
) -> None:
    path, params = f"/opportunities/{ref.candidate}/files", {"perform_as": sandbox.world.integration["id"]}
    for name, content, status in (("a.json", b"{}", 400), ("a.txt", b"0" * 30_000_000, 413)):
        answer = await raw.post(path, files={"file": (name, content, "text/plain")}, params=params)
        assert refusal_of(answer)[0] == status
    assert refusal_of(await raw.post(path, json={"file": "x"}, params=params))[0] == 400


@pytest.mark.parametrize("options", [{"rate": 10, "burst": 20}])
async def test_the_stand_in_limits_requests_without_a_word_about_waiting(
    raw: httpx.AsyncClient, ats: LeverAdapter, ref: ApplicationRef, clock: Clock
) -> None:
    statuses = [(await raw.get("/tags")).status_code for _ in range(21)]
    assert statuses == [200] * 20 + [429]
    with pytest.raises(RetryableDeliveryError) as refusal:
        await state(ats, ref)
    assert (refusal.value.retry_after, refusal.value.maybe_applied) == (None, False)
    clock.time += 0.15
    answers = [await raw.get("/tags"), await raw.get("/tags")]
    assert [a.status_code for a in answers] == [200, 429]
    assert not [h for h in answers[1].headers if "rate" in h.lower() or "retry" in h.lower()]


async def test_the_page_shows_colleagues_notes_and_which_are_restricted(
    raw: httpx.AsyncClient, ats: LeverAdapter, sandbox: LeverSandbox, ref: ApplicationRef
) -> None:
    await ats.put_note(ref, MARKER, "Records were shared.", private=True, existing=None)
    page = (await raw.get(BASE_URL + sandbox.view_path(ref.candidate))).text
    assert "Phone screen on Tuesday." in page and "Restricted note" in page and "Records were shared." in page
    assert "<h2>Fields</h2>" not in page
