"""What is remembered of a submission and of an invitation, as the API, the pages and the commands see it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from connector.model.applicant import Applicant, ApplicationRef
from connector.model.changes import ChangeSet, Receipt
from connector.model.claims import Claim
from connector.model.submission import Basis


class State(StrEnum):
    RECEIVED = "received"
    ASSESSED = "assessed"
    AWAITING_CONSENT = "awaiting_consent"
    PLANNED = "planned"
    DELIVERING = "delivering"
    DELIVERED = "delivered"
    PARTLY_DELIVERED = "partly_delivered"
    REFUSED = "refused"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


FINAL_STATES = frozenset({State.DELIVERED, State.PARTLY_DELIVERED, State.REFUSED, State.FAILED, State.WITHDRAWN})
RESTING_STATES = FINAL_STATES | {State.AWAITING_CONSENT}
"""States in which nothing moves until somebody acts."""


class NewSubmission(BaseModel):
    """What a caller hands over. Exactly one of `content`, `url` is set (pasted text is `content`).

    Attributes:
        consent: False makes it wait in `awaiting_consent` (a candidate's page); True goes on.
        selected: ids of the claims the candidate ticked; None means all that are preselected.
        mapping: path of another mapping file than the connection's own.
        idempotency_key: the same key with the same request gives the same submission; with another one, an error.
    """

    model_config = ConfigDict(frozen=True)

    ref: ApplicationRef
    basis: Basis
    content: bytes | None = None
    url: str | None = None
    label: str = ""
    applicant: Applicant = Applicant()
    consent: bool = True
    consent_reference: str | None = None
    selected: tuple[str, ...] | None = None
    mapping: str | None = None
    idempotency_key: str | None = None
    invitation: str | None = None


class SubmissionRecord(BaseModel):
    """A submission as it stands. `answer` is the JSON of CONTRACT section 2 once it was assessed.

    `code` and `message` say why it is `refused` or `failed`; `report_id` names the page `/r/{report_id}`. `live`: it
    counts in the plan of its application (consented, not refused, not taken back). `assessed_at` is when it was last
    checked, `consented_at` when the candidate confirmed the choice.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    ref: ApplicationRef
    state: State
    basis: Basis
    consent_reference: str | None = None
    created_at: datetime
    updated_at: datetime
    document_sha256: str | None = None
    duplicate_of: str | None = None
    report_id: str | None = None
    live: bool = False
    assessed_at: datetime | None = None
    consented_at: datetime | None = None
    answer: dict[str, Any] | None = None
    claims: tuple[Claim, ...] = ()
    selected: tuple[str, ...] | None = None
    change_set: ChangeSet | None = None
    receipt: Receipt | None = None
    attempts: int = 0
    next_attempt_at: datetime | None = None
    code: str | None = None
    message: str | None = None


class SubmissionPage(BaseModel):
    model_config = ConfigDict(frozen=True)

    items: tuple[SubmissionRecord, ...]
    next_cursor: str | None = None


class NewInvitation(BaseModel):
    """A link for one applicant and one application. `expires_in` is in seconds."""

    model_config = ConfigDict(frozen=True)

    ref: ApplicationRef
    applicant: Applicant = Applicant()
    job_title: str | None = None
    language: str | None = None
    expires_in: int = 14 * 24 * 3600


class Invitation(BaseModel):
    """An invitation as the candidate's page needs it. The token itself is never stored, only its hash."""

    model_config = ConfigDict(frozen=True)

    id: str
    ref: ApplicationRef
    applicant: Applicant
    job_title: str | None
    language: str | None
    expires_at: datetime
    submissions: tuple[str, ...] = ()
    """Ids of what was handed in through it; shown only to the browser session that did."""
