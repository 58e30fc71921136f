"""Whatever stands in a token and behind it: put together exactly, or a fault, and never an exception (RFC 9901)."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from connector import disclosures
from connector.codec import b64url_encode
from connector.testing.sd_jwt import digest, disclosure
from connector.verify.codes import CODES

Json = dict[str, Any]

NAMES = st.sampled_from(["_sd", "_sd_alg", "...", "iss", "type", "ld", "@context", "a", "b", ""])
SHOWN = [
    disclosure("salt", "a", 1),
    disclosure("salt", "b", {"a": [1, {"...": digest(disclosure("salt", "deep"))}]}),
    disclosure("salt", "deep"),
    disclosure("salt", {"_sd": [digest(disclosure("salt", "a", 1))]}),
]
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from(["", "sha-256", *[digest(one) for one in SHOWN]]),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=20,
)


def members(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*map(members, value.values()))
    return set().union(*map(members, value)) if isinstance(value, list) else set()


@settings(max_examples=400, deadline=None)
@given(
    st.dictionaries(NAMES, VALUES, max_size=5), st.lists(st.sampled_from(SHOWN), max_size=4), st.sampled_from(["", "x"])
)
def test_a_payload_is_put_together_or_has_a_fault(payload: Json, shown: list[str], last: str) -> None:
    before = copy.deepcopy(payload)
    claims, opened = disclosures.open_up("~".join(["token", *shown, last]), payload)
    assert payload == before, "what came is not changed"
    if opened.fault is not None:
        assert opened.fault[0] in CODES
        assert claims is payload
    else:
        assert not members(claims) & {"_sd", "_sd_alg", "..."}
        assert len(opened.disclosed) == len(shown)
        disclosures.record_in(claims)


@given(st.binary(max_size=40))
def test_any_bytes_may_stand_as_a_disclosure(raw: bytes) -> None:
    text = b64url_encode(raw)
    _, opened = disclosures.open_up(f"token~{text}~", {"_sd": [digest(text)]})
    try:
        value = json.loads(raw)
    except ValueError:
        value = None
    fits = isinstance(value, list) and len(value) == 3 and isinstance(value[0], str) and isinstance(value[1], str)
    assert fits or opened.fault is not None


@given(st.text(max_size=60))
def test_any_text_may_stand_behind_a_token(text: str) -> None:
    _, opened = disclosures.open_up(f"token~{text}", {"iss": "x"})
    assert (opened.fault is None) is (text == "")
