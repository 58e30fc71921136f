"""Every way of publishing a status but the plain list of bits: revoked, clear, and whatever cannot be believed."""

from __future__ import annotations

import zlib
from typing import Any

import pytest

from connector import codec
from connector.model.report import Decision, Verdict
from connector.testing.issuer import Issuer, StatusEntry
from connector.testing.status_lists import (
    REVOCATION2020,
    entry_2020,
    list_2020,
    revocation_list,
    sized_entry,
    sized_list,
    token_list,
)
from connector.verify import Policy

from .conftest import EMAIL, Scene, codes

Json = dict[str, Any]
URL = "https://lakeview.example/status/1"
STRANGER = Issuer("stranger", method="web")
ACCEPTED = (Verdict.VERIFIED, Decision.ACCEPTED)
DOUBTED = (Verdict.VERIFIED, Decision.ACCEPTED_WITH_WARNING)
REVOKED = (Verdict.REVOKED, Decision.REFUSED)
SUSPENDED = (Verdict.SUSPENDED, Decision.ACCEPTED_WITH_WARNING)
UNKNOWN = (Verdict.STATUS_UNKNOWN, Decision.ACCEPTED_WITH_WARNING)


def _answer(scene: Scene, document: Any) -> tuple[Verdict, Decision]:
    assessed = scene.assess(document)
    return assessed.report.verdict, assessed.decision


def _badge(scene: Scene, entry: Any, *contexts: str, **options: Any) -> Json:
    def add(document: Json) -> None:
        document["credentialStatus"] = entry
        document["@context"].extend(contexts)

    return scene.issuer.open_badge(email=EMAIL, edit=add, **options)


# --- Revocation List 2020 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("compression", ["gzip", "zlib"])
def test_revocation_list_2020(scene: Scene, compression: str) -> None:
    badge = _badge(scene, entry_2020(URL, 8), REVOCATION2020, model="1.1")
    scene.extra[URL] = list_2020(scene.issuer, URL, {3}, compression=compression)
    assert _answer(scene, badge) == ACCEPTED
    scene.extra[URL] = list_2020(scene.issuer, URL, {8}, compression=compression)
    assert _answer(scene, badge) == REVOKED


def test_a_list_of_2020_that_can_be_read_from_either_end_of_a_byte_leaves_the_status_unknown(scene: Scene) -> None:
    """Its text counts from the left, tools of its time counted from the right: record 8 is bit 8 or bit 15."""
    badge = _badge(scene, entry_2020(URL, 8), REVOCATION2020, model="1.1")
    scene.extra[URL] = list_2020(scene.issuer, URL, {15})
    assert _answer(scene, badge) == UNKNOWN


def test_a_list_of_2020_is_signed_too(scene: Scene) -> None:
    badge = _badge(scene, entry_2020(URL, 8), REVOCATION2020, model="1.1")
    scene.extra[URL] = list_2020(scene.issuer, URL, edit_signed=lambda d: d.pop("proof"))
    assert _answer(scene, badge) == UNKNOWN


# --- several bits, remarks ---------------------------------------------------------------------------------------

SAID = ("valid", "revoked", "under review", "unknown")


def test_what_the_issuer_remarks_is_shown_and_leaves_a_doubt(scene: Scene) -> None:
    badge = _badge(scene, sized_entry(URL, 7, messages=SAID))
    scene.extra[URL] = sized_list(scene.issuer, URL, {6: 3, 8: 1})
    assert _answer(scene, badge) == ACCEPTED
    scene.extra[URL] = sized_list(scene.issuer, URL, {7: 2})
    assert _answer(scene, badge) == DOUBTED
    (remark,) = [c for c in scene.assess(badge).report.checks if c.code == "status_message_set"]
    assert remark.detail.endswith("0x2 under review")


@pytest.mark.parametrize("size", [1, 2, 4, 8, 3])
def test_a_status_of_several_bits_ends_a_record_when_any_is_set(scene: Scene, size: int) -> None:
    badge = _badge(scene, sized_entry(URL, 7, size=size, purpose="revocation"))
    for value in {1, 1 << (size - 1)}:
        scene.extra[URL] = sized_list(scene.issuer, URL, {7: value}, size=size, purpose="revocation")
        assert _answer(scene, badge) == REVOKED
    neighbours = {6: (1 << size) - 1, 8: (1 << size) - 1}
    scene.extra[URL] = sized_list(scene.issuer, URL, neighbours, size=size, purpose="revocation")
    assert _answer(scene, badge) == ACCEPTED


