"""THREATS section 8, DOMAIN section 2: is it about this applicant? Graded, never guessed."""

from __future__ import annotations

from typing import Any

import pytest

from connector.model.applicant import Applicant
from connector.model.report import Decision, SubjectMatch
from connector.testing.issuer import email_hash
from connector.verify.checks.subject import measure_open_badge_2, name_key

from .conftest import EMAIL, Scene

Json = dict[str, Any]
DID = "did:example:maria"


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"email": EMAIL}, "email_hash"),
        ({"email": EMAIL, "salt": "Kosher"}, "email_hash"),
        ({"email": EMAIL, "hashed": False}, "email"),
        ({"email": "Maria@Mail.example", "hashed": False}, "email"),
        ({"email": "maria@mail.example.evil.example", "hashed": False}, "other_identity"),
        ({"email": "xmaria@mail.example", "hashed": False}, "other_identity"),
        ({"email": "mail.example", "hashed": False}, "none"),
        ({"email": "maria@old.example"}, "other_identity"),
        ({"email": "maria@old.example", "subject_name": "Maria Okafor"}, "other_identity"),
        ({"subject_name": "Maria Okafor"}, "name_only"),
        ({"subject_name": "OKAFOR, María"}, "name_only"),
        ({"subject_name": "Maria"}, "other_identity"),
        ({"subject_name": "Maria Okafor Eze"}, "other_identity"),
        ({"subject_id": DID}, "did"),
        ({"subject_id": "did:example:eve"}, "other_identity"),
        ({"subject_id": "https://lakeview.example/students/1"}, "none"),
        ({}, "none"),
    ],
)
def test_how_a_record_is_tied_to_the_applicant(scene: Scene, options: Json, match: str) -> None:
    scene.applicant = Applicant(name="Maria Okafor", emails=(EMAIL,), dids=(DID,))
    assessed = scene.assess(scene.issuer.open_badge(**options))
    assert assessed.report.subject.match == match
    strong = match in ("email_hash", "email", "did")
    assert assessed.decision is (Decision.ACCEPTED if strong else Decision.ACCEPTED_WITH_WARNING)


def test_only_what_is_known_of_the_applicant_can_differ(scene: Scene) -> None:
    scene.applicant = Applicant(name="Maria Okafor")
    for options in ({"email": EMAIL}, {"subject_id": DID}):
        assert scene.assess(scene.issuer.open_badge(**options)).report.subject.match == "none"
    scene.applicant = Applicant()
    assert scene.assess(scene.issuer.open_badge(subject_name="Maria Okafor")).report.subject.match == "none"


@pytest.mark.parametrize("name", ["", " ", "-", "'"])
def test_empty_names_match_nobody(scene: Scene, name: str) -> None:
    scene.applicant = Applicant(name=name)
    assert scene.assess(scene.issuer.open_badge(subject_name="Maria Okafor")).report.subject.match == "none"
    scene.applicant = Applicant(name="Maria Okafor")
    assert scene.assess(scene.issuer.open_badge(subject_name=name or " ")).report.subject.match != "name_only"


@pytest.mark.parametrize(
    "email", ["", "@", "maria@", "@mail.example", "*@mail.example", "%", "maria@mail.example, x@y.example"]
)
def test_odd_addresses_of_the_applicant_match_nothing(scene: Scene, email: str) -> None:
    scene.applicant = Applicant(emails=(email,))
    assert scene.assess(scene.issuer.open_badge(email=EMAIL)).report.subject.match in ("none", "other_identity")


@pytest.mark.parametrize("hashed", [True, False])
def test_a_look_alike_that_normalization_would_make_the_same_is_another_address(scene: Scene, hashed: bool) -> None:
    genuine, look_alike = "kate@mail.example", "\u212aate@mail.example"  # the sign for Kelvin
    for applicant, record in ((genuine, look_alike), (look_alike, genuine)):
        scene.applicant = Applicant(emails=(applicant,))
        badge = scene.issuer.open_badge(email=record, hashed=hashed)
        assert scene.assess(badge).report.subject.match == "other_identity"
        assert str(scene.assess(scene.issuer.open_badge(email=applicant, hashed=hashed)).decision) == "accepted"


def test_an_address_with_letters_beyond_ascii_is_compared_like_any_other(scene: Scene) -> None:
    scene.applicant = Applicant(emails=("J\u00f6rg@mail.example",))
    badge = scene.issuer.open_badge(email="jo\u0308rg@mail.example", hashed=False)
    assert scene.assess(badge).report.subject.match == "email"


@pytest.mark.parametrize("salt", [1, True, ["a", "b"], {"a": 1}])
def test_a_salt_that_is_no_text_is_not_taken_for_none(scene: Scene, salt: Any) -> None:
    def spoil(document: Json) -> None:
        document["credentialSubject"]["identifier"][0]["salt"] = salt

    assert scene.assess(scene.issuer.jwt_badge(email=EMAIL)).report.subject.match == "email_hash"
    assert scene.assess(scene.issuer.jwt_badge(email=EMAIL, edit=spoil)).report.subject.match == "other_identity"


