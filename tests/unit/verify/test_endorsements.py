"""Endorsements inside a credential: each verified by itself, none of them a credential of the applicant's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connector import codec
from connector.answers import credential_json
from connector.errors import SubmissionTooLarge
from connector.intake import limits, unpack
from connector.model.credential import AssessedCredential, Endorsed
from connector.model.report import Decision, Verdict
from connector.normalize import read_claims
from connector.testing.issuer import Issuer

from .conftest import EMAIL, Scene

Json = dict[str, Any]
BADGE, ACHIEVEMENT = "urn:uuid:8f3f6d2c-0000-4000-8000-000000000001", "https://lakeview.example/achievements/welder-i"


@pytest.fixture
def peer() -> Issuer:
    return Issuer("peer", method="web", name="Guild of Welders")


def endorsed(scene: Scene, place: Callable[[Json], Json], endorsement: Any, member: str = "endorsement") -> Json:
    def add(document: Json) -> None:
        place(document)[member] = [endorsement]

    return scene.issuer.open_badge(id=BADGE, email=EMAIL, tags=["MIG welding"], edit=add)


def whole(document: Json) -> Json:
    return document


def only(assessed: AssessedCredential) -> tuple[Endorsed, bool, Verdict]:
    (found,) = assessed.endorsements
    return found.endorses, found.about_this, found.assessed.report.verdict


PLACES = [
    (whole, Endorsed.CREDENTIAL, lambda document: document["id"]),
    (lambda document: document["issuer"], Endorsed.ISSUER, lambda document: document["issuer"]["id"]),
    (
        lambda document: document["credentialSubject"]["achievement"],
        Endorsed.ACHIEVEMENT,
        lambda document: document["credentialSubject"]["achievement"]["id"],
    ),
]


@pytest.mark.parametrize(("place", "kind", "id_of"), PLACES)
def test_an_endorsement_is_verified_wherever_it_stands(
    scene: Scene, peer: Issuer, place: Callable[[Json], Json], kind: Endorsed, id_of: Callable[[Json], str]
) -> None:
    scene.others = [peer]
    about = id_of(scene.issuer.open_badge(id=BADGE, email=EMAIL))
    assessed = scene.assess(endorsed(scene, place, peer.endorsement(about)))
    assert assessed.decision is Decision.ACCEPTED
    assert only(assessed) == (kind, True, Verdict.VERIFIED)


def test_an_endorsement_of_who_made_the_achievement_is_verified(scene: Scene, peer: Issuer) -> None:
    scene.others = [peer]
    creator = {"id": "https://maker.example", "type": ["Profile"]}

    def place(document: Json) -> Json:
        document["credentialSubject"]["achievement"]["creator"] = creator
        return creator

    assessed = scene.assess(endorsed(scene, place, peer.endorsement("https://maker.example")))
    assert only(assessed) == (Endorsed.CREATOR, True, Verdict.VERIFIED)


def test_an_endorsement_may_be_a_token(scene: Scene, peer: Issuer) -> None:
    scene.others = [peer]
    document = peer.endorsement(BADGE)
    del document["proof"]
    token = peer.jwt(document | {"iss": peer.id, "sub": BADGE, "jti": document["id"], "nbf": 1746057600}, typ="vc+jwt")
    assert codec.split_compact_jws(token)
    assessed = scene.assess(endorsed(scene, whole, token, "endorsementJwt"))
    assert only(assessed) == (Endorsed.CREDENTIAL, True, Verdict.VERIFIED)


def test_a_forged_endorsement_is_said_and_the_badge_keeps_its_verdict(scene: Scene, peer: Issuer) -> None:
    scene.others = [peer]
    forged = peer.endorsement(BADGE, wrong_key=True)
    assessed = scene.assess(endorsed(scene, whole, forged))
    assert only(assessed) == (Endorsed.CREDENTIAL, True, Verdict.INVALID)
    assert assessed.decision is Decision.ACCEPTED


def test_an_endorsement_of_something_else_is_not_about_this(scene: Scene, peer: Issuer) -> None:
    scene.others = [peer]
    assessed = scene.assess(endorsed(scene, whole, peer.endorsement("urn:uuid:8f3f6d2c-0000-4000-8000-000000000002")))
    assert only(assessed) == (Endorsed.CREDENTIAL, False, Verdict.VERIFIED)


def test_an_endorsement_of_nothing_is_not_about_a_thing_without_an_id(scene: Scene, peer: Issuer) -> None:
    scene.others = [peer]

    def place(document: Json) -> Json:
        document.pop("id")
        return document

    assessed = scene.assess(endorsed(scene, place, peer.endorsement(None)))
    assert only(assessed)[1] is False


def test_what_is_no_record_in_place_of_an_endorsement_is_said(scene: Scene) -> None:
    assessed = scene.assess(endorsed(scene, whole, "no token", "endorsementJwt"))
    assert only(assessed)[2] is Verdict.UNSUPPORTED


def test_endorsements_of_a_record_that_is_not_proven_are_not_looked_at(scene: Scene, peer: Issuer) -> None:
    scene.others = [peer]
    badge = endorsed(scene, whole, peer.endorsement(BADGE))
    badge["name"] = "Something else"
    assessed = scene.assess(badge)
    assert assessed.report.verdict is Verdict.INVALID
    assert assessed.endorsements == ()
    assert all("peer" not in record.url for record in scene.documents.requests)


def test_an_endorsement_is_never_a_skill(scene: Scene, peer: Issuer) -> None:
    """Whatever type the endorsement takes on: it is not the applicant's."""
    scene.others = [peer]
    disguised = peer.open_badge(name="Master", email=EMAIL, tags=["Forging"])
    assessed = scene.assess(endorsed(scene, whole, disguised))
    assert {claim.name for claim in read_claims(assessed)} == {"Welder I", "MIG welding"}


def test_the_answer_lists_endorsements_under_their_credential(scene: Scene, peer: Issuer) -> None:
    scene.others = [peer]
    answer = credential_json(scene.assess(endorsed(scene, whole, peer.endorsement(BADGE))))
    (found,) = answer["endorsements"]
    assert (found["path"], found["endorses"], found["about_this"]) == ("$.endorsement[0]", "credential", True)
    assert found["issuer"]["name"] == "Guild of Welders"
    assert {"subject", "holder"}.isdisjoint(check["check"] for check in found["checks"])


def test_the_number_of_endorsements_is_bounded(scene: Scene, peer: Issuer) -> None:
    def add(document: Json) -> None:
        document["endorsementJwt"] = ["x"] * (limits.MAX_ENDORSEMENTS + 1)

    with pytest.raises(SubmissionTooLarge):
        scene.receive(scene.issuer.open_badge(edit=add))


def test_the_number_of_endorsements_in_a_whole_submission_is_bounded(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has a proof of its own: ten thousand in one file took seconds."""
    monkeypatch.setattr(unpack, "MAX_ALL_ENDORSEMENTS", 10)
    badge = scene.issuer.open_badge()
    badge["endorsementJwt"] = ["x"] * 5
    assert len(scene.receive([badge] * 2)) == 2
    with pytest.raises(SubmissionTooLarge) as caught:
        scene.receive([badge] * 3)
    assert caught.value.code == "too_many"
