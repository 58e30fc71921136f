"""The candidate's choice, and what may be done to a submission when: each a pure step from one state to the next."""

from __future__ import annotations

from connector.errors import ConnectorError, IntakeError
from connector.model.records import State
from connector.model.work import DELETES, TAKES_BACK, WITHDRAWAL_REQUESTED, Action, Work


def not_allowed(message: str) -> ConnectorError:
    return ConnectorError(message, code="not_allowed_now")


def unknown_submission() -> ConnectorError:
    return ConnectorError("There is no submission of that id.", code="unknown_submission")


def with_choice(work: Work, selected: tuple[str, ...]) -> Work:
    """The submission as it would be with this choice.

    Raises:
        IntakeError: nothing was chosen, or something that is not in it.
    """
    known = {claim.id for claim in work.claims}
    if not selected:
        raise IntakeError("Nothing was chosen.", code="nothing_selected")
    if not known.issuperset(selected):
        raise IntakeError("Something was chosen that is not in this record.", code="unknown_claim")
    return work.model_copy(update={"selected": tuple(dict.fromkeys(selected)), "consent": True, "live": True})


def consented(work: Work, selected: tuple[str, ...], reference: str | None) -> Work:
    """The candidate confirmed this choice. Confirming the same again changes nothing."""
    if work.state is not State.AWAITING_CONSENT:
        if work.consent and work.selected == selected:
            return work
        raise not_allowed("This submission does not wait for a choice.")
    after = with_choice(work, selected)
    return after.model_copy(
        update={"state": State.PLANNED, "consent_reference": reference or work.consent_reference, "attempts": 0}
    )


def retried(work: Work) -> Work:
    """Set in motion again from where it can go on. What is under way already stays as it is."""
    again = {"attempts": 0, "next_attempt_at": None}
    if work.state is State.WITHDRAWN:
        raise not_allowed("This submission was taken back.")
    if work.state is State.AWAITING_CONSENT:
        raise not_allowed("This submission waits for the candidate's choice.")
    if work.action in TAKES_BACK:
        return work.model_copy(update={**again, "state": State.DELIVERING})
    if work.state is State.REFUSED or (work.state is State.FAILED and not work.live):
        return work.model_copy(update={**again, "state": State.RECEIVED, "action": None})
    if work.state in (State.FAILED, State.PARTLY_DELIVERED, State.DELIVERED):
        return work.model_copy(update={**again, "state": State.PLANNED, "action": None})
    return work.model_copy(update=again)


def reevaluated(work: Work) -> Work:
    """Judge it by the policy as it is now. What moves, waits for a choice or was taken back stays as it is."""
    rests = work.state in (State.DELIVERED, State.PARTLY_DELIVERED, State.REFUSED)
    if not rests or not work.consent or work.action in TAKES_BACK:
        return work
    return work.model_copy(update={"action": Action.REEVALUATE, "attempts": 0, "next_attempt_at": None})


def taken_back(work: Work, action: Action) -> Work:
    """Stop counting it; the pipeline takes its values out of the ATS. A deletion under way stays one."""
    if action is not Action.ERASE and work.state in (State.WITHDRAWN, State.REFUSED):
        raise not_allowed("Nothing of this submission stands in the ATS.")
    values = {
        "action": work.action if work.action in DELETES and action not in DELETES else action,
        "live": False,
        "state": State.DELIVERING,
        "attempts": 0,
        "next_attempt_at": None,
        "code": None,
        "message": None,
    }
    return work.model_copy(update=values)


def withdrawal_requested(work: Work) -> Work:
    """For the privacy office: the candidate asked, and somebody has to decide."""
    if work.state in (State.WITHDRAWN, State.REFUSED):
        raise not_allowed("Nothing of this submission stands in the ATS.")
    if work.action in TAKES_BACK:
        return work
    message = "The candidate withdrew it; the privacy office decides what happens."
    return work.model_copy(update={"code": WITHDRAWAL_REQUESTED, "message": message})
