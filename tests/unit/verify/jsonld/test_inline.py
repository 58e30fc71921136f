"""Which contexts a document may name, and what it may define for itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connector.normalize import plain_vc
from connector.verify.jsonld.inline import READ_BY_NAME

from .samples import BADGE, CRED, OB, OB303, UNDEFINED_V2, V2, badge, canonical, refusal, scored


@pytest.mark.parametrize("context", ["https://evil.example/v1", "relative.json", None, 5, [], [[V2]], {"@import": V2}])
def test_contexts_that_are_not_pinned_are_refused(context: Any) -> None:
    assert refusal(badge(**{"@context": context})).code == "context_unknown"
    nested = badge()
    nested["credentialSubject"]["@context"] = context
    assert refusal(nested).code == "context_unknown"


def test_a_pinned_context_cannot_redefine_what_another_protects() -> None:
    document = badge(**{"@context": [V2, "https://www.w3.org/2018/credentials/v1"]})
    assert refusal(document).code == "context_conflict"


@pytest.mark.parametrize(
    "inline",
    [
        {"validUntil": "https://evil.example/#validUntil"},
        {"narrative": "https://evil.example/#narrative"},
        {"until": f"{CRED}validUntil"},
        {"validUntilX": f"{CRED}validUntil"},
        {"hidden": None},
        {"hidden": "@nest"},
        {"self": "@id"},
        {"hidden": {"@id": "https://evil.example/#hidden", "@context": None}},
        {"hidden": {"@id": "https://evil.example/#hidden", "@context": {"until": f"{CRED}validUntil"}}},
        {"hidden": {"@id": "https://evil.example/#hidden", "@context": {"until": {"@id": None}}}},
        {"hidden": {"@id": "https://evil.example/#hidden", "@context": {"self": "@id"}}},
        {"hidden": {"@id": "https://evil.example/#hidden", "@context": {"type": "@id"}}},
        {"hidden": {"@id": "https://evil.example/#hidden", "@context": {"@vocab": "https://evil.example/#"}}},
        {"hidden": {"@id": "https://evil.example/#hidden", "@context": {"@propagate": True}}},
        {"hidden": {"@id": "https://evil.example/#hidden", "@context": ["https://evil.example/"]}},
        {"hidden": {"@id": "https://evil.example/#hidden", "@type": "@id", "@context": {}}},
        {"hidden": {"@id": "https://evil.example/#other", "@context": {}}},
        {"hidden": {"@id": "https://evil.example/#hidden",
                    "@context": {"deeper": {"@id": "https://evil.example/#deeper", "@context": {}}}}},
        {"hidden": {"@id": "https://evil.example/#hidden", "@container": "@list"}},
        {"hidden": {"@id": "https://evil.example/#hidden", "@type": "@json"}},
        {"hidden": {"@reverse": "https://evil.example/#hidden"}},
        {"hidden": "https://evil.example/#other"},
        {"hidden": "relative"},
        {"hidden": 5},
        {"a:b": "https://evil.example/#b"},
        {"@base": "https://evil.example/"},
        {"@language": "en"},
        {"@vocab": None},
        {"@vocab": ""},
        {"@vocab": "https://evil.example"},
        {"@vocab": CRED},
        {"@version": 1.0},
        {"@protected": False},
        {f"term{number}": f"https://evil.example/#term{number}" for number in range(200)},
    ],
)  # fmt: skip
def test_an_inline_context_that_could_hide_or_rename_is_refused(inline: dict[str, Any]) -> None:
    assert refusal(badge(**{"@context": [*BADGE["@context"], inline]})).code == "context_unknown"


def test_a_harmless_inline_context_may_stand_between_pinned_ones(by_pyld: Callable[[Any], str]) -> None:
    inline = {"@protected": True, "micro": "https://lakeview.example/v#micro"}
    document = badge(**{"@context": [V2, inline, OB303]}, micro="B2")
    assert canonical(document) == by_pyld(document)


@pytest.mark.parametrize(
    "inline",
    [
        {"@vocab": "https://lakeview.example/v#"},
        {"narrative": "https://evil.example/#narrative"},
        {"micro": "https://lakeview.example/v#other"},
    ],
)
def test_an_inline_context_between_pinned_ones_cannot_touch_what_the_later_ones_say(inline: dict[str, Any]) -> None:
    document = badge(**{"@context": [V2, inline, OB303]}, **dict.fromkeys(("micro",) if "micro" in inline else (), "x"))
    assert refusal(document).code == "context_unknown"


LICENCE = {
    "@protected": True,
    "DriverLicence": {
        "@id": "urn:example:DriverLicence",
        "@context": {
            "@protected": True, "id": "@id", "type": "@type", "number": "urn:example:documentNumber",
            "validUntil": {"@id": "urn:example:expiration", "@type": "http://www.w3.org/2001/XMLSchema#date"},
        },
    },
    "driverLicence": {"@id": "urn:example:driverLicence", "@type": "@id"},
    "degree": {"@id": "urn:example:degree", "@type": "@id"},
    "DriverLicenceCredential": "urn:example:DriverLicenceCredential",
}  # fmt: skip


def licence(**changes: Any) -> dict[str, Any]:
    return {
        "@context": [V2, LICENCE], "type": ["VerifiableCredential", "DriverLicenceCredential"],
        "issuer": "did:web:lakeview.example",
        "credentialSubject": {
            "id": "did:web:maria.example",
            "driverLicence": {"type": "DriverLicence", "number": "T213", "validUntil": "2030-01-01"},
        },
    } | changes  # fmt: skip


def test_a_type_of_the_document_s_own_may_bring_a_context_where_nobody_reads(by_pyld: Callable[[Any], str]) -> None:
    assert canonical(licence()) == by_pyld(licence())
    middle = licence(**{"@context": [V2, LICENCE, OB303]})
    assert canonical(middle) == by_pyld(middle)


@pytest.mark.parametrize(
    "subject",
    [
        {"type": "DriverLicence", "number": "T213"},
        {"degree": {"type": "DriverLicence", "number": "T213"}},
        {"driverLicence": {"@context": V2, "type": "DriverLicence", "number": "T213"}},
        {"DriverLicence": {"number": "T213"}},
        {"id": "did:web:maria.example", "type": ["AchievementSubject", "DriverLicence"]},
    ],
)
def test_a_type_with_an_inline_context_is_refused_where_its_members_could_be_read(subject: dict[str, Any]) -> None:
    """On an object that is read, its free names could show what was signed under other words."""
    document = licence(**{"@context": [V2, OB303, LICENCE]}, credentialSubject=subject)
    assert refusal(document).code == "context_unknown"


def test_members_that_are_read_whatever_defines_them_are_known() -> None:
    """What is read of a credential of no profile, so that no inline context hides behind such a member."""
    assert {name.removeprefix("schema:") for name in (*plain_vc._EARNED, *plain_vc._DONE)} <= READ_BY_NAME
    assert {"educationAndLearnings", "educationAndLearning", "skills"} <= READ_BY_NAME


# --- which of two faults is told -------------------------------------------------------------------------------------

UNUSUAL = {"renderMethod": "urn:uuid:b2ab3546-228a-47a8-b97a-9a5646007c53"}


def test_what_no_context_defines_is_told_before_what_is_wrong_with_an_inline_context() -> None:
    contexts = [*BADGE["@context"], UNUSUAL]
    assert refusal(badge(**{"@context": contexts})).code == "context_unknown"
    method = {"id": "urn:x", "type": "SvgRenderingTemplate2023"}
    error = refusal(badge(**{"@context": contexts}, renderMethod=[method]))
    assert (error.code, error.detail.partition(":")[0]) == ("undefined_term", "$.renderMethod[0].type")
    error = refusal(badge(**{"@context": contexts}, hireMe="now"))
    assert (error.code, error.detail.partition(":")[0]) == ("undefined_term", "$.hireMe")


@pytest.mark.parametrize(
    "context",
    [
        [*BADGE["@context"], "https://evil.example/v1"],
        [*BADGE["@context"], UNUSUAL, {"@vocab": "https://lakeview.example/"}],
        [*BADGE["@context"], UNUSUAL, UNDEFINED_V2],
        [*BADGE["@context"], UNUSUAL, {"hireMe": "https://lakeview.example/v#other"}],
        [*BADGE["@context"], {"Type": {"@id": "urn:x:Type", "@context": {"hireMe": {"@id": None}}}}],
    ],
)
def test_what_an_unread_context_may_define_is_not_called_undefined(context: list[Any]) -> None:
    assert refusal(badge(**{"@context": context}, hireMe="now")).code == "context_unknown"


def test_members_of_a_json_literal_are_not_called_undefined() -> None:
    schema = {"id": "https://a.example/s", "type": "JsonSchema", "jsonSchema": {"type": "object", "anything": 1}}
    document = {"@context": [V2, UNUSUAL], "type": ["VerifiableCredential"], "credentialSubject": schema}
    assert refusal(document).code == "context_unknown"


def test_an_inline_context_may_name_plain_properties_after_their_iris(by_pyld: Callable[[Any], str]) -> None:
    inline = {
        "micro": "https://lakeview.example/v#micro",
        "awardedOn": {"@id": "https://lakeview.example/v#awardedOn", "@type": "http://www.w3.org/2001/XMLSchema#date"},
        "portfolio": {"@id": "https://lakeview.example/v/portfolio", "@type": "@id"},
    }
    own = {"micro": "B2", "awardedOn": "2025-05-01", "portfolio": "https://maria.example/p"}
    document = badge(**{"@context": [*BADGE["@context"], inline]}, **own)
    assert canonical(document) == by_pyld(document)


def test_an_inline_term_that_nothing_uses_is_harmless() -> None:
    inline = {"micro": "https://lakeview.example/v#micro"}
    assert canonical(badge(**{"@context": [*BADGE["@context"], inline]})) == canonical(BADGE)


def test_an_inline_vocab_is_taken_only_where_something_needs_it(by_pyld: Callable[[Any], str]) -> None:
    contexts = [*BADGE["@context"], {"@vocab": "https://lakeview.example/v#"}]
    used = badge(**{"@context": contexts}, micro="yes")
    assert canonical(used) == by_pyld(used)
    assert refusal(badge(**{"@context": contexts})).code == "context_unknown"


def test_an_inline_vocab_cannot_stand_in_for_a_pinned_context() -> None:
    document = badge(**{"@context": [V2, {"@vocab": OB}]})
    assert refusal(document).code == "term_not_allowed"


@pytest.mark.parametrize("value", [None, []])
def test_a_member_that_only_vocab_defines_must_say_something(value: Any) -> None:
    assert refusal(scored(value)).code == "undefined_term"


def test_a_pinned_vocab_defines_plain_names_only() -> None:
    assert "<https://www.w3.org/ns/credentials/undefined-term#score>" in canonical(scored("x"))
    document = {**scored("x"), "https://a.example/b": "x"}
    assert refusal(document).code == "term_not_allowed"
    assert refusal({**scored("x"), "two words": "x"}).code == "undefined_term"