def test_a_record_whose_bits_reach_over_the_end_has_no_place(scene: Scene) -> None:
    scene.extra[URL] = sized_list(scene.issuer, URL, {}, size=2, purpose="revocation")
    last = _badge(scene, sized_entry(URL, 131_071, size=2, purpose="revocation"))
    assert _answer(scene, last) == ACCEPTED
    assert _answer(scene, _badge(scene, sized_entry(URL, 131_072, size=2, purpose="revocation"))) == UNKNOWN


# --- 1EdTech Revocation List -------------------------------------------------------------------------------------

EXTENSIONS = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"
EDTECH: Json = {"id": URL, "type": "1EdTechRevocationList"}
ID = "urn:uuid:0b7a5c1e-4c55-4f0e-9c5b-3d5f7f1d2a01"


def _listed(scene: Scene, document: Any, *, id: str = ID, entry: Json = EDTECH) -> tuple[Verdict, Decision]:
    scene.extra[URL] = document
    return _answer(scene, _badge(scene, entry, EXTENSIONS, id=id))


def test_1edtech_revocation_list(scene: Scene) -> None:
    assert _listed(scene, revocation_list(scene.issuer, URL, ["urn:uuid:other"])) == ACCEPTED
    assert _listed(scene, revocation_list(scene.issuer, URL, [])) == ACCEPTED
    assert _listed(scene, revocation_list(scene.issuer, URL, ["urn:uuid:other", ID])) == REVOKED


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"id": ID}, REVOKED),
        ({"id": ID, "revoked": True, "revocationReason": "Issued in error"}, REVOKED),
        ({"id": f" {ID} "}, REVOKED),
        ({"id": ID.replace(":", "%3A")}, REVOKED),
        ({"id": ID, "revoked": False}, ACCEPTED),
        ({"id": ID, "revoked": "false"}, UNKNOWN),
        ({"id": ID, "revoked": None}, UNKNOWN),
        ({"revoked": True}, UNKNOWN),
        (7, UNKNOWN),
    ],
    ids=repr,
)
def test_an_entry_of_a_1edtech_list_says_yes_or_no(scene: Scene, entry: Any, expected: object) -> None:
    document = revocation_list(scene.issuer, URL) | {"revokedCredentials": [entry]}
    assert _listed(scene, document) == expected


@pytest.mark.parametrize(
    "document",
    [
        404,
        500,
        b"<html>",
        [ID],
        {},
        {"id": URL},
        {"id": URL, "issuer": "did:web:lakeview.example", "revokedCredentials": {ID: True}},
        {"id": "https://lakeview.example/other", "issuer": "did:web:lakeview.example"},
        {"id": URL, "issuer": "did:web:other.example"},
        b'{"revokedCredentials": [], "revokedCredentials": []}',
    ],
    ids=repr,
)
def test_what_is_no_1edtech_list_leaves_the_status_unknown(scene: Scene, document: Any) -> None:
    assert _listed(scene, document) == UNKNOWN


def test_an_empty_1edtech_list_may_leave_its_member_out(scene: Scene) -> None:
    assert _listed(scene, {"id": URL, "issuer": scene.issuer.id}) == ACCEPTED


def test_the_singular_member_name_is_read_too(scene: Scene) -> None:
    assert _listed(scene, {"id": URL, "revokedCredential": {"id": ID}}) == REVOKED
    assert _listed(scene, {"id": URL, "revokedCredential": [{"id": ID}]}) == REVOKED
    assert _listed(scene, {"id": URL, "revokedCredentials": [], "revokedCredential": [{"id": ID}]}) == REVOKED


def test_an_unsigned_list_on_another_site_may_revoke_but_not_clear(scene: Scene) -> None:
    elsewhere = "https://lists.example/1"
    badge = _badge(scene, EDTECH | {"id": elsewhere}, EXTENSIONS, id=ID)
    scene.extra[elsewhere] = revocation_list(scene.issuer, elsewhere)
    assert _answer(scene, badge) == DOUBTED
    scene.extra[elsewhere] = revocation_list(scene.issuer, elsewhere, [ID])
    assert _answer(scene, badge) == REVOKED


