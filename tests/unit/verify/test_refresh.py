"""The newest version of a record: asked once, after the proof, verified from the start."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from connector.errors import FetchError
from connector.infra.documents import NoDocuments
from connector.model.credential import AssessedCredential
from connector.model.report import Decision, Verdict
from connector.normalize import read_claims
from connector.ports import World
from connector.testing.documents import NOW
from connector.testing.issuer import Issuer, StatusEntry
from connector.verify import Policy, assess_all
from connector.verify.policy import Refresh
from connector.verify.refresh import MAX_REFRESHES

from .conftest import EMAIL, MARIA, Scene, codes

Json = dict[str, Any]
URL = "https://lakeview.example/refresh/1"
ID = "urn:uuid:0b7a5c1e-4c55-4f0e-9c5b-3d5f7f1d2a01"
EXTENSIONS = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"
STRANGER = Issuer("stranger", method="web")
SERVICE: Json = {"id": URL, "type": "1EdTechCredentialRefresh"}
LATER = "2025-06-01T00:00:00Z"


def _badge(
    scene: Scene,
    *,
    by: Issuer | None = None,
    service: Any = SERVICE,
    begins: str = "2025-05-01T00:00:00Z",
    **options: Any,
) -> Json:
    def edit(document: Json) -> None:
        document["validFrom"] = begins
        if service is not None:
            document["refreshService"] = service
            document["@context"].append(EXTENSIONS)

    return (by or scene.issuer).open_badge(**{"email": EMAIL, "id": ID, "edit": edit} | options)


def _newer(scene: Scene, **options: Any) -> Json:
    return _badge(scene, **{"begins": LATER, "name": "Welder II"} | options)


def _assess(scene: Scene, served: Any, document: Any = None) -> AssessedCredential:
    scene.extra[URL] = served
    return scene.assess(_badge(scene) if document is None else document)


def _names(assessed: AssessedCredential) -> set[str]:
    return {claim.name for claim in read_claims(assessed)}


def _asked(scene: Scene) -> int:
    return [request.url for request in scene.documents.requests].count(URL)


def test_the_newest_version_takes_the_place_of_the_record(scene: Scene) -> None:
    assessed = _assess(scene, _newer(scene))
    assert assessed.decision is Decision.ACCEPTED
    assert "record_refreshed" in codes(assessed)
    assert (_names(assessed), assessed.report.valid_from) == ({"Welder II"}, LATER)
    assert _asked(scene) == 1, "a newer version names its service too, and is not refreshed again"


@pytest.mark.parametrize("form", ["token", "token in text"])
def test_the_newest_version_may_be_a_token(scene: Scene, form: str) -> None:
    token = scene.issuer.jwt_badge(email=EMAIL, id=ID, name="Welder II", edit=lambda d: d.update(validFrom=LATER))
    assessed = _assess(scene, token if form == "token" else json.dumps(token))
    assert (_names(assessed), assessed.decision) == ({"Welder II"}, Decision.ACCEPTED)


def test_a_token_is_refreshed_too(scene: Scene) -> None:
    token = scene.issuer.jwt_badge(email=EMAIL, id=ID, edit=lambda d: d.update(refreshService=SERVICE))
    assert _names(_assess(scene, _newer(scene), token)) == {"Welder II"}


def test_an_expired_record_lives_on_in_its_newest_version(scene: Scene) -> None:
    expired = _badge(scene, expired=True)
    assert _assess(scene, 404, expired).report.verdict is Verdict.EXPIRED
    assert _assess(scene, _newer(scene, expired=False), expired).decision is Decision.ACCEPTED


@pytest.mark.parametrize("change", [{"tampered": True}, {"wrong_key": True}])
def test_nothing_is_asked_before_the_proof_holds(scene: Scene, change: Json) -> None:
    assert _assess(scene, _newer(scene), _badge(scene, **change)).report.verdict is Verdict.INVALID
    assert _asked(scene) == 0


def test_nothing_is_asked_for_a_record_that_is_not_shown_to_be_its_issuers(scene: Scene) -> None:
    scene.others.append(STRANGER)
    borrowed = _badge(scene, by=STRANGER)
    unbound = STRANGER.sign({**{k: v for k, v in borrowed.items() if k != "proof"}, "issuer": "urn:nobody"})
    assert "issuer_unbound" in codes(_assess(scene, _newer(scene), unbound))
    assert _asked(scene) == 0


# --- what keeps the original -------------------------------------------------------------------------------------

KEPT: dict[str, tuple[Callable[[Scene], Any], str]] = {
    "not there": (lambda scene: 404, "refresh_unavailable"),
    "broken": (lambda scene: 503, "refresh_unavailable"),
    "refused by the guard": (lambda scene: FetchError("no", code="private", refused=True), "refresh_unavailable"),
    "a page": (lambda scene: b"<html>", "refresh_unavailable"),
    "a list": (lambda scene: [_newer(scene)], "refresh_other_record"),
    "half a token": (lambda scene: "eyJhbGciOiJFZERTQSJ9.e30", "refresh_unavailable"),
    "a presentation": (lambda scene: scene.issuer.presentation([_newer(scene)]), "refresh_other_record"),
    "of another type": (lambda scene: scene.issuer.plain_vc(), "refresh_other_record"),
    "of another id": (lambda scene: _newer(scene, id=f"{ID[:-1]}2"), "refresh_other_record"),
    "of another issuer": (lambda scene: _newer(scene, by=STRANGER), "refresh_other_record"),
    "about somebody else": (lambda scene: _newer(scene, email="juan@mail.example"), "refresh_other_record"),
    "about a somebody else with an id": (
        lambda scene: _newer(scene, subject_id="did:example:juan"),
        "refresh_other_record",
    ),
    "tampered": (lambda scene: _newer(scene, tampered=True), "refresh_not_sound"),
    "by another key": (lambda scene: _newer(scene, wrong_key=True), "refresh_not_sound"),
    "unsigned": (lambda scene: _newer(scene, edit_signed=lambda d: d.pop("proof")), "refresh_not_sound"),
    "not valid yet": (lambda scene: _newer(scene, begins="2031-01-01T00:00:00Z"), "refresh_not_sound"),
    "signed by somebody else in the issuer's name": (
        lambda scene: STRANGER.sign({k: v for k, v in _newer(scene).items() if k != "proof"}),
        "refresh_not_sound",
    ),
    "older": (lambda scene: _newer(scene, begins="2024-05-01T00:00:00Z"), "refresh_not_newer"),
    "the same": (lambda scene: _badge(scene), "refresh_not_newer"),
}


@pytest.mark.parametrize("name", KEPT)
def test_whatever_else_comes_back_leaves_the_record_as_it_was(scene: Scene, name: str) -> None:
    served, code = KEPT[name]
    scene.others.append(STRANGER)
    assert _names(_assess(scene, _newer(scene))) == {"Welder II"}
    assessed = _assess(scene, served(scene))
    assert code in codes(assessed)
    assert (_names(assessed), assessed.decision) == ({"Welder I"}, Decision.ACCEPTED)
    assert "record_refreshed" not in codes(assessed)


def test_ids_are_compared_as_open_badges_has_it(scene: Scene) -> None:
    assert _names(_assess(scene, _newer(scene, id=ID.replace("-", "%2D")))) == {"Welder II"}


def test_a_newer_version_of_the_same_day_counts(scene: Scene) -> None:
    assert _names(_assess(scene, _newer(scene, begins="2025-05-01T00:00:00Z"))) == {"Welder II"}


# --- what the issuer's newest word is ----------------------------------------------------------------------------


def test_a_newest_version_that_was_revoked_is_revoked(scene: Scene) -> None:
    assessed = _assess(scene, _newer(scene, revoked=True))
    assert (assessed.report.verdict, assessed.decision) == (Verdict.REVOKED, Decision.REFUSED)
    assert "record_refreshed" in codes(assessed)


def test_a_newest_version_that_has_expired_is_expired(scene: Scene) -> None:
    assert _assess(scene, _newer(scene, expired=True)).report.verdict is Verdict.EXPIRED


# --- when --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "expired", "asked"),
    [
        (Refresh.ALWAYS, False, 1),
        (Refresh.ALWAYS, True, 1),
        (Refresh.WHEN_DUE, False, 0),
        (Refresh.WHEN_DUE, True, 1),
        (Refresh.NEVER, True, 0),
    ],
)
def test_the_policy_says_when_an_issuer_is_asked(scene: Scene, when: Refresh, expired: bool, asked: int) -> None:
    scene.policy = Policy.trusting([scene.issuer.id]).model_copy(update={"refresh": when})
    _assess(scene, _newer(scene), _badge(scene, expired=expired))
    assert _asked(scene) == asked


def test_a_list_that_tells_of_a_newer_version_makes_it_due(scene: Scene) -> None:
    scene.policy = Policy.trusting([scene.issuer.id]).model_copy(update={"refresh": Refresh.WHEN_DUE})
    lists = "https://lakeview.example/status/refresh"
    badge = _badge(scene, status=StatusEntry(lists, 7, purpose="refresh"))
    scene.extra[lists] = scene.issuer.status_list(lists, set(), purpose="refresh")
    _assess(scene, _newer(scene), badge)
    assert _asked(scene) == 0
    scene.extra[lists] = scene.issuer.status_list(lists, {7}, purpose="refresh")
    assert _names(_assess(scene, _newer(scene), badge)) == {"Welder II"}


@pytest.mark.parametrize(("expired", "asked"), [(False, 0), (True, 1)])
def test_a_service_for_wallets_is_asked_only_when_there_is_need(scene: Scene, expired: bool, asked: int) -> None:
    """As a token: its type is a term of no vocabulary that is carried here."""
    service = {"id": URL, "type": "VerifiableCredentialRefreshService2021"}
    token = scene.issuer.jwt_badge(email=EMAIL, id=ID, expired=expired, edit=lambda d: d.update(refreshService=service))
    _assess(scene, _newer(scene), token)
    assert _asked(scene) == asked


@pytest.mark.parametrize(
    "service",
    [None, [], {}, "x", {"id": URL}, {"id": URL, "type": "ManualRefreshService2018"}, {"type": SERVICE["type"]}],
    ids=repr,
)
def test_what_names_no_service_is_not_asked(scene: Scene, service: Any) -> None:
    token = scene.issuer.jwt_badge(email=EMAIL, id=ID, edit=lambda d: d.update(refreshService=service))
    assert "record_refreshed" not in codes(_assess(scene, _newer(scene), token))
    assert _asked(scene) == 0


def test_a_plain_http_address_is_refused_by_the_guard_and_keeps_the_record(scene: Scene) -> None:
    credentials = scene.receive(_badge(scene, by=Issuer("lakeview"), service=SERVICE | {"id": "http://a.example/1"}))
    policy = Policy.trusting([Issuer("lakeview").id])
    (assessed,) = assess_all(credentials, policy, World(NoDocuments()), applicant=MARIA, now=NOW)
    assert "refresh_unavailable" in codes(assessed)


def test_offline_the_record_counts_as_it_is(scene: Scene) -> None:
    lakeview = Issuer("lakeview")
    credentials = scene.receive(_badge(scene, by=lakeview))
    world = World(NoDocuments())
    (assessed,) = assess_all(credentials, Policy.trusting([lakeview.id]), world, applicant=MARIA, now=NOW)
    assert assessed.decision is Decision.ACCEPTED
    assert "refresh_unavailable" in codes(assessed)
    assert [(request.url, request.outcome) for request in world.documents.requests] == [(URL, "refused")]


def test_each_badge_in_a_transcript_has_its_own_newest_version_and_the_transcript_none(scene: Scene) -> None:
    scene.extra[URL] = _newer(scene)

    def edit(document: Json) -> None:
        document["refreshService"] = SERVICE
        document["@context"].append(EXTENSIONS)

    outer, inner = scene.assess_all(scene.issuer.clr(badges=[_badge(scene)], email=EMAIL, edit=edit))
    assert _names(inner) == {"Welder II"}
    assert inner.report.path == "$.credentialSubject.verifiableCredential[0]"
    assert outer.decision is Decision.ACCEPTED
    assert _asked(scene) == 1


def test_a_submission_asks_so_often_and_no_more(scene: Scene) -> None:
    badge = _badge(scene, service=SERVICE)
    assessed = scene.assess_all([badge] * (MAX_REFRESHES + 1))
    assert _asked(scene) == MAX_REFRESHES
    assert {one.decision for one in assessed} == {Decision.ACCEPTED}
