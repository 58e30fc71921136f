"""Open Badges 2.0 hosted: what the issuer's site says decides. One table: case, world, expected verdict and code."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connector.infra.clock import FixedClock
from connector.infra.documents import NoDocuments
from connector.infra.world_file import RecordedWorld
from connector.intake import fetch_link, receive
from connector.model.credential import CredentialFormat, UnverifiedCredential
from connector.model.report import Outcome, Verdict
from connector.model.submission import Submission
from connector.testing.badge_host import BadgeHost, HostedBadge, hash_identity
from connector.verify.codes import CODES
from connector.verify.suites.badge_documents import BadgeFinding
from connector.verify.suites.hosted import confirm

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
EVIL = "badges.evil.example"

World = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """What the site says, and what is handed in (bytes, or a link)."""

    world: World
    given: bytes | str


def _host(**options: Any) -> BadgeHost:
    return BadgeHost(**options)


def _plain(**badge: Any) -> Case:
    host = _host()
    issued = host.issue(**badge)
    return Case(host.answers(), issued.text().encode())


def _badgr(**badge: Any) -> Case:
    host = _host(host="api.badges.example", shape="badgr")
    issued = host.issue(**badge)
    return Case(host.answers(), issued.text().encode())


def _on_site(do: Callable[[BadgeHost, HostedBadge], None], **badge: Any) -> Case:
    """A badge as it was handed out, then something happens on the site."""
    host = _host()
    issued = host.issue(**badge)
    do(host, issued)
    return Case(host.answers(), issued.text().encode())


def _changed(which: str, **members: Any) -> Case:
    """One document of the site is changed, and what is handed in is the changed badge."""
    host = _host()
    issued = host.issue()
    urls = {"assertion": issued.url, "badge": issued.assertion["badge"], "profile": host.profile["id"]}
    host.change(urls[which], **members)
    world = host.answers()
    given = world[issued.url]["body"] if which == "assertion" else issued.text()
    return Case(world, given.encode())


def _handed_in(**members: Any) -> Case:
    """The site is fine; the copy that was handed in was changed."""
    host = _host()
    issued = host.issue()
    copy = {**issued.assertion, **members}
    return Case(host.answers(), json.dumps({k: v for k, v in copy.items() if v is not None}).encode())


def _forged(**options: Any) -> Case:
    """Another site issues a badge in the university's name."""
    honest = _host()
    genuine = honest.issue()
    forger = _host(host=EVIL, issuer_name="Somebody Else")
    issued = forger.issue(**options)
    world = {**honest.answers(), **forger.answers()}
    body = {**json.loads(world[issued.url]["body"]), "badge": genuine.assertion["badge"]}
    world[issued.url] = {"body": json.dumps(body)}
    return Case(world, json.dumps(body).encode())


def _forged_embedding(policy: World) -> Case:
    """A forger embeds the university's badge class and profile, the profile changed to allow the forger's site."""
    honest = _host()
    genuine = honest.issue(embedded=True)
    forger = _host(host=EVIL)
    issued = forger.issue()
    badge = {**genuine.assertion["badge"], "issuer": {**honest.profile, "verification": policy}}
    body = {**issued.assertion, "badge": badge}
    world = {**honest.answers(), **forger.answers(), issued.url: {"body": json.dumps(body)}}
    return Case(world, json.dumps(body).encode())


def _borrowed_profile(**members: Any) -> Case:
    """A forger's profile document claims the university's profile id."""
    honest = _host()
    honest.issue()
    forger = _host(host=EVIL)
    issued = forger.issue()
    forger.answer(forger.profile["id"], body=json.dumps({**forger.profile, "id": honest.profile["id"], **members}))
    return Case({**honest.answers(), **forger.answers()}, issued.text().encode())


