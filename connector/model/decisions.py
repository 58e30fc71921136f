"""What somebody decided about an issuer."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class IssuerVerdict(StrEnum):
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    LATER = "later"


class IssuerDecision(BaseModel):
    """One decision; they are added to and never changed.

    Attributes:
        by: the account that gave the command, as the operating system names it.
        until: only for `later`: it stays off the list until then.
        seen: only for `later`: when the newest record of that issuer came in that was known then.
        entry: what was written into the policy file.
    """

    model_config = ConfigDict(frozen=True)

    issuer: str
    decision: IssuerVerdict
    decided_at: datetime
    by: str
    until: datetime | None = None
    seen: datetime | None = None
    entry: dict[str, object] | None = None
