"""What a receipt means for its submission: how the delivery ended, in which words, and what of it is its own."""

from __future__ import annotations

from collections.abc import Set

from connector.model.changes import ChangeSet, Effect, EffectState, Receipt, Skip
from connector.model.records import State
from connector.model.work import Work


def own_receipt(work: Work, receipt: Receipt, changes: ChangeSet) -> Receipt | None:
    """What a submission may say was done for it.

    A refused one shares the delivery of the others of its application, but its receipt holds only what was taken back
    because it no longer counts (or could not be taken back); one that never counted has none.
    """
    if work.state is not State.REFUSED:
        return receipt
    if work.change_set is None:
        return None
    wanted = {(c.op, c.target, c.rule) for c in changes.changes}
    own = tuple(e for e in receipt.effects if _is_taken_back(e, wanted))
    return receipt.model_copy(update={"effects": own, "skipped": _about_removal(receipt)}) if own else None


def _is_taken_back(effect: Effect, wanted: Set[tuple[str, str, str]]) -> bool:
    if effect.state is EffectState.UNDONE:
        return True
    return effect.state is EffectState.FAILED and (effect.op, effect.target, effect.rule) not in wanted


def _about_removal(receipt: Receipt) -> tuple[Skip, ...]:
    return tuple(s for s in receipt.skipped if s.reason in ("cannot_be_removed", "changed_in_ats"))


def outcome(receipt: Receipt, changes: ChangeSet) -> tuple[State, str | None, str | None]:
    """How a delivery ended: the state, and where there is something to say, a code and a sentence."""
    failed = [e for e in receipt.effects if e.state is EffectState.FAILED]
    if failed:
        done = len(failed) < len(receipt.effects)
        message = f"The ATS refused {len(failed)} of {len(receipt.effects)} values: {failed[0].detail}"
        return State.PARTLY_DELIVERED if done else State.FAILED, failed[0].code, message
    if not changes.changes:
        return State.DELIVERED, "nothing_to_write", "The mapping makes nothing of what was shared."
    if not receipt.effects:
        return State.DELIVERED, "left_as_it_is", "What stands in the ATS is not ours to change, and was left as it is."
    return State.DELIVERED, None, None
