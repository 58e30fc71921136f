"""Workday: the shared conformance suite, then what is particular to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest

from adapters import workday
from adapters.workday import WorkdayAdapter, WorkdaySandbox, WorkdaySettings
from adapters.workday.adapter import DOMAINS
from adapters.workday.client import ACTIVATE
from adapters.workday.sandbox_schema import check_with_wsdl
from adapters.workday.sandbox_world import FOREIGN_OBJECT, OUR_OBJECT, StoredFile
from adapters.workday.settings import DEFAULT_CUSTOM_FIELDS, MARKER_CHILD, NOTE_CHILD
from adapters.workday.soap import SOAP_ENV, bsvc, local_name, parse_xml
from connector.errors import AtsAuthError, ConfigurationError, RejectedByAts, UnsupportedByAts
from connector.infra.ats_http import AtsHttpClients
from connector.model.applicant import ApplicationRef
from connector.model.changes import AtsState, Family
from connector.ports import AtsPlugin, Probe, Sandbox, SandboxFault, SandboxSeed
from connector.testing.ats_suite import BASE_URL, CONNECTION, AtsConformance, LoopbackTransport, attachment, held

WSDL = "ats/workday/Recruiting_v26.1_2016.wsdl"
ALL = held(WorkdayAdapter.capabilities)
READ = frozenset({Family.FIELDS, Family.NOTES})
REF = ApplicationRef(connection=CONNECTION, candidate="CAND-1182", application="JOB_APPLICATION-6-248")


# --- the suite, in every way that the connection can be set up ---------------------------------------------------


class TestWorkdayConformance(AtsConformance):
    @pytest.fixture
    def plugin(self) -> AtsPlugin:
        return workday.plugin


class _WithOptions(AtsConformance):
    options: ClassVar[Mapping[str, Any]] = {}

    @pytest.fixture
    def plugin(self) -> AtsPlugin:
        return workday.plugin

    @pytest.fixture
    def sandbox(self, plugin: AtsPlugin) -> Sandbox:
        return plugin.sandbox(SandboxSeed(options=self.options))


class TestWorkdayConformanceWithARefreshToken(_WithOptions):
    options: ClassVar[Mapping[str, Any]] = {
        "auth": "refresh_token",
        "custom_object_put": "merge",
        "additional_data_lists": "all",
    }


class TestWorkdayConformanceWithAJwtOnAnOldVersion(_WithOptions):
    options: ClassVar[Mapping[str, Any]] = {"auth": "jwt_bearer", "version": "v26.1"}


class TestWorkdayConformanceWithFaultsInsideHttp200(_WithOptions):
    options: ClassVar[Mapping[str, Any]] = {"fault_status": 200}


@pytest.mark.shared
class TestWorkdayConformanceAgainstTheVendorsSchema(_WithOptions):
    @pytest.fixture
    def sandbox(self, plugin: AtsPlugin, shared: Path) -> Sandbox:
        return plugin.sandbox(SandboxSeed(options={"wsdl": str(shared / WSDL)}))


# --- help --------------------------------------------------------------------------------------------------------


class Recorder(LoopbackTransport):
    """Keeps what the adapter sent, and runs `before` ahead of each request."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self.sent: list[httpx.Request] = []
        self.before: Callable[[httpx.Request], None] = lambda request: None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.before(request)
        self.sent.append(request)
        return await super().handle_async_request(request)

    @property
    def operations(self) -> list[str]:
        return [operation(request) for request in self.sent]


def operation(request: httpx.Request) -> str:
    if request.url.path.endswith("/token"):
        return "token"
    body = parse_xml(request.content).find(f"{{{SOAP_ENV}}}Body")
    assert body is not None
    return local_name(body[0])


