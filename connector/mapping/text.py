"""Text from a credential is data: what has to be taken out of it, and nothing more (THREATS section 9).

Ordinary text (C++, R&D, accents, CJK, emoji) comes through unchanged. What could hide, reorder or forge something
does not: controls, line breaks, bidirectional and zero-width characters, tag characters, private-use characters.
`clean`, `plain` and `cell` change nothing the second time.
"""

from __future__ import annotations

import html
import re
import unicodedata
from typing import Final

import idna

from connector import hosting

ELLIPSIS: Final = "…"
MAX_LINK: Final = 2_000
MAX_NAME: Final = 250
"""Greenhouse's short text takes 255 characters; no published achievement name is longer than 200."""
MAX_MARKS: Final = 6
"""Combining marks on one letter. Vietnamese needs 2, Tibetan and Thai up to 4; heaps of them are for breaking pages."""

_ZWNJ, _ZWJ = "\u200c", "\u200d"
_VARIATION = "\ufe0e\ufe0f"
_INVISIBLE_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f\u2800\u3164\uffa0")
"""Not of category Cf, and shown as nothing: fillers and joiners that hide text or make an empty name."""
_TAG_LIKE = re.compile(r"<(?=[A-Za-z/!?])")
_DANGLING = re.compile("(?:(?<=[\\s\ufe0e\ufe0f])|^)[\ufe0e\ufe0f]+")
"""Variation selectors after nothing, or in a row."""
_FORMULA = frozenset("=+-@＝＋－＠")
"""Spreadsheets in East Asian languages read the full-width forms too (OWASP, "CSV Injection")."""


def clean(text: str, *, limit: int = MAX_NAME) -> str:
    """One line without anything hidden in it, at most `limit` characters, truncation marked with `…`."""
    if text.isascii() and text.isprintable():
        return _truncate(" ".join(text.split()), limit)
    line = _tidy(text)
    while (tidied := _tidy(line)) != line:
        line = tidied
    return _truncate(line, limit)


def plain(text: str, *, limit: int = MAX_NAME) -> str:
    """For a target that shows text as it is, or might not: tag-like `<` becomes `‹`, so that no markup can arise."""
    return _truncate(_TAG_LIKE.sub("‹", clean(text, limit=limit)), limit)


def quoted(text: str, *, limit: int = MAX_NAME) -> str:
    """Third-party text fenced in `“…”`; the marks of the fence are turned straight inside, so it cannot be closed."""
    inner = plain(text.replace("“", '"').replace("”", '"'), limit=max(limit - 2, 1))
    return f"“{inner}”"


def cell(text: str, *, limit: int = MAX_NAME) -> str:
    """For a value that stands alone (a tag, an option): as `plain`, and it never starts like a spreadsheet formula."""
    value = plain(text, limit=limit)
    if value[:1] in _FORMULA:
        value = _truncate("'" + value, limit)
    return value


def markup(text: str, *, limit: int = MAX_NAME) -> str:
    """For a target that renders HTML (rich text); the limit counts the characters that are shown."""
    return html.escape(clean(text, limit=limit), quote=True)


def safe_link(url: str | None) -> str | None:
    """The link if it is an ordinary http(s) address without credentials in it, else None."""
    if not isinstance(url, str) or not url or len(url) > MAX_LINK or any(c.isspace() or ord(c) < 33 for c in url):
        return None
    if clean(url, limit=MAX_LINK) != url or any(c in "<>\"'`\\{}|^" for c in url):
        return None
    try:
        parts = hosting.split(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme.lower() not in ("http", "https") or not host or "@" in parts.netloc:
        return None
    return url


def same_name(text: str) -> str:
    """The form in which two names are compared: compatibility-folded, case-folded, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", clean(text)).casefold().split())


def _tidy(text: str) -> str:
    """One pass. Taking a character out can leave a joiner or a selector with nothing to do: hence a second look."""
    line = " ".join("".join(_kept(text)).split())
    return _DANGLING.sub("", line).strip()


def _kept(text: str) -> list[str]:
    result: list[str] = []
    marks = 0
    for position, char in enumerate(text):
        if char.isspace() or char in "\x1c\x1d\x1e\x1f\x85":
            result.append(" ")
            marks = 0
            continue
        category = unicodedata.category(char)
        if category.startswith("M") and char not in _VARIATION:
            marks += 1
            if marks > MAX_MARKS:
                continue
        elif char not in _VARIATION:
            marks = 0
        if _is_shown(char, category) or (char in (_ZWJ, _ZWNJ) and _joins(text, position)):
            result.append(char)
    return result


def _is_shown(char: str, category: str) -> bool:
    if category in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"):
        return False
    if char in _INVISIBLE_LETTERS:
        return False
    code = ord(char)
    if 0xFE00 <= code <= 0xFE0D or 0xE0000 <= code <= 0xE0FFF:
        return False
    return not (code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF)


def _joins(text: str, position: int) -> bool:
    """Whether a joiner does what joiners are for: emoji sequences, and scripts that need it (RFC 5892, A.1, A.2)."""
    if text[position] == _ZWJ and 0 < position < len(text) - 1:
        before = text[position - 1]
        if before in _VARIATION or "\U0001f3fb" <= before <= "\U0001f3ff":
            before = text[position - 2] if position > 1 else ""
        if _pictographic(before) and _pictographic(text[position + 1]):
            return True
    try:
        return idna.valid_contextj(text, position)
    except ValueError:
        return False


def _pictographic(char: str) -> bool:
    return bool(char) and (unicodedata.category(char) == "So" or char in "♀♂⚕⚖✈" or 0x1F000 <= ord(char) <= 0x1FAFF)


def _truncate(line: str, limit: int) -> str:
    if len(line) <= limit:
        return line
    cut = line[: max(limit - 1, 0)]
    while cut and (cut[-1] in _ZWJ + _ZWNJ + _VARIATION or cut[-1].isspace()):
        cut = cut[:-1]
    return (cut + ELLIPSIS)[:limit]
