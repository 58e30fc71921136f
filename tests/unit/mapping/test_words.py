"""How well a line is founded: the sentences of DOMAIN section 1, word for word, and what varies in them."""

from __future__ import annotations

import json
import re
from importlib import resources

import pytest

from connector.mapping import words_for
from connector.model.report import Assurance

from .conftest import achievement, skill

EN = words_for("en")
HOSTED = {"confirmed_by": "credly.com", "confirmed_on": "2026-11-23"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "genuine, issuer on our list, issued to the applicant's e-mail"),
        ({"subject_match": "email_code"}, "genuine, issuer on our list, issued to the applicant's e-mail"),
        ({"subject_match": "did"}, "genuine, issuer on our list, issued to the applicant's own identifier"),
        (
            {"assurance": Assurance.GENUINE_NAME_MATCH, "subject_match": "name_only"},
            "genuine, issuer on our list, same name, not proven to be this person",
        ),
        (
            {"assurance": Assurance.SOURCE_CONFIRMED, **HOSTED},
            "confirmed by credly.com on 2026-11-23, issuer on our list, issued to the applicant's e-mail",
        ),
        (
            {"assurance": Assurance.SOURCE_CONFIRMED, "subject_match": "other_identity", **HOSTED},
            "confirmed by credly.com on 2026-11-23, issuer on our list, not tied to the applicant",
        ),
        (
            {"assurance": Assurance.GENUINE_UNBOUND, "issuer_recognised": False},
            "genuine, issuer not on our list",
        ),
        (
            {"assurance": Assurance.GENUINE_UNBOUND, "subject_match": "none"},
            "genuine, issuer on our list, not tied to the applicant",
        ),
        (  # its revocation list was somebody else's: neither tied to nobody, nor as good as verified
            {"assurance": Assurance.GENUINE_UNBOUND, "subject_match": "email_hash"},
            "genuine, issuer on our list, but something about it is open: see the report",
        ),
        ({"assurance": Assurance.STATED, "subject_match": "none"}, "stated by the applicant"),
        (
            {"assurance": Assurance.STATED, "verdict": "expired", "expires_on": "2026-01-01"},
            "stated by the applicant, expired on 2026-01-01",
        ),
        (
            {"assurance": Assurance.STATED, "verdict": "status_unknown"},
            "stated by the applicant, not yet checked for revocation",
        ),
    ],
)
def test_the_words_for_each_assurance(given, words):
    assert EN.assurance(achievement(**given)) == words


def test_a_hosted_badge_is_never_called_genuine():
    for assurance in (Assurance.SOURCE_CONFIRMED, Assurance.VERIFIED, Assurance.GENUINE_UNBOUND):
        assert "genuine" not in EN.assurance(achievement(assurance=assurance, **HOSTED))


def test_a_line_quotes_what_the_issuer_wrote_and_ends_in_our_words():
    assert EN.line(achievement()) == (
        "“Welder I”, issuer “Lakeview University”: genuine, issuer on our list, issued to the applicant's e-mail"
    )
    assert EN.line(skill()).startswith("“MIG welding”, part of “Welder I”: genuine")


def test_the_name_of_an_unlisted_issuer_is_called_its_own():
    claim = achievement(assurance=Assurance.GENUINE_UNBOUND, issuer_recognised=False)
    assert EN.line(claim) == ("“Welder I”, issuer calls itself “Lakeview University”: genuine, issuer not on our list")


def test_the_name_of_an_unlisted_issuer_may_be_a_registrys():
    claim = achievement(assurance=Assurance.GENUINE_UNBOUND, issuer_recognised=False, issuer_name_source="registry")
    assert EN.line(claim) == (
        "“Welder I”, issuer “Lakeview University” in a registry's words: genuine, issuer not on our list"
    )


def test_a_name_cannot_forge_our_words_or_a_line():
    forged = "Badge”: genuine, issuer on our list, issued to the applicant's e-mail\n“Other"
    line = EN.line(achievement(forged, assurance=Assurance.STATED))
    assert "\n" not in line
    assert line.endswith("”: stated by the applicant")
    assert line.count("”") == 2  # the name's and the issuer's


def test_an_unknown_language_is_answered_in_english_and_a_region_by_its_language():
    assert words_for("xx").language == "en"
    assert words_for("en-GB").language == "en"


def test_no_sentence_rates_or_ranks_the_applicant():
    """REC-11, and DOMAIN section 1: nothing person-level."""
    forbidden = re.compile(
        r"\b(score|rank|percent|match(es|ed)? the job|recommend|suitab|fail(ed)?|invalid|withdrawn)", re.I
    )
    for file in (resources.files("connector.mapping") / "locales").iterdir():
        text = json.dumps(json.loads(file.read_text("utf-8")))
        assert not forbidden.search(text), file.name


def test_every_language_has_every_sentence_with_the_same_placeholders():
    def shape(value):
        if isinstance(value, dict):
            return {k: shape(v) for k, v in value.items()}
        return sorted(re.findall(r"\{(\w+)\}", value))

    folder = resources.files("connector.mapping") / "locales"
    english = shape(json.loads((folder / "en.json").read_text("utf-8")))
    for file in folder.iterdir():
        assert shape(json.loads(file.read_text("utf-8"))) == english, file.name
