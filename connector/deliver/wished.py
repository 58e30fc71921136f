"""What is wished for: everything that was shared for one application, and the plan made from it.

Where an ATS keeps something on the person, that comes from all of the person's applications; what it keeps on one
application comes only from what was sent to that one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from connector.deliver.ledger import family_of
from connector.model.applicant import ApplicationRef
from connector.model.changes import ChangeSet, Family
from connector.model.claims import Claim
from connector.model.work import Work


@dataclass(frozen=True, slots=True)
class Share:
    """What a plan is made from.

    Attributes:
        works: the live submissions of the candidate, of all applications where the ATS keeps something on the person.
        claims: of all submissions; `selected` are the ids of those that may be passed on, in the candidates' order.
        shared_on: when the latest of them came in.
    """

    ref: ApplicationRef
    works: tuple[Work, ...]
    claims: tuple[Claim, ...]
    selected: tuple[str, ...]
    shared_on: datetime


PlanOf = Callable[[Share], ChangeSet]


def wished(ref: ApplicationRef, live: Iterable[Work], *, wide: frozenset[Family], plan_of: PlanOf) -> ChangeSet | None:
    """The plan of an application from all its live submissions; None when there are none.

    Args:
        live: the live submissions of the candidate, of all applications.
        wide: the families that the ATS keeps on the person.
        plan_of: makes the plan, through the mapping of the connection.
    """
    works = sorted((w for w in live if wide or w.ref == ref), key=lambda w: (w.created_at, w.id))
    if not works:
        return None
    share = share_of(ref, works)
    plan = plan_of(share)
    if all(work.ref == ref for work in works):
        return plan
    return _narrowed(share, plan, wide, plan_of)


def _narrowed(share: Share, plan: ChangeSet, wide: frozenset[Family], plan_of: PlanOf) -> ChangeSet:
    """What is kept on the person comes from all applications; what is kept on this one only from what it was sent."""
    own = [work for work in share.works if work.ref == share.ref]
    changes = [c for c in plan.changes if family_of(c) in wide]
    if own:
        narrow = plan_of(replace(share, selected=share_of(share.ref, own).selected))
        changes += [c for c in narrow.changes if family_of(c) not in wide]
    return plan.model_copy(update={"changes": tuple(changes)})


def share_of(ref: ApplicationRef, works: Sequence[Work]) -> Share:
    """Everything that was shared for one application, oldest first; what was shared twice counts once.

    A claim stands as the latest assessment has it. The day of the share is the day on which something new came:
    handing in the same record again changes nothing.
    """
    claims: dict[str, Claim] = {}
    selected: dict[str, None] = {}
    shared_on = works[0].created_at
    for work in works:
        ticked = [c.id for c in work.claims if c.preselected] if work.selected is None else work.selected
        if not selected.keys() >= set(ticked):
            shared_on = work.created_at
        claims |= {claim.id: claim for claim in work.claims}
        selected |= dict.fromkeys(ticked)
    return Share(ref, tuple(works), tuple(claims.values()), tuple(selected), shared_on)
