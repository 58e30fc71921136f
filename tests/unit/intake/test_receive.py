"""What is found in a submission: by content, each credential with its path, format, envelopes and parent."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from connector import disclosures
from connector.codec import b64url_encode
from connector.errors import IntakeError, SubmissionTooLarge, UnreadableSubmission, UnsafeSubmission, UnsupportedFormat
from connector.intake import limits, receive
from connector.model.credential import CredentialFormat, UnverifiedCredential
from connector.model.submission import Submission
from connector.testing.issuer import Issuer
from connector.testing.sd_jwt import digest, disclosure

V1, V2 = "https://www.w3.org/2018/credentials/v1", "https://www.w3.org/ns/credentials/v2"
OB3 = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"


def badge(
    name: str = "Welder I", *, types: tuple[str, ...] = ("OpenBadgeCredential",), base: str = V2
) -> dict[str, Any]:
    return {
        "@context": [base, OB3],
        "id": f"urn:test:{name}",
        "type": ["VerifiableCredential", *types],
        "issuer": {"id": "did:web:lakeview.example", "type": ["Profile"]},
        "validFrom": "2025-05-01T00:00:00Z",
        "credentialSubject": {"type": ["AchievementSubject"], "achievement": {"id": "urn:a", "name": name}},
    }


def clr(*inner: Any) -> dict[str, Any]:
    value = badge("Transcript", types=("ClrCredential",))
    value["credentialSubject"] = {"type": ["ClrSubject"], "verifiableCredential": list(inner)}
    return value


def presentation(*inner: Any, base: str = V2) -> dict[str, Any]:
    return {"@context": [base], "type": ["VerifiablePresentation"], "verifiableCredential": list(inner)}


def token(payload: Any, **header: Any) -> str:
    parts = (json.dumps({"alg": "EdDSA", **header}).encode(), json.dumps(payload).encode(), b"signature")
    return ".".join(b64url_encode(part) for part in parts)


def take(content: Any, url: str | None = None) -> tuple[UnverifiedCredential, ...]:
    if isinstance(content, str):
        content = content.encode()
    if not isinstance(content, bytes):
        content = json.dumps(content, indent=2).encode()
    return receive(Submission(content=content, url=url))


def shape(content: Any) -> list[tuple[str, str]]:
    return [(c.path, str(c.format)) for c in take(content)]


def refusal(content: Any) -> IntakeError:
    with pytest.raises(IntakeError) as caught:
        take(content)
    return caught.value


# --- formats ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        (["VerifiableCredential", "OpenBadgeCredential"], CredentialFormat.OPEN_BADGE_3),
        (["VerifiableCredential", "AchievementCredential"], CredentialFormat.OPEN_BADGE_3),
        (["VerifiableCredential", "ClrCredential"], CredentialFormat.CLR_2),
        (["VerifiableCredential", "EndorsementCredential"], CredentialFormat.ENDORSEMENT),
        (["VerifiableCredential", "UniversityDegreeCredential"], CredentialFormat.VERIFIABLE_CREDENTIAL),
        ("VerifiableCredential", CredentialFormat.VERIFIABLE_CREDENTIAL),
        (["VerifiableCredential", "LERRSCredential"], CredentialFormat.LER_RS),
        (["VerifiableCredential", "LER-RS VC"], CredentialFormat.LER_RS),
        (["VerifiableCredential", "EuropeanDigitalCredential"], CredentialFormat.EUROPASS_EDC),
        (None, CredentialFormat.VERIFIABLE_CREDENTIAL),
        (5, CredentialFormat.VERIFIABLE_CREDENTIAL),
    ],
)
def test_the_kind_of_a_credential_is_told_by_its_types(types: Any, expected: CredentialFormat) -> None:
    (found,) = take({**badge(), "type": types})
    assert (found.format, found.path, found.data_model, found.carrier) == (expected, "$", "2.0", "json")


@pytest.mark.parametrize(
    ("contexts", "model"), [([V1], "1.1"), (V1, "1.1"), ([V2], "2.0"), (["urn:x"], None), (None, None)]
)
def test_the_data_model_is_told_by_the_base_context(contexts: Any, model: str | None) -> None:
    (found,) = take({**badge(), "@context": contexts})
    assert found.data_model == model


def test_a_credential_alone_is_its_own_bytes() -> None:
    content = json.dumps(badge(), indent=4).encode() + b"\n"
    (found,) = take(content)
    assert found.document == badge()
    assert found.sha256 == hashlib.sha256(content).hexdigest()
    assert (found.jws, found.envelopes, found.parent, found.problem) == (None, (), None, None)


def test_nothing_depends_on_the_label() -> None:
    content = json.dumps(badge()).encode()
    assert receive(Submission(content=content, label="photo.png")) == receive(Submission(content=content, label=""))


# --- tokens -------------------------------------------------------------------------------------------------------


def test_a_token_with_vc_holds_that_credential() -> None:
    text = token({"iss": "did:web:lakeview.example", "vc": badge(base=V1)}, typ="JWT")
    (found,) = take(text + "\n")
    assert (found.path, found.format, found.data_model, found.carrier) == (
        "$",
        CredentialFormat.OPEN_BADGE_3,
        "1.1",
        "jwt",
    )
    assert found.document == badge(base=V1)
    assert found.jws is not None and found.jws.token == text and found.jws.header["typ"] == "JWT"
    assert json.loads(found.jws.payload)["iss"] == "did:web:lakeview.example"
    assert found.jws.signing_input.decode() == text.rpartition(".")[0]
    assert found.sha256 == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("header", [{}, {"typ": "vc+jwt"}, {"typ": "JWT"}])
def test_a_token_whose_payload_is_the_credential(header: dict[str, str]) -> None:
    (found,) = take(token({**badge(), "iss": "did:web:lakeview.example"}, **header))
    assert found.format is CredentialFormat.OPEN_BADGE_3 and found.jws is not None
    assert found.document["iss"] == "did:web:lakeview.example"


def test_a_token_that_says_it_is_a_credential_is_one_however_it_looks() -> None:
    (found,) = take(token({"issuer": "x"}, typ="vc+jwt"))
    assert found.document == {"issuer": "x"}


def test_a_token_of_another_kind_is_no_credential() -> None:
    assert refusal(token({"iss": "x", "scope": "read"}, typ="at+jwt")).code == "no_credential"


@pytest.mark.parametrize("wrapped", [True, False])
def test_a_presentation_token_gives_the_credentials_in_it_with_the_signed_payload_as_envelope(wrapped: bool) -> None:
    inner = presentation(token({"vc": badge("A")}), badge("B"))
    payload = {"iss": "did:key:z", "nonce": "n", "vp": inner} if wrapped else {**inner, "nonce": "n"}
    text = token(payload, typ="JWT" if wrapped else "vp+jwt")
    found = take(text)
    assert [c.path for c in found] == ["$.verifiableCredential[0]", "$.verifiableCredential[1]"]
    assert [c.jws is not None for c in found] == [True, False]
    for credential in found:
        (envelope,) = credential.envelopes
        assert envelope.path == "$" and envelope.document == payload
        assert envelope.jws is not None and envelope.jws.token == text


DISCLOSED = disclosure("salt", "name", "Maria")
SD_JWT_VC = {"iss": "x", "vct": "https://lakeview.example/badge"}


def test_an_sd_jwt_is_handed_on_whole_with_what_it_discloses() -> None:
    issued = token(SD_JWT_VC | {"_sd": ["decoy", digest(DISCLOSED)], "_sd_alg": "sha-256"}, typ="dc+sd-jwt")
    binding = token({"nonce": "n"}, typ="kb+jwt")
    for text, extra in ((f"{issued}~", {}), (f"{issued}~{DISCLOSED}~{binding}", {"name": "Maria"})):
        (found,) = take(text)
        assert found.jws is not None and found.jws.token == text
        assert found.jws.sd_jwt is not None and found.jws.sd_jwt.fault is None
        assert found.document == SD_JWT_VC | extra
        assert found.document is found.jws.claims
        assert found.format is CredentialFormat.SD_JWT_VC
        assert found.sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert found.jws.sd_jwt.presented == f"{issued}~{DISCLOSED}~"
    assert found.jws.sd_jwt.key_binding is not None and found.jws.sd_jwt.key_binding.claims == {"nonce": "n"}


def test_what_does_not_fit_is_handed_on_with_its_fault_and_nothing_disclosed() -> None:
    payload = SD_JWT_VC | {"_sd": ["decoy"]}
    (found,) = take(f"{token(payload, typ='dc+sd-jwt')}~{DISCLOSED}~")
    assert found.document == payload
    assert found.jws is not None and found.jws.sd_jwt is not None and found.jws.sd_jwt.fault is not None


def test_a_presentation_with_disclosures_is_opened_only_when_they_fit() -> None:
    hidden = disclosure("salt", "type", "VerifiablePresentation")
    payload = presentation(badge()) | {"_sd": [digest(hidden)]}
    del payload["type"]
    text = f"{token(payload, typ='vp+sd-jwt')}~"
    (found,) = take(f"{text}{hidden}~")
    assert found.path == "$.verifiableCredential[0]"
    assert found.envelopes[0].document["type"] == "VerifiablePresentation"
    (whole,) = take(f"{text}{hidden}~{DISCLOSED}~")
    assert (whole.path, whole.envelopes) == ("$", ())


def test_a_record_inside_an_sd_jwt_is_read_by_what_was_disclosed() -> None:
    document = clr(badge("A"))
    hidden = disclosure("salt", "verifiableCredential", document["credentialSubject"].pop("verifiableCredential"))
    document["credentialSubject"]["_sd"] = [digest(hidden)]
    signed = token(document, typ="vc+sd-jwt")
    assert shape(f"{signed}~") == [("$", "clr_2")]
    assert shape(f"{signed}~{hidden}~") == [
        ("$", "clr_2"),
        ("$.credentialSubject.verifiableCredential[0]", "open_badge_3"),
    ]
    assert shape(f"{token(SD_JWT_VC | {'ld': badge()}, typ='dc+sd-jwt')}~") == [("$", "open_badge_3")]


def test_an_answer_to_a_query_holds_presentations_by_what_was_asked_for() -> None:
    one, two = f"{token(SD_JWT_VC, typ='dc+sd-jwt')}~", token(badge("A"), typ="vc+jwt")
    assert shape({"vp_token": {"first": [one], "second": two}, "state": "x"}) == [
        ("$.vp_token.first[0]", "sd_jwt_vc"),
        ("$.vp_token.second", "open_badge_3"),
    ]
    assert shape({"vp_token": presentation(badge("A"))}) == [("$.vp_token.verifiableCredential[0]", "open_badge_3")]
    assert shape({"vp_token": [one]}) == [("$.vp_token[0]", "sd_jwt_vc")]


def test_an_enveloped_presentation_may_be_an_sd_jwt() -> None:
    shown = f"{token(presentation(badge('A')), typ='vp+sd-jwt')}~"
    (found,) = take({"type": "EnvelopedVerifiablePresentation", "id": f"data:application/vp+sd-jwt,{shown}"})
    assert found.path == "$.verifiableCredential[0]"
    assert found.envelopes[0].jws is not None and found.envelopes[0].jws.sd_jwt is not None


@pytest.mark.parametrize(
    "text",
    [
        f"{token(SD_JWT_VC)}{'~' * (disclosures.MAX_DISCLOSURES + 2)}",
        f"{token(SD_JWT_VC)}~{'A' * 600_000}~",
        f"{token(SD_JWT_VC)}~{'~'.join(['A' * 400_000] * 6)}~",
    ],
)
def test_disclosures_are_bounded(text: str) -> None:
    assert isinstance(refusal(text), SubmissionTooLarge)


def test_a_private_key_that_is_disclosed_is_found_too() -> None:
    hidden = disclosure("salt", "key", {"kty": "OKP", "crv": "Ed25519", "x": "A", "d": "B"})
    assert isinstance(
        refusal(f"{token(SD_JWT_VC | {'_sd': [digest(hidden)]}, typ='dc+sd-jwt')}~{hidden}~"), UnsafeSubmission
    )


def test_an_sd_jwt_in_json_serialisation_is_not_supported() -> None:
    protected, payload, signature = token(SD_JWT_VC, typ="dc+sd-jwt").split(".")
    parts = {"protected": protected, "signature": signature, "header": {"disclosures": [DISCLOSED]}}
    for value in ({"payload": payload, **parts}, {"payload": payload, "signatures": [parts]}):
        error = refusal(json.dumps(value))
        assert isinstance(error, UnsupportedFormat) and error.code == "unsupported_format"


def test_an_encrypted_token_is_named_as_such() -> None:
    error = refusal("eyJhbGciOiJFQ0RILUVTIn0.a.b.c.d")
    assert isinstance(error, UnsupportedFormat) and error.code == "encrypted"


@pytest.mark.parametrize(
    "text",
    [
        "eyJhbGciOiJFZERTQSJ9.eyJ2YyI6e319",
        "eyJhbGciOiJFZERTQSJ9.!!!.x",
        "eyJhbGciOiJFZERTQSJ9..",
        "eyJhbGciOiJFZERTQSJ9.W10.c2ln",
        "eyJhbGciOiJFZERTQSIsImFsZyI6Im5vbmUifQ.e30.c2ln",
    ],
)
def test_a_token_that_is_cut_short_or_holds_no_object_is_malformed(text: str) -> None:
    assert isinstance(refusal(text), UnreadableSubmission)


def test_an_open_badge_2_token_keeps_its_signature_and_its_address() -> None:
    assertion = {"type": "Assertion", "id": "https://a.example/1", "badge": "https://a.example/b", "recipient": {}}
    (found,) = take(token(assertion))
    assert (found.format, found.url, found.data_model) == (CredentialFormat.OPEN_BADGE_2, "https://a.example/1", None)
    assert found.jws is not None


# --- presentations, wrappers, arrays --------------------------------------------------------------------------------


def test_a_presentation_is_an_envelope_and_no_credential() -> None:
    document = presentation(badge("A"), badge("B", base=V1))
    found = take(document)
    assert [(c.path, c.data_model) for c in found] == [
        ("$.verifiableCredential[0]", "2.0"),
        ("$.verifiableCredential[1]", "1.1"),
    ]
    for credential in found:
        (envelope,) = credential.envelopes
        assert (envelope.path, envelope.document, envelope.jws) == ("$", document, None)


def test_a_presentation_of_one_credential_need_not_be_a_list() -> None:
    assert shape({**presentation(), "verifiableCredential": badge()}) == [("$.verifiableCredential", "open_badge_3")]


def test_what_is_verified_is_the_very_object_that_was_parsed() -> None:
    (first, second) = take(presentation(badge("A"), badge("B")))
    inside = first.envelopes[0].document["verifiableCredential"]
    assert first.document is inside[0] and second.document is inside[1]


def test_nested_json_credentials_have_a_digest_of_their_own_whatever_the_white_space() -> None:
    a, b = take(json.dumps(presentation(badge("A"), badge("B"))).encode())
    again = take(json.dumps(presentation(dict(reversed(badge("A").items()))), indent=3).encode())[0]
    assert a.sha256 != b.sha256 and a.sha256 == again.sha256


@pytest.mark.parametrize(
    ("value", "paths"),
    [
        ([badge("A"), badge("B")], ["$[0]", "$[1]"]),
        ({"vp": presentation(badge())}, ["$.vp.verifiableCredential[0]"]),
        ({"verifiablePresentation": presentation(badge())}, ["$.verifiablePresentation.verifiableCredential[0]"]),
        ({"vp": [presentation(badge("A")), presentation(badge("B"))]},
         ["$.vp[0].verifiableCredential[0]", "$.vp[1].verifiableCredential[0]"]),
        ({"credential": badge()}, ["$.credential"]),
        ({"credentials": [badge("A"), {"vc": badge("B")}]}, ["$.credentials[0]", "$.credentials[1].vc"]),
        ({"verifiableCredential": [badge()]}, ["$.verifiableCredential[0]"]),
        ({"jwt": token({"vc": badge()})}, ["$.jwt"]),
        ({"credential": json.dumps(badge())}, ["$.credential"]),
        ([{"type": "UniversalWallet2020", "contents": [badge(), {"type": "ProfileMetadata"}]}], ["$[0].contents[0]"]),
    ],
)  # fmt: skip
def test_usual_envelopes_are_opened(value: Any, paths: list[str]) -> None:
    assert [c.path for c in take(value)] == paths


@pytest.mark.parametrize("spoil", [lambda token: f"{token[:-4]}AAAA", lambda token: f"{token[:-8]}AAAAAAAA"])
def test_a_token_is_not_the_same_as_one_with_another_signature(spoil: Callable[[str], str]) -> None:
    """The genuine one first: the other would have been left out, and the file called verified."""
    genuine = Issuer("share page").jwt_badge(email="maria@mail.example")
    assert len(take({"verifiableCredential": genuine, "credential": genuine})) == 1
    found = take({"verifiableCredential": genuine, "credential": spoil(genuine)})
    assert [one.jws.token for one in found if one.jws is not None] == [genuine, spoil(genuine)]


def test_a_share_page_that_holds_the_same_credential_twice_gives_it_once() -> None:
    data = {
        "id": "1",
        "controller": "did:key:z",
        "vp": presentation(badge("A")),
        "credential": [badge("A"), badge("B")],
        "shared": True,
    }
    assert [c.path for c in take(data)] == ["$.vp.verifiableCredential[0]", "$.credential[1]"]


def test_enveloped_credentials_are_opened() -> None:
    enveloped = {
        "@context": V2,
        "type": "EnvelopedVerifiableCredential",
        "id": f"data:application/vc+jwt,{token(badge(), typ='vc+jwt')}",
    }
    sd_jwt = {**enveloped, "id": f"data:application/vc+sd-jwt,{token(badge(), typ='vc+sd-jwt')}~"}
    found = take(presentation(enveloped, sd_jwt))
    assert [(c.path, c.jws is not None and c.jws.sd_jwt is not None, len(c.envelopes)) for c in found] == [
        ("$.verifiableCredential[0]", False, 1),
        ("$.verifiableCredential[1]", True, 1),
    ]
    assert take(enveloped)[0].format is CredentialFormat.OPEN_BADGE_3
    outer = {
        "type": "EnvelopedVerifiablePresentation",
        "id": f"data:application/vp+jwt,{token(presentation(enveloped), typ='vp+jwt')}",
    }
    (inner,) = take(outer)
    assert inner.path == "$.verifiableCredential[0]" and inner.envelopes[0].jws is not None


def test_an_enveloped_credential_in_base64_is_opened() -> None:
    data = base64.b64encode(token(badge()).encode()).decode()
    (found,) = take({"type": ["EnvelopedVerifiableCredential"], "id": f"data:application/vc+jwt;base64,{data}"})
    assert found.jws is not None and found.document == badge()


# --- nested records -------------------------------------------------------------------------------------------------


def test_each_credential_in_a_clr_stands_for_itself() -> None:
    found = take(clr(badge("A"), token({"vc": badge("B")}), clr(badge("C"))))
    assert [(c.path, str(c.format), c.parent) for c in found] == [
        ("$", "clr_2", None),
        ("$.credentialSubject.verifiableCredential[0]", "open_badge_3", "$"),
        ("$.credentialSubject.verifiableCredential[1]", "open_badge_3", "$"),
        ("$.credentialSubject.verifiableCredential[2]", "clr_2", "$"),
        ("$.credentialSubject.verifiableCredential[2].credentialSubject.verifiableCredential[0]", "open_badge_3",
         "$.credentialSubject.verifiableCredential[2]"),
    ]  # fmt: skip
    assert all(c.envelopes == () for c in found)


def test_a_clr_in_a_presentation_passes_its_envelope_on() -> None:
    found = take({"vp": presentation(clr(badge()))})
    assert [c.path.rsplit(".", 1)[-1] for c in found] == ["verifiableCredential[0]", "verifiableCredential[0]"]
    assert [c.parent for c in found] == [None, "$.vp.verifiableCredential[0]"]
    assert all(len(c.envelopes) == 1 for c in found)


def test_a_clr_token_gives_what_is_nested_in_it() -> None:
    found = take(token({"vc": clr(badge())}))
    assert [(c.path, c.jws is not None) for c in found] == [
        ("$", True),
        ("$.credentialSubject.verifiableCredential[0]", False),
    ]


def test_endorsements_inside_are_no_credentials_of_their_own() -> None:
    endorsed = {
        **badge(),
        "endorsement": [badge("E", types=("EndorsementCredential",))],
        "endorsementJwt": [token({"vc": badge()})],
    }
    assert shape(endorsed) == [("$", "open_badge_3")]


def ler_rs(subject: dict[str, Any]) -> dict[str, Any]:
    return {**badge(types=("LER-RS VC",)), "credentialSubject": subject}


def test_credentials_in_an_ler_rs_are_found_wherever_they_vouch_for_something() -> None:
    record = ler_rs(
        {
            "type": "http://schema.example/4.5/recruiting/json/LER-RSType.json",
            "educationAndLearnings": [{"name": "x"}, {"verifications": [badge("A")]}],
            "certifications": [{"verifications": [token({"vc": badge("B")}), {"status": "verified"}]}],
            "employmentHistories": [{"positionHistories": [{"verifications": [clr(badge("C"))]}]}],
            "skills": [{"name": "Welding", "endorsement": [badge("E")]}],
        }
    )
    found = take(record)
    subject = "$.credentialSubject"
    assert [(c.path, c.parent) for c in found] == [
        ("$", None),
        (f"{subject}.educationAndLearnings[1].verifications[0]", "$"),
        (f"{subject}.certifications[0].verifications[0]", "$"),
        (f"{subject}.employmentHistories[0].positionHistories[0].verifications[0]", "$"),
        (f"{subject}.employmentHistories[0].positionHistories[0].verifications[0].credentialSubject.verifiableCredential[0]",
         f"{subject}.employmentHistories[0].positionHistories[0].verifications[0]"),
    ]  # fmt: skip


def test_an_ler_rs_that_nobody_wrapped_is_read_as_it_is() -> None:
    record = {
        "type": "https://schema.example/4.4/recruiting/json/LER-RSType.json",
        "certifications": [{"verifications": [badge()]}],
    }
    assert shape(record) == [("$", "ler_rs"), ("$.certifications[0].verifications[0]", "open_badge_3")]


@pytest.mark.parametrize("section", ["educationAndLearnings", "educationAndLearning"])
def test_an_ler_rs_that_does_not_say_its_type_is_known_by_its_sections(section: str) -> None:
    entry = {"education": {"name": "Welding"}, "verifiableCredential": badge()}
    record = {"person": {"name": {"formattedName": "Maria Okafor"}}, section: [entry]}
    assert shape(record) == [("$", "ler_rs"), (f"$.{section}[0].verifiableCredential", "open_badge_3")]


@pytest.mark.parametrize("record", [{"person": {"name": "Maria"}}, {"certifications": [{"name": "x"}]}])
def test_a_person_or_a_list_of_certificates_alone_makes_no_ler_rs(record: dict[str, Any]) -> None:
    assert refusal(record).code == "no_credential"


def test_a_schema_inside_the_ler_rs_folder_makes_no_ler_rs() -> None:
    transcript = {
        **badge(types=("FullTranscriptCredential",)),
        "@context": [V1, "http://schema.example/json/ler-rs/TranscriptType.json"],
    }
    assert shape(transcript) == [("$", "verifiable_credential")]


def test_one_unreadable_credential_is_refused_alone() -> None:
    found = take(
        presentation(
            badge("A"),
            "eyJhbGciOiJFZERTQSJ9.x",
            {"type": "EnvelopedVerifiableCredential", "id": "data:application/vc+cose,xyz"},
        )
    )
    assert [c.problem is None for c in found] == [True, False, False]
    broken, foreign = found[1].problem, found[2].problem
    assert isinstance(broken, UnreadableSubmission) and isinstance(foreign, UnsupportedFormat)
    assert found[1].path == "$.verifiableCredential[1]" and found[1].document == {}


# --- Open Badges 1 and 2, Europass --------------------------------------------------------------------------------

ASSERTION = {
    "@context": "https://w3id.org/openbadges/v2",
    "type": "Assertion",
    "id": "https://badges.example/1",
    "badge": "https://badges.example/class",
    "recipient": {"type": "email", "identity": "a@mail.example"},
}


@pytest.mark.parametrize(
    ("changes", "url"),
    [
        ({}, "https://badges.example/1"),
        ({"type": ["Assertion", "x:Y"]}, "https://badges.example/1"),
        ({"type": "OtherAssertion", "@context": "urn:other"}, "https://badges.example/1"),
        ({"id": "urn:uuid:1"}, None),
        (
            {"id": None, "type": None, "verify": {"type": "hosted", "url": "http://badges.example/old"}},
            "http://badges.example/old",
        ),
    ],
)
def test_a_hosted_badge_says_where_it_lives(changes: dict[str, Any], url: str | None) -> None:
    value = {k: v for k, v in {**ASSERTION, **changes}.items() if v is not None}
    (found,) = take(value)
    assert (found.format, found.url, found.data_model) == (CredentialFormat.OPEN_BADGE_2, url, None)


def test_a_hosted_badge_that_came_by_a_link_lives_at_its_id_else_at_the_link() -> None:
    assert take(ASSERTION, url="https://mirror.example/x")[0].url == "https://badges.example/1"
    assert take({**ASSERTION, "id": "urn:uuid:1"}, url="https://mirror.example/x")[0].url == "https://mirror.example/x"


def test_an_address_that_came_by_a_link_is_a_hosted_badge() -> None:
    (found,) = take("https://badges.example/1", url="https://badges.example/1")
    assert (found.format, found.url, found.document, found.carrier) == (
        CredentialFormat.OPEN_BADGE_2,
        "https://badges.example/1",
        {},
        "link",
    )


def test_a_link_alone_has_to_be_fetched_first() -> None:
    error = refusal("  https://badges.example/1\n")
    assert isinstance(error, UnsupportedFormat) and error.code == "link"


@pytest.mark.parametrize("value", [{"type": "BadgeClass", "name": "x"}, {"type": "Issuer"}, {"recipient": "x"}])
def test_a_badge_class_or_an_issuer_alone_is_no_record(value: Any) -> None:
    assert refusal(value).code == "no_credential"


def test_a_sealed_europass_is_named_with_its_seal_and_an_unsealed_one_without() -> None:
    document = {
        "type": ["VerifiableCredential", "EuropeanDigitalCredential"],
        "@context": [V1],
        "credentialSubject": {},
    }
    header = b64url_encode(json.dumps({"alg": "RS256", "b64": False, "crit": ["b64"]}).encode())
    sealed = {"payload": json.dumps(document), "signatures": [{"protected": header, "signature": "c2ln"}]}
    (found,) = take(sealed)
    assert (found.format, found.document, found.path) == (CredentialFormat.EUROPASS_EDC, document, "$")
    assert found.jws is not None and found.jws.header["alg"] == "RS256" and found.jws.signature == b"sig"
    assert take(document)[0].jws is None


def test_any_other_json_serialisation_is_not_supported() -> None:
    header = b64url_encode(b'{"alg": "RS256"}')
    sealed = {"payload": b64url_encode(json.dumps(badge()).encode()), "protected": header, "signature": "c2ln"}
    assert isinstance(refusal(sealed), UnsupportedFormat)


# --- text around it -----------------------------------------------------------------------------------------------

TOKEN = token({"vc": badge()})
JSON = json.dumps(badge(), indent=2)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"\ufeff{JSON}\r\n", "json"),
        (f"\n\n   {JSON}   \n", "json"),
        (f"Here is my badge:\n\n```json\n{JSON}\n```\nKind regards", "json"),
        (f"Shared credential:\n{JSON}", "json"),
        (f"a note with {{braces}} and then {JSON} end", "json"),
        (f" {TOKEN}\n", "jwt"),
        (f'"{TOKEN}"', "jwt"),
        (f"```\n{TOKEN}\n```", "jwt"),
        (f"my badge {TOKEN} thanks", "jwt"),
        ("\n".join(TOKEN[i : i + 64] for i in range(0, len(TOKEN), 64)), "jwt"),
        (f"data:application/vc+jwt,{TOKEN}", "jwt"),
        (f"data:application/json;base64,{base64.b64encode(JSON.encode()).decode()}", "json"),
        (
            "data:application/ld+json;charset=utf-8,"
            + JSON.replace("%", "%25").replace("\n", "%0A").replace(" ", "%20"),
            "json",
        ),
    ],
)
def test_a_record_is_found_in_the_text_around_it(text: str, kind: str) -> None:
    (found,) = take(text)
    assert (found.document, found.carrier, found.path) == (badge(), kind, "$")


def test_what_was_taken_out_of_text_has_the_digest_of_what_was_taken_out() -> None:
    (found,) = take(f"Dear all, {JSON} bye")
    assert found.sha256 == hashlib.sha256(JSON.encode()).hexdigest()
    (found,) = take(f"Dear all, {TOKEN} bye")
    assert found.sha256 == hashlib.sha256(TOKEN.encode()).hexdigest()


def test_several_tokens_one_per_line_are_several_credentials() -> None:
    other = token({"vc": badge("B")})
    assert [c.path for c in take(f"{TOKEN}\n{other}\n")] == ["$[0]", "$[1]"]


@pytest.mark.parametrize("gap", [" ", "\n", "\r\n  "])
def test_an_sd_jwt_that_was_broken_anywhere_is_whole_again(gap: str) -> None:
    first, second = (disclosure(f"salt {n}", f"name{n}", "a value of some length") for n in range(2))
    payload = {"iss": "did:web:x.example", "vct": "https://x.example/v", "_sd": [digest(first), digest(second)]}
    text = f"{token(payload)}~{first}~{second}~"
    (genuine,) = take(text)
    for place in (text.index("~") + 1, text.index("~") + 30, len(text) - len(second) - 1, len(text) - 1):
        (broken,) = take(text[:place] + gap + text[place:])
        assert broken.document == genuine.document
    (alone,) = take(f"{text} with kind regards")
    assert alone.document == genuine.document


@pytest.mark.parametrize(
    "text", [f"one {JSON} two {json.dumps(badge('B'))}", f"one {JSON} two {TOKEN}", f"{TOKEN} and {TOKEN}x"]
)
def test_between_two_records_in_words_no_choice_is_made(text: str) -> None:
    error = refusal(text)
    assert isinstance(error, UnreadableSubmission) and error.code == "several_records"


def test_json_with_anything_behind_it_is_malformed() -> None:
    assert isinstance(refusal(f"{JSON}\n{JSON}"), UnreadableSubmission)
    assert isinstance(refusal(f"{JSON} x"), UnreadableSubmission)


# --- refused ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "kind", "code"),
    [
        (b"", UnreadableSubmission, "empty"),
        (b" \n\t ", UnreadableSubmission, "empty"),
        (b"\xef\xbb\xbf", UnreadableSubmission, "empty"),
        (b"{", UnreadableSubmission, "not_json"),
        (JSON[:-20].encode(), UnreadableSubmission, "not_json"),
        (b'{"a": 1, "a": 2}', UnreadableSubmission, "duplicate_member"),
        (b'{"a": NaN}', UnreadableSubmission, "not_json"),
        (b"[" * 100 + b"]" * 100, UnreadableSubmission, "too_deep"),
        (b"[[[[[[[[[[[[{}]]]]]]]]]]]]", UnreadableSubmission, "too_deep"),
        (b"\xff\xfe{\x00}\x00", UnreadableSubmission, "not_utf8"),
        (b'{"a": "\\ud800"}', UnreadableSubmission, "lone_surrogate"),
        (b"{}", UnsupportedFormat, "no_credential"),
        (b"[]", UnsupportedFormat, "no_credential"),
        (b"[1, 2]", UnsupportedFormat, "no_credential"),
        (b'{"name": "not a credential"}', UnsupportedFormat, "no_credential"),
        (json.dumps(presentation()).encode(), UnsupportedFormat, "no_credential"),
        (b"hello", UnsupportedFormat, "unsupported_format"),
        (b"www.lakeview.example", UnsupportedFormat, "unsupported_format"),
        (b"VP1-B3ABCDEF", UnsupportedFormat, "unsupported_format"),
        (b"%PDF-1.7\n", UnsupportedFormat, "unsupported_format"),
        (b"PK\x03\x04zip", UnsupportedFormat, "unsupported_format"),
        (b"\xff\xd8\xff\xe0jpeg", UnsupportedFormat, "unsupported_format"),
        (b"\x1f\x8bgz", UnsupportedFormat, "unsupported_format"),
        (b"<!DOCTYPE html><html><body>Badge</body></html>", UnsupportedFormat, "unsupported_format"),
        (b"data:application/json", UnreadableSubmission, "bad_envelope"),
        (b"data:,data:,x", UnsupportedFormat, "no_credential"),
        (b"x" * (limits.MAX_UPLOAD_BYTES + 1), SubmissionTooLarge, "too_large"),
        (b'{"type": "EnvelopedVerifiableCredential", "id": "urn:x"}', UnreadableSubmission, "bad_envelope"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_gets_a_clear_error(content: bytes, kind: type[IntakeError], code: str) -> None:
    error = refusal(content)
    assert (type(error), error.code) == (kind, code)
    assert error.message.endswith(".") and "\n" not in error.message


def test_the_number_of_credentials_is_bounded() -> None:
    error = refusal([badge(str(n)) for n in range(limits.MAX_CREDENTIALS + 1)])
    assert isinstance(error, SubmissionTooLarge) and error.code == "too_many"


def test_wrapping_is_bounded() -> None:
    value: Any = badge()
    for _ in range(limits.MAX_WRAPPINGS + 1):
        value = presentation(value)
    assert refusal(value).code == "too_deep"
    deep: Any = json.dumps(badge())
    for _ in range(12):
        deep = {"credential": deep}
    assert refusal(deep).code == "too_deep"


def test_a_private_key_anywhere_refuses_all_of_it() -> None:
    document = copy.deepcopy(badge())
    document["credentialSubject"]["key"] = {"kty": "OKP", "crv": "Ed25519", "x": "AA", "d": "AA"}
    for content in (document, presentation(document), token({"vc": document}), {"credential": json.dumps(document)}):
        assert isinstance(refusal(content), UnsafeSubmission)


@pytest.mark.parametrize("junk", ["eyJhbGciOi.!!", {"x": 1}, 5, True, [], "words"])
def test_what_stands_where_a_credential_must_is_never_lost_without_a_word(junk: object) -> None:
    """The file would have been called verified although one of the records in it could not be read."""
    badge = {"type": ["VerifiableCredential"], "credentialSubject": {"id": "urn:x"}}
    presentation = {"type": ["VerifiablePresentation"], "verifiableCredential": [badge, junk]}
    found = receive(Submission(content=json.dumps(presentation).encode()))
    assert [(c.path, c.problem and c.problem.code) for c in found] == [
        ("$.verifiableCredential[0]", None),
        ("$.verifiableCredential[1]", "no_credential"),
    ]