def _borrowed_badge_class() -> Case:
    """The university's own assertion points at a badge class that another site keeps."""
    honest = _host()
    issued = honest.issue()
    elsewhere = f"https://{EVIL}/badge.json"
    badge = {**json.loads(honest.answers()[issued.assertion["badge"]]["body"]), "id": elsewhere}
    honest.change(issued.url, badge=elsewhere)
    world = {**honest.answers(), elsewhere: {"body": json.dumps(badge)}}
    return Case(world, world[issued.url]["body"].encode())


def _redirected(target: str, **answer: Any) -> Case:
    host = _host()
    issued = host.issue()
    host.answer(issued.url, status=302, location=target)
    return Case({**host.answers(), target: {"body": issued.text(), **answer}}, issued.text().encode())


def _allowed_elsewhere(origins: Any, **more: Any) -> Case:
    """Profile on one host, badges on another that the profile names."""
    home = _host(host="lakeview.example")
    keeper = _host(host="badges.lakeview.example")
    home.change(home.profile["id"], verification={"allowedOrigins": origins, **more})
    issued = keeper.issue()
    keeper.change(issued.assertion["badge"], issuer=home.profile["id"])
    return Case({**home.answers(), **keeper.answers()}, issued.text().encode())


def _baked(make: Callable[[HostedBadge], bytes], **badge: Any) -> Case:
    host = _host()
    issued = host.issue(**badge)
    return Case(host.answers(), make(issued))


def _credly() -> tuple[BadgeHost, HostedBadge]:
    host = _host(host="api.credly.com", page_host="www.credly.com", issuer_name="Invented Institute")
    return host, host.issue(email="sam.rivera@mail.example")


def _credly_link(path: str) -> Case:
    host, issued = _credly()
    return Case(host.answers(), f"https://www.credly.com/badges/{issued.url.rsplit('/', 1)[-1]}{path}")


def _credly_other_spelling() -> Case:
    """The document names itself by one spelling of its address and is asked for by another."""
    host, issued = _credly()
    identifier = issued.url.rsplit("/", 1)[-1]
    other = f"https://www.credly.com/api/v1/obi/v2/badge_assertions/{identifier}"
    host.change(issued.url, id=other)
    return Case(host.answers(), f"https://www.credly.com/badges/{identifier}")


def _credly_gone() -> Case:
    host, issued = _credly()
    host.revoke(issued)
    return Case(host.answers(), issued.page)


def _credly_never() -> Case:
    host, issued = _credly()
    host.remove(issued)
    return Case(host.answers(), issued.page)


def _badgr_link(page_host: str) -> Case:
    host = _host(host="api.badgr.io", shape="badgr", page_host=page_host, issuer_name="Invented College")
    issued = host.issue(salt="a1b2c3")
    return Case(host.answers(), f"{issued.page}?identity__email=sam%40mail.example")


def _own_page() -> Case:
    """A page of a site nobody knows, with the address of its JSON in its head."""
    host = _host()
    issued = host.issue()
    return Case(host.answers(), issued.page)


def _page_at_the_assertion() -> Case:
    """The assertion's own address answers with a page that names the JSON."""
    host = _host()
    issued = host.issue()
    body = host.answers()[issued.url]["body"]
    host.answer(f"{issued.url}.json", body=body)
    page = f'<html><head><link rel="alternate" type="application/ld+json" href="{issued.url}.json"></head></html>'
    host.answer(issued.url, body=page, content_type="text/html")
    return Case(host.answers(), issued.text().encode())


def _page_redirecting_elsewhere() -> Case:
    """The page names an address of its own site, which redirects to another."""
    host = _host()
    issued = host.issue()
    page = f'<html><head><link rel="alternate" type="application/json" href="{issued.url}.json"></head></html>'
    host.answer(issued.url, body=page, content_type="text/html")
    host.answer(f"{issued.url}.json", status=302, location=f"https://{EVIL}/a.json")
    host.answer(f"https://{EVIL}/a.json", body=issued.text())
    return Case(host.answers(), issued.text().encode())


