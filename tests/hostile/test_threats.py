"""Threats that belong to no single check: the whole way from bytes to an answer, hostile beside its unbroken twin.

`docs/threat-tests.md` lists every threat with the tests that hold it; most of them stand beside what they test.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from connector import codec
from connector.answers import answer
from connector.cli.stream import serve_stream
from connector.intake.limits import MAX_UPLOAD_BYTES
from connector.model.applicant import Applicant
from connector.model.submission import Submission
from connector.ports import World
from connector.testing.documents import NOW, MemoryDocuments
from connector.testing.issuer import VC2, Issuer
from connector.verify import Policy

Json = dict[str, Any]
EMAIL = "maria@mail.example"
ISSUER = Issuer("lakeview", method="web")
BADGE = ISSUER.open_badge(email=EMAIL)
TEXT = json.dumps(BADGE).encode()


def _answer(content: bytes, documents: Json | None = None) -> tuple[Json, MemoryDocuments]:
    world = MemoryDocuments({**ISSUER.documents, **(documents or {})})
    applicant = Applicant(name="Maria Okafor", emails=(EMAIL,))
    policy = Policy.trusting([ISSUER.id])
    found = answer(Submission(content=content), policy, World(world), applicant=applicant, now=NOW)
    return found, world


def _of(document: Any, documents: Json | None = None) -> Json:
    return _answer(json.dumps(document).encode(), documents)[0]


# --- reading the upload ------------------------------------------------------------------------------------------

_DEEP = b'"x":' + b"[" * 70 + b"]" * 70
SPOILED: dict[str, tuple[bytes, str]] = {
    "a member twice": (TEXT[:-1] + b', "id": "urn:uuid:other"}', "duplicate_member"),
    "a member twice, once in other letters": (TEXT[:-1] + b', "\\u0069d": "urn:uuid:other"}', "duplicate_member"),
    "a member twice, inside": (
        TEXT.replace(b'"Welder I"', b'"Welder V", "name": "Welder I"', 1), "duplicate_member"
    ),
    "not a number": (TEXT[:-1] + b', "x": NaN}', "not_json"),
    "infinity": (TEXT[:-1] + b', "x": -Infinity}', "not_json"),
    "a number beyond all numbers": (TEXT[:-1] + b', "x": 1e999}', "number_too_long"),
    "an integer that is too long": (TEXT[:-1] + b', "x": ' + b"1" * 41 + b"}", "number_too_long"),
    "half a character": (TEXT[:-1] + b', "x": "\\ud800"}', "lone_surrogate"),
    "half a character as a name": (TEXT[:-1] + b', "\\udc00": 1}', "lone_surrogate"),
    "no UTF-8": (TEXT[:-1] + b', "x": "\xff"}', "not_utf8"),
    "half a character in UTF-8": (TEXT[:-1] + b', "x": "\xed\xa0\x80"}', "not_utf8"),
    "too deep": (TEXT[:-1] + b"," + _DEEP + b"}", "too_deep"),
    "something behind it": (TEXT + b" {}", "not_json"),
    "a comma at the end": (TEXT[:-1] + b",}", "not_json"),
    "a comment": (TEXT[:-1] + b"/* */}", "not_json"),
    "single quotes": (TEXT.replace(b'"', b"'"), "not_json"),
    "cut short": (TEXT[:-1], "not_json"),
}  # fmt: skip


def test_the_unbroken_twin_is_accepted() -> None:
    for content in (TEXT, b" \n" + TEXT + b"\n", json.dumps(BADGE, indent=4).encode()):
        assert _answer(content)[0]["decision"] == "accepted"


@pytest.mark.parametrize("name", SPOILED)
def test_json_that_two_readers_could_read_differently_is_refused(name: str) -> None:
    content, code = SPOILED[name]
    found = _answer(content)[0]
    assert (found["error"]["code"], found["verdict"], found["decision"]) == (code, "malformed", "refused")
    assert not found["claims"]


@pytest.mark.parametrize("kind", ["token header", "token payload", "key document", "status list"])
def test_no_json_anywhere_may_name_a_member_twice(kind: str) -> None:
    def token(header: bytes, payload: bytes) -> str:
        signing_input = f"{codec.b64url_encode(header)}.{codec.b64url_encode(payload)}"
        return f"{signing_input}.{codec.b64url_encode(ISSUER.key.sign(signing_input.encode()))}"

    header, payload, _ = ISSUER.jwt_badge(email=EMAIL).split(".")
    raw_header, raw_payload = codec.b64url_decode(header), codec.b64url_decode(payload)
    twice = b', "id": "urn:uuid:other"}'
    if kind.startswith("token"):
        assert _answer(token(raw_header, raw_payload).encode())[0]["verdict"] == "verified"
        spoiled = (
            (raw_header[:-1] + b',"alg":"none"}', raw_payload)
            if "header" in kind
            else (raw_header, raw_payload[:-1] + twice)
        )
        assert _answer(token(*spoiled).encode())[0]["verdict"] == "malformed"
        return
    badge = ISSUER.open_badge(email=EMAIL, status=ISSUER.status_entry())
    (key_url, document), *_ = [(url, d) for url, d in ISSUER.documents.items() if url.endswith("did.json")]
    url = key_url if kind == "key document" else badge["credentialStatus"][0]["statusListCredential"]
    document = ISSUER.documents[url]
    assert _of(badge)["verdict"] == "verified"
    answered = _of(badge, {url: json.dumps(document).encode()[:-1] + twice})
    assert answered["verdict"] == ("unresolvable" if kind == "key document" else "status_unknown")


@pytest.mark.parametrize(
    ("size", "code"), [(MAX_UPLOAD_BYTES, "unsupported_format"), (MAX_UPLOAD_BYTES + 1, "too_large")]
)
def test_size_is_looked_at_before_anything_else(size: int, code: str) -> None:
    picture = b"\xff\xd8\xff" + bytes(size - 3)
    assert _answer(picture)[0]["error"]["code"] == code


def test_after_a_poisonous_document_the_next_one_is_answered() -> None:
    poisonous = {**BADGE, "evidence": [{"type": ["Evidence"]}] * 30_000}
    lines = [{"id": str(n), "text": json.dumps(one)} for n, one in enumerate((BADGE, poisonous, BADGE))]
    source = io.BytesIO(b"".join(json.dumps(line).encode() + b"\n" for line in lines))
    out = io.StringIO()

    def moment(_: str) -> datetime:
        return NOW

    serve_stream(source, out, Policy.trusting([ISSUER.id]), MemoryDocuments(ISSUER.documents), moment, "")
    assert [json.loads(line)["verdict"] for line in out.getvalue().splitlines()] == [
        "verified",
        "malformed",
        "verified",
    ]


# --- fetching ----------------------------------------------------------------------------------------------------

LINKS: dict[str, Callable[[Json], Any]] = {
    "evidence": lambda d: d.update(evidence=[{"id": "https://links.example/e", "type": ["Evidence"]}]),
    "an image": lambda d: d.update(image={"id": "https://links.example/i.png", "type": "Image"}),
    "the image of the achievement": lambda d: d["credentialSubject"]["achievement"].update(
        image={"id": "https://links.example/i.png", "type": "Image"}
    ),
    "terms of use": lambda d: d.update(termsOfUse=[{"id": "https://links.example/t", "type": "Policy"}]),
    "an alignment": lambda d: d["credentialSubject"]["achievement"].update(
        alignment=[{"type": ["Alignment"], "targetName": "x", "targetUrl": "https://links.example/a"}]
    ),
    "a schema": lambda d: d.update(
        credentialSchema=[{"id": "https://links.example/s", "type": "1EdTechJsonSchemaValidator2019"}]
    ),
    "the issuer's address": lambda d: d["issuer"].update(url="https://links.example/"),
    "criteria": lambda d: d["credentialSubject"]["achievement"].update(criteria={"id": "https://links.example/c"}),
    "a refresh service of an unknown kind": lambda d: d.update(
        refreshService={"id": "https://links.example/r", "type": "SomeOther2026"}
    ),
}


@pytest.mark.parametrize("name", LINKS)
def test_what_a_record_links_to_is_never_fetched(name: str) -> None:
    content = ISSUER.jwt_badge(email=EMAIL, edit=LINKS[name]).encode()
    found, world = _answer(content, {f"https://links.example/{x}": {} for x in "eitascr"})
    assert found["verdict"] == "verified"
    assert [request.url for request in world.requests] == [ISSUER.document_url]


def test_a_list_is_asked_for_only_when_the_proof_holds() -> None:
    badge = ISSUER.open_badge(email=EMAIL, status=ISSUER.status_entry())
    url = badge["credentialStatus"][0]["statusListCredential"]
    for name, asked in ((badge["name"], [ISSUER.document_url, url]), ("Changed", [ISSUER.document_url])):
        _, world = _answer(json.dumps({**badge, "name": name}).encode())
        assert [r.url for r in world.requests if r.url not in asked] == []
        assert (url in {r.url for r in world.requests}) is (url in asked)


# --- what may become a skill -------------------------------------------------------------------------------------


def test_a_status_list_that_is_handed_in_says_nothing_about_anybody() -> None:
    ISSUER.status_entry()
    lists = [d for url, d in ISSUER.documents.items() if "BitstringStatusListCredential" in str(d)]
    found = _of(lists[0])
    assert (found["decision"], found["claims"]) == ("accepted_with_warning", [])


# --- whose it is -------------------------------------------------------------------------------------------------


def test_a_transcript_does_not_lend_its_subject_to_what_is_in_it() -> None:
    mine = ISSUER.open_badge(name="Welder I", email=EMAIL)
    anothers = ISSUER.open_badge(name="Welder II", email="eve@mail.example")
    nobodys = ISSUER.open_badge(name="Welder III")
    found = _of(ISSUER.clr(badges=[mine, anothers, nobodys], email=EMAIL))
    assert [c["decision"] for c in found["credentials"]] == ["accepted", "accepted", *["accepted_with_warning"] * 2]
    assert {c["name"] for c in found["claims"] if c["trusted"]} == {"Welder I"}


def test_a_transcript_does_not_lend_its_issuer_to_what_is_in_it() -> None:
    stranger = Issuer("a stranger", method="key")
    found = _of(ISSUER.clr(badges=[stranger.open_badge(email=EMAIL), BADGE], email=EMAIL))
    assert [c["issuer"]["recognised"] for c in found["credentials"]] == [True, False, True]


def test_a_presentation_lends_its_holder_to_nothing() -> None:
    eve = Issuer("eve", method="key")
    for wrapped in (eve.presentation([BADGE]), eve.presentation([BADGE], signed=False)):
        (credential,) = _of(wrapped)["credentials"]
        assert credential["subject"]["match"] == "email_hash"
    unnamed = ISSUER.open_badge()
    (credential,) = _of({**eve.presentation([unnamed], signed=False), "holder": f"mailto:{EMAIL}"})["credentials"]
    assert (credential["subject"]["match"], credential["decision"]) == ("none", "accepted_with_warning")


def test_contexts_of_the_record_decide_what_it_is_and_a_copy_around_it_does_not() -> None:
    """`@graph` around a genuine record, or its members under keywords, is not that record."""
    for hostile in (
        {"@context": [VC2], "@graph": [BADGE]},
        {("@id" if name == "id" else name): value for name, value in BADGE.items()},
        {("@type" if name == "type" else name): value for name, value in BADGE.items()},
        {**BADGE, "@id": "urn:uuid:other"},
        {**BADGE, "Proof": BADGE["proof"]},
        {**BADGE, "verifiableCredential": [BADGE]},
    ):
        found = _of(hostile)
        assert found["verdict"] in ("invalid", "no_credential"), hostile
        assert not found["claims"]
