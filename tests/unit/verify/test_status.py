"""THREATS section 6: what could not be found out is never "not revoked"."""

from __future__ import annotations

import base64
import gzip
from typing import Any

import pytest

from connector.errors import FetchError
from connector.model.report import CheckName, Decision, Verdict
from connector.testing.issuer import Issuer, StatusEntry
from connector.verify import Policy

from .conftest import EMAIL, Scene, codes

Json = dict[str, Any]
URL = "https://lakeview.example/status/1"
ENTRY = StatusEntry(URL, 7)


def _with_list(scene: Scene, status_list: Any, entry: Any = ENTRY) -> Json:
    scene.extra[URL] = status_list
    return scene.issuer.open_badge(email=EMAIL, status=entry)


@pytest.mark.parametrize("kind", ["bitstring", "2021"])
@pytest.mark.parametrize("proof", ["eddsa-rdfc-2022", "Ed25519Signature2020"])
def test_a_clear_bit_is_not_revoked_and_a_set_one_is(scene: Scene, kind: str, proof: str) -> None:
    name = "BitstringStatusListEntry" if kind == "bitstring" else "StatusList2021Entry"
    entry = StatusEntry(URL, 7, type=name)
    contexts = [] if kind == "bitstring" else ["https://w3id.org/vc/status-list/2021/v1"]

    def badge() -> Json:
        return scene.issuer.open_badge(email=EMAIL, status=entry, edit=lambda d: d["@context"].extend(contexts))

    scene.extra[URL] = scene.issuer.status_list(URL, {6, 8}, kind=kind, proof=proof)
    assert scene.assess(badge()).decision is Decision.ACCEPTED
    scene.extra[URL] = scene.issuer.status_list(URL, {7}, kind=kind, proof=proof)
    assessed = scene.assess(badge())
    assert (assessed.report.verdict, assessed.decision) == (Verdict.REVOKED, Decision.REFUSED)


def test_suspended_is_not_accepted_and_not_refused(scene: Scene) -> None:
    entry = StatusEntry(URL, 7, purpose="suspension")
    badge = _with_list(scene, scene.issuer.status_list(URL, {7}, purpose="suspension"), entry)
    assessed = scene.assess(badge)
    assert (assessed.report.verdict, assessed.decision) == (Verdict.SUSPENDED, Decision.ACCEPTED_WITH_WARNING)


def test_every_entry_is_checked(scene: Scene) -> None:
    other = "https://lakeview.example/status/2"
    scene.extra[other] = scene.issuer.status_list(other, {3})
    badge = _with_list(scene, scene.issuer.status_list(URL), [ENTRY, StatusEntry(other, 3)])
    assert scene.assess(badge).report.verdict is Verdict.REVOKED


def test_a_revoked_entry_outweighs_one_that_could_not_be_checked(scene: Scene) -> None:
    unknown = StatusEntry("https://lakeview.example/status/gone", 3)
    badge = _with_list(scene, scene.issuer.status_list(URL, {7}), [unknown, ENTRY])
    assert scene.assess(badge).report.verdict is Verdict.REVOKED


def _encoded(raw: bytes, prefix: str = "u") -> str:
    return prefix + base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _subject(**members: Any) -> Any:
    return lambda d: d["credentialSubject"].update(members)


BOMB = _encoded(gzip.compress(bytes(8_000_000), mtime=0))
WHOLE = _encoded(gzip.compress(bytes(16_384), mtime=0))
CUT = _encoded(gzip.compress(bytes(16_384), mtime=0)[:-6])
STRANGER = Issuer("stranger", method="key")