def _profile_redirecting_elsewhere() -> Case:
    host = _host()
    issued = host.issue()
    host.answer(host.profile["id"], status=302, location=f"https://{EVIL}/issuer.json")
    host.answer(f"https://{EVIL}/issuer.json", body=json.dumps(host.profile))
    return Case(host.answers(), issued.text().encode())


def _pointing_at_another_badge() -> Case:
    """The address that was handed in answers with another badge, which is genuine at its own address."""
    host = _host()
    issued, other = host.issue(), host.issue("eve@mail.example")
    host.answer(issued.url, body=other.text())
    handed_in = {**other.assertion, "id": issued.url}
    return Case(host.answers(), json.dumps(handed_in).encode())


def _page_naming_another_site() -> Case:
    host = _host()
    issued = host.issue()
    page = f'<html><head><link rel="alternate" type="application/json" href="https://{EVIL}/a.json"></head></html>'
    host.answer(issued.url, body=page, content_type="text/html")
    host.answer(f"https://{EVIL}/a.json", body=issued.text())
    return Case(host.answers(), issued.text().encode())


def _plain_http(recorded: bool) -> Case:
    """An old badge whose addresses say http; its site answers over https, or a recorded world names it as it is."""
    host = _host()
    issued = host.issue(embedded=True)
    old = issued.url.replace("https:", "http:")
    host.change(issued.url, id=old)
    world = host.answers()
    if recorded:
        world[old] = world.pop(issued.url)
    return Case(world, json.dumps({**issued.assertion, "id": old}).encode())


V, F, R, N, U = Verdict.VERIFIED, Verdict.INVALID, Verdict.REVOKED, Verdict.NONCONFORMANT, Verdict.UNRESOLVABLE

