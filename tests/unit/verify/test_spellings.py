"""What a proof over RDF cannot tell apart is read as the same: nobody hides anything by writing it another way.

`"x"`, `["x"]` and `["x", "x"]` are one statement, and so are an address and `{"id": address}`: each edit below leaves
the signature genuine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connector.model.claims import AchievementClaim, SkillClaim
from connector.model.report import Assurance, Decision, SubjectMatch, Verdict
from connector.normalize import read_claims
from connector.verify import Policy
from connector.verify.policy import Sensitive

from .conftest import EMAIL, Scene, codes

Json = dict[str, Any]


def _listed(value: Any) -> Any:
    return [value]


def _twice(value: Any) -> Any:
    return [value, value]


def _object(value: Any) -> Any:
    return {"id": value}


@pytest.mark.parametrize(
    ("member", "spell"),
    [
        ("statusListCredential", _listed),
        ("statusListCredential", _twice),
        ("statusListCredential", _object),
        ("statusListIndex", _listed),
        ("statusListIndex", _twice),
        ("statusPurpose", _listed),
        ("statusPurpose", _twice),
        ("type", _listed),
    ],
)
def test_a_revocation_cannot_be_hidden(scene: Scene, member: str, spell: Callable[[Any], Any]) -> None:
    """A revoked badge was `status_unknown`, and its claims went on as stated."""
    badge = scene.issuer.open_badge(email=EMAIL, revoked=True)
    (entry,) = badge["credentialStatus"]
    entry[member] = spell(entry[member])
    assessed = scene.assess(badge)
    assert {"proof_valid", "status_revoked"} <= codes(assessed)
    assert (assessed.report.verdict, assessed.decision) == (Verdict.REVOKED, Decision.REFUSED)


@pytest.mark.parametrize("member", ["identityHash", "identityType", "hashed"])
@pytest.mark.parametrize("spell", [_listed, _twice])
def test_the_address_of_another_person_cannot_be_hidden_behind_a_name(
    scene: Scene, member: str, spell: Callable[[Any], Any]
) -> None:
    """Somebody of the same name would have been "same name" instead of "issued to another address"."""
    badge = scene.issuer.open_badge(email="other@mail.example", subject_name="Maria Okafor")
    (identity,) = badge["credentialSubject"]["identifier"]
    identity[member] = spell(identity[member])
    assessed = scene.assess(badge)
    assert "proof_valid" in codes(assessed)
    assert assessed.report.subject.match is SubjectMatch.OTHER_IDENTITY
    assert assessed.assurance is Assurance.GENUINE_UNBOUND


@pytest.mark.parametrize("member", ["identityHash", "identityType", "hashed"])
def test_an_address_is_found_however_it_is_written(scene: Scene, member: str) -> None:
    badge = scene.issuer.open_badge(email=EMAIL)
    (identity,) = badge["credentialSubject"]["identifier"]
    identity[member] = [identity[member]]
    assert scene.assess(badge).decision is Decision.ACCEPTED


def test_an_address_cannot_be_moved_to_where_nobody_compares_it(scene: Scene) -> None:
    """Two objects with one identifier are one thing in RDF; a member moved between them keeps the signature genuine."""
    me = "did:example:other"

    def edit(document: Json) -> None:
        document["credentialSubject"]["achievement"]["creator"] = {"id": me, "type": ["Profile"], "name": "A studio"}

    badge = scene.issuer.open_badge(
        email="other@mail.example", subject_id=me, subject_name="Maria Okafor", edit=edit, proof="eddsa-rdfc-2022"
    )
    assert scene.assess(badge).report.verdict is Verdict.VERIFIED
    subject = badge["credentialSubject"]
    subject["achievement"]["creator"]["identifier"] = subject.pop("identifier")
    assert scene.assess(badge).decision is Decision.REFUSED


@pytest.mark.parametrize("spell", [_listed, _twice])
def test_an_alignment_to_a_credential_makes_no_skill_however_it_is_written(
    scene: Scene, spell: Callable[[Any], Any]
) -> None:
    target = {"targetName": "Welding diploma", "targetUrl": "https://credentialfinder.org/credential/20229/Diploma"}
    badge = scene.issuer.open_badge(email=EMAIL, alignments=[target])
    (alignment,) = badge["credentialSubject"]["achievement"]["alignment"]
    alignment["targetUrl"] = spell(alignment["targetUrl"])
    assessed = scene.assess(badge)
    assert assessed.decision is Decision.ACCEPTED
    assert [c for c in read_claims(assessed) if isinstance(c, SkillClaim)] == []


@pytest.mark.parametrize("member", ["achievement", "achievementType"])
def test_a_sensitive_type_is_seen_however_it_is_written(scene: Scene, member: str) -> None:
    scene.policy = Policy.trusting([scene.issuer.id]).model_copy(update={"sensitive": Sensitive(types=("Membership",))})
    badge = scene.issuer.open_badge(email=EMAIL, achievement_type="Membership")
    subject = badge["credentialSubject"]
    holder = subject if member == "achievement" else subject["achievement"]
    holder[member] = [holder[member]]
    assessed = scene.assess(badge)
    assert assessed.decision is Decision.ACCEPTED
    assert assessed.report.issuer.sensitive


def test_an_identifier_cannot_be_hidden_under_the_alias_of_another_context(scene: Scene) -> None:
    """ODRL calls it `uid`: the statements are the same, and the subject would have had no id to compare."""
    badge = scene.issuer.open_badge(email=EMAIL, subject_id="did:example:other")
    subject = badge["credentialSubject"]
    subject["@context"] = "https://www.w3.org/ns/odrl.jsonld"
    assert scene.code(badge) == "proof_valid"
    subject["uid"] = subject.pop("id")
    assert scene.code(badge) == "term_not_allowed"


def test_what_is_said_of_one_achievement_cannot_be_divided_among_several(scene: Scene) -> None:
    """An alignment that only repeats the achievement's name would have become a skill of its own."""
    target = {"targetName": "Welder I", "targetUrl": "https://catalogue.example/welder-1"}
    badge = scene.issuer.open_badge(email=EMAIL, alignments=[target])
    assert [type(claim) for claim in read_claims(scene.assess(badge))] == [AchievementClaim]
    subject = badge["credentialSubject"]
    whole = subject["achievement"]
    rest = {name: value for name, value in whole.items() if name != "alignment"}
    part = {name: whole[name] for name in ("id", "type", "alignment")}
    subject["achievement"] = [rest, part]
    assessed = scene.assess(badge)
    assert "term_not_allowed" in codes(assessed)
    assert read_claims(assessed) == ()


def test_an_achievement_whose_name_was_moved_away_does_not_become_a_skill(scene: Scene) -> None:
    """Issuers do give the criteria the achievement's own address: then both are one thing in RDF."""
    target = {"targetName": "Welder I", "targetUrl": "https://catalogue.example/welder-1"}

    def edit(document: Json) -> None:
        whole = document["credentialSubject"]["achievement"]
        whole["criteria"]["id"] = whole["id"]

    badge = scene.issuer.open_badge(email=EMAIL, alignments=[target], edit=edit)
    assert [type(claim) for claim in read_claims(scene.assess(badge))] == [AchievementClaim]
    whole = badge["credentialSubject"]["achievement"]
    whole["criteria"] |= {"type": whole["type"], "name": whole.pop("name")}
    assessed = scene.assess(badge)
    assert "proof_valid" in codes(assessed)
    assert read_claims(assessed) == ()
