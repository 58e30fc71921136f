"""Bound and recognised are two questions; THREATS sections 3 and 7."""

from __future__ import annotations

from typing import Any

import pytest

from connector.model.report import Decision, Verdict
from connector.testing.issuer import Issuer
from connector.testing.signing import SigningKey
from connector.verify import Policy, keys
from connector.verify.checks.published_keys import PUBLISHED, is_published
from connector.verify.policy import Registry

from .conftest import EMAIL, Scene, codes

DCC = "did:key:z6MknNQD1WHLGGraFi6zcbGevuAgkVfdyCdtZnQTGWVVvR5Q"


def test_a_key_of_another_did_is_a_mismatch_and_refused(scene: Scene) -> None:
    """The signature is genuine, so the verdict is; it proves nothing about the name in the record."""
    stranger = Issuer("stranger", method="key")
    badge = stranger.open_badge(email=EMAIL, edit=lambda d: d["issuer"].update(id=scene.issuer.id))
    assessed = scene.assess(badge)
    assert assessed.report.verdict is Verdict.VERIFIED
    assert "issuer_key_mismatch" in codes(assessed)
    assert not assessed.report.issuer.recognised
    assert (assessed.decision, assessed.assurance) == (Decision.REFUSED, "stated")


@pytest.mark.parametrize("issuer", ["urn:uuid:6f2e33e5-7a29-4155-840a-59483ba10164", "https://nobody.example/issuer"])
def test_an_issuer_whose_keys_cannot_be_had_is_not_bound(scene: Scene, issuer: str) -> None:
    scene.policy = Policy.trusting([issuer, scene.issuer.id])
    badge = scene.issuer.open_badge(email=EMAIL, edit=lambda d: d["issuer"].update(id=issuer))
    assessed = scene.assess(badge)
    assert "issuer_unbound" in codes(assessed)
    assert not assessed.report.issuer.recognised
    assert (assessed.decision, assessed.assurance) == (Decision.ACCEPTED_WITH_WARNING, "stated")


def test_an_issuer_that_lists_a_key_of_another_did_is_bound_to_it(scene: Scene) -> None:
    service = Issuer("signing service", method="key")
    document = scene.issuer.controller_document()
    document["assertionMethod"].append(service.key_id)
    scene.extra[str(scene.issuer.document_url)] = document
    badge = service.open_badge(email=EMAIL, edit=lambda d: d["issuer"].update(id=scene.issuer.id))
    assert scene.assess(badge).decision is Decision.ACCEPTED


def test_a_withdrawn_key_binds_nobody(scene: Scene) -> None:
    document = scene.issuer.controller_document()
    document["verificationMethod"][0]["revoked"] = "2026-01-01T00:00:00Z"
    scene.extra[str(scene.issuer.document_url)] = document
    token = scene.issuer.jwt_badge(email=EMAIL, header={"kid": None, "jwk": scene.issuer.key.public_jwk})
    assert not scene.assess(token).report.issuer.bound


def test_a_record_without_an_issuer_is_refused(scene: Scene) -> None:
    token = scene.issuer.jwt_badge(email=EMAIL, edit=lambda d: d.update(issuer={"name": "Lakeview"}), drop=["iss"])
    assessed = scene.assess(token)
    assert "issuer_missing" in codes(assessed)
    assert assessed.decision is Decision.REFUSED


# --- recognition ---


@pytest.mark.parametrize(
    "listed",
    [
        "did:web:lakeview.example:other",
        "did:web:LAKEVIEW.example",
        "lakeview.example",
        "Lakeview University",
        "https://lakeview.example",
        "did:web:lakeview.exampl",
    ],
)
def test_trust_is_by_exact_identifier_only(scene: Scene, listed: str) -> None:
    scene.policy = Policy.trusting([listed])
    assessed = scene.assess(scene.issuer.open_badge(email=EMAIL))
    assert not assessed.report.issuer.recognised
    assert assessed.decision is Decision.ACCEPTED_WITH_WARNING


