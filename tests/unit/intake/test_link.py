"""Links: what is asked for, what is handed on, and what is refused politely."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connector.errors import FetchError, UnsafeLink, UnsupportedFormat
from connector.infra.documents import NoDocuments
from connector.infra.world_file import RecordedWorld
from connector.intake import fetch_link, only_link, receive
from connector.intake.link import ACCEPT, resolve
from connector.model.credential import CredentialFormat
from connector.ports import FetchedDocument, Purpose
from connector.testing import bake

BADGE = {"@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiableCredential", "OpenBadgeCredential"]}
TEXT = json.dumps(BADGE)
UUID = "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed"
SITE = "https://wallet.example"


def world(answers: dict[str, Any]) -> RecordedWorld:
    return RecordedWorld(answers, base=Path())


def page(*head: str) -> dict[str, str]:
    return {
        "body": f"<!DOCTYPE html><html><head>{''.join(head)}</head></html>",
        "content_type": "text/html; charset=utf-8",
    }


def alternate(href: str, kind: str = "application/json") -> str:
    return f'<link type="{kind}" rel="nofollow alternate" href="{href}">'


@pytest.mark.parametrize(
    ("link", "address"),
    [
        (f"  <{SITE}/x.json> \n", f"{SITE}/x.json"),
        (f"https://verifierplus.org/credentials/{UUID}", f"https://verifierplus.org/api/credentials/{UUID}"),
        (f"https://verifierplus.org/#verify?vc={SITE}/space/1", f"{SITE}/space/1"),
        ("https://verifierplus.org/#verify?vc=https%3A%2F%2Fwallet.example%2Fspace%2F1%3Fa%3Db", f"{SITE}/space/1?a=b"),
        (f"https://other.example/view?vc={SITE}/1", f"{SITE}/1"),
        (f"https://www.credly.com/badges/{UUID}", f"https://api.credly.com/v1/obi/v2/badge_assertions/{UUID}"),
        (f"https://credly.com/badges/{UUID.upper()}/public_url?source=linked_in", f"https://api.credly.com/v1/obi/v2/badge_assertions/{UUID}"),
        (f"https://www.credly.com/users/a-person/badges/{UUID}", f"https://api.credly.com/v1/obi/v2/badge_assertions/{UUID}"),
        (f"https://www.credly.com/api/v1/obi/v2/badge_assertions/{UUID}", f"https://www.credly.com/api/v1/obi/v2/badge_assertions/{UUID}"),
        ("https://badgr.com/public/assertions/8bLUrJhgSMyWKF-I7xOosQ?identity__email=a%40mail.example", "https://badgr.com/public/assertions/8bLUrJhgSMyWKF-I7xOosQ"),
        ("https://api.badgr.io/public/assertions/8bLUrJhgSMyWKF-I7xOosQ?v=2_0&identity__email=a", "https://api.badgr.io/public/assertions/8bLUrJhgSMyWKF-I7xOosQ?v=2_0"),
        ("https://www.credly.com/org/lakeview/badge/welder", "https://www.credly.com/org/lakeview/badge/welder"),
        (f"https://www.credly.com.evil.example/badges/{UUID}", f"https://www.credly.com.evil.example/badges/{UUID}"),
        (f"https://www.credly.com:8443/badges/{UUID}", f"https://www.credly.com:8443/badges/{UUID}"),
    ],
)  # fmt: skip
def test_a_link_leads_to_the_record_behind_the_page(link: str, address: str) -> None:
    assert resolve(link) == address


@pytest.mark.parametrize(
    "link",
    ["", "no link", "ftp://wallet.example/1", "javascript:alert(1)", "file:///etc/passwd",
     "https://", "https://[::1", "https://a.example/" + "a" * 5000],
)  # fmt: skip
def test_what_is_no_https_link_is_not_followed(link: str) -> None:
    with pytest.raises(UnsafeLink) as caught:
        fetch_link(link, NoDocuments())
    assert caught.value.code == "unsafe_link"


def test_plain_http_is_refused_and_listed_unless_a_recorded_world_names_it() -> None:
    source = world({})
    with pytest.raises(UnsafeLink) as caught:
        fetch_link("http://wallet.example/1", source)
    assert "https://" in caught.value.message
    assert [(r.url, r.outcome) for r in source.requests] == [("http://wallet.example/1", "refused")]
    named = world({"http://wallet.example/1": {"body": TEXT}})
    assert fetch_link("http://wallet.example/1", named).content.decode() == TEXT


@pytest.mark.parametrize(
    "link", ["https://localhost/x", "https://10.0.0.1/x", "https://user@wallet.example/", "https://169.254.169.254/"]
)
def test_what_the_guard_refuses_is_an_unsafe_link(link: str) -> None:
    source = world({})
    with pytest.raises(UnsafeLink):
        fetch_link(link, source)
    assert [r.outcome for r in source.requests] == ["refused"]


@pytest.mark.parametrize("carried", ["http://10.0.0.1/", "https://127.0.0.1/x"])
def test_an_address_carried_in_a_link_passes_the_guard_too(carried: str) -> None:
    source = world({})
    with pytest.raises((UnsafeLink, FetchError, UnsupportedFormat)):
        fetch_link(f"https://verifierplus.org/#verify?vc={carried}", source)
    assert all(r.outcome != "answered" or "10.0.0.1" not in r.url for r in source.requests)


@pytest.mark.parametrize(
    ("link", "code"),
    [
        ("https://www.linkedin.com/in/somebody/details/certifications/", "link_needs_login"),
        ("https://de.linkedin.com/in/somebody", "link_needs_login"),
        ("https://drive.google.com/file/d/1", "link_needs_login"),
        ("interaction:https://wallet.example/i/1", "link_opens_wallet"),
        ("web+interaction:https://wallet.example/i/1", "link_opens_wallet"),
    ],
)
def test_dead_ends_are_named_before_anything_is_asked(link: str, code: str) -> None:
    source = NoDocuments()
    with pytest.raises(UnsupportedFormat) as caught:
        fetch_link(link, source)
    assert caught.value.code == code and source.requests == ()


@pytest.mark.parametrize(
    ("answer", "carrier"),
    [
        ({"body": TEXT}, "json"),
        ({"body": TEXT, "content_type": "text/html"}, "json"),
        ({"body": TEXT, "content_type": "text/plain"}, "json"),
        (
            {
                "body": "eyJhbGciOiJFZERTQSJ9.eyJ2YyI6eyJ0eXBlIjoiVmVyaWZpYWJsZUNyZWRlbnRpYWwifX0.c2ln",
                "content_type": "application/jwt",
            },
            "jwt",
        ),
    ],
)
def test_a_raw_record_is_handed_on_with_its_address(answer: dict[str, str], carrier: str) -> None:
    submission = fetch_link(f"{SITE}/1", world({f"{SITE}/1": answer}))
    assert (submission.content.decode(), submission.url) == (answer["body"], f"{SITE}/1")
    assert receive(submission)[0].carrier == carrier


def test_a_baked_image_behind_a_link_is_read(tmp_path: Path) -> None:
    (tmp_path / "badge.png").write_bytes(bake.bake_png(TEXT))
    source = RecordedWorld({f"{SITE}/badge.png": "badge.png"}, base=tmp_path)
    (found,) = receive(fetch_link(f"{SITE}/badge.png", source))
    assert (found.document, found.carrier) == (BADGE, "png")


def test_a_share_page_is_asked_for_its_data() -> None:
    data = {
        "id": UUID,
        "controller": "did:key:z",
        "vp": {"type": "VerifiablePresentation", "verifiableCredential": [BADGE]},
        "credential": [BADGE],
        "shared": True,
    }
    source = world({f"https://verifierplus.org/api/credentials/{UUID}": {"body": json.dumps(data)}})
    (found,) = receive(fetch_link(f"https://verifierplus.org/credentials/{UUID}", source))
    assert found.path == "$.vp.verifiableCredential[0]"


def test_a_page_of_the_same_software_elsewhere_is_asked_for_its_data_too() -> None:
    answers = {f"{SITE}/credentials/{UUID}": page(), f"{SITE}/api/credentials/{UUID}": {"body": TEXT}}
    assert fetch_link(f"{SITE}/credentials/{UUID}", world(answers)).content.decode() == TEXT


def test_a_page_names_its_record_in_its_head() -> None:
    answers = {
        f"{SITE}/p": page(
            alternate("/feed", "application/rss+xml"),
            alternate("/gone.json"),
            alternate("1.json", "application/vc+ld+json"),
        ),
        f"{SITE}/1.json": {"body": TEXT},
    }
    submission = fetch_link(f"{SITE}/p", world(answers))
    assert (submission.content.decode(), submission.url) == (TEXT, f"{SITE}/1.json")


def test_an_alternate_passes_the_guard() -> None:
    source = world({f"{SITE}/p": page(alternate("https://127.0.0.1/x.json"))})
    with pytest.raises(UnsupportedFormat):
        fetch_link(f"{SITE}/p", source)
    assert [r.outcome for r in source.requests] == ["answered", "refused"]


def test_a_page_may_carry_its_record_itself() -> None:
    answers = {
        f"{SITE}/p": page(
            '<script type="application/ld+json">{"@type": "WebSite"}</script>',
            f'<script type="application/ld+json">{TEXT}</script>',
            f"<script>{TEXT}</script>",
        )
    }
    assert json.loads(fetch_link(f"{SITE}/p", world(answers)).content) == BADGE


@pytest.mark.parametrize(
    "head",
    [
        (),
        ("<title>Badge</title>",),
        (alternate("/other.html"),),
        ('<script type="application/ld+json">{oops</script>',),
    ],
)
def test_a_page_without_a_record_is_given_up_politely(head: tuple[str, ...]) -> None:
    answers = {f"{SITE}/p": page(*head), f"{SITE}/other.html": page()}
    with pytest.raises(UnsupportedFormat) as caught:
        fetch_link(f"{SITE}/p", world(answers))
    assert caught.value.code == "link_is_page"


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        ({"status": 404}, FetchError, "link_not_found"),
        ({"status": 410}, FetchError, "link_not_found"),
        ({"status": 404, "body": '{"revoked": true}'}, FetchError, "link_not_found"),
        ({"status": 401}, UnsupportedFormat, "link_needs_login"),
        ({"status": 503}, FetchError, "link_failed"),
        ({"delay_seconds": 99}, FetchError, "timeout"),
        ({"body": "infinite stream"}, FetchError, "too_large"),
    ],
)
def test_no_record_behind_a_link_says_why(answer: dict[str, Any], error: type[Exception], code: str) -> None:
    with pytest.raises(error) as caught:
        fetch_link(f"{SITE}/1", world({f"{SITE}/1": answer}))
    assert getattr(caught.value, "code", None) == code


def test_a_revoked_badge_behind_a_link_is_still_a_badge_to_be_asked_about() -> None:
    answers = {f"{SITE}/1": {"status": 410, "body": '{"id": "x", "revoked": true}'}}
    (found,) = receive(fetch_link(f"{SITE}/1", world(answers)))
    assert (found.format, found.url) == (CredentialFormat.OPEN_BADGE_2, f"{SITE}/1")


def test_a_badge_of_a_known_site_is_not_fetched_twice() -> None:
    """Its site is asked when the badge is verified; here only the address is settled."""
    source = NoDocuments()
    submission = fetch_link(f"https://www.credly.com/badges/{UUID}", source)
    assert source.requests == ()
    (found,) = receive(submission)
    assert (found.url, found.carrier) == (f"https://api.credly.com/v1/obi/v2/badge_assertions/{UUID}", "link")


def test_offline_is_no_fault_of_the_link() -> None:
    with pytest.raises(FetchError) as caught:
        fetch_link(f"{SITE}/1", NoDocuments())
    assert caught.value.code == "offline"


def test_records_are_asked_for_before_pages() -> None:
    seen: list[tuple[str, Purpose]] = []

    class Noting(RecordedWorld):
        def get(self, url: str, *, purpose: Purpose, accept: str = "", fresh: bool = False) -> FetchedDocument:
            seen.append((accept, purpose))
            return super().get(url, purpose=purpose, accept=accept, fresh=fresh)

    fetch_link(f"{SITE}/1", Noting({f"{SITE}/1": {"body": TEXT}}, base=Path()))
    assert seen == [(ACCEPT, Purpose.LINK)]
    assert ACCEPT.startswith("application/vc+ld+json") and ACCEPT.endswith("text/html;q=0.1")


@pytest.mark.parametrize(
    ("content", "link"),
    [
        (b"https://wallet.example/1", "https://wallet.example/1"),
        (b"\xef\xbb\xbf https://wallet.example/1?a=b#c \r\n", "https://wallet.example/1?a=b#c"),
        (b"<https://wallet.example/1>", "https://wallet.example/1"),
        (b"interaction:https://wallet.example/1", "https://wallet.example/1"),
        (b"see https://wallet.example/1", None),
        (b'{"url": "https://wallet.example/1"}', None),
        (b"", None),
        (b"\xff\xfe", None),
        (b"https://a.example/" + b"a" * 9000, None),
    ],
)
def test_text_that_is_nothing_but_a_link_is_told_from_other_text(content: bytes, link: str | None) -> None:
    assert only_link(content) == link
