"""What arrived, taken apart: from bytes to unverified credentials, by content and never by name.

This is the first of the five calls of the product (intake, verify, normalize, map, deliver). Nothing here believes
anything; it only finds what there is, once, and hands on the very objects that were parsed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from connector.errors import SubmissionTooLarge, UnreadableSubmission, UnsupportedFormat
from connector.intake import baked, data_url, secrets, text, unpack
from connector.intake.limits import MAX_UPLOAD_BYTES
from connector.model.credential import UnverifiedCredential
from connector.model.submission import Submission

_TEXT_BEGINS: Final = (b"{", b"[", b"e")
"""JSON and tokens; no image, markup, data URL or link."""
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_FOREIGN: Final = (
    (b"%PDF", "pdf", "A PDF cannot be read here. Share the record itself, or its link."),
    (b"PK\x03\x04", "archive", "An archive cannot be read here. Share the record that is in it."),
    (b"\x1f\x8b", "archive", "A compressed file cannot be read here. Share the record that is in it."),
    (b"\xff\xd8\xff", "picture", "This picture holds no record. Share the badge file or its link."),
    (b"GIF8", "picture", "This picture holds no record. Share the badge file or its link."),
    (b"RIFF", "picture", "This picture holds no record. Share the badge file or its link."),
)


def receive(submission: Submission) -> tuple[UnverifiedCredential, ...]:
    """Find every credential in what was handed in.

    Raises:
        UnreadableSubmission: empty, broken, or ambiguous (verdict `malformed`).
        UnsupportedFormat: code `no_credential` (readable, nothing in it), `link` (fetch it first), else a kind that
            is not known here (verdict `unsupported`).
        SubmissionTooLarge: over a limit.
        UnsafeSubmission: a wallet backup with private keys.
    """
    content = submission.content
    _check_size(content)
    if content[:1] in _TEXT_BEGINS:  # nothing of another kind begins like this
        return _from_text(content, unpack.Place(url=submission.url))
    for start, code, message in _FOREIGN:
        if content.startswith(start):
            raise UnsupportedFormat(message, detail=code)
    if content.startswith(_PNG):
        return _from_image(baked.png_text(content), "png", submission)
    if baked.is_markup(content):
        return _from_image(baked.svg_text(content), "svg", submission)
    if content.lstrip()[:5] == b"data:":
        return _from_data_url(content, submission)
    link = text.only_link(content)
    if link is not None and submission.url is not None:  # a badge that is only known by its address
        return (unpack.hosted_badge(link, content, "link"),)
    return _from_text(content, unpack.Place(url=submission.url))


def screen(content: bytes) -> None:
    """The guard in front of storing: raises when `content` must not be kept, else says nothing about it.

    Raises:
        SubmissionTooLarge, UnsafeSubmission.
    """
    _check_size(content)
    if secrets.surely_holds_keys(content.replace(b"\0", b"") if b"\0" in content[:4] else content):  # UTF-16
        raise secrets.unsafe()
    if content.lstrip()[:1] in (b"{", b"[") and not secrets.may_hold_keys(content):
        return
    try:
        receive(Submission(content=content))
    except (UnreadableSubmission, UnsupportedFormat):
        return


def _from_data_url(content: bytes, submission: Submission) -> tuple[UnverifiedCredential, ...]:
    """A file written as an address (RFC 2397); one inside another is nobody's export."""
    _, inner = data_url.decode(text.to_text(content))
    if inner.lstrip()[:5] == b"data:":
        raise unpack.no_credential()
    return receive(replace(submission, content=inner))


def _check_size(content: bytes) -> None:
    if len(content) > MAX_UPLOAD_BYTES:
        raise SubmissionTooLarge(f"The file is larger than {MAX_UPLOAD_BYTES // 1_000_000} MB.")


def _from_image(embedded: bytes, carrier: str, submission: Submission) -> tuple[UnverifiedCredential, ...]:
    link = text.only_link(embedded)
    if link is not None:
        return (unpack.hosted_badge(link, embedded, carrier),)
    return _from_text(embedded, unpack.Place(carrier=carrier, url=submission.url))


def _from_text(content: bytes, place: unpack.Place) -> tuple[UnverifiedCredential, ...]:
    found = text.read(content)
    if found.is_token:  # base64url shows nothing: what is in it is looked at when it is taken apart
        return unpack.unpack_token(found.value, place)
    if secrets.may_hold_keys(found.raw):
        secrets.refuse_keys(found.value)
    return unpack.unpack(found.value, place.holding(found.raw))
