"""Cut, changed and random submissions end in an answer or in one of our errors, never in another exception."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.codec import b64url_encode
from connector.errors import IntakeError
from connector.intake import receive, screen
from connector.model.submission import Submission
from connector.testing import bake

BADGE = {
    "@context": ["https://www.w3.org/ns/credentials/v2"],
    "type": ["VerifiableCredential", "ClrCredential"],
    "issuer": {"id": "did:web:lakeview.example"},
    "credentialSubject": {"verifiableCredential": [{"type": "VerifiableCredential", "credentialSubject": {}}]},
}
TOKEN = ".".join(b64url_encode(json.dumps(part).encode()) for part in ({"alg": "EdDSA"}, {"vc": BADGE}, "sig"))
PRESENTATION = {"type": "VerifiablePresentation", "verifiableCredential": [BADGE, TOKEN]}
SAMPLES = [
    json.dumps(PRESENTATION).encode(),
    TOKEN.encode(),
    f"{TOKEN}~WyJhIl0~".encode(),
    f"text\n```json\n{json.dumps(BADGE)}\n```".encode(),
    f"data:application/vc+jwt,{TOKEN}".encode(),
    bake.bake_png(json.dumps(BADGE), compressed=True),
    bake.bake_png(TOKEN, kind="zTXt"),
    bake.bake_svg(json.dumps(BADGE)),
    bake.bake_svg(TOKEN, attribute=True),
]


def swallow(content: bytes) -> None:
    """Both doors; only our own errors may come out."""
    for door in (screen, lambda raw: receive(Submission(content=raw))):
        try:
            door(content)
        except IntakeError as error:
            assert error.code and error.message


@pytest.mark.parametrize("sample", SAMPLES, ids=range(len(SAMPLES)))
def test_every_cut_of_a_submission_is_answered(sample: bytes) -> None:
    step = max(1, len(sample) // 150)
    for length in range(0, len(sample), step):
        swallow(sample[:length])
        swallow(sample[length:])


@pytest.mark.parametrize("sample", SAMPLES, ids=range(len(SAMPLES)))
def test_changed_bytes_are_answered(sample: bytes) -> None:
    chance = random.Random(20261123)
    for _ in range(300):
        changed = bytearray(sample)
        for _ in range(chance.randint(1, 4)):
            position = chance.randrange(len(changed))
            match chance.randrange(3):
                case 0:
                    changed[position] = chance.randrange(256)
                case 1:
                    del changed[position]
                case _:
                    changed[position:position] = changed[position : position + chance.randint(1, 40)]
        swallow(bytes(changed))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_answered(content: bytes) -> None:
    swallow(content)


NAMES = st.sampled_from(
    ["type", "@context", "id", "vp", "credential", "verifiableCredential", "credentialSubject", "proof", "payload",
     "signatures", "badge", "recipient", "verify", "contents", "jwt", "issuer", "endorsement", "verifications"]
)  # fmt: skip
WORDS = st.sampled_from(
    ["VerifiableCredential", "VerifiablePresentation", "Assertion", "LER-RS VC", "EnvelopedVerifiableCredential",
     "EuropeanDigitalCredential", "data:application/vc+jwt,eyJ", f"data:text/plain,{TOKEN}", TOKEN, "{}", '{"vp": 1}', "https://a.example"]
)  # fmt: skip
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | WORDS
    | st.text(max_size=5)
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5), max_leaves=25
)


@settings(max_examples=300, deadline=None)
@given(VALUES)
def test_any_json_with_our_member_names_is_answered(value: object) -> None:
    swallow(json.dumps(value).encode())
    swallow(f"x {json.dumps(value)}".encode())


@pytest.mark.shared
def test_every_published_submission_is_answered_and_so_is_half_of_it(shared: Path) -> None:
    cases = json.loads((shared / "vectors" / "vectors.json").read_text())
    for case in cases:
        content = (shared / "vectors" / case["file"]).read_bytes()
        swallow(content)
        swallow(content[: len(content) // 2])
    assert len(cases) > 100


@pytest.mark.shared
def test_published_credentials_are_found_for_what_they_are(shared: Path) -> None:
    """The index names the kind of each file; every file of a kind of record gives at least one credential of it."""
    kinds = {
        "ob3": "open_badge_3",
        "clr2": "clr_2",
        "ler-rs": "ler_rs",
        "europass": "europass_edc",
        "ob2": "open_badge_2",
        "vc-vcdm": "verifiable_credential",
    }
    wrong: list[str] = []
    for case in json.loads((shared / "vectors" / "vectors.json").read_text()):
        expected = next((kind for prefix, kind in kinds.items() if case["format"].startswith(prefix)), None)
        if expected is None or "endorsement" in case["format"] or case["format"].endswith("cose"):
            continue
        content = (shared / "vectors" / case["file"]).read_bytes()
        try:
            found = {str(c.format) for c in receive(Submission(content=content))}
        except IntakeError as error:
            found = {error.code}
        if expected not in found:
            wrong.append(f"{case['file']}: {sorted(found)}")
    # Two files are not what their folder says: one is no JSON (it has comments), one is a leak test without a badge.
    assert [line.split(":")[0].rsplit("/")[-1] for line in wrong] == [
        "redirected-validation-subject.json",
        "bad_image.png",
    ]
