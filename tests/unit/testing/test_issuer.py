"""The issuer of tests and demo: what it mints is what it says, and one thing is spoilt at a time."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connector.infra.clock import FixedClock
from connector.infra.world_file import RecordedWorld
from connector.intake.receive import receive
from connector.model.applicant import Applicant
from connector.model.report import Verdict
from connector.model.submission import Submission
from connector.ports import World
from connector.testing.documents import NOW
from connector.testing.issuer import Issuer, email_hash, recorded_world
from connector.verify import Policy, assess

EMAIL = "maria@mail.example"


def _not_passed(issuer: Issuer, document: Any, tmp_path: Any) -> dict[str, str]:
    world = RecordedWorld(recorded_world(issuer), base=tmp_path, clock=FixedClock(NOW))
    content = document if isinstance(document, str) else json.dumps(document)
    (credential,) = receive(Submission(content=content.encode()))
    applicant = Applicant(emails=(EMAIL,))
    return assess(
        credential, Policy.trusting([issuer.id]), World(world), applicant=applicant, now=NOW
    ).report.not_passed()


@pytest.mark.parametrize("method", ["key", "web", "jwk", "https"])
def test_what_it_mints_verifies_in_its_own_recorded_world(method: str, tmp_path: Any) -> None:
    issuer = Issuer("minted", method=method)
    badge = issuer.open_badge(email=EMAIL, tags=["MIG welding"], status=[issuer.status_entry()])
    assert _not_passed(issuer, badge, tmp_path) == {}
    assert _not_passed(issuer, issuer.jwt_badge(email=EMAIL), tmp_path) == {}


@pytest.mark.parametrize(
    ("spoilt", "check"),
    [
        ({"expired": True}, "validity"),
        ({"not_yet_valid": True}, "validity"),
        ({"revoked": True}, "status"),
        ({"suspended": True}, "status"),
    ],
)
def test_one_property_is_spoilt_at_a_time(spoilt: dict[str, bool], check: str, tmp_path: Any) -> None:
    issuer = Issuer("spoilt", method="web")
    assert _not_passed(issuer, issuer.open_badge(email=EMAIL, **spoilt), tmp_path) == {check: "failed"}


@pytest.mark.parametrize("fault", ["tampered", "wrong_key"])
def test_a_spoilt_signature_fails_the_proof_and_leaves_the_rest_unknown(fault: str, tmp_path: Any) -> None:
    issuer = Issuer("spoilt", method="web")
    found = _not_passed(issuer, issuer.open_badge(email=EMAIL, **{fault: True}), tmp_path)
    assert found.pop("proof") == "failed"
    assert set(found.values()) == {"undetermined"}


def test_the_same_seed_gives_the_same_key_and_another_seed_another() -> None:
    assert Issuer("one").id == Issuer("one").id != Issuer("two").id
    assert Issuer("one").open_badge(email=EMAIL) == Issuer("one").open_badge(email=EMAIL)


def test_a_clr_keeps_the_proofs_of_its_badges(tmp_path: Any) -> None:
    issuer = Issuer("clr", method="web")
    badges = [issuer.open_badge(name=f"Welder {n}", email=EMAIL) for n in range(3)]
    world = RecordedWorld(recorded_world(issuer), base=tmp_path, clock=FixedClock(NOW))
    found = receive(Submission(content=json.dumps(issuer.clr(badges=badges, email=EMAIL)).encode()))
    verdicts = [assess(one, Policy(), World(world), applicant=Applicant(), now=NOW).report.verdict for one in found]
    assert verdicts == [Verdict.VERIFIED] * 4


def test_identity_hashes_are_those_of_the_specification() -> None:
    """The example of Open Badges 3.0, IdentityHash: the salt comes behind the address."""
    assert email_hash("a@example.com", "Kosher") == (
        "sha256$b5809d8a92f8858436d7e6b87c12ebc0ae1eac4baecc2c0b913aee2c922ef399"
    )
