"""Documents that say odd things wherever they can: each gets an answer, none ends the run; and changed signatures."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from connector import codec
from connector.errors import IntakeError
from connector.intake.receive import receive
from connector.model.report import Decision, Verdict
from connector.model.submission import Submission
from connector.ports import World
from connector.testing.badge_host import BadgeHost
from connector.testing.documents import NOW, MemoryDocuments
from connector.testing.issuer import Issuer
from connector.testing.signed_badges import SignedBadges
from connector.testing.status_lists import revocation_list, token_list
from connector.verify import Policy, assess_all

from .conftest import EMAIL, MARIA, Scene, codes

Json = dict[str, Any]
Path = tuple[Any, ...]
URL = "https://lakeview.example/status/1"
ODD: tuple[Any, ...] = (
    None,
    True,
    7,
    -1,
    0.5,
    "",
    "x",
    "https://",
    "https://[",
    "http://a.example/",
    [],
    [[]],
    {},
    {"id": 7},
)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def _places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every place in a document, itself included."""
    yield path
    items: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, child in items:
        yield from _places(child, (*path, name))


def _with(value: Any, path: Path, odd: Any) -> Any:
    if not path:
        return odd
    changed = copy.deepcopy(value)
    here = changed
    for step in path[:-1]:
        here = here[step]
    here[path[-1]] = odd
    return changed


def _variants(value: Any) -> Iterator[Any]:
    for path in _places(value):
        for odd in ODD:
            yield _with(value, path, odd)


BADGES = SignedBadges()
POLICY = Policy.trusting([BADGES.id])


def _badge(documents: Json, token: str) -> tuple[Verdict, Decision]:
    credentials = receive(Submission(content=token.encode()))
    (assessed,) = assess_all(credentials, POLICY, World(MemoryDocuments(documents)), applicant=MARIA, now=NOW)
    return assessed.report.verdict, assessed.decision


@pytest.mark.parametrize("url", [BADGES.profile_url, BADGES.badge_url, BADGES.key_url, BADGES.list_url])
def test_an_odd_document_of_a_signed_badge_gets_an_answer(url: str) -> None:
    token = BADGES.issue()
    assert _badge(BADGES.documents, token) == (Verdict.VERIFIED, Decision.ACCEPTED)
    verdicts = {_badge(BADGES.documents | {url: odd}, token)[0] for odd in _variants(BADGES.documents[url])}
    assert len(verdicts) > 1
    assert Verdict.MALFORMED not in verdicts


def test_an_odd_assertion_gets_an_answer() -> None:
    honest = BADGES.assertion()
    verdicts = set()
    for path in _places(honest):
        for odd in ODD:
            members = _with(honest, path, odd)
            if not isinstance(members, dict):
                continue
            token = BADGES.issue(**members)
            try:
                verdicts.add(_badge(BADGES.documents, token)[0])
            except IntakeError:
                continue
    assert {Verdict.VERIFIED, Verdict.NONCONFORMANT, Verdict.UNRESOLVABLE} <= verdicts


@pytest.mark.parametrize("which", ["assertion", "badge", "profile"])
def test_an_odd_document_of_a_hosted_badge_gets_an_answer(which: str) -> None:
    host = BadgeHost()
    issued = host.issue(EMAIL)
    url = {"assertion": issued.url, "badge": issued.assertion["badge"], "profile": host.profile["id"]}[which]
    documents = {
        address: json.loads(answer["body"]) for address, answer in host.answers().items() if "{" in answer["body"][:1]
    }
    verdicts = set()
    for odd in _variants(documents[url]):
        served = MemoryDocuments(documents | {url: json.dumps(odd)})
        credentials = receive(Submission(content=issued.text().encode()))
        (assessed,) = assess_all(credentials, Policy(), World(served), applicant=MARIA, now=NOW)
        verdicts.add(assessed.report.verdict)
    assert {Verdict.VERIFIED, Verdict.NONCONFORMANT} <= verdicts


def test_an_odd_newest_version_gets_an_answer(scene: Scene) -> None:
    service = {"id": URL, "type": "1EdTechCredentialRefresh"}
    token = scene.issuer.jwt_badge(email=EMAIL, edit=lambda d: d.update(refreshService=service))
    payload = json.loads(_payload(token))
    assert "refresh_not_newer" in _refreshed(scene, token, payload)
    for odd in _variants(payload):
        found = _refreshed(scene, token, odd)
        assert any(code.startswith(("refresh_", "record_refreshed")) for code in found), odd


