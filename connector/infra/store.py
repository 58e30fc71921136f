"""What is remembered: submissions, applications (targets), the ledger's effects. Encrypted at rest.

Sync and thread-safe. Every change is one transaction that is on disk when the method returns; what cannot be stored
raises StoreError, and then nothing of it is. A submission is changed by `change`, which reads and writes it under one
lock, so that a page, a worker and a command never lose each other's changes.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, and_, delete, insert, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from connector.deliver.ledger import LedgerEntry, person_of
from connector.errors import ConfigurationError, StoreError
from connector.infra.crypto import Vault
from connector.infra.database import reading, upgrade, writing
from connector.infra.rows import cursor_of, entry_bytes, entry_of, read_cursor, target_of
from connector.infra.tables import effects, installation, submissions, targets
from connector.model.applicant import ApplicationRef
from connector.model.changes import Receipt
from connector.model.records import RESTING_STATES, State
from connector.model.work import LOOKS_AGAIN, Work
from connector.ports import Clock

SEALED_PARTS: Final = {
    "request": (
        "applicant",
        "label",
        "url",
        "mapping",
        "consent_reference",
        "consented_at",
        "selected",
        "message",
    ),
    "result": ("answer", "claims", "assessed_at", "assessed_by", "recheck"),
    "delivery": ("change_set", "receipt"),
}
"""Which members of a submission go encrypted into which column."""
CLEAR: Final = (
    "state",
    "action",
    "basis",
    "consent",
    "live",
    "code",
    "document_sha256",
    "duplicate_of",
    "report_id",
    "invitation",
    "attempts",
    "runs",
    "next_attempt_at",
    "created_at",
    "updated_at",
)
MAX_PAGE: Final = 200


class IdempotencyConflict(StoreError):
    """The same idempotency key came with another request."""

    default_code = "idempotency_conflict"


class Store:
    """Implements the pipeline's `Desk`, and the ledger.

    Args:
        link_days: how long a link to a report opens it.
    """

    def __init__(self, engine: Engine, vault: Vault, clock: Clock, *, link_days: int = 180) -> None:
        self._engine, self._vault, self._clock, self._link_days = engine, vault, clock, link_days
        self._digest_key = b""
        self._busy: set[str] = set()
        self._busy_lock = threading.Lock()

    def open(self) -> None:
        """Bring the tables up to date, and make sure that our secret key is the one they were written with."""
        upgrade(self._engine)
        with writing(self._engine) as db:
            db.execute(
                self._upsert(installation).on_conflict_do_nothing(),
                {"name": "digest_key", "sealed": self._vault.seal(secrets.token_bytes(32), "installation:digest_key")},
            )
            sealed = db.execute(select(installation.c.sealed).where(installation.c.name == "digest_key")).scalar_one()
        try:
            self._digest_key = self._vault.open(sealed, "installation:digest_key")
        except StoreError as error:
            raise ConfigurationError(
                "LER_SECRET_KEY is not the key that this database was written with; give that one as well."
            ) from error

    def close(self) -> None:
        self._engine.dispose()

    def ready(self) -> bool:
        """Whether the database answers."""
        try:
            with reading(self._engine) as db:
                return db.execute(select(installation.c.name).limit(1)).first() is not None
        except StoreError:
            return False

    def check_writable(self) -> None:
        """Raise StoreError when nothing could be stored now."""
        with writing(self._engine) as db:
            db.execute(update(installation).where(installation.c.name == "").values(name=""))

    # --- submissions ---

    def add(
        self,
        work: Work,
        document: bytes | None,
        *,
        idempotency_key: str | None = None,
        request: bytes = b"",
        report_for: ApplicationRef | None = None,
    ) -> tuple[Work, bool]:
        """Keep a new submission.

        Args:
            report_for: whose report it belongs to, when that is not the application's alone.
            idempotency_key: the caller's; the same key with the same `request` finds the first submission again.

        Returns:
            The submission, and whether it is new.

        Raises:
            IdempotencyConflict: the key was used with another request.
            StoreError: it was not kept.
        """
        key = self._digest(f"idempotency:{idempotency_key}") if idempotency_key else None
        digest = self._digest(f"request:{hashlib.sha256(request).hexdigest()}")
        with writing(self._engine) as db:
            if key is not None and (earlier := self._by_key(db, work.ref.connection, key)) is not None:
                if earlier.request_digest != digest:
                    raise IdempotencyConflict("This idempotency key was already used with another request.")
                return self._work(earlier), False
            work = work.model_copy(update={"report_id": self._report_id(db, report_for or work.ref)})
            row = {
                "id": work.id,
                "connection": work.ref.connection,
                "target": target_of(person_of(work.ref)),
                "candidate": work.ref.candidate,
                "application": work.ref.application,
                "idempotency": key,
                "request_digest": digest,
                "document": self._seal_document(work.id, document),
                **self._columns(work, None),
            }
            db.execute(insert(submissions), row)
        return work, True

    def get(self, submission_id: str) -> Work | None:
        with reading(self._engine) as db:
            row = self._row(db, submission_id)
            return self._work(row) if row is not None else None

    def document(self, submission_id: str) -> bytes | None:
        """The bytes as they came."""
        with reading(self._engine) as db:
            sealed = db.execute(
                select(submissions.c.document).where(submissions.c.id == submission_id)
            ).scalar_one_or_none()
        return None if sealed is None else self._vault.open(sealed, f"submissions.document:{submission_id}")

    def keep_document(self, submission_id: str, document: bytes) -> None:
        """Keep what a link led to, unless the submission was, or is being, taken back meanwhile."""
        wanted = (submissions.c.state != str(State.WITHDRAWN)) & (
            submissions.c.action.is_(None) | submissions.c.action.in_([str(action) for action in LOOKS_AGAIN])
        )
        values = {
            "document": self._seal_document(submission_id, document),
            "document_sha256": hashlib.sha256(document).hexdigest(),
        }
        with writing(self._engine) as db:
            db.execute(update(submissions).where(submissions.c.id == submission_id, wanted).values(**values))

    def change(self, submission_id: str, turn: Callable[[Work], Work | None]) -> Work:
        """Read, let `turn` say what it becomes (None: nothing), and write, under one lock.

        Raises:
            LookupError: there is no such submission.
        """
        with writing(self._engine) as db:
            row = self._row(db, submission_id, lock=True)
            if row is None:
                raise LookupError(submission_id)
            before = self._work(row)
            after = turn(before)
            if after is None or after == before:
                return before
            after = after.model_copy(update={"updated_at": self._clock.now()})
            db.execute(
                update(submissions).where(submissions.c.id == submission_id).values(**self._columns(after, before))
            )
            return after

    def page(
        self, cursor: str | None, state: State | None, connection: str | None, limit: int
    ) -> tuple[tuple[Work, ...], str | None]:
        """Newest first. The cursor is opaque; a broken one starts nowhere: LinkError."""
        query = select(submissions).order_by(submissions.c.created_at.desc(), submissions.c.id.desc())
        if cursor is not None:
            when, last = read_cursor(cursor)
            query = query.where(
                or_(
                    submissions.c.created_at < when,
                    and_(submissions.c.created_at == when, submissions.c.id < last),
                )
            )
        if state is not None:
            query = query.where(submissions.c.state == str(state))
        if connection is not None:
            query = query.where(submissions.c.connection == connection)
        limit = min(max(limit, 1), MAX_PAGE)
        with reading(self._engine) as db:
            rows = db.execute(query.limit(limit + 1)).all()
            items = tuple(self._work(row) for row in rows[:limit])
        following = cursor_of(items[-1]) if len(rows) > limit else None
        return items, following

    def live(self, ref: ApplicationRef) -> tuple[Work, ...]:
        """All submissions of that candidate that count, whatever the application, oldest first."""
        query = select(submissions).where(submissions.c.target == target_of(person_of(ref)), submissions.c.live)
        with reading(self._engine) as db:
            rows = db.execute(query.order_by(submissions.c.created_at, submissions.c.id)).all()
            return tuple(self._work(row) for row in rows)

    def same_document(self, ref: ApplicationRef, sha256: str, before: str) -> str | None:
        """An earlier live submission of the very same bytes for the same application."""
        query = select(submissions.c.id).where(
            submissions.c.target == target_of(person_of(ref)),
            submissions.c.application.is_not_distinct_from(ref.application),
            submissions.c.document_sha256 == sha256,
            submissions.c.id != before,
            submissions.c.live,
        )
        with reading(self._engine) as db:
            return db.execute(query.order_by(submissions.c.created_at).limit(1)).scalar_one_or_none()

    def stalled(self, before: datetime, beyond: datetime, limit: int = 500) -> tuple[Work, ...]:
        """Submissions that should have moved and did not. One that failed waits for somebody, whatever it was to do.

        Args:
            before: untouched since then, and not due later.
            beyond: a time after this cannot be meant: the clock was set back since it was written.
        """
        resting = [str(s) for s in RESTING_STATES]
        asked = submissions.c.action.is_not(None) & (submissions.c.state != str(State.FAILED))
        moving = or_(submissions.c.state.not_in(resting), asked, submissions.c.next_attempt_at.is_not(None))
        due = or_(submissions.c.next_attempt_at.is_(None), submissions.c.next_attempt_at < before)
        untouched = and_(due, submissions.c.updated_at < before)
        unreal = or_(submissions.c.next_attempt_at > beyond, submissions.c.updated_at > beyond)
        query = select(submissions).where(moving, or_(untouched, unreal))
        with reading(self._engine) as db:
            rows = db.execute(query.order_by(submissions.c.updated_at).limit(limit)).all()
            return tuple(self._work(row) for row in rows)

    def wipe(self, submission_id: str) -> None:
        """Delete the document, the applicant, the claims and the values; the row stays and says that it did."""
        empty = {"request": None, "document": None, "result": None, "delivery": None, "document_sha256": None}
        with writing(self._engine) as db:
            db.execute(update(submissions).where(submissions.c.id == submission_id).values(**empty))

    def forget(self, ref: ApplicationRef, submission_id: str) -> None:
        """Delete what is remembered elsewhere of a submission that is erased.

        That is what the ledger knows of values of which nothing stands any more, and the plans and receipts of the
        candidate's other submissions that no delivery will make anew: each spoke of everything that was shared.
        """
        with writing(self._engine) as db:
            for scope in {target_of(ref), target_of(person_of(ref))}:
                rows = db.execute(select(effects).where(effects.c.target == scope)).all()
                gone = [row.effect for row in rows if not self._entry(row).active]
                db.execute(delete(effects).where(effects.c.target == scope, effects.c.effect.in_(gone)))
            others = select(submissions).where(
                submissions.c.target == target_of(person_of(ref)),
                submissions.c.id != submission_id,
                or_(submissions.c.live.is_(False), submissions.c.state == str(State.FAILED)),
            )
            for work in map(self._work, db.execute(others.with_for_update()).all()):
                after = work.model_copy(update={"change_set": None, "receipt": _without_values(work.receipt)})
                if after != work:
                    columns = self._columns(after, work)
                    db.execute(update(submissions).where(submissions.c.id == work.id).values(**columns))

    # --- targets ---

    def report_submissions(self, report_id: str) -> tuple[Work, ...] | None:
        """The live submissions behind one report, or None when there is no such report."""
        with reading(self._engine) as db:
            if db.execute(select(targets.c.target).where(targets.c.report_id == report_id)).first() is None:
                return None
            query = select(submissions).where(submissions.c.report_id == report_id, submissions.c.live)
            rows = db.execute(query.order_by(submissions.c.created_at, submissions.c.id)).all()
            return tuple(self._work(row) for row in rows)

    def report_expiry(self, report_id: str) -> datetime | None:
        """Until when a link to this report opens it; the same for every link, so that a written link stays as it is."""
        with reading(self._engine) as db:
            query = select(targets.c.link_expires_at).where(targets.c.report_id == report_id)
            return db.execute(query).scalar_one_or_none()

    def renew_link(self, report_id: str) -> None:
        """Let the report's link live for its full time again once half of it is over."""
        now, length = self._clock.now(), timedelta(days=self._link_days)
        with writing(self._engine) as db:
            db.execute(
                update(targets)
                .where(targets.c.report_id == report_id, targets.c.link_expires_at < now + length / 2)
                .values(link_expires_at=now + length)
            )

    def _report_id(self, db: Connection, ref: ApplicationRef) -> str:
        now = self._clock.now()
        db.execute(
            self._upsert(targets).on_conflict_do_nothing(),
            {
                "target": target_of(ref),
                "connection": ref.connection,
                "candidate": ref.candidate,
                "application": ref.application,
                "report_id": secrets.token_urlsafe(16),
                "link_expires_at": now + timedelta(days=self._link_days),
                "created_at": now,
            },
        )
        report_id: str = db.execute(select(targets.c.report_id).where(targets.c.target == target_of(ref))).scalar_one()
        return report_id

    @contextmanager
    def hold_candidate(self, ref: ApplicationRef) -> Iterator[bool]:
        """Let one delivery at a time work on a candidate; gives False, at once, when another one does."""
        target = target_of(person_of(ref))
        with self._busy_lock:
            free = target not in self._busy
            if free:
                self._busy.add(target)
        try:
            if free and self._engine.dialect.name == "postgresql":
                with reading(self._engine) as db:
                    number = int(target[:15], 16)
                    yield bool(db.execute(text("SELECT pg_try_advisory_xact_lock(:n)"), {"n": number}).scalar())
            else:
                yield free
        finally:
            if free:
                with self._busy_lock:
                    self._busy.discard(target)

    # --- the ledger ---

    def entries(self, ref: ApplicationRef) -> tuple[LedgerEntry, ...]:
        with reading(self._engine) as db:
            rows = db.execute(select(effects).where(effects.c.target == target_of(ref))).all()
        return tuple(self._entry(row) for row in rows)

    def save(self, ref: ApplicationRef, entries: Sequence[LedgerEntry]) -> None:
        target, now = target_of(ref), self._clock.now()
        rows = []
        for entry in entries:
            effect = self._digest(f"effect:{target}:{entry.key}")
            sealed = self._vault.seal(entry_bytes(entry), f"effects.sealed:{target}:{effect}")
            rows.append(
                {
                    "target": target,
                    "effect": effect,
                    "connection": ref.connection,
                    "op": entry.op,
                    "state": str(entry.state),
                    "code": entry.code,
                    "updated_at": now,
                    "sealed": sealed,
                }
            )
        statement = self._upsert(effects)
        statement = statement.on_conflict_do_update(
            index_elements=["target", "effect"],
            set_={name: statement.excluded[name] for name in ("state", "code", "updated_at", "sealed")},
        )
        with writing(self._engine) as db:
            db.execute(statement, rows)

    def _entry(self, row: Row[Any]) -> LedgerEntry:
        return entry_of(self._vault.open(row.sealed, f"effects.sealed:{row.target}:{row.effect}"))

    # --- rows and columns ---

    def _upsert(self, table: Any) -> Any:
        dialect = postgresql if self._engine.dialect.name == "postgresql" else sqlite
        return dialect.insert(table)

    def _digest(self, message: str) -> str:
        """A keyed digest: finds a value again without keeping it, whatever the secret key is by then."""
        return hmac.new(self._digest_key, message.encode(), hashlib.sha256).hexdigest()[:40]

    def _row(self, db: Connection, submission_id: str, *, lock: bool = False) -> Row[Any] | None:
        query = select(submissions).where(submissions.c.id == submission_id)
        return db.execute(query.with_for_update() if lock else query).first()

    def _by_key(self, db: Connection, connection: str, key: str) -> Row[Any] | None:
        where = (submissions.c.connection == connection, submissions.c.idempotency == key)
        return db.execute(select(submissions).where(*where)).first()

    def _seal_document(self, submission_id: str, document: bytes | None) -> bytes | None:
        return None if document is None else self._vault.seal(document, f"submissions.document:{submission_id}")

    def _columns(self, work: Work, before: Work | None) -> dict[str, Any]:
        """The columns of a submission; of the sealed ones only those whose content changed."""
        columns: dict[str, Any] = {}
        for name in CLEAR:
            value = getattr(work, name)
            columns[name] = str(value) if name in ("state", "action", "basis") and value is not None else value
        for column, members in SEALED_PARTS.items():
            if before is not None and all(getattr(work, m) == getattr(before, m) for m in members):
                continue
            plain = work.model_dump_json(include=set(members)).encode()
            columns[column] = self._vault.seal(plain, f"submissions.{column}:{work.id}")
        return columns

    def _work(self, row: Row[Any]) -> Work:
        members: dict[str, Any] = {name: getattr(row, name) for name in CLEAR}
        for column in SEALED_PARTS:
            sealed = getattr(row, column)
            if sealed is not None:
                members |= json.loads(self._vault.open(sealed, f"submissions.{column}:{row.id}"))
        ref = ApplicationRef(connection=row.connection, candidate=row.candidate, application=row.application)
        return Work.model_validate({**members, "id": row.id, "ref": ref})


def _without_values(receipt: Receipt | None) -> Receipt | None:
    if receipt is None:
        return None
    empty = {"value": None, "detail": ""}
    return receipt.model_copy(update={"effects": tuple(e.model_copy(update=empty) for e in receipt.effects)})
