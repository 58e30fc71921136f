"""The Workday stand-in refuses what Workday refuses (sign-in, shapes, references, grants) and agrees with the WSDL."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from lxml import etree

from adapters.workday import WorkdaySandbox, wire
from adapters.workday.sandbox_schema import check_with_table, check_with_wsdl
from adapters.workday.sandbox_wire import TENANT
from adapters.workday.settings import WorkdaySettings
from adapters.workday.soap import BSVC, Element, Fault, UsernameToken, add, bsvc, envelope, local_name, read_answer
from connector.errors import ConfigurationError
from connector.ports import SandboxSeed

BASE = "http://127.0.0.1"
SERVICE = f"/ccx/service/{TENANT}/Recruiting/v42.0"
TOKEN = f"/ccx/oauth2/{TENANT}/token"


def sandbox(**options: Any) -> WorkdaySandbox:
    return WorkdaySandbox(SandboxSeed(options=options))


def security(made: WorkdaySandbox) -> UsernameToken:
    settings = WorkdaySettings.model_validate(made.settings(BASE))
    assert settings.password is not None
    return UsernameToken(f"{settings.user}@{TENANT}", settings.password.get_secret_value())


async def post(made: WorkdaySandbox, path: str, content: bytes, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=made.app), base_url=BASE) as client:
        return await client.post(path, content=content, headers={"Content-Type": "text/xml; charset=UTF-8", **headers})


async def ask(made: WorkdaySandbox, request: Element, *, version: str = "v42.0") -> Element | Fault:
    path = SERVICE.replace("v42.0", version)
    return read_answer((await post(made, path, envelope(request, security(made)))).content)


async def refusal(made: WorkdaySandbox, request: Element) -> Fault:
    answer = await ask(made, request)
    assert isinstance(answer, Fault), etree.tostring(answer)
    return answer


async def token(made: WorkdaySandbox, authorization: str = "", **form: str) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=made.app), base_url=BASE) as client:
        headers = {"Authorization": authorization} if authorization else {}
        return await client.post(TOKEN, data=form, headers=headers)


def custom_object(namespace: str, alias: str, **children: str) -> Element:
    return wire.with_children(None, namespace, alias, children)


def put(custom: Element, application: str = "JOB_APPLICATION-6-248") -> Element:
    return wire.put_additional_data("v42.0", application, custom)


OURS = f"urn:com.workday/tenants/{TENANT}/data/custom"


# --- signing in --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("user", "password"),
    [
        ("ISU_LER", "pass & word <1>"),
        (f"ISU_LER@{TENANT}", "wrong"),
        (f"isu_ler@{TENANT}", "pass & word <1>"),
        ("ISU_LER@acme", "pass & word <1>"),
        ("", ""),
    ],
)
async def test_a_wrong_user_or_password_is_an_authentication_fault(user: str, password: str) -> None:
    request = envelope(wire.get_server_timestamp("v42.0"), UsernameToken(user, password))
    answer = await post(sandbox(), SERVICE, request)
    fault = read_answer(answer.content)
    assert answer.status_code == 500
    assert isinstance(fault, Fault) and fault.kind == "Client.authenticationError"


async def test_http_basic_is_no_way_in() -> None:
    made = sandbox()
    pair = security(made)
    basic = base64.b64encode(f"{pair.username}:{pair.password}".encode()).decode()
    answer = await post(made, SERVICE, envelope(wire.get_server_timestamp("v42.0")), Authorization=f"Basic {basic}")
    assert isinstance(read_answer(answer.content), Fault)


async def test_a_security_header_that_need_not_be_understood_is_refused() -> None:
    made = sandbox()
    content = envelope(wire.get_server_timestamp("v42.0"), security(made)).replace(
        b'mustUnderstand="1"', b'mustUnderstand="0"'
    )
    assert isinstance(read_answer((await post(made, SERVICE, content)).content), Fault)


@pytest.mark.parametrize(
    ("change", "status"),
    [({}, 200), ({"refresh_token": "other"}, 400), ({"grant_type": "client_credentials"}, 400)],
)
async def test_a_refresh_token_gives_an_access_token(change: dict[str, str], status: int) -> None:
    made = sandbox(auth="refresh_token")
    values = made.settings(BASE)
    basic = base64.b64encode(f"{values['client_id']}:{values['client_secret']}".encode()).decode()
    form = {"grant_type": "refresh_token", "refresh_token": values["refresh_token"], **change}
    assert (await token(made, f"Basic {basic}", **form)).status_code == status
    in_body = {**form, "client_id": values["client_id"], "client_secret": values["client_secret"]}
    assert (await token(made, **in_body)).status_code == status
    assert (await token(made, "Basic eA==", **form)).status_code == (401 if "grant_type" not in change else 400)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 200),
        ({"aud": "workday"}, 400),
        ({"aud": None}, 400),
        ({"iss": "other"}, 400),
        ({"sub": "somebody"}, 400),
        ({"exp": -301}, 400),
        ({"exp": 3600}, 400),
        ({"exp": None}, 400),
    ],
)
async def test_an_assertion_with_one_wrong_claim_is_refused(change: dict[str, Any], status: int) -> None:
    made = sandbox(auth="jwt_bearer")
    values = made.settings(BASE)
    claims: dict[str, Any] = {"iss": values["client_id"], "sub": values["username"], "aud": "wd", "exp": 300, **change}
    claims = {k: v for k, v in claims.items() if v is not None}
    if "exp" in claims:
        claims["exp"] += int(time.time())
    assertion = jwt.encode({"alg": "RS256"}, claims, RSAKey.import_key(values["private_key"]))
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}
    assert (await token(made, **form)).status_code == status


async def test_an_assertion_by_another_key_or_without_one_is_refused() -> None:
    made = sandbox(auth="jwt_bearer")
    claims = {"iss": made.settings(BASE)["client_id"], "sub": "ISU_LER", "aud": "wd", "exp": int(time.time()) + 300}
    other = jwt.encode({"alg": "RS256"}, claims, RSAKey.generate_key(2048, auto_kid=False))
    for assertion in (other, "", "a.b.c"):
        form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}
        assert (await token(made, **form)).status_code == 400


# --- addresses, versions, grants ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/ccx/service/other/Recruiting/v42.0", f"/ccx/service/{TENANT}/Staffing/v42.0", "/ccx"]
)
async def test_another_tenant_or_service_is_not_there(path: str) -> None:
    assert (await post(sandbox(), path, b"<a/>")).status_code == 404


@pytest.mark.parametrize(("asked", "said"), [("v48.0", "v48.0"), ("latest", "latest"), ("v42.0", "v41.0")])
async def test_a_version_that_the_tenant_does_not_know_is_refused(asked: str, said: str) -> None:
    answer = await ask(sandbox(), wire.get_server_timestamp(said), version=asked)
    assert isinstance(answer, Fault)
    assert "version is invalid" in answer.words


async def test_pending_activation_refuses_everything_but_the_time() -> None:
    made = sandbox(pending_activation=True)
    assert not isinstance(await ask(made, wire.get_server_timestamp("v42.0")), Fault)
    fault = await refusal(made, wire.get_candidate("v42.0", "CAND-1182", "v42"))
    assert "not authorized" in fault.words and fault.kind == "Server.processingError"


async def test_faults_can_come_inside_http_200() -> None:
    made = sandbox(fault_status=200)
    request = envelope(wire.get_candidate("v42.0", "nobody", "v42"), security(made))
    answer = await post(made, SERVICE, request)
    assert answer.status_code == 200
    assert isinstance(read_answer(answer.content), Fault)


async def test_too_many_requests_are_told_to_wait() -> None:
    made = sandbox(requests_per_second=1)
    request = envelope(wire.get_server_timestamp("v42.0"), security(made))
    answers = [await post(made, SERVICE, request) for _ in range(3)]
    assert answers[-1].status_code == 429
    assert answers[-1].headers["retry-after"] == "1"


# --- what is in a request ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"{}", b"<a/>", b"<!DOCTYPE a><a/>", b"\xff\xfe"])
async def test_what_is_no_envelope_is_a_fault(content: bytes) -> None:
    assert isinstance(read_answer((await post(sandbox(), SERVICE, content)).content), Fault)


async def test_the_seen_text_names_an_unknown_reference_and_its_place() -> None:
    fault = await refusal(sandbox(), put(custom_object(OURS, "lerVerification"), "R-99"))
    assert "Invalid ID value.  'R-99' is not a valid ID value for type = 'Job_Application_ID'" in fault.words
    assert [entry.xpath for entry in fault.lines] == [
        "/wd:Put_Job_Application_Additional_Data_Request[1]/wd:Job_Application_Custom_Object_Data[1]"
        "/wd:Job_Application_Reference[1]"
    ]


@pytest.mark.parametrize(
    ("custom", "named"),
    [
        (custom_object(OURS, "lerOther"), "lerOther"),
        (custom_object("urn:com.workday/tenants/acme/data/custom", "lerVerification"), "lerVerification"),
        (custom_object(OURS, "lerVerification", lerColour="red"), "lerColour"),
        (custom_object(OURS, "lerVerification", lerCheckedOn="23.11.2026"), "lerCheckedOn"),
        (custom_object(OURS, "lerVerification", lerCheckedOn="2026-02-30"), "lerCheckedOn"),
        (custom_object(OURS, "lerVerification", lerDegree="yes"), "lerDegree"),
        (custom_object(OURS, "lerVerification", lerCredentialCount="three"), "lerCredentialCount"),
    ],
)
async def test_an_unknown_object_child_or_value_is_refused_and_nothing_is_written(custom: Element, named: str) -> None:
    made = sandbox()
    before = made.holdings("CAND-1182", None)
    assert named in (await refusal(made, put(custom))).words
    assert made.holdings("CAND-1182", None) == before


def _file(file_id: str = "LER-1") -> Element:
    return wire.put_candidate_attachment("v42.0", "CAND-1182", wire.NewAttachment(file_id, "a.txt", "text/plain", b"x"))


async def test_a_files_id_can_be_used_once() -> None:
    made = sandbox()
    assert not isinstance(await ask(made, _file()), Fault)
    assert "File ID for the attachment already in use." in (await refusal(made, _file())).words


async def test_add_only_refuses_to_replace_a_file() -> None:
    request = _file()
    data = next(request.iter(bsvc("Candidate_Attachment_Data")))
    reference = etree.Element(bsvc("Candidate_Attachment_Reference"))
    add(reference, "ID", "PORTFOLIO-1").set(bsvc("type"), "Candidate_Attachment_ID")
    data.insert(0, reference)
    assert "Add Only" in (await refusal(sandbox(), request)).words


async def test_a_file_without_content_or_in_no_category_is_refused() -> None:
    empty, category = _file(), _file()
    next(empty.iter(bsvc("Filename"))).text = ""
    next(category.iter(bsvc("Document_Category_Reference")))[0].text = "SECRETS"
    assert "Enter the Filename" in (await refusal(sandbox(), empty)).words
    assert "'SECRETS' is not a valid ID value" in (await refusal(sandbox(), category)).words


def _search(**criteria: str) -> Element:
    request = etree.Element(bsvc("Get_Candidates_Request"), nsmap={"wd": BSVC})
    holder = add(request, "Request_Criteria")
    for name, value in criteria.items():
        add(holder, name, value)
    return request


async def test_no_match_is_an_answer_without_response_data() -> None:
    answer = await ask(sandbox(), _search(Candidate_Email_Address="nobody@mail.example"))
    assert not isinstance(answer, Fault)
    assert answer.findtext(f"{bsvc('Response_Results')}/{bsvc('Total_Results')}") == "0"
    assert answer.find(bsvc("Response_Data")) is None


async def test_a_candidate_is_found_by_e_mail_and_no_criteria_find_nobody() -> None:
    made = sandbox()
    found = await ask(made, _search(Candidate_Email_Address="maria.okafor@mail.example"))
    assert not isinstance(found, Fault) and [e.text for e in found.iter(bsvc("Candidate_ID"))] == ["CAND-1182"]
    nobody = await ask(made, _search())
    assert not isinstance(nobody, Fault) and nobody.find(bsvc("Response_Data")) is None


async def test_additional_data_by_criteria_needs_a_candidate() -> None:
    request = etree.Element(bsvc("Get_Job_Application_Additional_Data_Request"))
    add(request, "Request_Criteria")
    assert "A Candidate Reference is required" in (await refusal(sandbox(), request)).words


async def test_there_is_no_page_zero() -> None:
    request = _search(Last_Name="Okafor")
    add(add(request, "Response_Filter"), "Page", "0")
    assert "Page number cannot be zero." in (await refusal(sandbox(), request)).words


# --- shapes, by our table and by the vendor's schema -------------------------------------------------------------


def _requests(version: str) -> list[Element]:
    profile: wire.Profile = "v42" if version == "v42.0" else "v26"
    page = wire.Page(2, "2026-11-23T14:00:00+00:00")
    file = wire.NewAttachment("LER-1", "a.pdf", "application/pdf", b"x", comment="about")
    custom = custom_object(OURS, "lerVerification", lerSkills="a", lerCheckedOn="2026-11-23")
    return [
        wire.get_server_timestamp(version),
        wire.get_candidate(version, "CAND-1182", profile),
        wire.get_additional_data_by_candidate(version, "CAND-1182", None),
        wire.get_additional_data_by_candidate(version, "CAND-1182", page),
        wire.get_additional_data_by_application(version, "0" * 32),
        wire.put_additional_data(version, "JOB_APPLICATION-6-248", custom),
        wire.get_candidate_attachments(version, "CAND-1182", page),
        wire.put_candidate_attachment(version, "CAND-1182", file),
    ]


def _typed_ids(request: Element) -> list[Element]:
    return [e for e in request.iter(bsvc("ID")) if bsvc("type") in e.attrib]


def _bare_type(request: Element) -> None:
    for element in _typed_ids(request):
        element.set("type", element.get(bsvc("type"), ""))
        del element.attrib[bsvc("type")]


def _no_type(request: Element) -> None:
    for element in _typed_ids(request):
        del element.attrib[bsvc("type")]


def _reversed(request: Element) -> None:
    parent = next(e for e in request.iter() if len(e) > 1)
    parent[:] = list(reversed(parent))


def _extra_child(request: Element) -> None:
    add(request, "Note_Data", "x")


def _unqualified_child(request: Element) -> None:
    request.append(etree.Element("Response_Group"))


def _missing(name: str) -> Callable[[Element], None]:
    def remove(request: Element) -> None:
        for element in list(request.iter(bsvc(name))):
            parent = element.getparent()
            assert parent is not None
            parent.remove(element)

    return remove


def _twice(name: str) -> Callable[[Element], None]:
    def double(request: Element) -> None:
        for element in list(request.iter(bsvc(name))):
            element.addnext(etree.fromstring(etree.tostring(element)))

    return double


SPOILED = {
    "bare type attribute": _bare_type,
    "no type attribute": _no_type,
    "children in another order": _reversed,
    "an element that does not exist": _extra_child,
    "an element without namespace": _unqualified_child,
    "no candidate": _missing("Candidate_Reference"),
    "no application": _missing("Job_Application_Reference"),
    "no category": _missing("Document_Category_Reference"),
    "no file content": _missing("File_Content"),
    "no additional data": _missing("Business_Object_Additional_Data"),
    "two categories": _twice("Document_Category_Reference"),
    "two applications": _twice("Job_Application_Reference"),
}


def _differs(request: Element, spoil: Callable[[Element], None]) -> Element | None:
    before = etree.tostring(request)
    try:
        spoil(request)
    except StopIteration:
        return None
    return None if etree.tostring(request) == before else request


@pytest.fixture(scope="module")
def wsdl(shared: Path) -> str:
    path = shared / "ats" / "workday" / "Recruiting_v26.1_2016.wsdl"
    if not path.is_file():
        pytest.skip("the vendor's WSDL is not in LER_SHARED_DIR")
    return str(path)


@pytest.mark.shared
@pytest.mark.parametrize("version", ["v26.1", "v42.0"])
def test_every_request_of_ours_is_valid_by_the_vendors_schema(wsdl: str, version: str) -> None:
    for request in _requests(version):
        later = version == "v42.0"
        assert check_with_wsdl(request, wsdl, later=later) == [], local_name(request)
        assert check_with_table(request, later=later) == [], local_name(request)


@pytest.mark.shared
def test_what_later_versions_add_is_not_sent_to_older_ones(wsdl: str) -> None:
    later = wire.get_candidate("v26.1", "CAND-1182", "v42")
    assert check_with_wsdl(later, wsdl, later=False) != []
    assert check_with_table(later, later=False) != []


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=list(SPOILED))
def test_a_spoiled_request_is_refused_by_our_table(spoil: Callable[[Element], None]) -> None:
    spoiled = [r for r in (_differs(request, spoil) for request in _requests("v42.0")) if r is not None]
    assert spoiled
    refused = [check_with_table(r, later=True) for r in spoiled]
    assert any(refused)


@pytest.mark.shared
@pytest.mark.parametrize("spoil", SPOILED.values(), ids=list(SPOILED))
def test_our_table_and_the_vendors_schema_agree_on_spoiled_requests(
    wsdl: str, spoil: Callable[[Element], None]
) -> None:
    for request in _requests("v26.1"):
        spoiled = _differs(request, spoil)
        if spoiled is not None:
            by_schema = check_with_wsdl(spoiled, wsdl, later=False) == []
            assert (check_with_table(spoiled, later=False) == []) == by_schema, local_name(spoiled)


@pytest.mark.shared
async def test_every_answer_of_the_stand_in_is_valid_by_the_vendors_schema(wsdl: str) -> None:
    """So that the adapter learns to read what Workday writes; answers have the older shape, which the schema knows."""
    made = sandbox(version="v26.1", wsdl=wsdl)
    made.world.candidates[0].applications[0].objects.setdefault("lerVerification", {})["lerCheckedOn"] = "2026-11-23"
    schema = etree.XMLSchema(next(etree.parse(wsdl).getroot().iter("{http://www.w3.org/2001/XMLSchema}schema")))
    requests = [
        r for r in _requests("v26.1") if r.find(f".//{bsvc('Page')}") is None and "0" * 32 not in str(etree.tostring(r))
    ]
    names = set()
    for request in [*requests, wire.get_candidate_attachments("v26.1", "CAND-1182", None)]:
        answer = await ask(made, request, version="v26.1")
        assert not isinstance(answer, Fault), answer.words
        schema.assertValid(etree.fromstring(etree.tostring(answer)))
        names.add(local_name(answer))
    assert len(names) == 6


@pytest.mark.shared
async def test_with_a_wsdl_the_stand_in_refuses_what_only_the_schema_knows(wsdl: str) -> None:
    request = _search(Last_Name="Okafor")
    add(add(request, "Response_Group"), "Include_Reference", "perhaps")
    assert not isinstance(await ask(sandbox(), request), Fault)
    assert "perhaps" in (await refusal(sandbox(wsdl=wsdl), request)).words


def test_a_file_that_is_no_wsdl_is_said_at_the_start(tmp_path: Path) -> None:
    broken = tmp_path / "no.wsdl"
    broken.write_text("<a/>")
    for path in (str(broken), str(tmp_path / "absent.wsdl")):
        with pytest.raises(ConfigurationError):
            sandbox(wsdl=path)
