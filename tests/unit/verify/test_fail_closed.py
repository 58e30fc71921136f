"""Answers that are neither yes nor no: none of them counts as a yes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connector.infra.world_file import RecordedWorld
from connector.intake import receive
from connector.model.report import Decision, Verdict
from connector.model.submission import Submission
from connector.normalize import read_claims
from connector.testing.badge_host import BadgeHost
from connector.testing.issuer import Issuer
from connector.verify import Policy
from connector.verify.suites.hosted import confirm

from .conftest import EMAIL, Scene, codes


def _hosted(tmp_path: Any, host: BadgeHost, given: str) -> str:
    (badge,) = receive(Submission(content=given.encode()))
    return confirm(badge, RecordedWorld(host.answers(), base=tmp_path)).code


@pytest.mark.parametrize(
    ("revoked", "code"),
    [
        (None, "hosted_confirmed"),
        (False, "hosted_confirmed"),
        (True, "hosted_revoked"),
        ("true", "hosted_nonconformant"),
        ("false", "hosted_nonconformant"),
        (1, "hosted_nonconformant"),
        (0, "hosted_nonconformant"),
        ({}, "hosted_nonconformant"),
    ],
)
def test_revoked_is_yes_or_no(tmp_path: Any, revoked: Any, code: str) -> None:
    host = BadgeHost()
    badge = host.issue(EMAIL)
    host.change(badge.url, revoked=revoked)
    assert _hosted(tmp_path, host, badge.text()) == code


@pytest.mark.parametrize("path", ["/staff/../uploads/mine", "/staff/%2e%2E/uploads/mine", "/staff/./../uploads/mine"])
def test_dot_segments_do_not_stay_within_the_issuers_place(tmp_path: Any, path: str) -> None:
    """A server that resolves them answers with what somebody uploaded elsewhere on the site."""
    host = BadgeHost()
    badge = host.issue(EMAIL)
    host.change(host.profile["id"], verification={"startsWith": [f"https://{host.host}/staff/"]})
    forged = f"https://{host.host}{path}"
    document = {**badge.assertion, "id": forged}
    host.answer(forged, body=json.dumps(document))
    assert _hosted(tmp_path, host, json.dumps(document)) == "hosted_outside_scope"


@pytest.mark.parametrize(
    ("member", "value", "code"),
    [("revoked", "2025-01-01T00:00:00Z", "key_revoked"), ("expires", "2020-01-01T00:00:00Z", "key_revoked")],
)
def test_a_withdrawn_key_at_an_address_of_its_own_is_withdrawn(member: str, value: str, code: str) -> None:
    """The issuer lists the key by its address; that it was withdrawn stands in the key's own document."""
    scene = Scene(issuer=Issuer("uni", method="https", domain="uni.example"))
    issuer, url = scene.issuer, "https://uni.example/keys/1"
    method = {"id": url, "type": "Multikey", "controller": issuer.id, "publicKeyMultibase": issuer.key.multikey}
    scene.extra[issuer.id] = {**issuer.controller_document(), "assertionMethod": [url]}
    scene.extra[url] = method
    token = issuer.jwt_badge(email=EMAIL, header={"kid": url})
    assert scene.assess(token).decision is Decision.ACCEPTED
    scene.extra[url] = {**method, member: value}
    assessed = scene.assess(token)
    assert code in codes(assessed)
    assert (assessed.report.verdict, assessed.decision) == (Verdict.INVALID, Decision.REFUSED)


def test_a_denied_issuer_whose_keys_cannot_be_had_says_nothing(scene: Scene) -> None:
    """Without its keys the record would have been "stated by the applicant", issuer's name and all."""
    badge = scene.issuer.open_badge(email=EMAIL)
    scene.extra[str(scene.issuer.document_url)] = 404
    scene.policy = Policy()
    assert read_claims(scene.assess(badge))
    scene.policy = Policy(denied_issuers=(scene.issuer.id,))
    assessed = scene.assess(badge)
    assert "issuer_denied" in codes(assessed)
    assert (assessed.report.verdict, assessed.decision) == (Verdict.UNRESOLVABLE, Decision.REFUSED)
    assert read_claims(assessed) == ()
