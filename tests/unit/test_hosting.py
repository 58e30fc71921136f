"""What is known of sites that host badges: one document under several addresses, and never a look-alike."""

from __future__ import annotations

import pytest

from connector import hosting

UUID = "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed"
ID = "8bLUrJhgSMyWKF-I7xOosQ"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://a.example/1", "https://a.example/1"),
        ("http://a.example/1", "https://a.example/1"),
        (
            f"https://api.credly.com/v1/obi/v2/badge_assertions/{UUID}",
            f"https://www.credly.com/api/v1/obi/v2/badge_assertions/{UUID}",
        ),
        (
            f"https://api.credly.com/api/v1/obi/v2/issuers/{UUID}",
            f"https://credly.com/api/v1/obi/v2/issuers/{UUID.upper()}",
        ),
        (
            f"https://api.credly.com/v1/obi/v2/issuers/{UUID}/badge_classes/{UUID}",
            f"https://www.credly.com/api/v1/obi/v2/issuers/{UUID}/badge_classes/{UUID}",
        ),
        (f"https://badges.parchment.com/public/assertions/{ID}", f"https://api.badgr.io/public/assertions/{ID}?v=2_0"),
    ],
)
def test_spellings_of_one_document_are_one(one: str, other: str) -> None:
    assert hosting.same_document(one, other) and hosting.same_document(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://a.example/1", "https://b.example/1"),
        ("https://a.example/1", "https://a.example/1/"),
        (
            f"https://api.credly.com/v1/obi/v2/issuers/{UUID}",
            f"https://api.credly.com/v1/obi/v2/badge_assertions/{UUID}",
        ),
        (
            f"https://api.credly.com/v1/obi/v2/issuers/{UUID}",
            f"https://api.credly.com.evil.example/v1/obi/v2/issuers/{UUID}",
        ),
        (f"https://api.credly.com:8443/v1/obi/v2/issuers/{UUID}", f"https://api.credly.com/v1/obi/v2/issuers/{UUID}"),
        (f"https://api.badgr.io/public/assertions/{ID}", f"https://api.eu.badgr.io/public/assertions/{ID}"),
        (f"https://api.badgr.io/public/assertions/{ID}", f"https://api.badgr.io/public/badges/{ID}"),
        (f"https://api.badgr.io/public/assertions/{ID}", f"https://api.badgr.io/public/assertions/{ID.lower()}"),
        ("urn:uuid:1", "urn:uuid:2"),
        ("https://[::1", "https://a.example/"),
    ],
)
def test_different_documents_stay_different(one: str, other: str) -> None:
    assert not hosting.same_document(one, other) and not hosting.same_document(other, one)


def test_the_given_address_is_asked_first() -> None:
    for url in (
        f"https://api.credly.com/api/v1/obi/v2/badge_assertions/{UUID}",
        f"https://badgr.com/public/assertions/{ID}",
        "https://a.example/",
    ):
        assert hosting.spellings(url)[0] == url
    assert len(hosting.spellings(f"https://www.credly.com/api/v1/obi/v2/badge_assertions/{UUID}")) == 3


@pytest.mark.parametrize(
    ("origin", "site"),
    [
        ("www.credly.com", "credly.com"),
        ("api.credly.com", "credly.com"),
        ("badgr.com", "api.badgr.io"),
        ("A.Example", "a.example"),
        ("a.example:8443", "a.example:8443"),
        ("evil-credly.com", "evil-credly.com"),
        ("credly.com.evil.example", "credly.com.evil.example"),
        ("api.credly.com:8443", "api.credly.com:8443"),
    ],
)
def test_hosts_of_one_site_are_known_and_look_alikes_are_not(origin: str, site: str) -> None:
    assert hosting.site_of(origin) == site


@pytest.mark.parametrize(
    ("content_type", "content", "page"),
    [
        ("text/html; charset=utf-8", b"<p>hi", True),
        ("text/html", b' {"type": "Assertion"}', False),
        ("application/json", b"{}", False),
        ("", b"  <!DOCTYPE html>", True),
        ("text/plain", b"<svg>", False),
    ],
)
def test_a_page_is_told_by_what_it_says_and_what_it_is(content_type: str, content: bytes, page: bool) -> None:
    assert hosting.is_page(content_type, content) is page


def test_a_page_is_read_whatever_state_it_is_in() -> None:
    head = b"<html><head><link rel=alternate type='application/json' href='//[bad'>"
    found = hosting.read_page(head + b"<script type='application/ld+json'>{ <b\xff</script><p", "https://a.example/p")
    assert found.alternates == ("//[bad",)
    assert found.embedded == ("{ <b\ufffd",)


def test_letters_in_a_page_stay_what_they_are() -> None:
    page = '<script type="application/ld+json">{"name": "Schweißen ✓ &amp; co"}</script>'.encode()
    assert hosting.read_page(page, "https://a.example/").embedded == ('{"name": "Schweißen ✓ &amp; co"}',)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("piece", [b"<a ", b"<!--", b'<a b="', b"<", b"<div>", b"</script", b"<![CDATA[", b"&#", b"\0"])
def test_a_page_made_to_take_long_is_read_at_once(piece: bytes) -> None:
    """Some of these take minutes with a reader whose time grows with the square of the length."""
    assert hosting.read_page(piece * (400_000 // len(piece)), "https://a.example/").alternates == ()


@pytest.mark.parametrize("content", [b"", b"   ", b"<!-- x -->", b"text"])
def test_a_page_with_nothing_in_it_offers_nothing(content: bytes) -> None:
    assert hosting.read_page(content, "https://a.example/") == hosting.Page()
