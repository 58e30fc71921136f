"""What holds for every page and call: headers, methods, the two surfaces, the log, and bugs."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator

import httpx
import pytest
import uvicorn

from connector.cli import service
from connector.testing.loopback import LoopbackServer
from connector.web.app import create_app

from .conftest import IDLE, Candidate, House, Screen

CANARY = "Wilhelmina Canary-Featherstone"


@IDLE
@pytest.mark.parametrize(
    "path", ["/healthz", "/s/x", "/r/x", "/docs", "/openapi.json", "/nothing", "/static/style.css"]
)
async def test_every_answer_carries_the_security_headers(house: House, path: str) -> None:
    async with house.client() as anybody:
        for method in ("GET", "HEAD", "OPTIONS", "POST"):
            answer = await anybody.request(method, path)
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
            assert answer.headers["x-robots-tag"] == "noindex"
            assert "strict-transport-security" not in answer.headers
            assert len(answer.headers.get_list("cache-control")) == 1
            assert "server" not in answer.headers


@pytest.mark.parametrize("house", [{"overrides": {"LER_PUBLIC_URL": "https://apply.lakeshore.example"}}], indirect=True)
async def test_behind_https_browsers_are_told_to_stay_there(house: House) -> None:
    async with house.client() as anybody:
        assert "max-age" in (await anybody.get("/healthz")).headers["strict-transport-security"]


@IDLE
async def test_head_is_get_without_the_body_and_options_changes_nothing(house: House) -> None:
    async with Candidate(house) as person:
        for path in ("/healthz", "/docs", "/openapi.json", "/static/style.css", person.link):
            get, head = await person.client.get(path), await person.client.head(path)
            assert (head.status_code, head.content) == (200, b"")
            assert head.headers["content-type"] == get.headers["content-type"]
        assert (await person.client.options(person.link)).status_code == 405
        assert (await person.client.delete(person.link)).status_code == 405
        assert (await person.client.get("/s/a/b/c/confirm")).status_code in (404, 405)


@IDLE
async def test_the_style_sheet_may_be_kept_and_pages_may_not(house: House) -> None:
    async with house.client() as anybody:
        sheet = await anybody.get("/static/style.css")
        assert sheet.headers["cache-control"] == "no-cache"
        again = await anybody.get("/static/style.css", headers={"If-None-Match": sheet.headers["etag"]})
        assert again.status_code == 304


@IDLE
async def test_the_public_surface_has_no_api_and_the_internal_one_no_candidates_page(house: House) -> None:
    public = create_app(house.connector, internal=False)
    internal = create_app(house.connector, public=False)
    headers = {"Authorization": f"Bearer {house.key}"}
    async with Candidate(house) as person, house.client(public, headers=headers) as outside:
        for path in ("/api/v1/submissions", "/api/v1/invitations", "/openapi.json", "/docs", "/r/abc"):
            assert (await outside.get(path)).status_code == 404
            assert (await outside.post(path, json={})).status_code == 404
        assert Screen(await outside.get(person.link)).heading == "Share records of your skills"
        async with house.client(internal, headers=headers) as inside:
            assert (await inside.get(person.link)).status_code == 404
            assert (await inside.get("/api/v1/submissions")).status_code == 200
            described = (await inside.get("/openapi.json")).json()["paths"]
            assert all(path.startswith("/api/v1/") for path in described)
        for side in (public, internal):
            async with house.client(side) as probe:
                assert (await probe.get("/healthz")).status_code == 200


# --- the log -----------------------------------------------------------------------------------------------------


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Everything that `serve` would write at its most talkative."""
    before = {name: logging.getLogger(name).level for name in ("httpx", "httpcore", "python_multipart")}
    service.configure_logging("debug")
    with caplog.at_level(logging.DEBUG):
        yield caplog
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