@asynccontextmanager
async def connected(
    changed: Mapping[str, Any] | None = None, **options: Any
) -> AsyncIterator[tuple[WorkdayAdapter, WorkdaySandbox, Recorder]]:
    """An adapter and its stand-in; `changed` replaces settings of the connection."""
    sandbox = WorkdaySandbox(SandboxSeed(options=options))
    recorder = Recorder(sandbox)
    http = AtsHttpClients(CONNECTION, rate=10_000, burst=10_000, transport=recorder)
    settings = WorkdaySettings.model_validate({**sandbox.settings(BASE_URL), **(changed or {})})
    try:
        yield WorkdayAdapter(settings, http), sandbox, recorder
    finally:
        await http.aclose()


def ours(sandbox: WorkdaySandbox) -> dict[str, str]:
    return sandbox.world.candidates[0].applications[0].objects.setdefault(OUR_OBJECT, {})


async def write_everything(ats: WorkdayAdapter) -> None:
    seen = await ats.read(REF, ALL)
    await ats.set_fields(REF, {"lerSkills": "MIG welding", "lerCheckedOn": "2026-11-23"}, seen)
    await ats.put_note(REF, "a1", "one", private=False, existing=None)
    await ats.put_note(REF, "b2", "two", private=False, existing=None)
    await ats.remove_note(REF, (await ats.read(REF, READ)).notes[0])
    await ats.add_attachment(REF, attachment(ats.capabilities))
    await ats.read(REF.model_copy(update={"application": None}), ALL)
    await ats.probe()


# --- what is sent ------------------------------------------------------------------------------------------------


@pytest.mark.shared
@pytest.mark.parametrize("version", ["v26.1", "v42.0"])
async def test_every_body_that_the_adapter_sends_is_valid_by_the_vendors_schema(shared: Path, version: str) -> None:
    async with connected(version=version) as (ats, _, recorder):
        await write_everything(ats)
    bodies = [parse_xml(request.content).find(f"{{{SOAP_ENV}}}Body") for request in recorder.sent]
    assert len(set(recorder.operations)) == 6
    for body in bodies:
        assert body is not None and len(body) == 1
        assert check_with_wsdl(body[0], str(shared / WSDL), later=version == "v42.0") == []


async def test_only_six_operations_are_used_and_none_that_touches_the_candidate_itself() -> None:
    async with connected() as (ats, _, recorder):
        await write_everything(ats)
    assert set(recorder.operations) == {
        "Server_Timestamp_Get",
        "Get_Candidates_Request",
        "Get_Job_Application_Additional_Data_Request",
        "Put_Job_Application_Additional_Data_Request",
        "Get_Candidate_Attachments_Request",
        "Put_Candidate_Attachment_Request",
    }
    assert {r.method for r in recorder.sent} == {"POST"}
    assert {r.headers["content-type"] for r in recorder.sent} == {"text/xml; charset=UTF-8"}


async def test_the_password_is_sent_in_the_envelope_and_nowhere_else() -> None:
    async with connected() as (ats, _, recorder):
        await ats.read(REF, READ)
    assert "authorization" not in recorder.sent[0].headers
    assert "pass" not in str(recorder.sent[0].url)


async def test_the_user_may_carry_the_tenant_already() -> None:
    async with connected({"username": "ISU_LER@acme_dpt1"}) as (ats, _, _recorder):
        assert (await ats.probe())[0].ok


async def test_attachments_are_left_out_of_a_candidate_where_the_version_can() -> None:
    for version, sent in (("v42.0", True), ("v26.1", False)):
        async with connected(version=version) as (ats, _, recorder):
            await ats.read(REF.model_copy(update={"application": None}), READ)
        request = next(r for r in recorder.sent if operation(r) == "Get_Candidates_Request")
        assert (b"Exclude_All_Attachments" in request.content) is sent


async def test_what_a_delivery_costs() -> None:
    async with connected() as (ats, _, recorder):
        seen = await ats.read(REF, READ)
        await ats.set_fields(REF, {"lerSkills": "a", "lerCredentials": "b"}, seen)
        await ats.put_note(REF, "a1", "one", private=False, existing=None)
    assert len(recorder.sent) == 5
    assert sum(name.startswith("Put_") for name in recorder.operations) == 2


