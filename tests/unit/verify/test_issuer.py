"""Bound and recognised are two questions; THREATS sections 3 and 7."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from connector import codec
from connector.model.report import CheckName, Decision, Verdict
from connector.testing.documents import NOW
from connector.testing.issuer import Issuer
from connector.testing.signing import SigningKey
from connector.verify import Policy, keys
from connector.verify.checks.published_keys import PUBLISHED, is_published
from connector.verify.policy import Registry
from connector.verify.registries import ReadBook, UnreadBook, entry_of

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
        {"platforms": [{"template": "https://platform.example/{id}", "issuers": ["issue", "issuer/x"]}]}
    )
    assert not platform.assess(badge).report.issuer.recognised


LISTED = "https://platform.example/issuers/lakeview"


@pytest.mark.parametrize(
    "address",
    [
        "https://platform.example/issuers/lakeview/",
        "https://platform.example/issuers/lakeview/x",
        "https://platform.example/issuers/lakeview-2",
        "https://platform.example/issuers/lakevie",
        "https://platform.example/issuers/",
        "https://platform.example/issuers/{id}",
        "https://platform.example/issuers/LAKEVIEW",
        "https://platform.example/issuers/lakeview?x=1",
        "https://platform.example/issuers/lakeview#key",
        "https://platform.example/issuers/../issuers/lakeview",
        "https://platform.example//issuers/lakeview",
        "https://platform.example/issuers/lake%76iew",
        "https://platform.example/issuers%2Flakeview",
        "https://PLATFORM.example/issuers/lakeview",
        "HTTPS://platform.example/issuers/lakeview",
        "http://platform.example/issuers/lakeview",
        "https://platform.example./issuers/lakeview",
        "https://platform.example:443/issuers/lakeview",
        "https://platform.example:8443/issuers/lakeview",
        "https://user@platform.example/issuers/lakeview",
        "https://platform.example@evil.example/issuers/lakeview",
        "https://issuers.platform.example/issuers/lakeview",
        "https://platform.example.evil.example/issuers/lakeview",
        "https://platform-example.evil.example/issuers/lakeview",
        "https://plаtform.example/issuers/lakeview",  # a Cyrillic letter: that is the test
        "https://xn--pltform-6fg.example/issuers/lakeview",
        "https://platform。example/issuers/lakeview",
        "https://platform.example/issuers/lakeview ",
        " https://platform.example/issuers/lakeview",
        "https://platform.example/issuers/lakeview\n",
        "https://platform.example\\issuers\\lakeview",
        "did:web:platform.example:issuers:lakeview",
        "lakeview",
        "",
    ],
)
def test_an_address_that_only_looks_like_one_of_a_platform_is_not_recognised(address: str) -> None:
    policy = Policy.model_validate(
        {"platforms": [{"template": "https://platform.example/issuers/{id}", "issuers": ["lakeview"]}]}
    )
    assert policy.recognise(LISTED, (), None).recognition == "recognised", "the twin"
    assert policy.recognise(address, (), None).recognition == "unknown"


@pytest.mark.parametrize(
    "platform",
    [
        {"template": "https://platform.example/{id}", "issuers": [""]},
        {"template": "https://platform.example/{id}", "issuers": ["a b"]},
        {"template": "https://platform.example/{id}", "issuers": ["{id}"]},
        {"template": "http://platform.example/{id}", "issuers": ["a"]},
        {"template": "https://user@platform.example/{id}", "issuers": ["a"]},
        {"template": "https://{id}", "issuers": ["a"]},
        {"template": "{id}", "issuers": ["did:web:lakeview.example"]},
        {"template": "https://*.example/{id}", "issuers": ["a"]},
    ],
)
def test_a_platform_that_would_not_mean_what_it_says_is_an_error(platform: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"template|issuers"):
        Policy.model_validate({"platforms": [platform]})


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
    assert all(is_published(keys.from_multikey(text)) for text in PUBLISHED)
    assert all(source for source in PUBLISHED.values())


@pytest.mark.parametrize("alg", ["EdDSA", "ES256", "ES384", "ES512", "ES256K"])
def test_a_key_of_any_kind_is_known_by_its_multikey(alg: str) -> None:
    key = SigningKey("known", alg)
    assert not is_published(keys.from_jwk(key.public_jwk))
    assert "z" + codec.base58_encode(keys.from_jwk(key.public_jwk).multicodec) == key.multikey


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
    scene.policy = Policy(registries=(_registry(scene.issuer.id, name, recognise=(scene.issuer.id,)),))
    assert ("issuer_is_test" in codes(scene.assess(scene.issuer.open_badge(email=EMAIL)))) is refused


def _registry(issuer: str, name: str, *, url: str = "", **options: Any) -> Registry:
    """A registry that lists `issuer` under that name."""
    book = ReadBook({issuer: entry_of(issuer, name, url)})
    return Registry(url="https://registry.example/r.json", book=book, **options)


def test_being_listed_in_a_registry_is_shown_and_is_not_trust(scene: Scene) -> None:
    scene.policy = Policy(registries=(_registry(scene.issuer.id, "Lakeview (registry)"),))
    assessed = scene.assess(scene.issuer.open_badge(email=EMAIL))
    assert (assessed.report.issuer.name, assessed.report.issuer.name_source) == ("Lakeview (registry)", "registry")
    assert not assessed.report.issuer.recognised


def test_a_listed_issuer_stays_a_warning_and_its_registry_is_shown_with_its_day(scene: Scene) -> None:
    book = ReadBook({scene.issuer.id: entry_of(scene.issuer.id, "Lakeview (registry)", "")}, NOW)
    scene.policy = Policy(registries=(Registry(url="https://registry.example/r.json", name="Member list", book=book),))
    assessed = scene.assess(scene.issuer.open_badge(email=EMAIL))
    assert (assessed.decision, assessed.assurance) == (Decision.ACCEPTED_WITH_WARNING, "genuine_unbound")
    [shown] = [c for c in assessed.report.checks if c.code == "registry_lists"]
    assert shown.detail == "Member list, copy of 2026-11-23: Lakeview (registry)"
    first = assessed.report.check(CheckName.ISSUER)
    assert first is not None
    assert first.code == "issuer_not_recognised"


def test_a_registry_that_shows_nothing_still_marks_a_test(scene: Scene) -> None:
    scene.policy = Policy(registries=(_registry(scene.issuer.id, "Lakeview", shows=False),))
    found = scene.assess(scene.issuer.open_badge(email=EMAIL))
    assert found.report.issuer.name_source == "self_asserted"
    assert "registry_lists" not in codes(found)
    scene.policy = Policy(registries=(_registry(scene.issuer.id, "Lakeview Sandbox", shows=False),))
    assert "issuer_is_test" in codes(scene.assess(scene.issuer.open_badge(email=EMAIL)))


def test_a_registry_that_could_not_be_loaded_is_said_by_name(scene: Scene) -> None:
    unread = Registry(url="https://registry.example/r.json", name="Member list", book=UnreadBook("it is down"))
    scene.policy = Policy(registries=(unread, _registry("did:web:other.example", "Other")))
    assessed = scene.assess(scene.issuer.open_badge(email=EMAIL))
    [said] = [c for c in assessed.report.checks if c.code == "registry_unavailable"]
    assert said.detail == "Member list: it is down"
    assert assessed.decision is Decision.ACCEPTED_WITH_WARNING
    scene.policy = Policy(registries=(unread,)).and_trusting([scene.issuer.id])
    assessed = scene.assess(scene.issuer.open_badge(email=EMAIL))
    assert "registry_unavailable" not in codes(assessed), "the employer's own list needs no registry"
    assert assessed.decision is Decision.ACCEPTED


def test_what_the_policy_recognises_by_a_registry_holds_through_an_outage_and_ends_with_the_entry(
    scene: Scene,
) -> None:
    named = {"url": "https://registry.example/r.json", "recognise": (scene.issuer.id,)}
    for book, recognised in (
        (ReadBook({scene.issuer.id: entry_of(scene.issuer.id, "Lakeview", "")}), True),
        (UnreadBook("it is down"), True),
        (ReadBook({}), False),
    ):
        scene.policy = Policy(registries=(Registry(**named, book=book),))
        assert scene.assess(scene.issuer.open_badge(email=EMAIL)).report.issuer.recognised is recognised


def test_a_registry_recognises_nobody_whom_the_policy_does_not_name(scene: Scene) -> None:
    scene.policy = Policy(registries=(_registry(scene.issuer.id, "Lakeview", recognise=("did:web:other.example",)),))
    assert not scene.assess(scene.issuer.open_badge(email=EMAIL)).report.issuer.recognised
    scene.policy = Policy(registries=(_registry(scene.issuer.id, "Lakeview", recognise=(scene.issuer.id,)),))
    found = scene.assess(scene.issuer.open_badge(email=EMAIL)).report.issuer
    assert (found.recognised, found.recognised_by, found.name_source) == (True, "policy", "registry")


@pytest.mark.parametrize(("seed", "listed"), [("lakeview", True), ("somebody else", False)])
def test_a_registry_that_knows_other_keys_of_an_issuer_lends_it_no_name(scene: Scene, seed: str, listed: bool) -> None:
    keys_known = (keys.from_multikey(SigningKey(seed).multikey),)
    entry = entry_of(scene.issuer.id, "Lakeview (registry)", "", keys_known)
    book = ReadBook({scene.issuer.id: entry})
    registry = Registry(url="https://registry.example/r.json", book=book, recognise=(scene.issuer.id,))
    scene.policy = Policy(registries=(registry,))
    assessed = scene.assess(scene.issuer.open_badge(email=EMAIL))
    assert ("registry_lists" in codes(assessed)) is listed
    assert ("registry_key_mismatch" in codes(assessed)) is not listed
    assert (assessed.report.issuer.name_source == "registry") is listed
    assert assessed.report.issuer.recognised is listed


def test_a_name_in_a_registry_is_not_lent_to_who_is_not_shown_to_be_it(scene: Scene) -> None:
    claimed = Issuer("thief", method="web")
    badge = claimed.open_badge(email=EMAIL, edit=lambda b: b["issuer"].update(id=scene.issuer.id))
    scene.others = [claimed]
    scene.policy = Policy(registries=(_registry(scene.issuer.id, "Lakeview (registry)"),))
    assessed = scene.assess(badge)
    assert assessed.report.issuer.name_source != "registry"
    assert "registry_lists" not in codes(assessed)


@pytest.mark.parametrize(
    ("issuer", "url", "test"),
    [
        ("did:web:dibiho.example:TUM.Test", "https://lakeview.example", True),
        ("did:web:staging.lakeview.example", "https://lakeview.example", True),
        ("did:web:lakeview.example", "https://staging.lakeview.example", True),
        ("did:web:lakeview.example", "https://lakeview.example/playground", True),
        ("did:web:lakeview.example", "https://lakeview.example/testimonials", False),
        ("did:web:testbed.example", "https://lakeview.example", False),
        ("did:web:lakeview.example", "", False),
    ],
)
def test_an_entrys_address_may_be_its_test_mark(issuer: str, url: str, test: bool) -> None:
    assert entry_of(issuer, "Lakeview University", url).is_test is test


@pytest.mark.parametrize("name", ["IdentifierObjectTest", "Credly Test OBv3 PM", "Participate, Inc (TEST)"])
def test_a_mark_inside_a_name_counts(name: str) -> None:
    assert entry_of("did:web:lakeview.example", name, "").is_test


def test_a_name_of_a_registry_may_be_its_test_mark(scene: Scene) -> None:
    for label, refused in (("Sandbox registry", True), ("Member registry", False)):
        registry = _registry(scene.issuer.id, "Lakeview", recognise=(scene.issuer.id,))
        scene.policy = Policy(registries=(registry.model_copy(update={"name": label}),))
        assert ("issuer_is_test" in codes(scene.assess(scene.issuer.open_badge(email=EMAIL)))) is refused


@pytest.mark.parametrize("spelling", ["multikey", "did:key", "sha256"])
def test_an_employer_adds_keys_whose_secret_is_published(scene: Scene, spelling: str) -> None:
    multikey = scene.issuer.key.multikey
    digest = hashlib.sha256(keys.from_multikey(multikey).spki).hexdigest()
    written = {"multikey": multikey, "did:key": f"did:key:{multikey}", "sha256": f"sha256:{digest}"}[spelling]
    badge = scene.issuer.open_badge(email=EMAIL)
    for listed, decision in ((written, Decision.REFUSED), (SigningKey("other").multikey, Decision.ACCEPTED)):
        scene.policy = Policy.model_validate({"trusted_issuers": [scene.issuer.id], "published_keys": [listed]})
        assessed = scene.assess(badge)
        assert assessed.decision is decision
        assert ("issuer_is_test" in codes(assessed)) is (decision is Decision.REFUSED)
    with pytest.raises(ValueError, match="Multikey"):
        Policy.model_validate({"published_keys": ["lakeview.example"]})


def test_sensitive_issuers_and_types_are_marked(scene: Scene) -> None:
    for sensitive in ({"issuers": [scene.issuer.id]}, {"types": ["Certificate"]}):
        scene.policy = Policy.model_validate({"sensitive": sensitive})
        assert scene.assess(scene.issuer.open_badge(email=EMAIL)).report.issuer.sensitive
    scene.policy = Policy.model_validate({"sensitive": {"types": ["Diploma"]}})
    assert not scene.assess(scene.issuer.open_badge(email=EMAIL)).report.issuer.sensitive