async def test_the_log_of_a_whole_visit_holds_no_person_no_credential_and_no_key(
    house: House, log: pytest.LogCaptureFixture
) -> None:
    badge = house.badge("Zither tuning, advanced", subject_name=CANARY)
    with LoopbackServer() as server:
        server.start(house.app)
        secrets = []
        async with Candidate(house) as person:
            person.link = person.link.replace("http://lakeshore.example", server.url)
            async with httpx.AsyncClient(follow_redirects=True) as browser:
                person.client = browser
                await person.open()
                found = await person.give_file(badge, f"{CANARY}.json")
                receipt = await person.submit(await person.submit(found, "review"), "confirm")
                await person.open(house.report_link.replace("http://lakeshore.example", server.url))
                await person.submit(receipt, "withdraw")
                await person.give_file(b"\x89PNG " + CANARY.encode())
                await person.give(url=f"https://badges.example/{CANARY.replace(' ', '-')}?email=w@canary.example")
                await browser.post(
                    f"{server.url}/api/v1/submissions", content=CANARY, headers={"Authorization": "Bearer x"}
                )
                secrets += person.link.rsplit("/", 1)[1:] + found.url.rsplit("/", 1)[1:] + [house.key]
    secrets += [house.person.name, house.person.email, CANARY, "Featherstone", "Zither", "canary.example", "s="]
    lines = log.text
    assert "connector.web.access" in lines
    assert "GET /s/{token} 200" in lines
    assert "GET /r/{report_id} 200" in lines
    for secret in secrets:
        assert secret not in lines, secret


def test_no_server_that_we_start_writes_addresses_into_a_log_of_its_own(houses: Callable[..., House]) -> None:
    """The candidate's and the recruiter's addresses are the keys to what is behind them."""
    house = houses(start=False)
    assert service._server(uvicorn, house.app, "127.0.0.1:0").config.access_log is False
    with LoopbackServer() as server:
        server.start(house.app)
        assert server._server is not None
        assert server._server.config.access_log is False


@IDLE
async def test_a_bug_is_answered_kindly_and_logged_without_what_was_sent(
    house: House, log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError(f"cannot handle {CANARY}")

    async with Candidate(house) as person:
        monkeypatch.setattr(house.connector, "submit", broken)
        screen = await person.give(text=CANARY)
        assert (screen.status, screen.heading) == (500, "Something went wrong on our side")
        headers = {"Authorization": f"Bearer {house.key}"}
        answer = await person.client.post("/api/v1/submissions", json=house.request(text=CANARY), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "content-security-policy" in answer.headers
    assert CANARY not in answer.text + screen.response.text
    assert "ValueError at" in log.text and "test_surfaces.py" in log.text
    assert CANARY not in log.text


@IDLE
async def test_a_body_that_breaks_off_is_no_bug(house: House, log: pytest.LogCaptureFixture) -> None:
    """A phone that loses its connection in the middle of an upload."""
    messages: Iterator[dict[str, object]] = iter(
        [{"type": "http.request", "body": b"--x\r\n", "more_body": True}, {"type": "http.disconnect"}]
    )

    async def receive() -> dict[str, object]:
        return next(messages)

    sent: list[object] = []

    async def send(message: object) -> None:
        sent.append(message)

    async with Candidate(house) as person:
        path = httpx.URL(person.link).path
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"content-type", b"multipart/form-data; boundary=x")],
        "http_version": "1.1",
        "scheme": "http",
        "root_path": "",
    }
    await house.app(scope, receive, send)  # type: ignore[arg-type]
    assert "ERROR" not in log.text
    assert house.connector.submissions().items == ()


# --- the description of the API ----------------------------------------------------------------------------------


@IDLE
async def test_the_description_is_whole_and_every_reference_in_it_leads_somewhere(house: House) -> None:
    async with house.client() as anybody:
        described = (await anybody.get("/openapi.json")).json()
    assert described["openapi"].startswith("3.1")
    text = json.dumps(described)
    schemas = described["components"]["schemas"]
    for part in text.split('"$ref": "')[1:]:
        reference = part.partition('"')[0]
        assert reference.startswith("#/components/schemas/")
        assert reference.rpartition("/")[2] in schemas, reference
    calls = {(path, method) for path, methods in described["paths"].items() for method in methods}
    one = "/api/v1/submissions/{submission_id}"
    assert calls == {
        ("/api/v1/submissions", "post"),
        ("/api/v1/submissions", "get"),
        (one, "get"),
        (one, "delete"),
        (f"{one}/retry", "post"),
        (f"{one}/undo", "post"),
        (f"{one}/withdraw", "post"),
        ("/api/v1/invitations", "post"),
    }
    for path, methods in described["paths"].items():
        for call in methods.values():
            assert call["security"] == [{"HTTPBearer": []}], path
            assert "application/problem+json" in call["responses"]["default"]["content"]
            assert call["summary"]
    submit = described["paths"]["/api/v1/submissions"]["post"]
    assert set(submit["requestBody"]["content"]) == {"application/json", "multipart/form-data"}
    assert {"202", "default"} <= set(submit["responses"])
    assert any(p["name"] == "Idempotency-Key" for p in submit["parameters"])
    assert "HTTPValidationError" not in text, "that is the framework's shape, and ours is another"


