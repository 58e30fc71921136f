"""Brings one application in the ATS to the wished-for state: read, compare, write what is missing, remember.

The order of the steps is the promise (DESIGN section 2): the ledger says *sent* before a call is made and *confirmed*
after the answer, so that after a crash, a time-out or a lost answer the next attempt knows what to look for. Writes
go family by family, one call for all fields, one for all tags. Nothing is retried here; the pipeline decides when.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any, Final

from connector.deliver.ledger import FAMILY_OF, Ledger, LedgerEntry, note_marker, person_of, scope_of
from connector.deliver.plan import (
    CREATES,
    Kept,
    Standing,
    Step,
    Write,
    WriteKind,
    families,
    plan_steps,
)
from connector.errors import AtsAuthError, DeliveryError, RejectedByAts, RetryableDeliveryError, UnsupportedByAts
from connector.model.applicant import ApplicationRef
from connector.model.changes import (
    AddAttachment,
    AtsState,
    AttachmentState,
    ChangeSet,
    Effect,
    Family,
    FormState,
    NoteState,
    PutForm,
    PutNote,
    Receipt,
    Skip,
)
from connector.ports import AtsAdapter
from connector.retry import within_attempt

LOOKS: Final = (1.0, 3.0, 8.0)
"""Seconds between looks for a note, form or file whose creation has an unknown outcome: vendors show new ones late."""

_SINGLE: Final = CREATES | {WriteKind.REMOVE_NOTE, WriteKind.REMOVE_ATTACHMENT}
"""Calls that take one thing; the others take all of their kind at once."""

Sleep = Callable[[float], Awaitable[Any]]


async def deliver(
    changes: ChangeSet, ats: AtsAdapter, ledger: Ledger, ref: ApplicationRef, *, sleep: Sleep = asyncio.sleep
) -> Receipt:
    """Bring the application to the wished-for state.

    Returns:
        What stands there now. Single values that the ATS refused are in it as `failed`; the others were written.

    Raises:
        RetryableDeliveryError: try the whole again later; what was confirmed is not repeated.
        AtsAuthError, NotFoundInAts, AmbiguousTarget: stop; trying again does not help.
        StoreError: the ledger cannot be written; nothing was sent after that.
    """
    return await Delivery(changes, ats, ledger, ref, sleep=sleep).run()


@dataclass
class Delivery:
    """One attempt. `receipt()` tells what is known so far, also after `run` raised."""

    changes: ChangeSet
    ats: AtsAdapter
    ledger: Ledger
    ref: ApplicationRef
    sleep: Sleep = asyncio.sleep
    writes: int = 0
    requests: int = 0
    """HTTP requests, counted by whoever runs it."""
    _effects: dict[str, Effect] = field(default_factory=dict)
    _skipped: list[Skip] = field(default_factory=list)
    _known: dict[str, LedgerEntry] = field(default_factory=dict)

    async def run(self) -> Receipt:
        self._known = {e.key: e for e in await asyncio.to_thread(self._entries)}
        wanted = families(self.changes, self._known.values())
        if wanted:
            state, steps = await self._look(wanted)
            await self._settle(steps)
            await self._write([s for s in steps if isinstance(s, Write)], state)
        return self.receipt()

    def receipt(self) -> Receipt:
        return Receipt(
            ref=self.ref,
            effects=tuple(self._effects.values()),
            skipped=(*self.changes.skipped, *self._skipped),
            requests=self.requests,
            writes=self.writes,
        )

    def _entries(self) -> list[LedgerEntry]:
        """What we wrote for this application, and for its candidate where this ATS keeps that on the person."""
        person = person_of(self.ref)
        mine = [e for e in self.ledger.entries(self.ref) if self._scope(e.family) == self.ref]
        if person == self.ref:
            return mine
        return mine + [e for e in self.ledger.entries(person) if self._scope(e.family) == person]

    def _scope(self, family: Family) -> ApplicationRef:
        return scope_of(self.ref, family, self.ats.capabilities.candidate_wide)

    # --- looking ---

    async def _look(self, wanted: frozenset[Family]) -> tuple[AtsState, tuple[Step, ...]]:
        """Read and compare; look again, spaced out, before making a second time what may exist already."""
        state = await within_attempt(lambda: self.ats.read(self.ref, wanted))
        steps = self._plan(state)
        for pause in LOOKS:
            if not any(self._may_exist(step) for step in steps):
                break
            await self.sleep(pause)
            state = await within_attempt(lambda: self.ats.read(self.ref, wanted))
            steps = self._plan(state)
        return state, steps

    def _plan(self, state: AtsState) -> tuple[Step, ...]:
        return plan_steps(self.changes, state, self._known.values(), self.ats.capabilities, self.ref)

    def _may_exist(self, step: Step) -> bool:
        known = self._known.get(step.entry.key) if step.entry is not None else None
        if known is None or not known.unknown:
            return False
        if isinstance(step, Standing):
            return step.undone and known.family in {FAMILY_OF[kind] for kind in CREATES}
        return isinstance(step, Write) and step.kind in CREATES and step.existing is None

    # --- what needs no write ---

    async def _settle(self, steps: Sequence[Step]) -> None:
        changed: list[LedgerEntry] = []
        for step in steps:
            if isinstance(step, Standing):
                entry = step.entry if step.undone else step.entry.done()
                self._note_effect(entry, step.change.value if step.change else entry.value, wrote=False)
            elif isinstance(step, Kept):
                self._skipped.append(step.skip)
                if step.entry is None:
                    continue
                entry = step.entry
            else:
                continue
            if self._known.get(entry.key) != entry:
                changed.append(entry)
        await self._save(changed)

    # --- writing ---

    async def _write(self, writes: Sequence[Write], state: AtsState) -> None:
        order = list(WriteKind)
        ordered = sorted(writes, key=lambda w: order.index(w.kind))
        for write in ordered:
            self._note_effect(write.entry.waiting("not_yet_sent"), self._shown(write), wrote=False)
        for kind, group in groupby(ordered, key=lambda w: w.kind):
            await self._write_kind(kind, list(group), state)

    async def _write_kind(self, kind: WriteKind, group: list[Write], state: AtsState) -> None:
        batches = [[w] for w in group] if kind in _SINGLE else [group]
        for batch in batches:
            try:
                await self._send(batch, state)
            except (RejectedByAts, UnsupportedByAts) as error:
                await self._refused(batch, error, state)

    async def _refused(self, batch: list[Write], error: DeliveryError, state: AtsState) -> None:
        """One bad value refuses the whole call: send the others one by one, so that the refusal names its value."""
        if len(batch) == 1:
            await self._record(batch[0], batch[0].entry.failed(error.code), wrote=False, detail=error.message)
            return
        for write in batch:
            try:
                await self._send([write], state)
            except (RejectedByAts, UnsupportedByAts) as single:
                await self._record(write, write.entry.failed(single.code), wrote=False, detail=single.message)

    async def _send(self, batch: list[Write], state: AtsState) -> None:
        """Intent, call, outcome."""
        await self._save([w.entry.sent() for w in batch])
        self.writes += 1
        try:
            remote_id = await self._call(batch, state)
        except RetryableDeliveryError as error:
            for write in batch:
                entry = write.entry.sent() if error.maybe_applied else write.entry.waiting(error.code)
                await self._record(write, replace(entry, code=error.code), wrote=False, detail=error.message)
            raise
        except AtsAuthError as error:
            for write in batch:
                await self._record(write, write.entry.failed(error.code), wrote=False, detail=error.message)
            raise
        for write in batch:
            self._note_effect(self._outcome(write, remote_id), self._shown(write), wrote=True)
        await self._save([self._outcome(w, remote_id) for w in batch])

    def _outcome(self, write: Write, remote_id: str | None) -> LedgerEntry:
        return write.entry.undone() if write.takes_back else write.entry.done(remote_id)

    async def _call(self, batch: list[Write], state: AtsState) -> str | None:
        first, values = batch[0], [w.value for w in batch]
        match first.kind:
            case WriteKind.SET_FIELD:
                await self.ats.set_fields(self.ref, {w.entry.target: w.value for w in batch}, state)
            case WriteKind.ADD_TAG:
                await self.ats.add_tags(self.ref, values, state)
            case WriteKind.REMOVE_TAG:
                await self.ats.remove_tags(self.ref, values, state)
            case WriteKind.ADD_LINK:
                await self.ats.add_links(self.ref, values, state)
            case WriteKind.REMOVE_LINK:
                await self.ats.remove_links(self.ref, values, state)
            case _:
                return await self._call_single(first)
        return None

    async def _call_single(self, write: Write) -> str | None:
        marker = note_marker(self._scope(write.entry.family), write.entry.rule)
        match write.change, write.existing:
            case PutNote() as note, (NoteState() | None) as existing:
                return await self.ats.put_note(self.ref, marker, note.value, private=note.private, existing=existing)
            case PutForm() as form, (FormState() | None) as existing:
                return await self.ats.put_form(self.ref, marker, form, existing=existing)
            case AddAttachment() as attachment, (AttachmentState() | None) as existing:
                if existing is not None:
                    await self.ats.remove_attachment(self.ref, existing)
                return await self.ats.add_attachment(self.ref, attachment)
            case None, NoteState() as note:
                await self.ats.remove_note(self.ref, note)
            case None, AttachmentState() as attachment:
                await self.ats.remove_attachment(self.ref, attachment)
            case _:
                raise AssertionError(f"no call for {write.kind}")
        return None

    # --- remembering ---

    async def _record(self, write: Write, entry: LedgerEntry, *, wrote: bool, detail: str = "") -> None:
        self._note_effect(entry, self._shown(write), wrote=wrote, detail=detail)
        await self._save([entry])

    async def _save(self, entries: Sequence[LedgerEntry]) -> None:
        for scope in {self._scope(e.family) for e in entries}:
            mine = [e for e in entries if self._scope(e.family) == scope]
            await asyncio.to_thread(self.ledger.save, scope, mine)

    @staticmethod
    def _shown(write: Write) -> Any:
        return write.change.value if write.change is not None else write.entry.value

    def _note_effect(self, entry: LedgerEntry, value: Any, *, wrote: bool, detail: str = "") -> None:
        self._effects[entry.key] = Effect(
            op=entry.op,
            target=entry.target,
            value=value.model_dump() if hasattr(value, "model_dump") else value,
            state=entry.state,
            assurance=entry.assurance,
            rule=entry.rule,
            remote_id=entry.remote_id,
            code=entry.code,
            detail=detail,
            wrote=wrote,
        )
