"""Lists, keys and newest versions behind the guard of the real network: https, public, no redirects for lists."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connector.infra.world_file import RecordedWorld
from connector.intake.receive import receive
from connector.model.credential import AssessedCredential
from connector.model.report import Decision, Verdict
from connector.model.submission import Submission
from connector.ports import World
from connector.testing.documents import NOW
from connector.testing.issuer import Issuer, StatusEntry, recorded_world
from connector.testing.signed_badges import SignedBadges
from connector.testing.status_lists import revocation_list, token_list
from connector.verify import Policy, assess_all

from .conftest import EMAIL, MARIA, codes

Json = dict[str, Any]
URL = "https://lakeview.example/status/1"
ELSEWHERE = "https://lakeview.example/status/moved"
ISSUER = Issuer("lakeview", method="web")


def _assess(given: Any, world: Json, trusted: str = ISSUER.id) -> tuple[AssessedCredential, RecordedWorld]:
    documents = RecordedWorld(world, base=Path())
    content = given if isinstance(given, str) else json.dumps(given)
    credentials = receive(Submission(content=content.encode()))
    (assessed,) = assess_all(credentials, Policy.trusting([trusted]), World(documents), applicant=MARIA, now=NOW)
    return assessed, documents


def _body(document: Any) -> Json:
    return {"body": document if isinstance(document, str) else json.dumps(document)}


ANSWERS: dict[str, Json] = {
    "moved": {"status": 302, "location": ELSEWHERE},
    "in a private network": {"dns": ["10.0.0.7"]},
    "in a private network at second look": {"dns": ["93.184.216.34", "127.0.0.1"]},
    "endless": {"body": "infinite stream"},
    "slow": {"delay_seconds": 60},
    "dripping": {"drip_seconds": 1},
    "broken": {"content_encoding": "gzip"},
}
LISTS: dict[str, tuple[Any, Any]] = {
    "bits": (
        ISSUER.open_badge(email=EMAIL, status=StatusEntry(URL, 7)),
        ISSUER.status_list(URL),
    ),
    "ids": (
        ISSUER.jwt_badge(
            email=EMAIL, edit=lambda d: d.update(credentialStatus={"id": URL, "type": "1EdTechRevocationList"})
        ),
        revocation_list(ISSUER, URL),
    ),
    "token": (
        ISSUER.jwt_badge(email=EMAIL, claims={"status": {"status_list": {"idx": 7, "uri": URL}}}),
        token_list(ISSUER, URL),
    ),
}


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("answer", ANSWERS)
def test_a_list_that_the_guard_does_not_let_through_leaves_the_status_unknown(kind: str, answer: str) -> None:
    given, listed = LISTS[kind]
    world = recorded_world(ISSUER, extra={URL: _body(listed), ELSEWHERE: _body(listed)})
    assert _assess(given, world)[0].decision is Decision.ACCEPTED
    assessed, _ = _assess(given, world | {URL: _body(listed) | ANSWERS[answer]})
    assert (assessed.report.verdict, "status_list_unreachable" in codes(assessed)) == (Verdict.STATUS_UNKNOWN, True)


@pytest.mark.parametrize(
    "url", ["http://lakeview.example/1", "https://127.0.0.1/1", "https://a@lakeview.example/1", "x:y"]
)
def test_a_list_at_an_address_that_is_not_asked_leaves_the_status_unknown(url: str) -> None:
    entry = {"id": url, "type": "1EdTechRevocationList"}
    assessed, documents = _assess(
        ISSUER.jwt_badge(email=EMAIL, edit=lambda d: d.update(credentialStatus=entry)), recorded_world(ISSUER)
    )
    assert assessed.report.verdict is Verdict.STATUS_UNKNOWN
    assert "refused" in [r.outcome for r in documents.requests if r.url == url], documents.requests


@pytest.mark.parametrize("answer", [name for name in ANSWERS if name != "moved"])
def test_a_newest_version_that_the_guard_does_not_let_through_leaves_the_record_as_it_is(answer: str) -> None:
    service = {"id": URL, "type": "1EdTechCredentialRefresh"}

    def badge(name: str, begins: str) -> str:
        members = {"refreshService": service, "validFrom": begins}
        return ISSUER.jwt_badge(email=EMAIL, name=name, id="urn:uuid:1", edit=lambda d: d.update(members))

    given, newer = badge("Welder I", "2025-05-01T00:00:00Z"), badge("Welder II", "2025-06-01T00:00:00Z")
    world = recorded_world(ISSUER, extra={URL: _body(newer)})
    assert "record_refreshed" in codes(_assess(given, world)[0])
    assessed, _ = _assess(given, world | {URL: _body(newer) | ANSWERS[answer]})
    assert ("refresh_unavailable" in codes(assessed), assessed.decision) == (True, Decision.ACCEPTED)


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize(("url", "verdict"), [("key_url", Verdict.UNRESOLVABLE), ("list_url", Verdict.STATUS_UNKNOWN)])
def test_keys_and_lists_of_signed_badges_are_guarded_like_others(answer: str, url: str, verdict: Verdict) -> None:
    badges = SignedBadges()
    world = {address: _body(document) for address, document in badges.documents.items()}
    assert _assess(badges.issue(), world, badges.id)[0].decision is Decision.ACCEPTED
    address = getattr(badges, url)
    world |= {ELSEWHERE: world[address], address: world[address] | ANSWERS[answer]}
    assert _assess(badges.issue(), world, badges.id)[0].report.verdict is verdict


def test_a_plain_http_address_of_a_signed_badge_is_asked_over_https() -> None:
    """Open Badges 2.0 is older than that habit; what answers must be the same site over https."""
    badges = SignedBadges()
    plain = badges.key_url.replace("https:", "http:")
    badges.profile["revocationList"] = badges.list_url.replace("https:", "http:")
    world = {address: _body(document) for address, document in badges.documents.items()}
    token = badges.issue(verification={"type": "SignedBadge", "creator": plain})
    assessed, documents = _assess(token, world, badges.id)
    assert assessed.decision is Decision.ACCEPTED
    outcomes = {request.url: request.outcome for request in documents.requests}
    assert (outcomes[plain], outcomes[badges.key_url]) == ("refused", "answered")
