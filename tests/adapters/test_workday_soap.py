"""Workday's wire: envelopes, faults and what they mean, emulated notes, settings."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from pydantic import ValidationError

from adapters.workday import notes, wire
from adapters.workday.client import read_response, says_token_is_stale
from adapters.workday.settings import WorkdaySettings
from adapters.workday.soap import (
    PASSWORD_TEXT,
    SOAP_ENV,
    WSSE,
    Fault,
    UsernameToken,
    XmlRefused,
    bsvc,
    envelope,
    parse_xml,
    read_answer,
)
from connector.errors import (
    AtsAuthError,
    ConnectorError,
    NotFoundInAts,
    RejectedByAts,
    RetryableDeliveryError,
    UnsupportedByAts,
)

ODD = "a <b> & \"c\" 'd' ]]> {{7*7}} é 溶接 🔧\nnext line"


def fault(code: str, text: str, detail: str = "") -> bytes:
    return (
        f'<SOAP-ENV:Envelope xmlns:SOAP-ENV="{SOAP_ENV}" xmlns:wd="urn:com.workday/bsvc"><SOAP-ENV:Body>'
        f"<SOAP-ENV:Fault><faultcode>SOAP-ENV:{code}</faultcode><faultstring>{text}</faultstring>"
        f"<detail>{detail}</detail></SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-ENV:Envelope>"
    ).encode()


def line(message: str, xpath: str = "") -> str:
    return (
        f"<wd:Validation_Fault><wd:Validation_Error><wd:Message>{message}</wd:Message>"
        f"<wd:Detail_Message>{message}</wd:Detail_Message><wd:Xpath>{xpath}</wd:Xpath>"
        "</wd:Validation_Error></wd:Validation_Fault>"
    )


def answer(status: int, content: bytes, **headers: str) -> httpx.Response:
    return httpx.Response(status, content=content, headers=headers)


def error_of(response: httpx.Response, *, write: bool = False) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        read_response(response, operation="Get_Candidates", expect="Get_Candidates_Response", write=write)
    return caught.value


# --- envelopes ---------------------------------------------------------------------------------------------------


def test_every_value_arrives_as_it_was_given() -> None:
    custom = wire.with_children(None, "urn:x", "lerVerification", {"lerSkills": ODD})
    sent = envelope(wire.put_additional_data("v42.0", ODD, custom), UsernameToken("user & <co>@t", ODD))
    root = parse_xml(sent)
    assert [e.text for e in root.iter("{urn:x}lerSkills")] == [ODD]
    assert [e.text for e in root.iter(bsvc("ID"))] == [ODD]
    assert [e.text for e in root.iter(f"{{{WSSE}}}Password")] == [ODD]
    assert [e.text for e in root.iter(f"{{{WSSE}}}Username")] == ["user & <co>@t"]


def test_the_security_header_must_be_understood_and_gives_the_password_as_text() -> None:
    root = parse_xml(envelope(wire.get_server_timestamp("v42.0"), UsernameToken("u@t", "p")))
    security = root.find(f"{{{SOAP_ENV}}}Header/{{{WSSE}}}Security")
    assert security is not None and security.get(f"{{{SOAP_ENV}}}mustUnderstand") == "1"
    password = next(root.iter(f"{{{WSSE}}}Password"))
    assert password.get("Type") == PASSWORD_TEXT


def test_with_a_bearer_token_the_envelope_has_no_header() -> None:
    root = parse_xml(envelope(wire.get_server_timestamp("v42.0")))
    assert root.find(f"{{{SOAP_ENV}}}Header") is None


def test_attributes_are_qualified() -> None:
    request = wire.put_candidate_attachment("v42.0", "CAND-1", wire.NewAttachment("i", "f", "text/plain", b"x"))
    names = {name for element in request.iter() for name in element.attrib}
    assert names == {bsvc("version"), bsvc("Add_Only"), bsvc("type")}


@pytest.mark.parametrize(
    ("value", "kind"), [("0" * 32, "WID"), ("CAND-1182", "Candidate_ID"), ("A" * 32, "Candidate_ID")]
)
def test_32_hex_digits_are_a_wid_and_anything_else_the_objects_own_id(value: str, kind: str) -> None:
    identifier = next(wire.get_candidate("v42.0", value, "v42").iter(bsvc("ID")))
    assert (identifier.get(bsvc("type")), identifier.text) == (kind, value)


@pytest.mark.parametrize("value", ["a\x00b", "bell\x07", "\ud800"])
def test_what_xml_cannot_carry_is_unsupported(value: str) -> None:
    with pytest.raises(UnsupportedByAts):
        wire.with_children(None, "urn:x", "lerVerification", {"lerSkills": value})


# --- documents from outside --------------------------------------------------------------------------------------

BOMB = '<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;">]><a b="&y;">&y;</a>'


@pytest.mark.parametrize(
    "content",
    [
        BOMB.encode(),
        b"\xef\xbb\xbf <!-- c --><?p i?>" + BOMB.encode(),
        b'<?xml version="1.0" encoding="UTF-7"?>' + BOMB.encode("utf-7"),
        BOMB.encode("utf-16"),
        b'<!DOCTYPE a SYSTEM "http://127.0.0.1/x.dtd"><a/>',
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>',
        b"<a>&undefined;</a>",
        b"<a><b></a>",
        b"",
        b"\xff\xfe\x00",
        b'{"json": true}',
    ],
)
def test_a_dtd_an_entity_or_a_broken_document_is_refused(content: bytes) -> None:
    with pytest.raises(XmlRefused):
        parse_xml(content)


def test_entities_that_would_fill_the_memory_are_refused_at_once() -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    for use in ('<a b="&e9;"/>', "<a>&e9;</a>"):
        with pytest.raises(XmlRefused):
            parse_xml(f'<!DOCTYPE a [<!ENTITY e0 "hahahahaha">{entities}]>{use}'.encode())


def test_nesting_without_end_is_refused() -> None:
    with pytest.raises(XmlRefused):
        parse_xml(b"<a>" * 100_000 + b"</a>" * 100_000)


def test_a_file_longer_than_ten_megabytes_is_read() -> None:
    assert len(parse_xml(b"<a>" + b"x" * 11_000_000 + b"</a>").text or "") == 11_000_000


@pytest.mark.parametrize("body", ["", "<a/><b/>"])
def test_an_envelope_without_exactly_one_payload_is_refused(body: str) -> None:
    with pytest.raises(XmlRefused):
        read_answer(f'<e:Envelope xmlns:e="{SOAP_ENV}"><e:Body>{body}</e:Body></e:Envelope>'.encode())


# --- faults ------------------------------------------------------------------------------------------------------


def test_a_fault_is_read_with_its_lines() -> None:
    found = read_answer(fault("Client.validationError", "Validation error occurred. A", line("A", "/wd:X[1]")))
    assert isinstance(found, Fault)
    assert (found.kind, found.words) == ("Client.validationError", "Validation error occurred. A A")
    assert [entry.xpath for entry in found.lines] == ["/wd:X[1]"]


def test_a_detail_message_right_under_the_validation_fault_is_read() -> None:
    found = read_answer(
        fault(
            "Client.validationError",
            "V",
            "<wd:Validation_Fault><wd:Detail_Message>D</wd:Detail_Message></wd:Validation_Fault>",
        )
    )
    assert isinstance(found, Fault)
    assert found.words == "V D"


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        ("Client.authenticationError", "invalid username or password", AtsAuthError),
        ("Server.processingError", "Processing error occurred. The task submitted is not authorized.", AtsAuthError),
        ("Client", "The task submitted is not authorized.", AtsAuthError),
        ("Client.validationError", "Validation error occurred. Duplicate.", RejectedByAts),
        ("Client", "Something is wrong", RejectedByAts),
        ("Server.processingError", "Processing error occurred.", RetryableDeliveryError),
        ("Server", "Internal", RetryableDeliveryError),
        ("Client.validationError", "'X' is not a valid ID value for type = 'Candidate_ID'", NotFoundInAts),
        ("Client.validationError", "'X' is not a valid ID value for type = 'Job_Application_ID'", NotFoundInAts),
        ("Client.validationError", "'X' is not a valid ID value for type = 'Content_Type_ID'", RejectedByAts),
    ],
)
@pytest.mark.parametrize("status", [500, 400, 403, 200])
def test_a_fault_means_what_it_says_whatever_the_status(
    code: str, text: str, expected: type[ConnectorError], status: int
) -> None:
    assert type(error_of(answer(status, fault(code, text)))) is expected


def test_a_processing_error_leaves_a_write_open() -> None:
    for write in (True, False):
        error = error_of(answer(500, fault("Server.processingError", "Processing error occurred.")), write=write)
        assert isinstance(error, RetryableDeliveryError)
        assert error.maybe_applied is write


def test_a_refusal_carries_workdays_words_and_the_place_in_the_request() -> None:
    content = fault(
        "Client.validationError", "Validation error occurred. Enter a date", line("Enter a date", "/wd:Put[1]/wd:D[1]")
    )
    error = error_of(answer(500, content), write=True)
    assert isinstance(error, RejectedByAts)
    assert "Enter a date" in error.ats_words
    assert error.detail == "/wd:Put[1]/wd:D[1]"
    assert "Enter a date" not in error.message


def test_an_unknown_id_beside_another_mistake_is_a_refusal() -> None:
    both = line("'X' is not a valid ID value for type = 'Candidate_ID'") + line("No such field")
    assert isinstance(error_of(answer(500, fault("Client.validationError", "V", both))), RejectedByAts)


def test_a_version_that_the_tenant_does_not_know_names_the_setting() -> None:
    words = "Validation error occurred. The web service or version is invalid for the requested operation"
    error = error_of(answer(500, fault("Client.validationError", words)))
    assert isinstance(error, RejectedByAts)
    assert error.code == "ats_version" and "VERSION" in error.message


@pytest.mark.parametrize("status", [429, 503])
def test_busy_is_busy_even_with_another_fault_inside(status: int) -> None:
    content = fault("Client.validationError", "Validation error occurred.")
    error = error_of(answer(status, content, **{"Retry-After": "11"}), write=True)
    assert isinstance(error, RetryableDeliveryError)
    assert (error.retry_after, error.maybe_applied) == (11, status == 503)


def test_another_operations_answer_is_no_answer() -> None:
    other = envelope(etree.Element(bsvc("Get_Positions_Response")))
    assert isinstance(error_of(answer(200, other), write=False), RetryableDeliveryError)


def test_an_address_that_does_not_exist_names_the_settings() -> None:
    error = error_of(answer(404, b"<html>no</html>"))
    assert isinstance(error, RejectedByAts)
    assert "TENANT" in error.message


@pytest.mark.parametrize(
    ("content", "stale"),
    [
        (fault("Client.authenticationError", "invalid username or password"), True),
        (fault("Client.validationError", "authenticationError"), False),
        (b"authenticationError", False),
        (b"{}", False),
    ],
)
def test_only_an_authentication_fault_says_that_a_token_is_stale(content: bytes, stale: bool) -> None:
    assert says_token_is_stale(answer(500, content)) is stale


# --- custom objects ----------------------------------------------------------------------------------------------


def test_children_that_are_not_ours_are_sent_back_as_they_stand_but_for_descriptors() -> None:
    current = parse_xml(
        b'<c:o xmlns:c="urn:c" xmlns:wd="urn:com.workday/bsvc" wd:Descriptor="o">'
        b'<c:oReference wd:Descriptor="x"><c:ID c:type="WID">1</c:ID></c:oReference><c:theirs>T &amp; T</c:theirs>'
        b"<c:ours>old</c:ours><c:gone>old</c:gone></c:o>"
    )
    sent = wire.with_children(current, "urn:c", "o", {"ours": "new", "more": "m", "gone": None, "absent": None})
    assert [(etree.QName(e).localname, e.text) for e in sent] == [
        ("oReference", None),
        ("theirs", "T & T"),
        ("ours", "new"),
        ("gone", None),
        ("more", "m"),
    ]
    assert sent[0][0].get("{urn:c}type") == "WID"
    assert b"Descriptor" not in etree.tostring(sent)


# --- notes -------------------------------------------------------------------------------------------------------

MARKERS = st.text("0123456789abcdef", min_size=1, max_size=16)


@given(st.dictionaries(MARKERS, st.text(min_size=1), max_size=4))
def test_notes_are_split_as_they_were_joined(stored: dict[str, str]) -> None:
    text, markers = notes.join(stored)
    assert notes.split(text, markers) == stored


@given(st.dictionaries(MARKERS, st.text("ab\n", min_size=1), min_size=2, max_size=3), st.text("ab\n", min_size=1))
def test_an_edit_of_several_notes_is_noticed(stored: dict[str, str], more: str) -> None:
    text, markers = notes.join(stored)
    assert notes.split(text + more, markers) is None
    assert notes.split(text[:-1], markers) is None


@pytest.mark.parametrize(("text", "markers"), [("typed by hand", ""), ("", "9f2c"), ("x", "a b c d"), ("x", "a=1 b=")])
def test_fields_that_do_not_fit_together_are_not_our_notes(text: str, markers: str) -> None:
    assert notes.split(text, markers) is None


# --- settings ----------------------------------------------------------------------------------------------------

PASSWORD = {"username": "ISU_LER", "password": "p"}


def settings(**values: Any) -> WorkdaySettings:
    return WorkdaySettings(**{"service_url": "https://services.workday.example", "tenant": "acme", **values})


@pytest.mark.parametrize("user", ["ISU_LER", "ISU_LER@acme"])
def test_the_user_may_be_given_with_or_without_the_tenant(user: str) -> None:
    assert settings(username=user, password="p").user == "ISU_LER"


@pytest.mark.parametrize(
    ("values", "way"),
    [
        (PASSWORD, "password"),
        ({"client_id": "c", "client_secret": "s", "refresh_token": "r"}, "refresh_token"),
        ({"client_id": "c", "username": "u", "private_key": "k"}, "jwt_bearer"),
    ],
)
def test_there_are_three_ways_in(values: dict[str, str], way: str) -> None:
    assert settings(**values).auth == way


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"username": "u"},
        {"client_id": "c", "client_secret": "s"},
        {"client_id": "c", "private_key": "k"},
        {**PASSWORD, "service_url": "services.workday.example"},
        {**PASSWORD, "service_url": "https://services.workday.example/ccx/service"},
        {**PASSWORD, "tenant": "acme/../other"},
        {**PASSWORD, "version": "42"},
        {**PASSWORD, "custom_object": "has space"},
        {**PASSWORD, "custom_fields": "lerSkills:colour"},
        {**PASSWORD, "custom_fields": "lerNote:text"},
        {**PASSWORD, "colour": "red"},
    ],
)
def test_settings_that_cannot_work_are_refused(values: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        settings(**values)


def test_paths_and_the_custom_namespace_come_from_the_tenant() -> None:
    made = settings(**PASSWORD, version="v43.1")
    assert made.service_path == "/ccx/service/acme/Recruiting/v43.1"
    assert made.token_path == "/ccx/oauth2/acme/token"
    assert made.custom_namespace == "urn:com.workday/tenants/acme/data/custom"


def test_secrets_are_not_shown() -> None:
    assert "hunter2" not in repr(settings(username="u", password="hunter2"))