CASES: dict[str, tuple[Callable[[], Case], Verdict, str]] = {
    # genuine, in every shape
    "credly shape, separate documents, unsalted hash": (_plain, V, "hosted_confirmed"),
    "badgr shape, salted hash": (lambda: _badgr(salt="deadsea"), V, "hosted_confirmed"),
    "badge class and issuer embedded": (lambda: _plain(embedded=True), V, "hosted_confirmed"),
    "recipient in plain text": (lambda: _plain(hashed=False), V, "hosted_confirmed"),
    "expired: the site still confirms it, the dates are another check": (
        lambda: _plain(expires="2025-06-01T00:00:00Z"),
        V,
        "hosted_confirmed",
    ),
    "baked into a PNG": (lambda: _baked(lambda b: b.png()), V, "hosted_confirmed"),
    "baked into a PNG, compressed": (lambda: _baked(lambda b: b.png(compressed=True)), V, "hosted_confirmed"),
    "only the address baked into a PNG": (lambda: _baked(lambda b: b.png(only_address=True)), V, "hosted_confirmed"),
    "baked into an SVG": (lambda: _baked(lambda b: b.svg()), V, "hosted_confirmed"),
    "only the address baked into an SVG": (lambda: _baked(lambda b: b.svg(only_address=True)), V, "hosted_confirmed"),
    "type in a list, context in a list": (
        lambda: _changed(
            "assertion", type=["Assertion", "extensions:X"], **{"@context": ["https://w3id.org/openbadges/v2"]}
        ),
        V,
        "hosted_confirmed",
    ),
    "issuer of type Profile": (lambda: _changed("profile", type="Profile"), V, "hosted_confirmed"),
    "an old http address, asked over https": (lambda: _plain_http(False), V, "hosted_confirmed"),
    "an http address that the world names": (lambda: _plain_http(True), V, "hosted_confirmed"),
    # by link
    "by link to a Credly page": (lambda: _credly_link(""), V, "hosted_confirmed"),
    "by link to a Credly page with a tail": (lambda: _credly_link("/public_url"), V, "hosted_confirmed"),
    "Credly under another spelling of its address": (_credly_other_spelling, V, "hosted_confirmed"),
    "by link to a Credly badge that was revoked": (_credly_gone, R, "hosted_revoked"),
    "by link to a Credly badge that never was": (_credly_never, F, "hosted_not_found"),
    "by link to a Badgr page, the e-mail in its query dropped": (
        lambda: _badgr_link("badgr.com"),
        V,
        "hosted_confirmed",
    ),
    "by link to a Parchment page": (lambda: _badgr_link("badges.parchment.com"), V, "hosted_confirmed"),
    "by link to a page that names its JSON": (_own_page, V, "hosted_confirmed"),
    "a page at the assertion's address that names its JSON": (_page_at_the_assertion, V, "hosted_confirmed"),
    # where badges may live
    "allowed origin of its own": (
        lambda: _allowed_elsewhere(["badges.lakeview.example", "other.example"]),
        V,
        "hosted_confirmed",
    ),
    "allowed origin as text": (lambda: _allowed_elsewhere("badges.lakeview.example"), V, "hosted_confirmed"),
    "allowed origin written as a whole origin": (
        lambda: _allowed_elsewhere("https://badges.lakeview.example"),
        V,
        "hosted_confirmed",
    ),
    "allowed origin and prefix": (
        lambda: _allowed_elsewhere(["badges.lakeview.example"], startsWith="https://badges.lakeview.example/v1/"),
        V,
        "hosted_confirmed",
    ),
    "one of several prefixes": (
        lambda: _changed(
            "profile", verification={"startsWith": ["https://x.example/", "https://badges.lakeview.example/"]}
        ),
        V,
        "hosted_confirmed",
    ),
    "none of several prefixes": (
        lambda: _changed(
            "profile", verification={"startsWith": ["https://x.example/", "https://badges.lakeview.example/no"]}
        ),
        N,
        "hosted_outside_scope",
    ),
    "not on the allowed origin": (lambda: _allowed_elsewhere(["other.example"]), F, "hosted_origin_not_allowed"),
    "a sub-domain is not the allowed host": (
        lambda: _allowed_elsewhere(["lakeview.example"]),
        F,
        "hosted_origin_not_allowed",
    ),
    # forged
    "another site in the issuer's name": (_forged, F, "hosted_origin_not_allowed"),
    "embedded profile that allows the forger's site": (
        lambda: _forged_embedding({"allowedOrigins": [EVIL]}),
        F,
        "hosted_origin_not_allowed",
    ),
    "profile document that claims another profile's id": (_borrowed_profile, F, "hosted_origin_not_allowed"),
    "profile document that claims another's id and allows the forger's site": (
        lambda: _borrowed_profile(verification={"allowedOrigins": [EVIL]}),
        F,
        "hosted_origin_not_allowed",
    ),
    "address that answers with another genuine badge": (_pointing_at_another_badge, F, "hosted_mismatch"),
    "profile that redirects to another site": (_profile_redirecting_elsewhere, F, "hosted_moved"),
    "page whose JSON redirects to another site": (_page_redirecting_elsewhere, F, "hosted_moved"),
    "redirect to another site": (lambda: _redirected(f"https://{EVIL}/a.json"), F, "hosted_moved"),
    "another site's word that it was revoked": (
        lambda: _redirected(f"https://{EVIL}/a.json", status=410),
        F,
        "hosted_moved",
    ),
    "redirect within the site": (
        lambda: _redirected("https://badges.lakeview.example/moved.json"),
        V,
        "hosted_confirmed",
    ),
    "a page that names another site's JSON": (_page_naming_another_site, U, "hosted_unreadable"),
    "recipient changed": (
        lambda: _handed_in(recipient={"type": "email", "hashed": True, "identity": hash_identity("eve@mail.example")}),
        F,
        "hosted_mismatch",
    ),
    "salt added": (
        lambda: _handed_in(
            recipient={
                "type": "email",
                "hashed": True,
                "salt": "x",
                "identity": hash_identity("maria.okafor@mail.example"),
            }
        ),
        F,
        "hosted_mismatch",
    ),
    "badge class changed": (lambda: _handed_in(badge="https://badges.lakeview.example/other"), F, "hosted_mismatch"),
    "date changed": (lambda: _handed_in(issuedOn="2020-01-01T00:00:00Z"), F, "hosted_mismatch"),
    "same instant in another zone": (lambda: _handed_in(issuedOn="2025-05-01T11:00:00+02:00"), V, "hosted_confirmed"),
    "id of a badge that is not there": (
        lambda: _handed_in(id="https://badges.lakeview.example/v1/obi/v2/badge_assertions/none"),
        F,
        "hosted_not_found",
    ),
    "document that names another address than its own": (
        lambda: _on_site(lambda h, b: h.change(b.url, id="https://badges.lakeview.example/other")),
        F,
        "hosted_not_found",
    ),
    # taken back, gone, silent
    "revoked: 410": (lambda: _on_site(lambda h, b: h.revoke(b)), R, "hosted_revoked"),
    "revoked: 200 that says so": (lambda: _on_site(lambda h, b: h.change(b.url, revoked=True)), R, "hosted_revoked"),
    "not found: 404": (lambda: _on_site(lambda h, b: h.remove(b)), F, "hosted_not_found"),
    "server error": (lambda: _on_site(lambda h, b: h.answer(b.url, status=503)), U, "hosted_unreachable"),
    "asks for a login": (lambda: _on_site(lambda h, b: h.answer(b.url, status=403)), U, "hosted_unreachable"),
    "too slow": (lambda: _on_site(lambda h, b: h.answer(b.url, delay_seconds=60)), U, "hosted_unreachable"),
    "drips": (lambda: _on_site(lambda h, b: h.answer(b.url, body=b.text(), drip_seconds=1)), U, "hosted_unreachable"),
    "endless": (lambda: _on_site(lambda h, b: h.answer(b.url, body="infinite stream")), U, "hosted_unreachable"),
    "resolves to a private address": (
        lambda: _on_site(lambda h, b: h.answer(b.url, body=b.text(), dns=["10.0.0.7"])),
        U,
        "hosted_unreachable",
    ),
    "redirect to a private address": (lambda: _redirected("https://169.254.169.254/a.json"), U, "hosted_unreachable"),
    "not JSON": (lambda: _on_site(lambda h, b: h.answer(b.url, body="{oops")), U, "hosted_unreadable"),
    "a list": (lambda: _on_site(lambda h, b: h.answer(b.url, body="[]")), U, "hosted_unreadable"),
    "a web page": (
        lambda: _on_site(lambda h, b: h.answer(b.url, body="<html></html>", content_type="text/html")),
        U,
        "hosted_unreadable",
    ),
    "badge class gone": (
        lambda: _on_site(lambda h, b: h.answer(b.assertion["badge"], status=404)),
        U,
        "hosted_incomplete",
    ),
    "profile gone": (lambda: _on_site(lambda h, b: h.answer(h.profile["id"], status=404)), U, "hosted_incomplete"),
    "no address": (
        lambda: Case({}, b'{"recipient": "a@mail.example", "badge": {"name": "Old"}, "issued_on": "2011-12-31"}'),
        U,
        "hosted_no_address",
    ),
    "an address that is no URL": (
        lambda: _handed_in(id="urn:uuid:8b4efa06-41bc-4f53-a80d-e3d5e063c936"),
        U,
        "hosted_no_address",
    ),
    "an address on loopback": (lambda: _handed_in(id="https://127.0.0.1/a.json"), U, "hosted_unreachable"),
    # not Open Badges 2.0
    "no context": (lambda: _changed("assertion", **{"@context": None}), N, "hosted_nonconformant"),
    "another context": (
        lambda: _changed("assertion", **{"@context": "https://w3id.org/openbadges/x"}),
        N,
        "hosted_nonconformant",
    ),
    "another type": (lambda: _changed("assertion", type="OtherAssertion"), N, "hosted_nonconformant"),
    "no recipient": (lambda: _changed("assertion", recipient=None), N, "hosted_nonconformant"),
    "recipient without identity": (
        lambda: _changed("assertion", recipient={"type": "email"}),
        N,
        "hosted_nonconformant",
    ),
    "no date": (lambda: _changed("assertion", issuedOn=None), N, "hosted_nonconformant"),
    "no verification": (lambda: _changed("assertion", verification=None), N, "hosted_nonconformant"),
    "unknown verification": (lambda: _changed("assertion", verification={"type": "Magic"}), N, "hosted_nonconformant"),
    "no badge class": (
        lambda: _changed("assertion", badge=None, recipient={"type": "email", "identity": "x"}),
        N,
        "hosted_nonconformant",
    ),
    "badge class of another type": (lambda: _changed("badge", type="Thing"), N, "hosted_nonconformant"),
    "badge class without name": (lambda: _changed("badge", name=None), N, "hosted_nonconformant"),
    "badge class without issuer": (lambda: _changed("badge", issuer=None), N, "hosted_nonconformant"),
    "badge class without id": (lambda: _changed("badge", id=None), N, "hosted_nonconformant"),
    "badge class embedded without id": (
        lambda: _changed("assertion", badge={"type": "BadgeClass", "name": "x", "issuer": "https://a.example/i"}),
        N,
        "hosted_nonconformant",
    ),
    "issuer embedded without id": (
        lambda: _changed("badge", issuer={"type": "Issuer", "name": "Nobody in particular"}),
        N,
        "hosted_nonconformant",
    ),
    "profile of another type": (lambda: _changed("profile", type="Person"), N, "hosted_nonconformant"),
    "profile without name": (lambda: _changed("profile", name=None), N, "hosted_nonconformant"),
    "signed, not hosted": (
        lambda: _changed(
            "assertion", verification={"type": "signed", "creator": "https://badges.lakeview.example/key"}
        ),
        Verdict.UNSIGNED,
        "proof_missing",
    ),
}


