"""Values of a kind that nobody expects there: each gets an answer, none ends the run."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from connector.errors import ConfigurationError
from connector.model.report import Decision, Verdict
from connector.testing.documents import NOW
from connector.testing.issuer import Issuer
from connector.verify import PresentationContext
from connector.verify.checks import validity

from .conftest import EMAIL, Scene, codes

ODD: list[Any] = [["did:key:z"], {"id": "did:key:z"}, 7, True, ""]


@pytest.mark.parametrize("issuer", ODD)
@pytest.mark.parametrize("context", [None, PresentationContext(nonce="n")])
def test_a_presentation_token_with_an_odd_iss_is_refused(
    scene: Scene, issuer: Any, context: PresentationContext | None
) -> None:
    holder = Issuer("maria", method="key")
    scene.presentation = context
    token = holder.jwt_presentation([scene.issuer.open_badge(email=EMAIL)], nonce="n", claims={"iss": issuer})
    assessed = scene.assess(token)
    assert "holder_invalid" in codes(assessed)
    assert assessed.decision is Decision.REFUSED


@pytest.mark.parametrize("name", [["k"], {"k": 1}, 7, None])
@pytest.mark.parametrize("kid", ["k", "https://uni.example/issuer#k"])
def test_a_key_set_with_odd_names_of_keys_is_searched(name: Any, kid: str) -> None:
    scene = Scene(issuer=Issuer("uni", method="https", domain="uni.example"))
    scene.extra[scene.issuer.id] = {"keys": [{**scene.issuer.key.public_jwk, "kid": name}]}
    assert scene.code(scene.issuer.jwt_badge(email=EMAIL, header={"kid": kid})) == "key_not_in_document"


@pytest.mark.parametrize("expires", ["9999-12-31", "9999-12-31T23:59:59Z"])
def test_a_hosted_badge_that_never_expires_by_the_calendar_is_current(expires: str) -> None:
    assert validity.measure_open_badge_2({"expires": expires}, now=NOW).result.code == "validity_current"


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "9999-01-01T00:00:00Z"])
def test_a_time_at_the_edge_of_the_calendar_is_no_time_to_judge_by(text: str) -> None:
    from connector.cli.options import moment

    with pytest.raises(ConfigurationError, match="as-of"):
        moment(text)
    assert moment("2026-11-23T12:00:00Z") == datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_the_twin_with_an_honest_iss_is_accepted(scene: Scene) -> None:
    holder = Issuer("maria", method="key")
    scene.presentation = PresentationContext(nonce="n")
    badge = scene.issuer.open_badge(subject_id=holder.id)
    assessed = scene.assess(holder.jwt_presentation([badge], nonce="n"))
    assert (assessed.report.verdict, assessed.decision) == (Verdict.VERIFIED, Decision.ACCEPTED)