def test_the_employers_name_for_an_issuer_is_preferred(scene: Scene) -> None:
    scene.policy = Policy.model_validate({"trusted_issuers": [{"id": scene.issuer.id, "name": "Lakeview U."}]})
    found = scene.assess(scene.issuer.open_badge(email=EMAIL)).report.issuer
    assert (found.name, found.name_source, found.recognised_by) == ("Lakeview U.", "policy", "policy")
    scene.policy = Policy()
    found = scene.assess(scene.issuer.open_badge(email=EMAIL)).report.issuer
    assert (found.name, found.name_source) == ("Lakeview University", "self_asserted")


def test_an_impostor_never_wears_the_employers_name(scene: Scene) -> None:
    scene.policy = Policy.model_validate({"trusted_issuers": [{"id": scene.issuer.id, "name": "Lakeview U."}]})
    stranger = Issuer("stranger", method="key", name="Evil")
    badge = stranger.open_badge(email=EMAIL, edit=lambda d: d["issuer"].update(id=scene.issuer.id))
    assert scene.assess(badge).report.issuer.name_source == "self_asserted"


@pytest.mark.parametrize(
    "name", ["Lakeview University", "LAKEVIEW university", "Lakevie\u200bw University", "Lаkeview University"]
)
def test_a_look_alike_of_a_recognised_name_is_remarked(scene: Scene, name: str) -> None:
    scene.policy = Policy.model_validate({"trusted_issuers": [{"id": scene.issuer.id, "name": "Lakeview University"}]})
    stranger = Issuer("stranger", method="key", name=name)
    assert "issuer_name_lookalike" in codes(scene.assess(stranger.open_badge(email=EMAIL)))
    other = Issuer("other", method="key", name="Hillside College")
    assert "issuer_name_lookalike" not in codes(scene.assess(other.open_badge(email=EMAIL)))


@pytest.mark.parametrize(
    ("entry", "recognised"),
    [
        ({"types": ["OpenBadgeCredential"]}, True),
        ({"types": ["Certificate"]}, True),
        ({"types": ["Diploma"]}, False),
        ({"from": "2025-05-01"}, True),
        ({"from": "2025-05-02"}, False),
        ({"until": "2025-05-01T00:00:00Z"}, True),
        ({"until": "2025-04-30"}, False),
    ],
)
def test_recognition_may_be_for_types_and_times(scene: Scene, entry: dict[str, Any], recognised: bool) -> None:
    scene.policy = Policy.model_validate({"trusted_issuers": [{"id": scene.issuer.id, **entry}]})
    assessed = scene.assess(scene.issuer.open_badge(email=EMAIL))
    assert assessed.report.issuer.recognised is recognised
    assert (assessed.decision is Decision.ACCEPTED) is recognised


def test_a_replacement_is_recognised_in_the_same_terms(scene: Scene) -> None:
    entry = {"id": "did:web:old.example", "replaced_by": scene.issuer.id}
    scene.policy = Policy.model_validate({"trusted_issuers": [entry]})
    assert scene.assess(scene.issuer.open_badge(email=EMAIL)).decision is Decision.ACCEPTED
    scene.policy = Policy.model_validate({"trusted_issuers": [{**entry, "types": ["Diploma"]}]})
    assert scene.assess(scene.issuer.open_badge(email=EMAIL)).decision is Decision.ACCEPTED_WITH_WARNING


def test_a_denied_issuer_is_refused_even_when_it_is_listed(scene: Scene) -> None:
    scene.policy = Policy.model_validate({"trusted_issuers": [scene.issuer.id], "denied_issuers": [scene.issuer.id]})
    assessed = scene.assess(scene.issuer.open_badge(email=EMAIL))
    assert (assessed.decision, assessed.report.issuer.recognised) == (Decision.REFUSED, False)


def test_a_platform_recognises_the_issuers_it_lists_and_no_other(scene: Scene) -> None:
    platform = Scene(issuer=Issuer("one", method="https", domain="platform.example"))
    badge = platform.issuer.open_badge(email=EMAIL)
    platform.policy = Policy.model_validate(
        {"platforms": [{"template": "https://platform.example/{id}", "issuers": ["issuer"]}]}
    )
    found = platform.assess(badge).report.issuer
    assert (found.recognised, found.recognised_by) == (True, "platform")
    platform.policy = Policy.model_validate(
        {"platforms": [{"template": "https://platform.example/{id}", "issuers": ["issue", "issuer/x", ""]}]}
    )
    assert not platform.assess(badge).report.issuer.recognised


