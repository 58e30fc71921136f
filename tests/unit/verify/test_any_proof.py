"""Properties of embedded proofs: any change of what is signed is found, and any value is read without surprise."""

from __future__ import annotations

import json
from typing import Any

import cbor2
import pytest
import rfc8785
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector import codec
from connector.model.report import Verdict
from connector.testing.issuer import Issuer
from connector.testing.selective import SelectiveRecord
from connector.verify.errors import CheckError
from connector.verify.suites import bbs_2023, ecdsa_sd_2023, jcs

from .conftest import EMAIL, Scene

Json = dict[str, Any]

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXT
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4), max_leaves=12
)


@given(st.dictionaries(_TEXT, _VALUES, max_size=6))
def test_canonical_json_is_that_of_the_reference(value: Json) -> None:
    """Whichever way it is written, fast or slow, the bytes are the same, or both refuse."""
    try:
        expected = rfc8785.dumps(value)
    except rfc8785.CanonicalizationError:
        with pytest.raises(CheckError):
            jcs.canonical(value)
        return
    assert jcs.canonical(value) == expected


SCENES = {
    "eddsa-jcs-2022": Scene(),
    "eddsa-rdfc-2022": Scene(),
    "ecdsa-jcs-2019": Scene(issuer=Issuer("any curve", method="web", alg="ES256")),
    "ecdsa-rdfc-2019": Scene(issuer=Issuer("any curve", method="web", alg="ES384")),
    "ecdsa-sd-2023": Scene(issuer=Issuer("any curve", method="web", alg="ES256")),
}


def _signed(proof: str) -> Json:
    issuer = SCENES[proof].issuer
    if proof != "ecdsa-sd-2023":
        return issuer.open_badge(email=EMAIL, proof=proof)
    record = SelectiveRecord(issuer.unsigned_badge(email=EMAIL), issuer.key, issuer.key_id)
    return record.show(["/credentialSubject", "/name"])


SIGNED = {proof: json.dumps(_signed(proof)) for proof in SCENES}


@pytest.mark.parametrize("proof", SCENES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_no_single_character_can_be_changed_unnoticed(proof: str, data: st.DataObject) -> None:
    text = SIGNED[proof]
    position = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(min_codepoint=0x20, max_codepoint=0x17F))
    changed = text[:position] + other + text[position + 1 :]
    scene = SCENES[proof]
    try:
        before, after = json.loads(text), codec.parse_json(changed)
    except codec.UnreadableSubmission:
        return
    if after == before or not isinstance(after, dict):
        return
    for assessed in scene.assess_all(changed):
        assert assessed.report.verdict is not Verdict.VERIFIED, f"{text[position]!r} became {other!r} at {position}"


@pytest.mark.parametrize(
    ("read", "header"), [(ecdsa_sd_2023.parse, b"\xd9\x5d\x01"), (bbs_2023.parse, b"\xd9\x5d\x03")]
)
@given(
    raw=st.binary(max_size=200) | _VALUES.map(cbor2.dumps) | st.lists(_VALUES, min_size=5, max_size=5).map(cbor2.dumps)
)
def test_any_value_of_a_derived_proof_is_read_or_refused(read: Any, header: bytes, raw: bytes) -> None:
    with pytest.raises(CheckError):
        read("u" + codec.b64url_encode(header + raw))


@given(st.text(max_size=80))
def test_any_text_as_a_derived_proof_is_refused(text: str) -> None:
    for read in (ecdsa_sd_2023.parse, bbs_2023.parse):
        with pytest.raises(CheckError):
            read(text)