async def test_the_described_bodies_are_those_that_are_taken_and_given(house: House) -> None:
    """The schemas are held against real bodies by a validator, not by us."""
    jsonschema = pytest.importorskip("jsonschema")
    async with house.client(headers={"Authorization": f"Bearer {house.key}"}) as api:
        described = (await api.get("/openapi.json")).json()

        def check(name: str, body: object) -> None:
            schema = {"$ref": f"#/components/schemas/{name}", "components": described["components"]}
            jsonschema.Draft202012Validator(schema).validate(body)

        body = house.request(credential=house.badge())
        check("SubmissionRequest", body)
        with pytest.raises(jsonschema.ValidationError):
            check("SubmissionRequest", {**body, "text": "both"})
        accepted = (await api.post("/api/v1/submissions", json=body)).json()
        check("Accepted", accepted)
        house.connector.wait(accepted["id"], 30)
        check("SubmissionStatus", (await api.get(accepted["status_url"])).json())
        check("StatusPage", (await api.get("/api/v1/submissions")).json())
        check("Problem", (await api.get("/api/v1/submissions/none")).json())


@IDLE
async def test_the_page_about_the_api_tells_each_call_in_whole(house: House) -> None:
    async with house.client() as anybody:
        page = Screen(await anybody.get("/docs"))
    assert page.html.xpath("//script") == []
    assert "`" not in page.text and "{'" not in page.text
    sections = {section.findtext(".//h2/code"): section for section in page.html.xpath("//section")}
    assert {"GET /api/v1/submissions/{submission_id}", "DELETE /api/v1/submissions/{submission_id}"} < sections.keys()
    for section in sections.values():
        assert section.xpath("string(./p)").strip().endswith("."), "a sentence for every call"
        assert section.xpath(".//pre")
    rows = {
        row.xpath("string(td[1])"): " ".join(" ".join(cell.text_content() for cell in row).split())
        for row in sections["POST /api/v1/submissions"].xpath(".//tr[td]")
    }
    assert "text yes" in rows["connection"] and "text no" in rows["application"]
    assert "candidate_page, application_question, wallet, api" in rows["basis"]
    assert {"applicant.name", "applicant.emails", "applicant.dids", "file", "Idempotency-Key"} <= rows.keys()
    assert "with id, status_url" in " ".join(sections["POST /api/v1/submissions"].text_content().split())
    states = sections["GET /api/v1/submissions"].text_content()
    assert "partly_delivered" in states


@IDLE
async def test_the_examples_of_the_description_are_taken(house: House) -> None:
    async with house.client(headers={"Authorization": f"Bearer {house.key}"}) as api:
        schemas = (await api.get("/openapi.json")).json()["components"]["schemas"]
        (example,) = schemas["InvitationRequest"]["examples"]
        assert (await api.post("/api/v1/invitations", json=example)).status_code == 201
        (example,) = schemas["SubmissionRequest"]["examples"]
        assert (await api.post("/api/v1/submissions", json=example)).status_code == 202
        (example,) = (await api.get("/openapi.json")).json()["paths"]["/api/v1/submissions"]["post"]["requestBody"][
            "content"
        ]["multipart/form-data"]["schema"]["examples"]
        fields = {name: text for name, text in example.items() if name != "file"}
        answer = await api.post(
            "/api/v1/submissions", data=fields, files={"file": ("badge", json.dumps(house.badge()))}
        )
        assert answer.status_code == 202


def test_two_applications_on_one_connector_do_not_disturb_each_other(houses: Callable[..., House]) -> None:
    house = houses(start=False)
    one, two = create_app(house.connector, internal=False), create_app(house.connector, public=False)
    assert one.state.api_keys is not two.state.api_keys
    assert one.openapi()["paths"] == {}
