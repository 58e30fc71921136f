"""One small submission may lead to documents that are large, or to one of them five hundred times: each is read once,
and all of them draw on what one submission may cost."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from connector import codec
from connector.infra.world_file import RecordedWorld
from connector.intake.receive import receive
from connector.model.credential import UnverifiedCredential
from connector.model.report import Verdict
from connector.model.submission import Submission
from connector.ports import World
from connector.testing.badge_host import BadgeHost
from connector.testing.documents import NOW
from connector.testing.issuer import Issuer
from connector.testing.signed_badges import SignedBadges
from connector.testing.signing import SigningKey
from connector.verify import Policy, assess_all
from connector.verify.did import document as controller_documents
from connector.verify.jsonld.limits import SUBMISSION_WORK
from connector.verify.published_json import parse

from .conftest import EMAIL, MARIA, Scene, codes

Json = dict[str, Any]
PADDED: Json = {"x": [[] for _ in range(240_000)]}
"""As much as one document may hold; it takes a quarter of a second to read."""
MANY = 8


def tokens_of(*issuers: Issuer, each: int = 1, **options: Any) -> list[str]:
    return [one.jwt_badge(email=EMAIL, name=f"Course {n}", **options) for one in issuers for n in range(each)]


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How long each text was that was parsed."""
    lengths: list[int] = []

    def counted(data: bytes | str, **options: Any) -> Any:
        lengths.append(len(data))
        return original(data, **options)

    original = codec.parse_json
    monkeypatch.setattr(codec, "parse_json", counted)
    return lengths


def test_a_key_document_is_read_once_for_all_records_of_a_submission(parsed: list[int]) -> None:
    scene = Scene()
    text = json.dumps({**scene.issuer.controller_document(), "x": "y" * 5_000})
    scene.extra = {scene.issuer.document_url or "": text}
    for _ in range(2):
        assessed = scene.assess_all(tokens_of(scene.issuer, each=20))
        assert {a.report.verdict for a in assessed} == {Verdict.VERIFIED}
    assert parsed.count(len(text)) == 2, "once for each submission"


