"""The whole run on one page: receive -> assess -> read claims -> make the plan -> deliver.

No engine here: `run` sees only the port `Steps`, and every step asks the desk (the store) where the submission stands,
so that it may be run again at any point, by anybody, and ends the same (DESIGN section 2).
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from connector.answers import Examination, ExamineContent, answer_json, examine, examine_content
from connector.deliver.delivery import Delivery
from connector.deliver.ledger import FAMILY_OF, Ledger, person_of
from connector.deliver.outcome import outcome, own_receipt
from connector.deliver.wished import PlanOf, wished
from connector.errors import ConnectorError, RetryableDeliveryError, StoreError
from connector.model.applicant import ApplicationRef
from connector.model.changes import ChangeSet, EffectState, Family, Receipt
from connector.model.records import State
from connector.model.submission import Submission
from connector.model.work import DELETES, LOOKS_AGAIN, TAKES_BACK, WITHDRAWAL_REQUESTED, Action, Work
from connector.normalize import Crosswalk
from connector.ports import Clock, DocumentSource, World
from connector.retry import next_delay
from connector.verify.policy import Policy

log = logging.getLogger(__name__)

MAX_ATTEMPTS: Final = 120
"""With the waits of `retry.next_delay` about a day; then it is `failed`, in sight, with a retry by one command."""
MAX_LOOKS: Final = 30
"""Of a record that is to be judged anew and whose documents cannot be had: some hours."""
FRESH_FOR: Final = timedelta(hours=1)
HOSTED_FRESH_FOR: Final = timedelta(hours=24)
"""An assessment older than this is made again before anything is written (THREATS section 6); a hosted badge's site is
asked again only after a day (DOMAIN section 4)."""
TARGET_BUSY_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Turn:
    """What comes next: `deliver`, `again` (after `delay` seconds, scaled already) or `rest`."""

    then: str
    delay: float = 0.0


REST: Final = Turn("rest")
DELIVER: Final = Turn("deliver")


class Steps(Protocol):
    """How an engine runs a step: once, with its outcome kept, so that a restart goes on behind it."""

    def run(self, name: str, work: Callable[[], Turn]) -> Turn: ...


class Desk(Protocol):
    """What the pipeline asks of the store."""

    def get(self, submission_id: str) -> Work | None: ...
    def change(self, submission_id: str, turn: Callable[[Work], Work | None]) -> Work: ...
    def document(self, submission_id: str) -> bytes | None: ...
    def keep_document(self, submission_id: str, document: bytes) -> None: ...
    def same_document(self, ref: ApplicationRef, sha256: str, before: str) -> str | None: ...
    def live(self, ref: ApplicationRef) -> tuple[Work, ...]: ...
    def hold_candidate(self, ref: ApplicationRef) -> AbstractContextManager[bool]: ...
    def renew_link(self, report_id: str) -> None: ...
    def wipe(self, submission_id: str) -> None: ...
    def forget(self, ref: ApplicationRef, submission_id: str) -> None: ...


class Courier(Protocol):
    """Carries deliveries to one ATS account, and knows when that account is not to be disturbed."""

    def carry(self, changes: ChangeSet, ledger: Ledger, ref: ApplicationRef) -> Delivery:
        """A delivery, ready to run."""
        ...

    def run(self, delivery: Delivery) -> Receipt: ...
    def wait(self, connection: str) -> float: ...
    def hold(self, connection: str, seconds: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Tools:
    """What the run needs from outside, wired by `bootstrap`.

    Attributes:
        documents: a source with a list of requests of its own, one per submission.
        plan: the wished-for state of an application, through the mapping of its connection.
        wide: the families that the ATS of a connection keeps on the person.
        look_into: looks into a submission (`answers.examine`).
        recheck_for: how long a document that could not be had is asked for again.
        time_scale: divides every wait.
    """

    desk: Desk
    ledger: Ledger
    courier: Courier
    clock: Clock
    policy: Callable[[], Policy]
    crosswalk: Callable[[], Crosswalk]
    documents: Callable[[], DocumentSource]
    plan: PlanOf
    wide: Callable[[str], frozenset[Family]]
    screen: Callable[[bytes], None]
    recheck_for: timedelta
    time_scale: float = 1.0
    look_into: ExamineContent = examine_content


def run(submission_id: str, steps: Steps, tools: Tools) -> Turn:
    """One run of one submission, from wherever it stands."""
    turn = steps.run("assess", lambda: _Run(submission_id, tools).assess())
    if turn.then == DELIVER.then:
        turn = steps.run("deliver", lambda: _Run(submission_id, tools).deliver())
    return turn


class _Run:
    def __init__(self, submission_id: str, tools: Tools) -> None:
        self._id, self._tools, self._desk = submission_id, tools, tools.desk

    # --- receive, assess, read the claims ---

    def assess(self) -> Turn:
        work = self._desk.get(self._id)
        if work is None:
            return REST
        if work.action in TAKES_BACK:
            return DELIVER
        now = self._tools.clock.now()
        policy = self._tools.policy()
        if work.state in _TO_BE_DELIVERED and work.action is None and not _stale(work, now, _digest(policy)):
            return DELIVER
        if work.state is State.REFUSED and work.action is None:
            return self._after_assessment(work)
        if work.state not in _TO_BE_ASSESSED and work.action not in LOOKS_AGAIN:
            return REST
        found = self._examine(work, now, policy)
        if work.action is Action.REEVALUATE and found.passing and _stands_by(work, found, policy):
            return self._look_later(work)
        earlier = self._duplicate(self._desk.get(self._id) or work)
        after = self._desk.change(self._id, lambda w: self._assessed(w, found, now, _digest(policy), earlier))
        log.info("submission %s: %s, %s", self._id, after.state, found.verdict)
        return self._after_assessment(after)

    def _examine(self, work: Work, now: datetime, policy: Policy) -> Examination:
        content = self._desk.document(self._id)
        kept = content is not None
        source = Submission(content=content, label=work.label, url=work.url) if content is not None else work.url or ""
        found = examine(
            source,
            policy,
            World(documents=self._tools.documents()),
            applicant=work.applicant,
            now=now,
            crosswalk=self._tools.crosswalk(),
            look_into=self._tools.look_into,
        )
        if kept or found.submission is None:
            return found
        return self._keep(found)

    def _keep(self, found: Examination) -> Examination:
        """Keep what a link led to, unless it is something that must not be kept."""
        assert found.submission is not None
        try:
            self._tools.screen(found.submission.content)
        except ConnectorError as error:
            return Examination(None, requests=found.requests, error=error)
        self._desk.keep_document(self._id, found.submission.content)
        return found

    def _assessed(self, work: Work, found: Examination, now: datetime, policy: str, earlier: str | None) -> Work | None:
        """Where the submission stands after an assessment. Whoever took it back meanwhile has the last word."""
        if work.action in TAKES_BACK or work.state is State.WITHDRAWN:
            return None
        waits = found.passing and now < work.created_at + self._tools.recheck_for
        values: dict[str, Any] = {
            "duplicate_of": earlier,
            "answer": answer_json(found, request_id=work.id),
            "claims": found.claims,
            "assessed_at": now,
            "assessed_by": policy,
            "recheck": waits,
            "action": None,
            "code": None,
            "message": None,
            "next_attempt_at": None,
        }
        if found.error is not None or found.refused:
            values |= _why_refused(found)
            values |= {"state": State.ASSESSED if waits else State.REFUSED, "live": False}
            if waits:
                values |= {"attempts": work.attempts + 1, "next_attempt_at": self._later(work.attempts + 3)}
        elif not work.consent:
            values |= {"state": State.AWAITING_CONSENT}
        else:
            attempts = work.attempts if work.state in _TO_BE_DELIVERED else 0
            values |= {"state": State.PLANNED, "live": True, "attempts": attempts}
        return work.model_copy(update=values if values["state"] is State.REFUSED else _heard(work, values))

    def _look_later(self, work: Work) -> Turn:
        """Nothing is known against what stands: it stays as it is, and is judged when the documents can be had."""
        more = work.attempts < MAX_LOOKS

        def turn(now: Work) -> Work | None:
            if now.action is not Action.REEVALUATE:
                return None
            if not more:
                return now.model_copy(update={"action": None, "next_attempt_at": None})
            later = self._later(work.attempts + 3)
            return now.model_copy(update={"attempts": work.attempts + 1, "next_attempt_at": later})

        after = self._desk.change(self._id, turn)
        log.warning("submission %s: could not be judged anew just now; it stays as it is", self._id)
        return self._again(after) if after.next_attempt_at is not None else REST

    def _duplicate(self, work: Work) -> str | None:
        """An earlier submission of the same bytes for the same application; it stays the one that counted first."""
        if work.document_sha256 is None or work.duplicate_of is not None:
            return work.duplicate_of
        return self._desk.same_document(work.ref, work.document_sha256, work.id)

    def _after_assessment(self, work: Work) -> Turn:
        if work.action in TAKES_BACK or work.state is State.PLANNED:
            return DELIVER
        if work.state is State.ASSESSED:
            return self._again(work)
        if work.state is State.REFUSED and self._stands(work.ref):
            return DELIVER  # it counted before; what rested on it alone is taken back
        return REST

    def _stands(self, ref: ApplicationRef) -> bool:
        return any(e.active for scope in {ref, person_of(ref)} for e in self._tools.ledger.entries(scope))

    # --- make the plan, deliver ---

    def deliver(self) -> Turn:
        work = self._desk.get(self._id)
        if work is None:
            return REST
        with self._desk.hold_candidate(work.ref) as free:
            if not free:
                return Turn("again", TARGET_BUSY_SECONDS / self._tools.time_scale)
            work = self._desk.get(self._id) or work  # another run may have come to the end of it meanwhile
            if work.state not in _TO_BE_DELIVERED | {State.REFUSED} and work.action not in TAKES_BACK:
                return REST
            pause = self._tools.courier.wait(work.ref.connection)
            if pause > 0:
                self._change(next_attempt_at=self._tools.clock.now() + timedelta(seconds=pause))
                return Turn("again", pause)
            return self._deliver(work)

    def _deliver(self, work: Work) -> Turn:
        refused = work.state is State.REFUSED
        work = self._change(
            state=work.state if refused else State.DELIVERING, attempts=work.attempts + 1, next_attempt_at=None
        )
        receipt: Receipt | None = None
        changes = ChangeSet(ats=work.ref.connection)
        try:
            if work.report_id is not None:
                self._desk.renew_link(work.report_id)
            changes = self._wished(work.ref) or changes
            if not refused:
                self._change(change_set=changes)
            delivery = self._tools.courier.carry(changes, self._tools.ledger, work.ref)
            try:
                self._tools.courier.run(delivery)
            finally:
                receipt = own_receipt(work, delivery.receipt(), changes)
            if not refused:
                assert receipt is not None, "only a refused submission may be without one"
                return self._finish(work, receipt, changes)
        except StoreError:
            raise
        except RetryableDeliveryError as error:
            return self._try_later(work, error, receipt)
        except ConnectorError as error:
            return self._failed(work, error, receipt)
        self._end(work, receipt=receipt)
        return REST

    def _wished(self, ref: ApplicationRef) -> ChangeSet | None:
        wide = self._tools.wide(ref.connection)
        return wished(ref, self._desk.live(ref), wide=wide, plan_of=self._tools.plan)

    def _finish(self, work: Work, receipt: Receipt, changes: ChangeSet) -> Turn:
        if work.action in TAKES_BACK:
            self._retell(receipt)
            return self._taken_back(work, receipt)
        state, code, message = outcome(receipt, changes)
        values = {"state": state, "receipt": receipt, "code": code, "message": message}
        if work.recheck:
            values |= {"action": Action.RECHECK, "next_attempt_at": self._later(work.attempts + 5)}
        after = self._end(work, **values)
        log.info("submission %s: %s, %d writes", self._id, after.state, receipt.writes)
        return self._again(after) if after.action is Action.RECHECK else REST

    def _retell(self, receipt: Receipt) -> None:
        """The other submissions' plans and receipts spoke of everything that was shared; now without this one."""
        stands = tuple(e for e in receipt.effects if e.state is not EffectState.UNDONE)
        wide = self._tools.wide(receipt.ref.connection)
        for other in self._desk.live(receipt.ref):
            if other.state not in (State.DELIVERED, State.PARTLY_DELIVERED) or not (wide or other.ref == receipt.ref):
                continue
            values: dict[str, Any] = {"change_set": self._wished(other.ref)}
            if other.ref == receipt.ref:
                values["receipt"] = receipt.model_copy(update={"effects": stands})
            elif other.receipt is not None:
                own = tuple(e for e in other.receipt.effects if FAMILY_OF[e.op] not in wide)
                shared = tuple(e for e in stands if FAMILY_OF[e.op] in wide)
                values["receipt"] = other.receipt.model_copy(update={"effects": (*shared, *own)})
            self._desk.change(other.id, lambda w, values=values: w.model_copy(update=values))  # type: ignore[misc]  # bound

    def _taken_back(self, work: Work, receipt: Receipt) -> Turn:
        failed = [e for e in receipt.effects if e.state is EffectState.FAILED]
        if failed:
            self._end(
                work,
                state=State.FAILED,
                receipt=receipt,
                code=failed[0].code,
                message="The ATS refused to take something back.",
            )
            return REST
        stays = [s for s in receipt.skipped if s.reason == "cannot_be_removed"]
        message = "It was taken back."
        if stays:
            message = (
                f"It was taken back, except what this ATS lets nobody remove: {'; '.join(s.detail for s in stays)}."
            )
        action = work.action
        assert action is not None
        if action in DELETES:
            self._desk.wipe(self._id)
            self._desk.forget(work.ref, self._id)
            receipt = receipt.model_copy(update={"effects": ()})
        self._end(
            work,
            state=State.WITHDRAWN,
            action=None,
            receipt=receipt,
            code=_DONE[action],
            message=message,
            live=False,
        )
        log.info("submission %s: %s", self._id, _DONE[action])
        return REST

    # --- when it did not go well ---

    def _try_later(self, work: Work, error: RetryableDeliveryError, receipt: Receipt | None) -> Turn:
        if work.attempts >= MAX_ATTEMPTS:
            return self._failed(work, error, receipt)
        delay = next_delay(work.attempts, error.retry_after) / self._tools.time_scale
        if error.retry_after is not None:
            asked = next_delay(1, error.retry_after) / self._tools.time_scale
            self._tools.courier.hold(work.ref.connection, asked)
        refused = work.state is State.REFUSED  # it keeps saying why
        values: dict[str, Any] = {} if refused else {"code": error.code, "message": error.message}
        if receipt is not None:
            values["receipt"] = receipt
        self._end(work, **values, next_attempt_at=self._tools.clock.now() + timedelta(seconds=delay))
        log.warning("submission %s: attempt %d ended %s; again in %.0f s", self._id, work.attempts, error.code, delay)
        return Turn("again", delay)

    def _failed(self, work: Work, error: ConnectorError, receipt: Receipt | None) -> Turn:
        values = {"state": State.FAILED, "code": error.code, "message": error.message}
        self._end(work, **values | ({"receipt": receipt} if receipt is not None else {}))
        log.warning("submission %s: failed, %s", self._id, error.code)
        return REST

    def _change(self, **values: object) -> Work:
        return self._desk.change(self._id, lambda w: w.model_copy(update=values))

    def _end(self, work: Work, **values: object) -> Work:
        """How a delivery ended. What somebody asked for meanwhile that it was not for is still to be done."""

        def turn(now: Work) -> Work | None:
            if now.action in TAKES_BACK and now.action is not work.action:
                return now.model_copy(update={k: v for k, v in values.items() if k == "receipt"})
            return now.model_copy(update=_heard(now, values))

        return self._desk.change(self._id, turn)

    def _later(self, attempt: int) -> datetime:
        return self._tools.clock.now() + timedelta(seconds=next_delay(attempt) / self._tools.time_scale)

    def _again(self, work: Work) -> Turn:
        assert work.next_attempt_at is not None
        return Turn("again", max((work.next_attempt_at - self._tools.clock.now()).total_seconds(), 0.0))


