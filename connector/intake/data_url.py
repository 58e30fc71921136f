"""Data URLs (RFC 2397): how a secured credential travels inside JSON, and how some sites hand one over."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from connector import codec
from connector.errors import SubmissionTooLarge, UnreadableSubmission
from connector.intake.limits import MAX_UPLOAD_BYTES

_WHITESPACE = re.compile(r"\s+")


def decode(url: str) -> tuple[str, bytes]:
    """Return the media type (lower case, without parameters) and the content of a data URL."""
    if len(url) > MAX_UPLOAD_BYTES * 4 // 3 + 200:
        raise SubmissionTooLarge("An embedded document is too large.")
    head, comma, body = url.partition(",")
    if not comma or not head.startswith("data:"):
        raise UnreadableSubmission("An embedded document is cut short.", code="bad_envelope")
    media_type, *parameters = head[len("data:") :].split(";")
    if parameters and parameters[-1].strip().lower() == "base64":
        return media_type.strip().lower(), _base64(body)
    return media_type.strip().lower(), unquote_to_bytes(body)


def _base64(body: str) -> bytes:
    compact = _WHITESPACE.sub("", body)
    if "%" in compact:
        compact = unquote_to_bytes(compact).decode("ascii", errors="replace")
    return codec.b64_decode(compact + "=" * (-len(compact) % 4))