# --- fields ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("put", ["replace", "merge"])
async def test_other_children_and_other_objects_keep_their_values(put: str) -> None:
    async with connected(custom_object_put=put) as (ats, sandbox, _):
        before = dict(ours(sandbox))
        foreign = dict(sandbox.world.candidates[0].applications[0].objects[FOREIGN_OBJECT])
        seen = await ats.read(REF, READ)
        await ats.set_fields(REF, {"lerSkills": "MIG welding", "lerDegree": False}, seen)
        await ats.put_note(REF, "a1", "one", private=False, existing=None)
        await ats.set_fields(REF, {"lerSkills": None}, seen)
        written = {"lerDegree": "0", "lerNote": "one", "lerVerificationId": "a1"}
        assert ours(sandbox) == {**before, **written}
        assert sandbox.world.candidates[0].applications[0].objects[FOREIGN_OBJECT] == foreign


async def test_what_a_recruiter_wrote_after_our_read_is_not_put_back() -> None:
    async with connected() as (ats, sandbox, _):
        seen = await ats.read(REF, READ)
        ours(sandbox)["recruiterRemark"] = "Hired elsewhere?"
        await ats.set_fields(REF, {"lerSkills": "MIG welding"}, seen)
        assert ours(sandbox)["recruiterRemark"] == "Hired elsewhere?"


@pytest.mark.parametrize("lists", ["filled", "all"])
async def test_an_application_without_any_custom_object_is_empty_and_can_be_written(lists: str) -> None:
    async with connected(additional_data_lists=lists) as (ats, sandbox, _):
        second = sandbox.people()[1]
        ref = ApplicationRef(connection=CONNECTION, candidate=second.candidate, application=second.application)
        seen = await ats.read(ref, ALL)
        assert seen == AtsState()
        await ats.set_fields(ref, {"lerSkills": "Turning"}, seen)
        assert (await ats.read(ref, READ)).fields == {"lerSkills": "Turning"}


async def test_no_and_zero_are_values() -> None:
    async with connected() as (ats, sandbox, _):
        wanted = {"lerDegree": False, "lerCredentialCount": 0}
        await ats.set_fields(REF, wanted, await ats.read(REF, READ))
        assert wanted.items() <= (await ats.read(REF, READ)).fields.items()
        assert (ours(sandbox)["lerDegree"], ours(sandbox)["lerCredentialCount"]) == ("0", "0")


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("lerNote", "x", "field_reserved"),
        ("lerVerificationId", "x", "field_reserved"),
        ("lerVerificationReference", "x", "field_reserved"),
        ("not an alias", "x", "field_reserved"),
        ("lerSkills", ("a", "b"), "field_single"),
        ("undeclared", True, "field_undeclared"),
        ("lerCredentialCount", float("inf"), "field_not_a_number"),
        ("lerSkills", "a\x00b", "value_not_xml"),
    ],
)
async def test_what_the_custom_object_cannot_express_is_unsupported(key: str, value: Any, code: str) -> None:
    async with connected() as (ats, sandbox, _):
        before = dict(ours(sandbox))
        with pytest.raises(UnsupportedByAts) as refused:
            await ats.set_fields(REF, {key: value}, AtsState())
        assert refused.value.code == code
        assert ours(sandbox) == before


async def test_a_number_is_written_without_an_exponent() -> None:
    async with connected() as (ats, sandbox, _):
        await ats.set_fields(REF, {"lerCredentialCount": 1e-7}, AtsState())
        assert ours(sandbox)["lerCredentialCount"] == "0.0000001"