def test_the_keys_that_an_issuer_lists_are_read_once_for_all_records(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []
    original = controller_documents.read_key
    monkeypatch.setattr(controller_documents, "read_key", lambda method: calls.append(method) or original(method))  # type: ignore[func-returns-value]
    scene = Scene()
    bare = {"kid": None, "jwk": scene.issuer.key.public_jwk}
    assessed = scene.assess_all(tokens_of(scene.issuer, each=20, header=bare))
    assert {a.report.issuer.bound for a in assessed} == {True}
    assert len(calls) == 1


def test_large_key_documents_one_after_another_do_not_add_up() -> None:
    issuers = [Issuer(f"padded {n}", method="web") for n in range(MANY)]
    scene = Scene(others=issuers)
    scene.extra = {i.document_url or "": json.dumps({**i.controller_document(), **PADDED}) for i in issuers}
    assert scene.assess(issuers[0].jwt_badge(email=EMAIL)).report.verdict is Verdict.VERIFIED, "each alone is read"
    assessed = scene.assess_all(tokens_of(*issuers))
    assert (assessed[0].report.verdict, assessed[-1].report.verdict) == (Verdict.VERIFIED, Verdict.MALFORMED)
    assert "too_complex" in codes(assessed[-1])


def test_hundreds_of_keys_in_each_of_many_documents_do_not_add_up() -> None:
    issuers = [Issuer(f"keys {n}", method="web") for n in range(20)]
    scene = Scene(others=issuers)
    for issuer in issuers:
        document = issuer.controller_document()
        document["assertionMethod"] = [f"https://elsewhere.example/{n}" for n in range(199)] + [issuer.key_id]
        scene.extra[issuer.document_url or ""] = document
    bare = [i.jwt_badge(email=EMAIL, header={"kid": None, "jwk": i.key.public_jwk}) for i in issuers]
    assert scene.assess(bare[-1]).report.issuer.bound, "each alone is looked through"
    assessed = scene.assess_all(bare)
    assert [a.report.issuer.bound for a in (assessed[0], assessed[-1])] == [True, False]


def test_a_large_profile_is_read_once_for_all_badges_that_name_it(parsed: list[int]) -> None:
    host = SignedBadges()
    text = json.dumps({**host.profile, "x": "y" * 5_000})
    scene = Scene(policy=Policy.trusting([host.id]), extra=host.documents | {host.profile_url: text})
    assessed = scene.assess_all([host.issue(id=f"urn:uuid:{n}") for n in range(20)])
    assert {a.report.verdict for a in assessed} == {Verdict.VERIFIED}
    assert parsed.count(len(text)) == 1


def test_badges_that_make_us_try_many_keys_do_not_add_up() -> None:
    host = SignedBadges()
    others = [
        {"id": f"{host.profile_url}#{n}", "publicKeyPem": SigningKey(f"k{n}", "ES512").public_pem} for n in range(9)
    ]
    own = {"id": host.key_url, "publicKeyPem": host.key.public_pem}
    profile = {**host.profile, "publicKey": [*others, own]}
    scene = Scene(policy=Policy.trusting([host.id]), extra=host.documents | {host.profile_url: profile})
    badges = [host.issue(id=f"urn:uuid:{n}", verification={"type": "SignedBadge"}) for n in range(130)]
    assert scene.assess(badges[-1]).report.verdict is Verdict.VERIFIED, "each alone is checked"
    assert [a.report.verdict for a in scene.assess_all(badges)][-1] is Verdict.MALFORMED


def test_large_web_pages_in_front_of_badges_do_not_add_up() -> None:
    """A page of 2 MB takes half a second to read."""
    host, padding = BadgeHost(), "<a b=c d=e f=g>" * 60_000
    issued = [host.issue(EMAIL, name=f"Course {n}") for n in range(MANY)]
    for one in issued:
        link = f'<link rel="alternate" type="application/ld+json" href="{one.url}.json">'
        host.answer(f"{one.url}.json", body=one.text())
        host.answer(one.url, body=f"<html><head>{link}</head>{padding}</html>", content_type="text/html")
    world = World(RecordedWorld(host.answers(), base=Path()))
    read = receive(Submission(content=json.dumps([one.assertion for one in issued]).encode()))

    def verdicts(badges: Sequence[UnverifiedCredential]) -> list[Verdict]:
        return [a.report.verdict for a in assess_all(badges, Policy(), world, applicant=MARIA, now=NOW)]

    assert verdicts(read[-1:]) == [Verdict.VERIFIED], "each alone is read"
    assert Verdict.VERIFIED not in verdicts(read)[-1:]


def test_large_status_lists_draw_on_the_same(scene: Scene) -> None:
    text = json.dumps({"revokedCredentials": [], **PADDED})

    def entry(n: int) -> Json:
        return {"credentialStatus": {"id": f"https://l.example/{n}", "type": "1EdTechRevocationList"}}

    scene.extra = {f"https://l.example/{n}": text.replace("{", "{" + " " * n, 1) for n in range(MANY)}
    alone = scene.assess(scene.issuer.jwt_badge(email=EMAIL, edit=lambda d: d.update(entry(0))))
    assert "status_list_malformed" not in codes(alone)
    assessed = scene.assess_all(
        [scene.issuer.jwt_badge(name=f"B{n}", email=EMAIL, edit=lambda d, n=n: d.update(entry(n))) for n in range(MANY)]
    )
    assert "status_list_malformed" in set().union(*map(codes, assessed))
    assert Verdict.VERIFIED not in [a.report.verdict for a in assessed][-1:]


def test_outside_of_a_submission_nothing_is_counted() -> None:
    text = json.dumps(PADDED).encode()
    assert SUBMISSION_WORK < 4 * 240_000 / 3
    for _ in range(4):
        assert parse(text) == PADDED
