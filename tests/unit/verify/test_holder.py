"""Presentations: a signature that fails, or was made for another request, refuses all that is in it."""

from __future__ import annotations

from typing import Any

import pytest

from connector.model.report import Decision, Verdict
from connector.testing.issuer import Issuer
from connector.verify import PresentationContext, verdict_of_file

from .conftest import EMAIL, Scene, codes

HOLDER = Issuer("holder", method="key")
OTHER = Issuer("other holder", method="key")
ASKED = PresentationContext(challenge="c-1", domain="https://apply.example")


def _asked(**options: Any) -> Scene:
    return Scene(presentation=PresentationContext(**options) if options else ASKED)


def _badge(scene: Scene, **options: Any) -> Any:
    return scene.issuer.open_badge(**({"subject_id": HOLDER.id} | options))


def test_a_presentation_by_the_subject_for_this_request_is_a_holder_proof() -> None:
    scene = _asked()
    shown = HOLDER.presentation([_badge(scene)], challenge="c-1", domain="https://apply.example")
    assessed = scene.assess(shown)
    assert (assessed.report.subject.match, assessed.decision) == ("holder_proof", Decision.ACCEPTED)


def test_the_same_as_a_token() -> None:
    scene = _asked()
    shown = HOLDER.jwt_presentation([_badge(scene)], nonce="c-1", audience="https://apply.example")
    assert scene.assess(shown).report.subject.match == "holder_proof"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"challenge": "c-2", "domain": "https://apply.example"}, "holder_other_request"),
        ({"domain": "https://apply.example"}, "holder_other_request"),
        ({"challenge": "c-1", "domain": "https://evil.example"}, "holder_other_request"),
        ({"challenge": "c-1"}, "holder_other_request"),
        ({"challenge": "c-1", "domain": "https://apply.example", "tampered": True}, "holder_invalid"),
        ({"challenge": "c-1", "domain": "https://apply.example", "wrong_key": True}, "holder_invalid"),
    ],
)
def test_what_was_not_made_for_this_request_refuses_everything_in_it(options: dict[str, Any], code: str) -> None:
    scene = _asked()
    badges = [_badge(scene), _badge(scene, name="Welder II", email=EMAIL)]
    assessed = scene.assess_all(HOLDER.presentation(badges, **_named(options)))
    assert [code in codes(one) for one in assessed] == [True, True]
    assert {one.decision for one in assessed} == {Decision.REFUSED}
    assert {one.report.verdict for one in assessed} == {Verdict.VERIFIED}, "an envelope has no verdict"
    file_verdict = verdict_of_file(one.report for one in assessed)
    assert (file_verdict is Verdict.INVALID) is (code == "holder_invalid")


def _named(options: dict[str, Any]) -> dict[str, Any]:
    """`tampered` changes a member that a presentation may have."""
    if options.pop("tampered", False):
        return options | {"edit_signed": lambda d: d.update(holder=OTHER.id)}
    return options


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"nonce": "c-2", "audience": "https://apply.example"}, "holder_other_request"),
        ({"nonce": "c-1", "audience": "https://evil.example"}, "holder_other_request"),
        (
            {"nonce": "c-1", "claims": {"aud": ["https://apply.example", "https://evil.example"]}},
            "holder_other_request",
        ),
        ({"nonce": "c-1", "claims": {"aud": ["https://apply.example"]}}, "holder_valid"),
        ({"nonce": "c-1", "audience": "https://apply.example", "claims": {"exp": 1_700_000_000}}, "holder_expired"),
        ({"nonce": "c-1", "audience": "https://apply.example", "claims": {"iss": OTHER.id}}, "holder_invalid"),
        ({"nonce": "c-1", "audience": "https://apply.example", "wrong_key": True}, "holder_invalid"),
        ({"nonce": "c-1", "audience": "https://apply.example", "typ": "vc+jwt"}, "holder_invalid"),
    ],
)
def test_tokens_for_other_requests(options: dict[str, Any], code: str) -> None:
    scene = _asked()
    assessed = scene.assess(HOLDER.jwt_presentation([_badge(scene)], **options))
    assert code in codes(assessed)
    assert (assessed.decision is Decision.REFUSED) is (code != "holder_valid")


def test_a_presentation_by_another_key_contradicts_the_record() -> None:
    scene = _asked()
    shown = OTHER.presentation([_badge(scene, email=EMAIL)], challenge="c-1", domain="https://apply.example")
    assessed = scene.assess(shown)
    assert (assessed.report.subject.match, assessed.decision) == ("contradicted", Decision.REFUSED)


def test_a_holder_named_in_the_presentation_must_be_who_signed_it() -> None:
    scene = _asked()
    shown = OTHER.presentation(
        [_badge(scene)],
        challenge="c-1",
        domain="https://apply.example",
        edit=lambda d: d.update(holder=HOLDER.id),
    )
    assert "holder_invalid" in codes(scene.assess(shown))


@pytest.mark.parametrize(("by", "code"), [(OTHER, "holder_invalid"), (HOLDER, "holder_unchecked")])
def test_a_key_written_out_that_is_none_of_the_holder_s_refuses_everything(by: Issuer, code: str) -> None:
    """Whose a bare key is, it does not say; but the holder that is named says which keys are its own."""
    scene = _asked()
    payload = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiablePresentation"],
        "holder": HOLDER.id,
        "verifiableCredential": [_badge(scene)],
        "nonce": "c-1",
        "aud": "https://apply.example",
    }
    shown = by.jwt(payload, typ="vp+jwt", header={"kid": None, "jwk": by.key.public_jwk})
    assessed = scene.assess(shown)
    assert code in codes(assessed)
    assert (assessed.decision is Decision.REFUSED) is (by is OTHER)