async def test_an_application_may_be_named_by_its_wid() -> None:
    async with connected() as (ats, sandbox, _):
        application = sandbox.world.candidates[0].applications[0]
        by_wid = ApplicationRef(
            connection=CONNECTION, candidate=sandbox.world.candidates[0].wid, application=application.wid
        )
        await ats.set_fields(by_wid, {"lerSkills": "MIG welding"}, await ats.read(by_wid, READ))
        one = await ats.add_attachment(by_wid, attachment(ats.capabilities))
        other = await ats.add_attachment(REF, attachment(ats.capabilities))
        assert (await ats.read(REF, READ)).fields["lerSkills"] == "MIG welding"
        assert one == other


# --- notes -------------------------------------------------------------------------------------------------------


async def test_text_that_a_recruiter_typed_into_the_notes_field_is_left_alone() -> None:
    async with connected() as (ats, sandbox, _):
        ours(sandbox)["lerNote"] = "typed by hand"
        with pytest.raises(UnsupportedByAts) as refused:
            await ats.put_note(REF, "a1", "one", private=False, existing=None)
        assert refused.value.code == "note_place_taken"
        assert ours(sandbox)["lerNote"] == "typed by hand"
        assert (await ats.read(REF, READ)).notes == ()


async def test_several_notes_that_were_edited_are_still_found_and_not_overwritten() -> None:
    async with connected() as (ats, sandbox, _):
        await ats.put_note(REF, "a1", "one", private=False, existing=None)
        await ats.put_note(REF, "b2", "two", private=False, existing=None)
        ours(sandbox)["lerNote"] += " (seen)"
        assert {n.marker for n in (await ats.read(REF, READ)).notes} == {"a1", "b2"}
        with pytest.raises(UnsupportedByAts):
            await ats.put_note(REF, "a1", "new", private=False, existing=None)


async def test_a_private_note_is_unsupported_rather_than_shown_to_everybody() -> None:
    async with connected() as (ats, sandbox, _):
        with pytest.raises(UnsupportedByAts):
            await ats.put_note(REF, "a1", "one", private=True, existing=None)
        assert "lerNote" not in ours(sandbox)


# --- files -------------------------------------------------------------------------------------------------------


async def test_the_same_file_again_is_the_same_file() -> None:
    async with connected() as (ats, sandbox, _):
        first = await ats.add_attachment(REF, attachment(ats.capabilities))
        again = await ats.add_attachment(REF, attachment(ats.capabilities))
        assert first == again
        assert len(sandbox.world.candidates[0].files) == 2


async def test_a_file_whose_answer_was_lost_is_found_again() -> None:
    async with connected() as (ats, sandbox, _):
        sandbox.inject(SandboxFault(reset=True, after_commit=True, on="write"))
        with pytest.raises(Exception, match="broke"):
            await ats.add_attachment(REF, attachment(ats.capabilities))
        await ats.add_attachment(REF, attachment(ats.capabilities))
        assert len(sandbox.world.candidates[0].files) == 2


async def test_already_in_use_is_believed_only_when_the_file_is_there() -> None:
    async with connected() as (ats, sandbox, _):
        lie = sandbox.error_body(400).replace(b"Injected fault 400", b"File ID for the attachment already in use.")
        sandbox.inject(SandboxFault(status=500, body=lie, on="write"))
        with pytest.raises(RejectedByAts):
            await ats.add_attachment(REF, attachment(ats.capabilities))


async def test_a_file_for_one_application_is_not_taken_for_the_others() -> None:
    async with connected() as (ats, sandbox, _):
        two = [p for p in sandbox.people() if p.name == "Daniel Mbeki"]
        one, other = (
            ApplicationRef(connection=CONNECTION, candidate=p.candidate, application=p.application) for p in two
        )
        await ats.add_attachment(one, attachment(ats.capabilities))
        assert len((await ats.read(one, ALL)).attachments) == 1
        assert (await ats.read(other, ALL)).attachments == ()
        await ats.add_attachment(other, attachment(ats.capabilities))
        for ref in (one, other):
            assert len((await ats.read(ref, ALL)).attachments) == 1
            assert (await ats.read(ref, ALL)).attachments == sandbox.holdings(
                ref.candidate, ref.application
            ).attachments


