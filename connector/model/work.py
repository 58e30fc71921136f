"""A submission as the pipeline keeps it: the record that everybody sees, and what the pipeline needs beside it."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from connector.model.applicant import Applicant
from connector.model.records import SubmissionRecord


class Action(StrEnum):
    """What is to be done to a submission beyond its first delivery; it survives restarts until it is done."""

    RECHECK = "recheck"
    REEVALUATE = "reevaluate"
    """The employer recognises other issuers than when it was judged: judge it again, and deliver the difference."""
    UNDO = "undo"
    WITHDRAW = "withdraw"
    REMOVE = "remove"
    """Withdraw, and delete what is kept of it."""
    ERASE = "erase"


LOOKS_AGAIN = frozenset({Action.RECHECK, Action.REEVALUATE})
TAKES_BACK = frozenset({Action.UNDO, Action.WITHDRAW, Action.REMOVE, Action.ERASE})
DELETES = frozenset({Action.REMOVE, Action.ERASE})
WITHDRAWAL_REQUESTED: Final = "withdrawal_requested"
"""Code of a submission whose candidate asked to withdraw it, where the privacy office decides."""


class Work(SubmissionRecord):
    """One submission.

    Attributes:
        applicant, label, url, mapping, invitation: as handed in.
        consent: somebody answers for it; without it nothing is planned.
        action: what is under way beside the ordinary course.
        assessed_by: digest of the policy that judged it.
        recheck: something could not be found out just then, and is to be tried again.
        runs: how many workflows were started for it; the number is part of a workflow's id.
    """

    applicant: Applicant = Applicant()
    label: str = ""
    url: str | None = None
    mapping: str | None = None
    invitation: str | None = None
    consent: bool = True
    action: Action | None = None
    assessed_by: str | None = None
    recheck: bool = False
    runs: int = 0

    def record(self) -> SubmissionRecord:
        """The part that callers see."""
        return SubmissionRecord.model_validate({name: getattr(self, name) for name in SubmissionRecord.model_fields})