def _credential(case: Case, world: RecordedWorld) -> UnverifiedCredential:
    given = case.given
    submission = Submission(content=given) if isinstance(given, bytes) else fetch_link(given, world)
    (credential,) = receive(submission)
    assert credential.format is CredentialFormat.OPEN_BADGE_2
    return credential


def _confirm(case: Case) -> BadgeFinding:
    world = RecordedWorld(case.world, base=Path(), clock=FixedClock(NOW))
    return confirm(_credential(case, world), world)


@pytest.mark.parametrize("name", CASES)
def test_a_hosted_badge_is_what_its_issuers_site_says(name: str) -> None:
    build, verdict, code = CASES[name]
    found = _confirm(build())
    assert (found.verdict or Verdict.VERIFIED, found.code) == (verdict, code), found.detail
    row = CODES[code]
    assert (found.outcome, found.summary, found.revoked) == (row.outcome, row.summary, verdict is Verdict.REVOKED)
    assert (found.outcome is Outcome.PASSED) == (found.document is not None) == (verdict is Verdict.VERIFIED)


def test_there_are_enough_cases_and_every_code_of_a_hosted_badge_is_among_them() -> None:
    assert len(CASES) >= 30
    told = {code for _, _, code in CASES.values()}
    ours = {code for code in CODES if code.startswith("hosted_")}
    assert ours - told <= {"hosted_not_confirmed", "hosted_id_mismatch"}