LISTS: dict[str, tuple[Any, str]] = {
    "unreachable": (404, "status_list_unreachable"),
    "a server error": (503, "status_list_unreachable"),
    "refused by the guard": (FetchError("no", code="private", refused=True), "status_list_unreachable"),
    "not JSON": (b"<html>", "status_list_malformed"),
    "an array": (b"[]", "status_list_malformed"),
    "unsigned": ({"edit_signed": lambda d: d.pop("proof")}, "status_list_unproven"),
    "tampered": ({"edit_signed": lambda d: d.update(name="x")}, "status_list_unproven"),
    "signed by another key": ({"edit": lambda d: d.update(issuer="did:web:other.example")}, "status_list_unproven"),
    "expired": ({"edit": lambda d: d.update(validUntil="2026-01-01T00:00:00Z")}, "status_list_outdated"),
    "not yet valid": ({"edit": lambda d: d.update(validFrom="2031-01-01T00:00:00Z")}, "status_list_outdated"),
    "for another purpose": ({"purpose": "suspension"}, "status_purpose_mismatch"),
    "no purpose": ({"edit": lambda d: d["credentialSubject"].pop("statusPurpose")}, "status_purpose_mismatch"),
    "of another type": ({"edit": lambda d: d.update(type=["VerifiableCredential"])}, "status_list_malformed"),
    "without a list": ({"edit": lambda d: d["credentialSubject"].pop("encodedList")}, "status_list_malformed"),
    "without its prefix": ({"edit": _subject(encodedList=WHOLE[1:])}, "status_list_malformed"),
    "cut short": ({"edit": _subject(encodedList=CUT)}, "status_list_malformed"),
    "no base64": ({"edit": _subject(encodedList="u%%%")}, "status_list_malformed"),
    "a decompression bomb": ({"edit": _subject(encodedList=BOMB)}, "status_list_malformed"),
    "with something behind its end": ({"edit": _subject(encodedList=WHOLE + "AAAA")}, "status_list_malformed"),
    "a bomb in the middle": (
        {"edit": _subject(encodedList=_encoded(gzip.compress(bytes(4_000_001), mtime=0)))},
        "status_list_malformed",
    ),
    "with a status of its own, that leads back to it": (
        {"edit": lambda d: d.update(credentialStatus=StatusEntry(URL, 9).as_json())},
        "status_list_unproven",
    ),
    "too short for the index": ({"bits": 0}, "status_index_out_of_range"),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_that_cannot_be_believed_leaves_the_status_unknown(scene: Scene, name: str) -> None:
    spoilt, code = LISTS[name]
    status_list = scene.issuer.status_list(URL, **spoilt) if isinstance(spoilt, dict) else spoilt
    badge = _with_list(scene, scene.issuer.status_list(URL))
    assert scene.assess(badge).decision is Decision.ACCEPTED
    assessed = scene.assess(_with_list(scene, status_list))
    assert code in codes(assessed)
    assert (assessed.report.verdict, assessed.decision) == (Verdict.STATUS_UNKNOWN, Decision.ACCEPTED_WITH_WARNING)
    assert assessed.assurance == "stated"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"type": "SuspensionList2099Entry"}, "status_type_unknown"),
        ({"statusPurpose": "haircut"}, "status_type_unknown"),
        ({"statusListIndex": "-1"}, "status_entry_malformed"),
        ({"statusListIndex": "07"}, "status_entry_malformed"),
        ({"statusListIndex": "7.0"}, "status_entry_malformed"),
        ({"statusListIndex": "+7"}, "status_entry_malformed"),
        ({"statusListIndex": " 7"}, "status_entry_malformed"),
        ({"statusListIndex": "٧"}, "status_entry_malformed"),
        ({"statusListIndex": True}, "status_entry_malformed"),
        ({"statusListIndex": "99999999999"}, "status_entry_malformed"),
        ({"statusListIndex": "131072"}, "status_index_out_of_range"),
        ({"statusListCredential": 7}, "status_entry_malformed"),
        ({"statusSize": 0}, "status_entry_malformed"),
        ({"statusSize": -1}, "status_entry_malformed"),
        ({"statusSize": True}, "status_entry_malformed"),
        ({"statusSize": "two"}, "status_entry_malformed"),
        ({"statusSize": 33}, "status_entry_malformed"),
    ],
)
def test_an_entry_is_read_strictly(scene: Scene, change: Json, code: str) -> None:
    """As a token, so that JSON-LD does not refuse the odd entry first."""
    scene.extra[URL] = scene.issuer.status_list(URL)
    honest = scene.issuer.jwt_badge(email=EMAIL, status=ENTRY)
    assert scene.assess(honest).decision is Decision.ACCEPTED
    token = scene.issuer.jwt_badge(email=EMAIL, status=ENTRY, edit=lambda d: d["credentialStatus"][0].update(change))
    assessed = scene.assess(token)
    assert code in codes(assessed)
    assert assessed.report.verdict in (Verdict.STATUS_UNKNOWN, Verdict.NONCONFORMANT)


@pytest.mark.parametrize("value", [None, [], ["x"], {}, 7], ids=repr)
def test_an_odd_status_is_never_no_status(scene: Scene, value: Any) -> None:
    token = scene.issuer.jwt_badge(email=EMAIL, edit=lambda d: d.update(credentialStatus=value))
    assessed = scene.assess(token)
    assert assessed.decision is not Decision.ACCEPTED
    assert "status_none" not in codes(assessed)


def test_an_index_as_a_number_is_tolerated_with_a_remark(scene: Scene) -> None:
    scene.extra[URL] = scene.issuer.status_list(URL)
    token = scene.issuer.jwt_badge(
        email=EMAIL, status=ENTRY, edit=lambda d: d["credentialStatus"][0].update(statusListIndex=7)
    )
    assessed = scene.assess(token)
    assert assessed.decision is Decision.ACCEPTED
    assert "status_index_number" in codes(assessed)


def test_a_short_list_is_only_a_remark(scene: Scene) -> None:
    assessed = scene.assess(_with_list(scene, scene.issuer.status_list(URL, bits=1024)))
    assert assessed.decision is Decision.ACCEPTED
    assert ("status_list_short", CheckName.STRUCTURE) in {(c.code, c.check) for c in assessed.report.checks}
    revoked = scene.assess(_with_list(scene, scene.issuer.status_list(URL, {7}, bits=1024)))
    assert revoked.report.verdict is Verdict.REVOKED