async def test_a_list_does_not_shift_when_a_file_arrives_between_its_pages() -> None:
    async with connected() as (ats, sandbox, recorder):
        person = sandbox.world.candidates[0]

        def arrive(number: int, entered: float) -> None:
            person.files.append(
                StoredFile(f"{number:032}", f"F-{number}", f"{number}.txt", b"", "text/plain", "", "EDUCATION", entered)
            )

        for number in range(12):
            arrive(number, 0.0)

        def before(request: httpx.Request) -> None:
            if b"<wd:Page>2</wd:Page>" in request.content:
                arrive(99, sandbox.now() + 5)

        recorder.before = before
        names = [a.filename for a in (await ats.read(REF, frozenset({Family.ATTACHMENTS}))).attachments]
        assert len(names) == len(set(names)) == 13
        assert "99.txt" not in names and any(f.filename == "99.txt" for f in person.files)


async def test_the_pinned_moment_is_workdays_and_not_ours() -> None:
    """A clock of ours that is behind must not hide what arrived a moment ago."""
    async with connected() as (ats, sandbox, _):
        real = sandbox.now
        sandbox.now = lambda: real() + 100
        files = sandbox.world.candidates[0].files
        for number in range(7):
            entered = real() + 50
            files.append(StoredFile(f"{number:032}", f"F-{number}", f"{number}.txt", b"", "", "", "EDUCATION", entered))
        assert len((await ats.read(REF, frozenset({Family.ATTACHMENTS}))).attachments) == 8


@pytest.mark.parametrize(
    ("category", "private", "kept"),
    [("LER_RECORDS", True, True), ("OTHER_DOCUMENTS", True, False), ("OTHER_DOCUMENTS", False, True)],
)
async def test_a_private_file_goes_to_a_category_of_the_employers_own_or_nowhere(
    category: str, private: bool, kept: bool
) -> None:
    async with connected({"document_category": category}) as (ats, sandbox, _):
        file = attachment(ats.capabilities).model_copy(update={"private": private})
        if kept:
            await ats.add_attachment(REF, file)
            assert sandbox.world.candidates[0].files[-1].category == category
        else:
            with pytest.raises(UnsupportedByAts, match="DOCUMENT_CATEGORY"):
                await ats.add_attachment(REF, file)
            assert len(sandbox.world.candidates[0].files) == 1


async def test_a_name_longer_than_workday_takes_is_unsupported() -> None:
    async with connected() as (ats, sandbox, _):
        with pytest.raises(UnsupportedByAts):
            await ats.add_attachment(REF, attachment(ats.capabilities, "x" * 256))
        assert len(sandbox.world.candidates[0].files) == 1


# --- signing in --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("auth", ["refresh_token", "jwt_bearer"])
@pytest.mark.parametrize("status", [401, 500])
async def test_a_token_that_is_no_longer_taken_is_renewed_once_whatever_the_status(auth: str, status: int) -> None:
    async with connected(auth=auth, auth_fault_status=status) as (ats, sandbox, recorder):
        await ats.read(REF, READ)
        sandbox.expire_tokens()
        await ats.read(REF, READ)
    assert recorder.operations.count("token") == 2


async def test_each_token_request_carries_an_assertion_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """An assertion lives five minutes, a connection for years."""
    async with connected(auth="jwt_bearer") as (ats, sandbox, recorder):
        await ats.read(REF, READ)
        sandbox.expire_tokens()
        moment = sandbox.now() + 200
        monkeypatch.setattr("adapters.workday.client.time.time", lambda: moment)
        await ats.read(REF, READ)
    assertions = [r.content for r in recorder.sent if operation(r) == "token"]
    assert len(set(assertions)) == 2


async def test_a_token_that_is_refused_again_and_again_ends_as_an_auth_error() -> None:
    async with connected(auth="refresh_token") as (ats, sandbox, recorder):
        fault = sandbox.error_body(401)
        sandbox.inject(SandboxFault(status=500, body=fault, content_type="text/xml", times=10))
        with pytest.raises(AtsAuthError):
            await ats.read(REF, READ)
    assert recorder.operations.count("token") == 2