def test_an_unsigned_list_of_another_issuer_may_revoke_but_not_clear(scene: Scene) -> None:
    assert _listed(scene, revocation_list(STRANGER, URL)) == DOUBTED
    assert _listed(scene, revocation_list(STRANGER, URL, [ID])) == REVOKED


def test_an_unsigned_list_that_says_it_lives_elsewhere_does_not_clear(scene: Scene) -> None:
    assert _listed(scene, revocation_list(scene.issuer, "https://lakeview.example/status/2")) == DOUBTED


def test_a_record_without_id_cannot_be_in_a_1edtech_list(scene: Scene) -> None:
    scene.extra[URL] = revocation_list(scene.issuer, URL)
    token = scene.issuer.jwt_badge(email=EMAIL, edit=lambda d: d.update(credentialStatus=EDTECH))
    assert _answer(scene, token) == ACCEPTED
    without = scene.issuer.jwt_badge(
        email=EMAIL, edit=lambda d: (d.update(credentialStatus=EDTECH), d.update(id=["x"]))
    )
    assert _answer(scene, without)[1] is not Decision.ACCEPTED


def test_each_way_that_an_entry_names_is_followed(scene: Scene) -> None:
    """The order of types means nothing in RDF: nobody may choose the list that is looked at by changing it."""
    both = EDTECH | {
        "type": ["BitstringStatusListEntry", "1EdTechRevocationList"],
        "statusPurpose": "revocation",
        "statusListIndex": "7",
        "statusListCredential": "https://lakeview.example/status/2",
    }
    scene.extra["https://lakeview.example/status/2"] = scene.issuer.status_list("https://lakeview.example/status/2")
    assert _listed(scene, revocation_list(scene.issuer, URL), entry=both) == ACCEPTED
    for types in (both["type"], both["type"][::-1]):
        listed = revocation_list(scene.issuer, URL, [ID])
        assert _listed(scene, listed, entry=both | {"type": types}) == REVOKED


# --- IETF Token Status List --------------------------------------------------------------------------------------


def _with_claim(scene: Scene, claim: Any) -> str:
    return scene.issuer.jwt_badge(profile="vc-jwt", email=EMAIL, claims={"status": claim})


def _in_token_list(scene: Scene, served: Any, *, index: Any = 9) -> tuple[Verdict, Decision]:
    scene.extra[URL] = served
    return _answer(scene, _with_claim(scene, {"status_list": {"idx": index, "uri": URL}}))


@pytest.mark.parametrize("profile", ["vc-jwt", "vc+jwt"])
def test_the_status_claim_counts_in_every_kind_of_token(scene: Scene, profile: str) -> None:
    scene.extra[URL] = token_list(scene.issuer, URL, {9: 1})
    for index, expected in ((8, ACCEPTED), (9, REVOKED)):
        claim = {"status_list": {"idx": index, "uri": URL}}
        assert (
            _answer(scene, scene.issuer.jwt_badge(profile=profile, email=EMAIL, claims={"status": claim})) == expected
        )


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_token_status_lists_of_every_size(scene: Scene, bits: int) -> None:
    values = {8: (1 << bits) - 1, 9: 1, 10: (1 << bits) - 1}
    assert _in_token_list(scene, token_list(scene.issuer, URL, values, bits=bits)) == REVOKED
    del values[9]
    assert _in_token_list(scene, token_list(scene.issuer, URL, values, bits=bits)) == ACCEPTED


@pytest.mark.parametrize(
    ("value", "expected"), [(0, ACCEPTED), (1, REVOKED), (2, SUSPENDED), (3, UNKNOWN), (12, UNKNOWN)]
)
def test_statuses_of_a_token(scene: Scene, value: int, expected: object) -> None:
    assert _in_token_list(scene, token_list(scene.issuer, URL, {9: value}, bits=4)) == expected