@pytest.mark.parametrize(("bit", "code"), [(6, "status_message"), (7, "status_refresh_due")])
def test_a_newer_version_does_not_end_a_record(scene: Scene, bit: int, code: str) -> None:
    entry = StatusEntry(URL, 7, purpose="refresh")
    assessed = scene.assess(_with_list(scene, scene.issuer.status_list(URL, {bit}, purpose="refresh"), entry))
    assert (assessed.decision, code in codes(assessed)) == (Decision.ACCEPTED, True)


def test_a_list_of_remarks_that_cannot_be_had_is_a_doubt_and_no_more(scene: Scene) -> None:
    assessed = scene.assess(_with_list(scene, 404, StatusEntry(URL, 7, purpose="refresh")))
    assert "status_message_unknown" in codes(assessed)
    assert (assessed.report.verdict, assessed.decision) == (Verdict.VERIFIED, Decision.ACCEPTED_WITH_WARNING)


def test_remarks_do_not_hide_that_the_record_was_revoked(scene: Scene) -> None:
    other = "https://lakeview.example/status/2"
    scene.extra[other] = scene.issuer.status_list(other, {3})
    entries = [StatusEntry(URL, 7, purpose="refresh"), StatusEntry(other, 3)]
    assert scene.assess(_with_list(scene, 404, entries)).report.verdict is Verdict.REVOKED


def test_a_list_of_another_party_may_revoke_but_not_clear(scene: Scene) -> None:
    scene.others.append(STRANGER)
    clear = scene.assess(_with_list(scene, STRANGER.status_list(URL)))
    assert "status_list_other_issuer" in codes(clear)
    assert (clear.report.verdict, clear.decision) == (Verdict.VERIFIED, Decision.ACCEPTED_WITH_WARNING)
    assert clear.assurance != "verified"
    revoked = scene.assess(_with_list(scene, STRANGER.status_list(URL, {7})))
    assert revoked.decision is Decision.REFUSED


def test_a_party_that_the_policy_recognises_is_an_allowed_delegate(scene: Scene) -> None:
    scene.policy = Policy.trusting([scene.issuer.id, STRANGER.id])
    assert scene.assess(_with_list(scene, STRANGER.status_list(URL))).decision is Decision.ACCEPTED


def test_a_list_that_says_it_lives_elsewhere_is_not_trusted_to_clear(scene: Scene) -> None:
    """Else a host could answer with another list of the same issuer, in which this index is clear."""
    elsewhere = scene.issuer.status_list("https://lakeview.example/status/9")
    assessed = scene.assess(_with_list(scene, elsewhere))
    assert "status_list_other_address" in codes(assessed)
    assert assessed.decision is Decision.ACCEPTED_WITH_WARNING


def test_a_list_as_a_token_is_read_too(scene: Scene) -> None:
    document = scene.issuer.status_list(URL, {7}, edit_signed=lambda d: d.pop("proof"))
    badge = _with_list(scene, scene.issuer.jwt(document, typ="vc+jwt"))
    assert scene.assess(badge).report.verdict is Verdict.REVOKED


def test_a_list_in_another_envelope_is_no_list(scene: Scene) -> None:
    honest = scene.issuer.status_list(URL)
    assert scene.assess(_with_list(scene, honest)).report.verdict is Verdict.VERIFIED
    for wrapped in (scene.issuer.presentation([honest]), [honest], {"verifiableCredential": honest}):
        assert scene.assess(_with_list(scene, wrapped)).report.verdict is Verdict.STATUS_UNKNOWN
    unsigned = scene.issuer.status_list(URL, edit_signed=lambda d: d.pop("proof"))
    assert scene.assess(_with_list(scene, scene.issuer.jwt(unsigned, typ="vc+jwt"))).decision is Decision.ACCEPTED
    for typ in ("statuslist+jwt", "vp+jwt", "at+jwt"):
        token = scene.issuer.jwt(unsigned, typ=typ)
        assert scene.assess(_with_list(scene, token)).report.verdict is Verdict.STATUS_UNKNOWN


def test_ttl_says_how_long_the_list_is_kept(scene: Scene) -> None:
    scene.assess(_with_list(scene, scene.issuer.status_list(URL, edit=_subject(ttl=60_000))))
    assert scene.documents.kept == {URL: 60.0}
    scene.assess(_with_list(scene, scene.issuer.status_list(URL, edit=_subject(ttl=10**12))))
    assert scene.documents.kept[URL] <= 86_400


def test_one_list_is_fetched_once_for_all_records_of_a_submission(scene: Scene) -> None:
    scene.extra[URL] = scene.issuer.status_list(URL)
    badges = [scene.issuer.open_badge(name=f"Welder {n}", email=EMAIL, status=StatusEntry(URL, n)) for n in range(3)]
    scene.assess_all(scene.issuer.clr(badges=badges, email=EMAIL))
    assert [request.url for request in scene.documents.requests].count(URL) == 1


def test_no_status_is_no_doubt(scene: Scene) -> None:
    report = scene.assess(scene.issuer.open_badge(email=EMAIL)).report
    found = report.check(CheckName.STATUS)
    assert found is not None and found.code == "status_none"