def test_a_confirmed_badge_says_who_when_and_where() -> None:
    found = _confirm(_plain())
    assert found.document is not None
    assert found.issuer_id == found.document["badge"]["issuer"]["id"] == _host().profile["id"]
    assert found.document["badge"]["tags"] == ["MIG welding", "Blueprint reading"]
    assert (found.bound, found.host, found.confirmed_on) == (True, "badges.lakeview.example", NOW)


def test_addresses_that_chase_each_other_end_as_a_mismatch() -> None:
    host = _host()
    issued = host.issue()
    other = f"{issued.url}-b"
    host.change(issued.url, id=other)
    host.answer(other, body=json.dumps({**issued.assertion, "id": f"{issued.url}-c"}))
    case = Case(host.answers(), issued.page)
    world = RecordedWorld(case.world, base=Path())
    credential = receive(Submission(content=issued.url.encode(), url=issued.url))[0]
    assert confirm(credential, world).code == "hosted_id_mismatch"


def test_an_issuer_without_an_address_of_its_own_is_not_bound() -> None:
    """Anybody can write a name into an embedded profile; only an address can answer for it."""
    number = "urn:uuid:0b1a7b38-0b5d-4a57-a3d5-6f2e6f2f3a10"
    found = _confirm(_changed("badge", issuer={"type": "Issuer", "name": "Anyone", "id": number}))
    assert (found.outcome, found.bound, found.issuer_id) == (Outcome.PASSED, False, number)