@pytest.mark.parametrize("length", [320, 321])
def test_an_address_longer_than_any_is_none(scene: Scene, length: int) -> None:
    email = "m" * (length - len("@mail.example")) + "@mail.example"
    scene.applicant = Applicant(emails=(email,))
    assert scene.assess(scene.issuer.open_badge(email=email)).report.subject.match == (
        "email_hash" if length == 320 else "none"
    )


def test_the_hash_of_nothing_matches_nobody(scene: Scene) -> None:
    scene.applicant = Applicant(emails=("", " "))

    def empty(document: Json) -> None:
        document["credentialSubject"]["identifier"][0]["identityHash"] = email_hash("")

    assert scene.assess(scene.issuer.open_badge(email=EMAIL, edit=empty)).report.subject.match == "none"


@pytest.mark.parametrize(
    ("hash_", "match"),
    [
        (email_hash(EMAIL), "email_hash"),
        (email_hash(EMAIL).upper().replace("SHA256", "sha256"), "email_hash"),
        (email_hash(EMAIL, algorithm="md5"), "email_hash"),
        (email_hash(EMAIL, algorithm="sha1"), "none"),
        (email_hash(EMAIL)[:-2], "other_identity"),
        (email_hash(EMAIL).split("$")[1], "none"),
        ("sha256$", "none"),
        (email_hash(EMAIL, salt="x"), "other_identity"),
    ],
)
def test_identity_hashes(scene: Scene, hash_: str, match: str) -> None:
    def put(document: Json) -> None:
        document["credentialSubject"]["identifier"][0]["identityHash"] = hash_

    assert scene.assess(scene.issuer.open_badge(email=EMAIL, edit=put)).report.subject.match == match


def test_an_address_is_tried_as_given_and_in_lower_case(scene: Scene) -> None:
    scene.applicant = Applicant(emails=("Maria@Mail.example",))
    assert scene.assess(scene.issuer.open_badge(email="maria@mail.example")).report.subject.match == "email_hash"
    assert scene.assess(scene.issuer.open_badge(email="Maria@Mail.example")).report.subject.match == "email_hash"


def test_a_proved_address_counts_as_the_applicants(scene: Scene) -> None:
    badge = scene.issuer.open_badge(email="maria@old.example")
    assert scene.assess(badge).report.subject.match == "other_identity"
    scene.proved_emails = ("maria@old.example",)
    assessed = scene.assess(badge)
    assert (assessed.report.subject.match, assessed.decision) == ("email_code", Decision.ACCEPTED)


def test_of_several_subjects_the_weakest_match_counts(scene: Scene) -> None:
    """Else one record about two people would give both people's achievements to one of them."""

    def second(document: Json) -> None:
        first = document["credentialSubject"]
        document["credentialSubject"] = [first, {**first, "id": "did:example:eve", "identifier": []}]

    assert scene.assess(scene.issuer.open_badge(email=EMAIL, edit=second)).report.subject.match == "none"


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ("Maria Okafor", "okafor maria", True),
        ("José Núñez", "Jose Nunez", True),
        ("JOSÉ", "Jose\u0301", True),
        ("Ørsted Łukasz", "orsted lukasz", True),
        ("O'Neil-Smith", "ONeil Smith", True),
        ("Ｍａｒｉａ", "Maria", True),
        ("Straße", "STRASSE", True),
        ("Maria", "Marian", False),
        ("Maria Maria", "Maria", False),
        ("李小龍", "李小龍", True),
        ("Мария", "Maria", False),
    ],
)
def test_names_compare_folded_and_in_any_order_but_whole(one: str, two: str, same: bool) -> None:
    assert (name_key(one) == name_key(two)) is same


@pytest.mark.parametrize(
    ("recipient", "match"),
    [
        ({"type": "email", "hashed": True, "identity": email_hash(EMAIL)}, "email_hash"),
        ({"type": "email", "hashed": True, "salt": "s", "identity": email_hash(EMAIL, "s")}, "email_hash"),
        ({"type": "email", "hashed": False, "identity": EMAIL}, "email"),
        ({"type": "email", "hashed": False, "identity": "x@y.example"}, "other_identity"),
        ({"type": "url", "hashed": False, "identity": EMAIL}, "none"),
        ({"type": "email", "hashed": True, "identity": EMAIL}, "none"),
        ("maria@mail.example", "none"),
        (None, "none"),
    ],
)
def test_recipients_of_open_badges_2(recipient: Any, match: str) -> None:
    found = measure_open_badge_2({"recipient": recipient}, Applicant(emails=(EMAIL,)))
    assert found.finding.match is SubjectMatch(match)


def test_no_personal_data_in_what_the_check_says(scene: Scene) -> None:
    report = scene.assess(scene.issuer.open_badge(email="maria@old.example", subject_name="Maria Okafor")).report
    said = " ".join(f"{check.summary} {check.detail}" for check in report.checks)
    assert "maria" not in said.lower() and "okafor" not in said.lower()