# --- test issuers ---


def test_an_issuer_whose_secret_key_is_published_is_refused_though_listed() -> None:
    scene = Scene(issuer=_published_issuer())
    badge = scene.issuer.open_badge(email=EMAIL)
    assert scene.assess(badge).decision is Decision.ACCEPTED, "the key is not in the table: the twin"
    forged = Scene(issuer=_published_issuer(), policy=Policy.trusting([scene.issuer.id]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("connector.verify.checks.issuer.is_published", lambda key: True)
        assessed = forged.assess(badge)
        assert "issuer_is_test" in codes(assessed)
        assert (assessed.decision, assessed.report.issuer.recognised) == (Decision.REFUSED, False)
        forged.policy = Policy.model_validate({"trusted_issuers": [scene.issuer.id], "test_issuers": "allow"})
        assert forged.assess(badge).decision is Decision.ACCEPTED


def _published_issuer() -> Issuer:
    return Issuer("published", method="key")


def test_published_keys_are_found_however_they_are_written() -> None:
    assert is_published(keys.from_multikey(DCC.removeprefix("did:key:")))
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    assert is_published(keys.from_jwk(jwk)), "RFC 8037 appendix A, listed as a Multikey"
    assert not is_published(keys.from_jwk(SigningKey("mine").public_jwk))
    assert all(source for source in PUBLISHED.values())


@pytest.mark.parametrize(
    ("registry", "refused"),
    [
        ({"url": "https://registry.example/sandbox-registry/registry.json"}, True),
        ({"url": "https://test.registry.example/registry.json"}, True),
        ({"url": "https://staging.example/registry.json"}, True),
        ({"url": "https://registry.example/latest.json"}, False),
        ({"url": "https://contest.example/registry.json"}, False),
    ],
)
def test_an_entry_of_a_test_registry_is_a_test_issuer(scene: Scene, registry: dict[str, str], refused: bool) -> None:
    scene.policy = Policy.model_validate({"registries": [{**registry, "recognise": [scene.issuer.id]}]})
    assessed = scene.assess(scene.issuer.open_badge(email=EMAIL))
    assert ("issuer_is_test" in codes(assessed)) is refused
    assert (assessed.decision is Decision.ACCEPTED) is not refused


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("Example University 1 (DCC test-only issuer)", True),
        ("DCC did:key for testing", True),
        ("Sandbox College", True),
        ("Educational Testing Service", False),
        ("Contest Winners' Academy", False),
    ],
)
def test_an_entry_that_calls_itself_a_test_is_a_test_issuer(scene: Scene, name: str, refused: bool) -> None:
    registry = Registry(
        url="https://registry.example/r.json", recognise=(scene.issuer.id,), names={scene.issuer.id: name}
    )
    scene.policy = Policy(registries=(registry,))
    assert ("issuer_is_test" in codes(scene.assess(scene.issuer.open_badge(email=EMAIL)))) is refused


def test_being_listed_in_a_registry_is_shown_and_is_not_trust(scene: Scene) -> None:
    registry = Registry(url="https://registry.example/r.json", names={scene.issuer.id: "Lakeview (registry)"})
    scene.policy = Policy(registries=(registry,))
    assessed = scene.assess(scene.issuer.open_badge(email=EMAIL))
    assert (assessed.report.issuer.name, assessed.report.issuer.name_source) == ("Lakeview (registry)", "registry")
    assert not assessed.report.issuer.recognised


def test_sensitive_issuers_and_types_are_marked(scene: Scene) -> None:
    for sensitive in ({"issuers": [scene.issuer.id]}, {"types": ["Certificate"]}):
        scene.policy = Policy.model_validate({"sensitive": sensitive})
        assert scene.assess(scene.issuer.open_badge(email=EMAIL)).report.issuer.sensitive
    scene.policy = Policy.model_validate({"sensitive": {"types": ["Diploma"]}})
    assert not scene.assess(scene.issuer.open_badge(email=EMAIL)).report.issuer.sensitive
