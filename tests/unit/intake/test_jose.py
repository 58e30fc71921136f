"""What counts as a token is the pattern of compact JOSE (RFC 7515 section 7.1), written here as one."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from connector.intake.jose import looks_like_token

COMPACT = re.compile(r"e(?:y[ABIJ]|w[01klop])[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]*){1,4}\Z")

BEGINNINGS = st.sampled_from(["eyJ", "eyA", "ew0", "ewl", "ey", "ew", "e", "", "eyC", "{"])
ENDS = st.text(st.sampled_from("eyJw0-_.....aZ9~+=é \n\ud800"), max_size=14)


@given(BEGINNINGS, ENDS)
def test_a_token_is_told_by_its_letters_and_segments(beginning: str, end: str) -> None:
    text = beginning + end
    assert looks_like_token(text) == bool(COMPACT.match(text.split("~", 1)[0]))