@pytest.mark.parametrize("key", ["no key", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"])
def test_a_private_key_that_is_none_is_said_at_the_start(key: str) -> None:
    settings = WorkdaySettings(
        service_url="https://services.workday.example", tenant="acme", client_id="c", username="u", private_key=key
    )
    with pytest.raises(ConfigurationError):
        WorkdayAdapter(settings, AtsHttpClients(CONNECTION))


# --- doctor ------------------------------------------------------------------------------------------------------


def bad(probes: tuple[Probe, ...]) -> list[str]:
    return [p.name for p in probes if not p.ok]


async def test_doctor_names_an_unknown_custom_object_and_an_unknown_field() -> None:
    for changed, named in (
        ({"custom_object": "lerOther"}, "lerOther"),
        ({"custom_fields": "lerSkills:text, lerColour:text"}, "lerColour"),
    ):
        async with connected(changed) as (ats, _, _recorder):
            probes = await ats.probe()
        assert bad(probes) == ["Put_Job_Application_Additional_Data"]
        assert named in next(p.message for p in probes if not p.ok)


async def test_doctor_names_an_unknown_category() -> None:
    async with connected({"document_category": "NO_SUCH"}) as (ats, _, _recorder):
        probes = await ats.probe()
    assert bad(probes) == ["Put_Candidate_Attachment"]
    assert "NO_SUCH" in next(p.message for p in probes if not p.ok)


async def test_doctor_says_that_changes_must_be_activated() -> None:
    async with connected(pending_activation=True) as (ats, _, _recorder):
        probes = await ats.probe()
    assert len(bad(probes)) == 5
    assert all("Activate Pending Security Policy Changes" in p.fix for p in probes if not p.ok)


async def test_doctor_stops_at_a_wrong_password_and_never_shows_it() -> None:
    async with connected({"password": "hunter2"}) as (ats, _, recorder):
        probes = await ats.probe()
    assert bad(probes) == ["sign_in"] and len(recorder.sent) == 1
    assert "hunter2" not in str(probes)


async def test_doctor_names_a_version_that_the_tenant_does_not_know() -> None:
    async with connected({"version": "v48.0"}) as (ats, _, _recorder):
        probes = await ats.probe()
    assert bad(probes) == ["sign_in"] and "VERSION" in probes[0].fix


async def test_doctor_compares_the_clocks() -> None:
    async with connected() as (ats, sandbox, _):
        real = sandbox.now
        sandbox.now = lambda: real() - 900
        probes = await ats.probe()
    assert bad(probes) == ["clock"]
    assert "900 s" in probes[0].message or "899 s" in probes[0].message


async def test_doctor_asks_for_nobodys_data() -> None:
    async with connected() as (ats, sandbox, recorder):
        await ats.probe()
        assert [r.write for r in sandbox.log] == [False] * 6
    ids = {e.text for r in recorder.sent for e in parse_xml(r.content).iter(bsvc("ID"))}
    assert ids == {"LER-DOCTOR-NOBODY", "LER-DOCTOR", "LER_RECORDS", "text/plain"}


# --- the setup page ----------------------------------------------------------------------------------------------


def test_the_setup_page_names_every_field_operation_domain_and_setting() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "workday-setup.md").read_text("utf-8")
    domains = {part for text in DOMAINS.values() for part in text.split(" and ") if part.startswith("Candidate Data")}
    settings = {name.upper() for name in WorkdaySettings.model_fields}
    fields = {entry.partition(":")[0].strip() for entry in DEFAULT_CUSTOM_FIELDS.split(",")}
    wanted = {*DOMAINS, *domains, *settings, *fields, MARKER_CHILD, NOTE_CHILD, ACTIVATE, DEFAULT_CUSTOM_FIELDS}
    assert {word for word in wanted if word not in page} == set()
