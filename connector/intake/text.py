"""The one record in a piece of text: JSON, a token, a data URL, alone or with words and code fences around it.

Wallets share `.txt` files, people paste from chats and mails. What is taken out is exact: one balanced JSON value or
one token; where there is a choice between two, none is made.
"""

from __future__ import annotations

import re
from typing import Any, Final

from connector import codec
from connector.errors import SubmissionTooLarge, UnreadableSubmission, UnsupportedFormat
from connector.intake import jose
from connector.intake.limits import MAX_BRACES_IN_TEXT, MAX_TEXT_BYTES, MAX_TOKENS_IN_TEXT
from connector.model.frozen import frozen

_BOM: Final = b"\xef\xbb\xbf"
_URL = re.compile(r"(?:web\+)?(?:interaction:)?https?://[^\s\"'<>\\]{4,2000}\Z", re.IGNORECASE)
_TOKEN = re.compile(
    r"(?<![A-Za-z0-9_.-])ey[ABIJ][A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*(?:~[A-Za-z0-9_.~-]*)?"
)
_STRUCTURE = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\Z)|[{}]', re.DOTALL)
"""A string, which may hold anything, or a brace."""
_PIECE = re.compile(r"[A-Za-z0-9_.~-]{16,}\Z|[A-Za-z0-9_-]*~\Z")
"""Of a token: longer than a word, or with the end of a disclosure."""
_WHITESPACE = re.compile(r"\s+")


@frozen
class Found:
    """What was in the text: a parsed value (a token is a string), and the bytes it was read from.

    Attributes:
        is_token: the value is one whole token; False leaves it open.
    """

    value: Any
    raw: bytes
    is_token: bool = False


def to_text(content: bytes) -> str:
    """Decode UTF-8 text; a byte order mark in front (Windows) is dropped."""
    if len(content) > MAX_TEXT_BYTES:
        raise SubmissionTooLarge(f"The text is larger than {MAX_TEXT_BYTES // 1_000_000} MB.")
    try:
        return content.removeprefix(_BOM).decode("utf-8").strip()
    except UnicodeDecodeError as error:
        raise UnreadableSubmission(
            "The file is not UTF-8 text.", code="not_utf8", detail=f"byte {error.start}"
        ) from None


def read(content: bytes) -> Found:
    """Find the record in text.

    Raises:
        UnreadableSubmission: broken, empty, or several records beside each other.
        UnsupportedFormat: no record; code `link` when the text is a link, which must be fetched first.
    """
    text = to_text(content)
    if not text:
        raise UnreadableSubmission("The file is empty.", code="empty")
    if text[0] in "{[":
        return Found(codec.parse_json(text), content)
    if text[0] == '"' and text[-1] == '"':
        inner = codec.parse_json(text)
        return Found(inner, str(inner).encode())
    tokens = _tokens(text)
    if tokens is not None:
        return tokens
    if _URL.match(text):
        raise UnsupportedFormat("This is a link; what it points to has to be fetched first.", code="link")
    return _inside(text)


def only_link(content: bytes) -> str | None:
    """The link, when the text is nothing but one."""
    if len(content) > 4_000:
        return None
    text = content.removeprefix(_BOM).decode("utf-8", errors="replace").strip().strip("<>")
    match = _URL.match(text)
    return match.group()[match.group().lower().index("http") :] if match else None


def _tokens(text: str) -> Found | None:
    """One token, broken over lines or not; or several, one per line."""
    if "~" not in text and jose.looks_like_token(text):
        return Found(text, text.encode(), is_token=True)
    words = text.split()
    whole = [word for word in words if jose.looks_like_token(word) and word.count(".") >= 2]
    if len(whole) == len(words) > 1:
        if len(words) > MAX_TOKENS_IN_TEXT:
            raise SubmissionTooLarge("There are too many tokens in it.", code="too_many")
        return Found(words, text.encode())
    joined = "".join(words)
    if jose.looks_like_token(joined) and (len(words) == 1 or not whole or _is_one_broken(words, whole)):
        return Found(joined, joined.encode())
    if len(words) == 1 and jose.begins_like_token(text):
        raise UnreadableSubmission("The token is broken.", code="not_jws")
    return None


def _is_one_broken(words: list[str], whole: list[str]) -> bool:
    """Whether an SD-JWT was broken between or within its disclosures: its beginning alone would be whole, and say less
    than was handed in."""
    return whole == words[:1] and "~" in words[0] and all(_PIECE.match(word) for word in words[1:])


def _inside(text: str) -> Found:
    """The one record among words; objects and tokens within an object belong to that object."""
    spans = list(_json_spans(text))
    outside = _blank(text, spans)
    candidates: list[Found] = [_token_found(match.group()) for match in _TOKEN.finditer(outside)]
    for start, end in spans:
        raw = text[start:end]
        candidates.append(Found(codec.parse_json(raw), raw.encode()))
    if not candidates:
        raise UnsupportedFormat("There is no kind of learning or employment record in it that is known here.")
    if len(candidates) > 1:
        raise UnreadableSubmission(
            "There are several records in the text. Send them one by one.", code="several_records"
        )
    return candidates[0]


def _token_found(token: str) -> Found:
    return Found(token, token.encode())


def _blank(text: str, spans: list[tuple[int, int]]) -> str:
    pieces, position = [], 0
    for start, end in spans:
        pieces.append(text[position:start])
        position = end
    return " ".join([*pieces, text[position:]])


def _json_spans(text: str) -> list[tuple[int, int]]:
    """Balanced `{...}` values at the top of the text that hold at least one member; two are enough to refuse it."""
    spans: list[tuple[int, int]] = []
    start = text.find("{")
    for _ in range(MAX_BRACES_IN_TEXT):
        end = _end_of_object(text, start) if start >= 0 else None
        if end is None:
            break
        if _WHITESPACE.sub("", text[start : start + 200])[1:2] == '"':
            spans.append((start, end))
            if len(spans) > 1:
                break
        start = text.find("{", end)
    return spans


def _end_of_object(text: str, start: int) -> int | None:
    """Behind the brace that closes the one at `start`; None when none does, or it is nested deeper than any record."""
    depth = 0
    for match in _STRUCTURE.finditer(text, start):
        token = match[0]
        if token == "{":
            depth += 1
            if depth > codec.MAX_JSON_DEPTH:
                return None
        elif token == "}":
            depth -= 1
            if depth == 0:
                return match.end()
    return None
