"""What may be handed in: checks before anything is kept, and the submission as it starts out. Pure, but for its id."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from typing import Final

from connector.errors import IntakeError, SubmissionTooLarge
from connector.intake import only_link, screen
from connector.model.applicant import ApplicationRef
from connector.model.records import NewSubmission, State
from connector.model.work import Work

MAX_ID_CHARS: Final = 200
MAX_URL_CHARS: Final = 4_000
_COPIED: Final = (
    "ref",
    "basis",
    "label",
    "applicant",
    "consent",
    "consent_reference",
    "selected",
    "mapping",
    "invitation",
)


def admitted(new: NewSubmission, *, max_bytes: int) -> tuple[bytes | None, str | None]:
    """The content or the link, checked as far as that goes before keeping it. Pasted text may be a link.

    Raises:
        IntakeError: it must not, or cannot, be kept.
    """
    if (new.content is None) == (new.url is None):
        raise IntakeError("Hand in either a file or a link.", code="invalid_request")
    check_ids(new.ref)
    url = new.url if new.content is None else only_link(new.content)
    if url is not None:
        if len(url) > MAX_URL_CHARS:
            raise SubmissionTooLarge("The link is too long.")
        return None, url
    assert new.content is not None
    if len(new.content) > max_bytes:
        raise SubmissionTooLarge(f"The file is larger than {max_bytes / 1e6:g} MB.")
    screen(new.content)
    return new.content, None


def check_ids(ref: ApplicationRef) -> None:
    """Raise IntakeError for ids that no ATS gives."""
    if not ref.candidate:
        raise IntakeError("The candidate is missing.", code="invalid_request")
    for text in (ref.candidate, ref.application or ""):
        if len(text) > MAX_ID_CHARS:
            raise IntakeError("An id of the ATS is too long.", code="invalid_request")
        if not text.isprintable():
            raise IntakeError("An id of the ATS holds characters that no id has.", code="invalid_request")


def received(new: NewSubmission, content: bytes | None, url: str | None, now: datetime) -> Work:
    """The submission, with an id of its own, before anybody looked into it."""
    return Work(
        id=f"sub_{secrets.token_hex(12)}",
        state=State.RECEIVED,
        created_at=now,
        updated_at=now,
        url=url,
        document_sha256=hashlib.sha256(content).hexdigest() if content is not None else None,
        **{name: getattr(new, name) for name in _COPIED},
    )


def request_bytes(new: NewSubmission, content: bytes | None) -> bytes:
    """What must be the same for an idempotency key to mean the same request."""
    return new.model_dump_json(exclude={"idempotency_key", "content"}).encode() + b"\n" + (content or b"")