BOMB = codec.b64url_encode(zlib.compress(bytes(8_000_000)))
TOKENS: dict[str, Json] = {
    "of another kind": {"typ": "JWT"},
    "that says no kind": {"header": {"typ": None}},
    "with another key": {"wrong_key": True},
    "tampered": {"claims": {"note": "Welder I"}, "tampered": True},
    "of another address": {"claims": {"sub": "https://lakeview.example/status/2"}},
    "without an address": {"claims": {"sub": None}},
    "without a time": {"claims": {"iat": None}},
    "from the future": {"claims": {"iat": 1_960_000_000}},
    "expired": {"claims": {"exp": 1_760_000_000}},
    "with an odd end": {"claims": {"exp": "soon"}},
    "in somebody's name": {"claims": {"iss": STRANGER.id}},
    "without a list": {"claims": {"status_list": None}},
    "without a size": {"content": {"bits": None}},
    "of an odd size": {"content": {"bits": 3}},
    "of a size that is no number": {"content": {"bits": True}},
    "without its bits": {"content": {"lst": None}},
    "that is no base64": {"content": {"lst": "%%%"}},
    "that is no zlib": {"content": {"lst": "AAAA"}},
    "that is a bomb": {"content": {"lst": BOMB}},
    "too short": {"records": 8},
    "with an unknown crit": {"header": {"crit": ["x"]}},
}


@pytest.mark.parametrize("name", TOKENS)
def test_a_token_list_that_cannot_be_believed_leaves_the_status_unknown(scene: Scene, name: str) -> None:
    scene.others.append(STRANGER)
    assert _in_token_list(scene, token_list(scene.issuer, URL)) == ACCEPTED
    assert _in_token_list(scene, token_list(scene.issuer, URL, **TOKENS[name])) == UNKNOWN


@pytest.mark.parametrize("served", [404, b"", b"{}", b"eyJ", "a.b.c", b"\xff\xfe"], ids=repr)
def test_what_is_no_token_list_leaves_the_status_unknown(scene: Scene, served: Any) -> None:
    assert _in_token_list(scene, served) == UNKNOWN


@pytest.mark.parametrize(
    "claim",
    [
        None,
        "valid",
        [],
        {},
        {"status_list": None},
        {"status_list": {"idx": 9}},
        {"status_list": {"uri": URL}},
        {"status_list": {"idx": "9", "uri": URL}},
        {"status_list": {"idx": -1, "uri": URL}},
        {"status_list": {"idx": True, "uri": URL}},
        {"status_list": {"idx": 9.0, "uri": URL}},
        {"status_list": {"idx": 10**12, "uri": URL}},
        {"status_list": {"idx": 9, "uri": 7}},
        {"status_attestation": {}},
        {"status_list": {"idx": 9, "uri": URL}, "status_attestation": {}},
    ],
    ids=repr,
)
def test_an_odd_status_claim_is_never_no_status(scene: Scene, claim: Any) -> None:
    scene.extra[URL] = token_list(scene.issuer, URL)
    assert _answer(scene, _with_claim(scene, {"status_list": {"idx": 9, "uri": URL}})) == ACCEPTED
    assert _answer(scene, _with_claim(scene, claim)) == UNKNOWN


def test_a_token_list_without_issuer_is_the_record_issuers(scene: Scene) -> None:
    assert _in_token_list(scene, token_list(scene.issuer, URL, claims={"iss": None})) == ACCEPTED


def test_a_token_list_of_another_party_may_revoke_but_not_clear(scene: Scene) -> None:
    scene.others.append(STRANGER)
    assert _in_token_list(scene, token_list(STRANGER, URL)) == DOUBTED
    assert _in_token_list(scene, token_list(STRANGER, URL, claims={"iss": None})) == DOUBTED
    assert _in_token_list(scene, token_list(STRANGER, URL, {9: 1})) == REVOKED
    scene.policy = Policy.trusting([scene.issuer.id, STRANGER.id])
    assert _in_token_list(scene, token_list(STRANGER, URL)) == ACCEPTED


def test_entry_and_claim_both_count(scene: Scene) -> None:
    other = "https://lakeview.example/status/2"
    scene.extra |= {URL: token_list(scene.issuer, URL, {9: 1}), other: scene.issuer.status_list(other)}
    claim = {"status_list": {"idx": 9, "uri": URL}}
    both = scene.issuer.jwt_badge(email=EMAIL, status=StatusEntry(other, 3), claims={"status": claim})
    assert _answer(scene, both) == REVOKED
    assert "status_clear" not in codes(scene.assess(both))


def test_a_token_list_is_kept_as_long_as_it_says(scene: Scene) -> None:
    _in_token_list(scene, token_list(scene.issuer, URL))
    assert scene.documents.kept == {URL: 3600.0}
