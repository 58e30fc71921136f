"""Lists that cost more than they are worth: bounded each, and all of a submission together; never "not revoked"."""

from __future__ import annotations

import gzip
import time
from typing import Any

import pytest

from connector import codec
from connector.intake.receive import receive
from connector.model.report import Decision, Verdict
from connector.model.submission import Submission
from connector.ports import World
from connector.testing.documents import NOW, MemoryDocuments
from connector.testing.issuer import StatusEntry
from connector.testing.signed_badges import SignedBadges
from connector.testing.status_lists import revocation_list, token_list
from connector.verify import Policy, assess_all
from connector.verify.checks.status import lists as bounds
from connector.verify.errors import CheckError

from .conftest import EMAIL, MARIA, Scene

Json = dict[str, Any]
SITE = "https://lakeview.example/status"
SECONDS = 1.0


def _named(scene: Scene, count: int) -> str:
    entries = [{"id": f"{SITE}/{n}", "type": "1EdTechRevocationList"} for n in range(count)]
    return scene.issuer.jwt_badge(email=EMAIL, edit=lambda d: d.update(credentialStatus=entries))


def _ids(scene: Scene, url: str, size: int) -> str:
    """A list of ids of about so many bytes."""
    count = size // 18
    return (
        f'{{"id":"{url}","issuer":"{scene.issuer.id}","revokedCredentials":['
        + ",".join(f'{{"id":"{n:08d}"}}' for n in range(count))
        + "]}"
    )


@pytest.mark.parametrize(("size", "verdict"), [(1_500_000, Verdict.VERIFIED), (2_100_000, Verdict.STATUS_UNKNOWN)])
def test_a_list_of_ids_has_a_size(scene: Scene, size: int, verdict: Verdict) -> None:
    scene.extra[f"{SITE}/0"] = _ids(scene, f"{SITE}/0", size)
    start = time.process_time()
    assert scene.assess(_named(scene, 1)).report.verdict is verdict
    assert time.process_time() - start < SECONDS


def test_many_large_lists_of_one_record_are_not_all_read(scene: Scene) -> None:
    scene.extra = {f"{SITE}/{n}": _ids(scene, f"{SITE}/{n}", 1_900_000) for n in range(6)}
    start = time.process_time()
    assert scene.assess(_named(scene, 6)).report.verdict is Verdict.STATUS_UNKNOWN
    assert time.process_time() - start < 2 * SECONDS, "some are read, within the bound of all together"
    assert scene.assess(_named(scene, 3)).decision is Decision.ACCEPTED


def test_lists_that_grow_when_they_are_unpacked_are_counted_together(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "MAX_INFLATED", 40_000)
    urls = [f"{SITE}/{n}" for n in range(3)]
    scene.extra = {url: scene.issuer.status_list(url) for url in urls}
    for count, verdict in ((2, Verdict.VERIFIED), (3, Verdict.STATUS_UNKNOWN)):
        badge = scene.issuer.open_badge(email=EMAIL, status=[StatusEntry(url, 7) for url in urls[:count]])
        assert scene.assess(badge).report.verdict is verdict


def test_lists_that_turn_out_to_be_broken_cost_as_much(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """450 lists, each cut short behind 4 MB of zeros, once took 11 s and 1.8 GB."""
    unpacked: list[int] = []

    def counted(raw: bytes, **options: Any) -> bytes:
        unpacked.append(len(raw))
        return original(raw, **options)

    original = codec.inflate
    monkeypatch.setattr(codec, "inflate", counted)
    cut = "u" + codec.b64url_encode(gzip.compress(bytes(3_900_000))[:-9])
    urls = [f"{SITE}/{n}" for n in range(16)]
    scene.extra = {
        url: scene.issuer.status_list(url, edit=lambda d: d["credentialSubject"].update(encodedList=cut))
        for url in urls
    }
    badge = scene.issuer.jwt_badge(email=EMAIL, status=[StatusEntry(url, 7) for url in urls])
    assert scene.assess(badge).report.verdict is Verdict.STATUS_UNKNOWN
    assert 1 < len(unpacked) <= bounds.MAX_INFLATED // bounds.MAX_LIST_BYTES + 1


def test_of_a_list_that_could_not_be_read_nothing_is_kept(scene: Scene) -> None:
    lists = bounds.StatusLists(MemoryDocuments({}), now=NOW, is_delegate=lambda issuer: False)

    def load() -> None:
        raise CheckError("status_list_malformed", "why")

    for _ in range(2):
        with pytest.raises(CheckError, match="status_list_malformed") as caught:
            lists.once(("x",), load)
        assert caught.value.detail == "why"
    (kept,) = lists._known.values()
    assert isinstance(kept, CheckError)
    assert kept.__traceback__ is None, "it would hold what was unpacked"


def test_a_submission_names_so_many_lists_and_no_more(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_LISTS", 2)
    scene.extra = {f"{SITE}/{n}": revocation_list(scene.issuer, f"{SITE}/{n}") for n in range(3)}
    assert scene.assess(_named(scene, 2)).decision is Decision.ACCEPTED
    assert scene.assess(_named(scene, 3)).report.verdict is Verdict.STATUS_UNKNOWN
    assert sum(request.url.startswith(SITE) for request in scene.documents.requests) == 2


def test_what_was_found_before_the_bound_was_reached_still_counts(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "MAX_LISTS", 1)
    other = f"{SITE}/1"
    scene.extra = {f"{SITE}/0": scene.issuer.status_list(f"{SITE}/0", {7}), other: scene.issuer.status_list(other)}
    entries = [StatusEntry(f"{SITE}/0", 7), StatusEntry(other, 7)]
    assert scene.assess(scene.issuer.open_badge(email=EMAIL, status=entries)).report.verdict is Verdict.REVOKED


def test_a_token_list_of_millions_is_small_and_one_of_more_is_not_unpacked(scene: Scene) -> None:
    token = scene.issuer.jwt_badge(email=EMAIL, claims={"status": {"status_list": {"idx": 9, "uri": SITE}}})
    scene.extra[SITE] = token_list(scene.issuer, SITE, records=31_000_000)
    assert scene.assess(token).decision is Decision.ACCEPTED
    scene.extra[SITE] = token_list(scene.issuer, SITE, records=33_000_000)
    assert scene.assess(token).report.verdict is Verdict.STATUS_UNKNOWN


@pytest.mark.parametrize(("count", "verdict"), [(400_000, Verdict.VERIFIED), (600_000, Verdict.STATUS_UNKNOWN)])
def test_the_revocation_list_of_a_signed_badge_has_a_size_too(count: int, verdict: Verdict) -> None:
    badges = SignedBadges()
    listed = '{"type":"RevocationList","revokedAssertions":[' + '"a",' * count + '"b"]}'
    world = World(MemoryDocuments(badges.documents | {badges.list_url: listed}))
    credentials = receive(Submission(content=badges.issue().encode()))
    start = time.process_time()
    (assessed,) = assess_all(credentials, Policy(), world, applicant=MARIA, now=NOW)
    assert time.process_time() - start < SECONDS
    assert assessed.report.verdict is verdict
