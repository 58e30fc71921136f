"""The words of the pages: complete in every language, free of jargon, and free of any judgement of people."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.resources import files
from itertools import product
from typing import Any

import pytest

from connector.model.changes import Family
from connector.model.report import Assurance, SubjectMatch, Verdict
from connector.web.answers import Reader, four_answers
from connector.web.templates import catalogue, choose_language, languages, words

from .conftest import IDLE, House

JUDGING = re.compile(
    r"\b(scor(e|es|ed|ing)|rank(s|ed|ing|ings)?|percentiles?|match(es|ed|ing)?|recommend(s|ed|ation|ations)?|rating|"
    r"puntuaci[oó]n(es)?|clasificaci[oó]n(es)?|percentil(es)?|recomend(ar|ado|aci[oó]n))\b",
    re.IGNORECASE,
)
JARGON = re.compile(
    r"\b(DIDs?|VCs?|VPs?|(?i:JWTs?|JSON|JSON-LD|proofs?|cryptograph\w*|wallet protocol|credentials?|criptogr\w*))\b"
)
PLACEHOLDER = re.compile(r"\{(\w+)\}")
KEY_IN_TEMPLATE = re.compile(r"""\bt\(\s*["']([\w.]+)["'](?!\s*~)""")


def templates() -> Iterator[tuple[str, str]]:
    for file in files("connector.web").joinpath("pages").iterdir():
        yield file.name, file.read_text(encoding="utf-8")


def test_every_language_has_the_same_keys_and_placeholders() -> None:
    assert set(languages()) >= {"en", "es"}
    english = catalogue("en")
    for language in languages():
        other = catalogue(language)
        assert list(other) == list(english), language
        for key, text in other.items():
            assert text.strip(), key
            assert set(PLACEHOLDER.findall(text)) == set(PLACEHOLDER.findall(english[key])), (language, key)


def test_a_translation_is_one() -> None:
    english, spanish = catalogue("en"), catalogue("es")
    same = {key for key in english if english[key] == spanish[key]}
    assert same <= {"claim.achievement", "no"}


def test_twelve_months_in_every_language() -> None:
    for language in languages():
        assert len(words(language, "date.months").split("|")) == 12


def test_every_key_that_a_template_names_exists() -> None:
    named = {key for _, text in templates() for key in KEY_IN_TEMPLATE.findall(text)}
    assert len(named) > 50
    assert named <= set(catalogue("en"))


def test_no_key_is_kept_that_nothing_uses() -> None:
    source = "".join(text for _, text in templates())
    for folder in ("", "routes"):
        place = files("connector.web").joinpath(folder) if folder else files("connector.web")
        source += "".join(f.read_text(encoding="utf-8") for f in place.iterdir() if f.name.endswith(".py"))
    composed = ("a.subject.", "report.assurance.", "stays.", "claim.", "error.", "trouble.", "withdrawn.", "discarded.")
    marks = {"ok", "warn", "unknown", "no", "yes"}
    unused = [
        key
        for key in catalogue("en")
        if f'"{key}"' not in source and f"'{key}'" not in source and not key.startswith(composed) and key not in marks
    ]
    assert set(unused) == {"a.genuine.hosted", "a.genuine.yes"}, "these two are composed from `hosted`"


CODES = ("issuer_recognised", "issuer_is_test", "issuer_key_mismatch", "issuer_unbound", "proof_not_verified")


@pytest.mark.parametrize("reader", Reader)
@pytest.mark.parametrize("verdict", Verdict)
def test_whatever_the_report_says_there_are_four_answers_in_words(verdict: Verdict, reader: Reader) -> None:
    for match, code, securing in product(SubjectMatch, CODES, (["hosted"], ["eddsa-rdfc-2022"])):
        credential: dict[str, Any] = {
            "verdict": str(verdict),
            "securing": securing,
            "checks": [{"check": "issuer", "code": code}],
            "issuer": {"recognised": code == "issuer_recognised"},
            "subject": {"match": str(match)},
        }
        answers = four_answers(credential, reader, employer="Lakeshore Works", host="credly.com", date="1 May 2026")
        assert len(answers) == 4
        for language, answer in product(languages(), answers):
            assert words(language, answer.mark)
            assert "{" not in words(language, answer.key, **answer.parts)
        if verdict is not Verdict.VERIFIED:
            assert any(answer.mark != "ok" for answer in answers[:2])
        if reader is Reader.RECRUITER:
            assert not any(" you" in words("en", a.key, **a.parts) for a in answers)


def test_every_assurance_and_every_kind_of_thing_has_its_words() -> None:
    for language in languages():
        assert all(words(language, f"report.assurance.{assurance}") for assurance in Assurance)
        assert all(words(language, f"stays.{family}") for family in Family)


def test_no_word_judges_anybody() -> None:
    for language in languages():
        for key, text in catalogue(language).items():
            assert not JUDGING.search(text), key
    for name, text in templates():
        assert not JUDGING.search(text), name


@IDLE
async def test_no_word_in_the_api_judges_anybody(house: House) -> None:
    async with house.client() as anybody:
        described = (await anybody.get("/openapi.json")).json()
    text = re.sub(r"[_/]|(?<=[a-z])(?=[A-Z])", " ", json.dumps(described))
    assert not JUDGING.search(text), JUDGING.findall(text)


def test_candidates_read_no_jargon() -> None:
    for language in languages():
        for key, text in catalogue(language).items():
            assert not JARGON.search(text), key
    for name, text in templates():
        if name.startswith("candidate"):
            visible = re.sub(r"\{[{%].*?[%}]\}|<[^>]*>", " ", text)
            assert not JARGON.search(visible), name


def test_skipping_never_looks_like_a_penalty() -> None:
    english = catalogue("en")
    assert "your application stays exactly as it is" in english["start.optional"]
    assert "your application is not affected" in english["start.none.hint"]


@pytest.mark.parametrize(
    ("wanted", "accept", "chosen"),
    [
        (None, "", "en"),
        (None, "de, fr;q=0.5", "en"),
        (None, "de, es-419;q=0.5, en;q=0.1", "es"),
        ("es", "en", "es"),
        ("es-MX", "en", "es"),
        ("xx", "es", "es"),
        ("../../etc", "*", "en"),
        (None, ";;;,,,=", "en"),
    ],
)
def test_the_language_is_the_wanted_else_the_browsers_else_english(
    wanted: str | None, accept: str, chosen: str
) -> None:
    assert choose_language(wanted, accept) == chosen