def _refreshed(scene: Scene, token: str, payload: Any) -> set[str]:
    scene.extra[URL] = scene.issuer.jwt(payload, typ="vc+jwt")
    return codes(scene.assess(token))


def test_an_odd_1edtech_list_gets_an_answer(scene: Scene) -> None:
    entry = {"id": URL, "type": "1EdTechRevocationList"}
    token = scene.issuer.jwt_badge(email=EMAIL, edit=lambda d: d.update(credentialStatus=entry))
    verdicts = set()
    for odd in _variants(revocation_list(scene.issuer, URL, ["urn:uuid:other", {"id": "urn:x", "revoked": False}])):
        scene.extra[URL] = json.dumps(odd)
        verdicts.add(scene.assess(token).report.verdict)
    assert verdicts == {Verdict.VERIFIED, Verdict.STATUS_UNKNOWN}


def test_an_odd_token_list_gets_an_answer(scene: Scene) -> None:
    """Signed as it is: what is odd in it was signed by its issuer."""
    token = scene.issuer.jwt_badge(email=EMAIL, claims={"status": {"status_list": {"idx": 9, "uri": URL}}})
    payload = json.loads(_payload(token_list(scene.issuer, URL)))
    verdicts = set()
    for odd in _variants(payload):
        scene.extra[URL] = scene.issuer.jwt(odd, typ="statuslist+jwt")
        verdicts.add(scene.assess(token).report.verdict)
    assert verdicts == {Verdict.VERIFIED, Verdict.STATUS_UNKNOWN}


def test_an_odd_status_list_gets_an_answer(scene: Scene) -> None:
    """As a token, so that JSON-LD does not refuse what is odd first."""
    listed = scene.issuer.status_list(URL, edit_signed=lambda d: d.pop("proof"))
    entry = {
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": "7",
        "statusListCredential": URL,
    }
    token = scene.issuer.jwt_badge(email=EMAIL, edit=lambda d: d.update(credentialStatus=entry))
    verdicts = set()
    for odd in _variants(listed):
        scene.extra[URL] = scene.issuer.jwt(odd, typ="vc+jwt")
        verdicts.add(scene.assess(token).report.verdict)
    assert verdicts == {Verdict.VERIFIED, Verdict.STATUS_UNKNOWN}


def test_an_odd_entry_gets_an_answer(scene: Scene) -> None:
    scene.extra[URL] = scene.issuer.status_list(URL, {7})
    entry = {
        "id": f"{URL}#7",
        "type": ["BitstringStatusListEntry"],
        "statusPurpose": "revocation",
        "statusListIndex": "7",
        "statusListCredential": URL,
        "statusSize": 1,
    }
    for odd in _variants(entry):
        token = scene.issuer.jwt_badge(email=EMAIL, edit=lambda d, odd=odd: d.update(credentialStatus=odd))
        assessed = scene.assess(token)
        clear = "status_clear" in codes(assessed)
        assert assessed.decision is not Decision.ACCEPTED or clear, odd  # another index is another record


# --- one letter --------------------------------------------------------------------------------------------------


def _payload(token: str) -> bytes:
    return codec.b64url_decode(token.split(".")[1])


def _one_letter_off(token: str) -> Iterator[str]:
    """Every place of a token with another letter in it."""
    for place, letter in enumerate(token):
        if letter != ".":
            yield f"{token[:place]}{LETTERS[(LETTERS.index(letter) + 1) % 64]}{token[place + 1 :]}"


def test_a_signed_badge_with_one_letter_changed_is_never_verified() -> None:
    for changed in _one_letter_off(BADGES.issue()):
        try:
            assert _badge(BADGES.documents, changed)[1] is Decision.REFUSED
        except IntakeError:
            continue


def test_a_token_list_with_one_letter_changed_never_clears() -> None:
    scene = Scene(issuer=Issuer("lakeview", method="web", alg="ES256"))
    token = scene.issuer.jwt_badge(email=EMAIL, claims={"status": {"status_list": {"idx": 9, "uri": URL}}})
    honest = token_list(scene.issuer, URL, {9: 1}, records=16)
    scene.extra[URL] = honest
    assert scene.assess(token).report.verdict is Verdict.REVOKED
    for changed in _one_letter_off(honest):
        scene.extra[URL] = changed
        assert scene.assess(token).report.verdict is Verdict.STATUS_UNKNOWN