_TO_BE_DELIVERED: Final = frozenset({State.PLANNED, State.DELIVERING})
_TO_BE_ASSESSED: Final = frozenset({State.RECEIVED, State.ASSESSED}) | _TO_BE_DELIVERED
_DONE: Final = {
    Action.UNDO: "undone",
    Action.WITHDRAW: "withdrawn",
    Action.REMOVE: "withdrawn",
    Action.ERASE: "erased",
}


def _stale(work: Work, now: datetime, policy: str) -> bool:
    """Too old, or judged by another policy than the one in force."""
    if work.assessed_at is None or work.assessed_by != policy:
        return True
    hosted = any(c["securing"] == ["hosted"] for c in (work.answer or {}).get("credentials", ()))
    return now - work.assessed_at > (HOSTED_FRESH_FOR if hosted else FRESH_FOR)


def _stands_by(work: Work, found: Examination, policy: Policy) -> bool:
    """Whether what stands in the ATS is to stay although the record could not be judged anew.

    A policy that changed is no reason to take something back because a site is down just now; one that refuses the
    issuer is.
    """
    issuers = [credential["issuer"]["id"] for credential in (work.answer or {}).get("credentials", ())]
    gone = found.error is not None or found.refused
    return work.live and gone and not any(policy.denies(issuer) for issuer in issuers if issuer)


def _digest(policy: Policy) -> str:
    return hashlib.sha256(policy.model_dump_json().encode()).hexdigest()[:16]


def _heard(work: Work, values: dict[str, Any]) -> dict[str, Any]:
    """The values, but what the candidate asked the privacy office for stays in sight until it is done."""
    if work.code != WITHDRAWAL_REQUESTED:
        return values
    return {k: v for k, v in values.items() if k not in ("code", "message")}


def _why_refused(found: Examination) -> dict[str, str]:
    if found.error is not None:
        return {"code": found.error.code, "message": found.error.message}
    verdict = str(found.verdict)
    failed = [c for a in found.assessed for c in a.report.checks if c.outcome == "failed"]
    undetermined = [c for a in found.assessed for c in a.report.checks if c.outcome == "undetermined"]
    telling = next(iter(failed or undetermined), None)
    if telling is None:
        return {"code": verdict, "message": "No credential in it can be used."}
    return {"code": telling.code if verdict == "verified" else verdict, "message": telling.summary}