@pytest.mark.parametrize("root", ["www.credly.com/api/v1", "api.credly.com/api/v1", "api.credly.com/v1"])
@pytest.mark.parametrize("linked", [True, False])
def test_a_site_with_several_spellings_is_asked_for_each_before_it_is_a_no(root: str, linked: bool) -> None:
    """Which of them a site answers on varies; the documents name themselves by any of them."""
    host, issued = _credly()
    world = {u.replace("api.credly.com/v1", root): answer for u, answer in host.answers().items()}
    copy = issued.text().replace("api.credly.com/v1", "www.credly.com/api/v1")
    found = _confirm(Case(world, issued.page if linked else copy.encode()))
    assert (found.code, found.bound, found.host) == ("hosted_confirmed", True, "credly.com")


def test_a_site_whose_pages_do_not_answer_with_json_is_asked_at_its_api() -> None:
    host = _host(host="api.badgr.io", shape="badgr", issuer_name="Invented College")
    issued = host.issue()
    page = issued.url.replace("api.badgr.io", "badges.parchment.com")
    shown = {page: {"body": "<!doctype html><html></html>", "content_type": "text/html"}}
    found = _confirm(Case({**host.answers(), **shown}, page))
    assert (found.code, found.bound) == ("hosted_confirmed", True)


def test_a_badge_class_that_another_site_keeps_is_not_bound() -> None:
    found = _confirm(_borrowed_badge_class())
    assert found.outcome is Outcome.PASSED and not found.bound


def test_the_assertion_is_asked_for_again_each_time() -> None:
    """Revocation between two looks must show: the assertion never comes from a cache."""
    host = _host()
    issued = host.issue()
    world = RecordedWorld(host.answers(), base=Path())
    credential = receive(Submission(content=issued.text().encode()))[0]
    confirm(credential, world)
    confirm(credential, world)
    assert [r.url for r in world.requests].count(issued.url) == 2


def test_nothing_is_confirmed_offline_and_what_was_wanted_is_listed() -> None:
    case = _plain()
    documents = NoDocuments()
    found = confirm(_credential(case, RecordedWorld({}, base=Path())), documents)
    assert (found.verdict, found.code, found.detail) == (Verdict.UNRESOLVABLE, "hosted_unreachable", "offline")
    assert [r.outcome for r in documents.requests] == ["refused"]


def test_no_personal_data_is_sent_or_said() -> None:
    """Not in the addresses that are asked, and not in what an integrator reads."""
    host = _host(host="api.badgr.io", shape="badgr", page_host="badgr.com")
    issued = host.issue(salt="s")
    world = RecordedWorld(host.answers(), base=Path())
    submission = fetch_link(f"{issued.page}?identity__email=maria.okafor%40mail.example", world)
    found = confirm(receive(submission)[0], world)
    assert found.outcome is Outcome.PASSED
    assert all("email" not in request.url for request in world.requests)
    changed = _confirm(_handed_in(recipient={"type": "email", "hashed": False, "identity": "eve@mail.example"}))
    assert "@" not in changed.detail + changed.summary
