"""Names and hosts that could be taken for those of an issuer on the list."""

from __future__ import annotations

import pytest

from connector.verify import Policy
from connector.verify.lookalike import lookalike_of

LISTED = "did:web:lakeview.example"
POLICY = Policy.model_validate(
    {"trusted_issuers": [{"id": LISTED, "name": "Lakeview University"}, {"id": "did:web:mit.example", "name": "MIT"}]}
)


@pytest.mark.parametrize(
    "name",
    [
        "Lakeview University",
        "LAKEVIEW  UNIVERSITY.",
        "Lakeview Univеrsity",  # a Cyrillic letter: that is the test
        "Lakeview Univers1ty",
        "Lakeview Universit",
        "Lakeview Universityy",
        "Lakeveiw University",
        "Lakevlew University",
    ],
)
def test_a_name_that_reads_like_one_on_the_list_is_marked(name: str) -> None:
    assert lookalike_of("did:web:elsewhere.example", name, POLICY) == LISTED


@pytest.mark.parametrize("name", ["Lakeside University", "Lake University", "VIT", "", None, "Oldtown College"])
def test_a_name_of_its_own_is_not(name: str | None) -> None:
    assert lookalike_of("did:web:elsewhere.example", name, POLICY) == ""


@pytest.mark.parametrize(
    ("issuer", "marked"),
    [
        ("did:web:1akeview.example", True),
        ("did:web:lakev1ew.example", True),
        ("https://lakev1ew.example/issuer", True),
        ("did:web:lake-view.example", True),
        ("did:web:xn--lkeview-2fg.example", True),
        ("did:web:lakeview.example:college", False),
        ("did:web:lakeside.example", False),
        ("did:web:xn--.example", False),
        ("https://[", False),
        ("did:key:z6Mk", False),
    ],
)
def test_a_host_that_reads_like_one_on_the_list_is_marked(issuer: str, marked: bool) -> None:
    assert (lookalike_of(issuer, None, POLICY) == LISTED) is marked


def test_an_issuer_on_the_list_resembles_nobody() -> None:
    assert lookalike_of(LISTED, "Lakeview University", POLICY) == ""
