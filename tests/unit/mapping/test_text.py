"""Text from a credential is data: what is taken out, and that nothing else is."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.mapping.text import ELLIPSIS, cell, clean, markup, plain, quoted, safe_link, same_name

HOSTILE = "".join(
    chr(c)
    for c in [
        *range(0x20),
        0x7F,
        *range(0x80, 0xA0),
        0xAD,
        0x34F,
        0x61C,
        0x115F,
        0x180E,
        *range(0x200B, 0x2010),
        *range(0x2028, 0x202F),
        *range(0x2060, 0x2070),
        0x2800,
        0x3164,
        0xFE0F,
        0xFEFF,
        0xFFF9,
        0xE000,
        0xE0001,
        0xE0041,
        0xE0100,
        0xF0000,
        0x10FFFF,
        0x1F468,
        0x1F4BB,
        0x301,
        0x94D,
    ]
)
any_text = st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from(HOSTILE)), max_size=80)
limits = st.integers(min_value=1, max_value=60)
JOINERS = "\u200c\u200d"


@pytest.mark.parametrize(
    "text",
    [
        "C++",
        "R&D",
        "C#/.NET 8",
        "Zoë Müller-Łęcka",
        "溶接技能者 一級",
        "शिक्षक",
        "क्‍ष",
        "می‌خواهم",
        "👩‍💻 developer",
        "🏳️‍🌈",
        "Crème brûlée: 2 < 3 & 4 > 1",
        "A“B”",
        '50 % of 12" pipe',
        "Việt Nam",
        "e\u0301te\u0301",
    ],
)
def test_ordinary_text_survives_unchanged(text):
    assert clean(text) == text
    assert plain(text) == text


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("safe\u202egnitirw", "safegnitirw"),
        ("we\u200bld\ufeffer", "welder"),
        ("x\U000e0069\U000e0067\U000e006e", "x"),
        ("one\nVerified: yes\r\n\tthree", "one Verified: yes three"),
        ("a\u2028b\u2029c\x85d", "a b c d"),
        ("\x00\x07bell\x1b[31m", "bell[31m"),
        ("z" + "\u0300" * 50, "z" + "\u0300" * 6),
        ("joined\u200dletters", "joinedletters"),
        ("\u3164\u2800", ""),
        ("  many   spaces ", "many spaces"),
    ],
)
def test_what_could_hide_or_forge_is_taken_out(text, result):
    assert clean(text) == result


@given(any_text, limits)
def test_cleaning_twice_changes_nothing(text, limit):
    for function in (clean, plain, cell):
        once = function(text, limit=limit)
        assert function(once, limit=limit) == once


@given(any_text, limits)
def test_nothing_is_longer_than_its_limit(text, limit):
    for function in (clean, plain, cell):
        assert len(function(text, limit=limit)) <= limit


@given(any_text)
def test_no_forbidden_character_comes_through(text):
    for char in clean(text, limit=200):
        assert unicodedata.category(char) not in ("Cc", "Cs", "Co", "Zl", "Zp")
        assert unicodedata.category(char) != "Cf" or char in JOINERS
        assert not 0xE0000 <= ord(char) <= 0xE0FFF
        assert char == " " or not char.isspace()


@given(any_text)
def test_a_fence_is_closed_only_by_us(text):
    fenced = quoted(text, limit=60)
    assert fenced.startswith("“") and fenced.endswith("”")
    assert fenced.count("“") == fenced.count("”") == 1
    assert len(fenced) <= 62


@given(any_text)
def test_markup_holds_no_markup(text):
    shown = markup(text)
    assert "<" not in shown and ">" not in shown and '"' not in shown


@given(st.sampled_from("=+-@＝＋－＠"), any_text)
def test_a_cell_never_starts_like_a_formula(first, text):
    assert cell(first + text)[:1] not in tuple("=+-@＝＋－＠")


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "<img src=x onerror=y>", "</b>", "<!-- -->", "<?php"])
def test_plain_text_cannot_become_markup(text):
    assert "<" not in plain(text)


def test_truncation_is_marked_and_never_leaves_a_joiner_behind():
    assert clean("x" * 300, limit=10) == "x" * 9 + ELLIPSIS
    assert clean("abcdefgh👩‍💻", limit=10).endswith("👩" + ELLIPSIS)


@pytest.mark.parametrize(
    "url", ["https://issuer.example/x?y=1#z", "http://issuer.example", "HTTPS://issuer.example:8443/a%20b"]
)
def test_ordinary_links_are_kept(url):
    assert safe_link(url) == url


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://issuer.example/x",
        "//issuer.example/x",
        "https://",
        "https://user:secret@issuer.example/",
        "https://issuer.example/\nx",
        "https://issuer.example/\u202ex",
        'https://issuer.example/"><script>',
        "https://[::1",
        "https://issuer.example:99999/",
        "https://issuer.example/" + "x" * 2_000,
    ],
)
def test_every_other_link_is_none(url):
    assert safe_link(url) is None


def test_names_compare_folded():
    assert same_name("ＭＩＧ  Welding\u200b") == same_name("mig welding")
    assert same_name("C++") != same_name("C")
