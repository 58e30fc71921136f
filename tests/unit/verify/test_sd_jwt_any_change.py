"""No single changed letter of an SD-JWT is ever called verified: every place, in every way, not a sample of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connector.errors import IntakeError
from connector.model.report import Decision, Verdict
from connector.testing.documents import NOW
from connector.testing.issuer import Issuer
from connector.testing.sd_jwt import SdJwtMint
from connector.testing.signing import SigningKey
from connector.verify import PresentationContext, verdict_of_file

from .conftest import EMAIL, Scene

HOLDER = SigningKey("the holder", "ES256")
ISSUER = Issuer("lakeview", method="web", alg="ES256")
MINT = SdJwtMint(ISSUER)
_NEXT = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~",
    "BCDEFGHIJKLMNOPQRSTUVWXYZAbcdefghijklmnopqrstuvwxyza1234567890_-~.",
)


def changes(text: str) -> Iterator[str]:
    for place, letter in enumerate(text):
        before, after = text[:place], text[place + 1 :]
        for other in (letter.translate(_NEXT), "~", ".", "", f"{letter}A"):
            if other != letter:
                yield before + other + after


def claims_bound() -> str:
    minted = MINT.mint(MINT.claims(cnf={"jwk": HOLDER.public_jwk}), hide=["email", "achievement.name", "achievement"])
    return minted.bound(HOLDER, made=int(NOW.timestamp()))


def badge_unbound() -> str:
    hidden = ["credentialSubject.identifier", "credentialSubject.achievement.tag.0"]
    return MINT.badge(email=EMAIL, tags=["MIG welding", "TIG welding"], hide=hidden).text()


@pytest.mark.parametrize(
    ("text", "context"),
    [
        (claims_bound(), PresentationContext(nonce="n-1", audience="https://apply.example")),
        (claims_bound(), None),
        (badge_unbound(), None),
    ],
    ids=["claims, asked for", "claims, not asked for", "badge"],
)
def test_no_single_change_is_verified(text: str, context: Any) -> None:
    scene = Scene(issuer=ISSUER, presentation=context)
    assert scene.assess(text).decision is Decision.ACCEPTED
    tried = 0
    for changed in changes(text):
        tried += 1
        try:
            assessed = scene.assess_all(changed)
        except IntakeError:
            continue
        where = f"{changed[:40]}..., change {tried}"
        assert verdict_of_file([one.report for one in assessed]) is not Verdict.VERIFIED, where
        assert {one.decision for one in assessed} == {Decision.REFUSED}, where
    assert tried > 4 * len(text)