def test_a_presentation_nobody_asked_for_is_no_holder_proof() -> None:
    """Anybody who saw it could hand it in again."""
    scene = Scene()
    shown = HOLDER.presentation([_badge(scene)], challenge="somebody else's")
    assessed = scene.assess(shown)
    assert "holder_unsolicited" in codes(assessed)
    assert assessed.report.subject.match == "none"


def test_an_unsigned_presentation_proves_nothing_and_harms_nothing() -> None:
    scene = Scene()
    assessed = scene.assess(HOLDER.presentation([_badge(scene, email=EMAIL)], signed=False))
    assert "holder_unsigned" in codes(assessed)
    assert (assessed.report.subject.match, assessed.decision) == ("email_hash", Decision.ACCEPTED)


def test_whether_a_presentation_is_needed_is_our_setting() -> None:
    scene = _asked(challenge="c-1", require_key_binding=True)
    for handed_in in (_badge(scene, email=EMAIL), HOLDER.presentation([_badge(scene, email=EMAIL)], signed=False)):
        assessed = scene.assess(handed_in)
        assert "holder_proof_required" in codes(assessed)
        assert assessed.decision is Decision.REFUSED
    assert scene.assess(HOLDER.presentation([_badge(scene)], challenge="c-1")).decision is Decision.ACCEPTED


def test_a_presentation_signed_in_an_unknown_way_leaves_a_doubt() -> None:
    scene = Scene()
    shown = HOLDER.presentation([_badge(scene, email=EMAIL)], edit_signed=lambda d: d["proof"].update(type="Foo2030"))
    assessed = scene.assess(shown)
    assert "holder_unchecked" in codes(assessed)
    assert assessed.decision is Decision.ACCEPTED_WITH_WARNING


def test_an_assertion_key_is_no_holders_key() -> None:
    """A presentation needs `authentication`; an issuer's key for assertions does not sign presentations."""
    scene = _asked()
    web = Issuer("holder web", method="web")
    document = web.controller_document()
    document.pop("authentication")
    scene.extra[str(web.document_url)] = document
    badge = scene.issuer.open_badge(subject_id=web.id)
    shown = web.presentation([badge], challenge="c-1", domain="https://apply.example")
    assert "holder_invalid" in codes(scene.assess(shown))


def test_a_signed_presentation_that_is_none_by_its_type_is_refused() -> None:
    scene = _asked()
    claims = {
        "vp": {"@context": ["https://www.w3.org/2018/credentials/v1"], "type": ["Something"], "holder": HOLDER.id}
    }
    claims["vp"]["verifiableCredential"] = [scene.issuer.jwt_badge(subject_id=HOLDER.id)]
    shown = HOLDER.jwt_presentation([], nonce="c-1", audience="https://apply.example", claims=claims)
    assert "holder_malformed" in codes(scene.assess(shown))


def test_a_credential_proof_is_no_presentation_proof() -> None:
    scene = _asked()
    shown = HOLDER.sign(HOLDER.presentation([_badge(scene)], signed=False), options={"challenge": "c-1"})
    assert "holder_invalid" in codes(scene.assess(shown))


# --- which key presents ------------------------------------------------------------------------------------------


def _without_authentication(scene: Scene, holder: Issuer) -> None:
    document = holder.controller_document()
    del document["authentication"]
    assert holder.document_url is not None
    scene.extra[holder.document_url] = document


def test_a_key_for_assertions_ties_nothing_though_its_signature_holds() -> None:
    """Nothing was asked for: the presentation is as it was made, and nobody is shown to hold what is in it."""
    holder = Issuer("web-holder", method="web")
    scene = Scene(others=[holder])
    shown = holder.jwt_presentation([_badge(scene, subject_id=holder.id)])
    assert scene.code(shown, "holder") == "holder_unsolicited"
    _without_authentication(scene, holder)
    assessed = scene.assess(shown)
    assert "holder_key_for_assertions" in codes(assessed)
    assert assessed.report.subject.match != "holder_proof"
    assert assessed.decision is Decision.ACCEPTED_WITH_WARNING


def test_a_key_for_assertions_answers_no_request() -> None:
    holder = Issuer("web-holder", method="web")
    scene = _asked(nonce="n-1")
    scene.others = [holder]
    shown = holder.jwt_presentation([_badge(scene, subject_id=holder.id)], nonce="n-1")
    assert scene.code(shown, "holder") == "holder_valid"
    _without_authentication(scene, holder)
    assert scene.code(shown, "holder") == "holder_invalid"
    assert scene.assess(shown).decision is Decision.REFUSED


@pytest.mark.parametrize("spoiled", [{"tampered": True}, {"wrong_key": True}, {"claims": {"exp": 1}}])
def test_a_presentation_that_does_not_hold_is_not_saved_by_the_other_use(spoiled: dict[str, Any]) -> None:
    holder = Issuer("web-holder", method="web")
    scene = Scene(others=[holder])
    _without_authentication(scene, holder)
    shown = holder.jwt_presentation([_badge(scene, subject_id=holder.id)], **spoiled)
    assert scene.assess(shown).decision is Decision.REFUSED
