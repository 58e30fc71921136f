"""The engine: DBOS drives the pipeline's steps, and remembers which of them are done.

The ledger and the store are the truth; the engine only drives (DESIGN section 2). Its tables hold ids, codes and
delays, nothing else: arguments and outcomes are JSON of ours, exceptions are turned into a name before it sees them.
One workflow is one run of one submission, `<submission>.<number>`; what is to be tried again is enqueued anew with a
delay, so that waiting holds no thread. A reconciler finds submissions that should have moved and did not.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Protocol

from dbos import DBOS, DBOSClient, DBOSConfig, Serializer
from filelock import FileLock, Timeout
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from connector.errors import ConfigurationError, ConnectorError, StoreError
from connector.infra.database import sqlalchemy_url
from connector.model.records import State
from connector.model.work import Work

log = logging.getLogger(__name__)

ENGINE_FILE: Final = "engine.sqlite"
LOCK_FILE: Final = "engine.lock"
NAME: Final = "ler-ats-connector"
APPLICATION_VERSION: Final = "1"
"""Pinned: DBOS's own default is a hash of the code, and an upgrade would strand what is under way."""
WORKFLOW: Final = "submission"
WORKERS_PER_CONNECTION: Final = 8
STARTS_WINDOW: Final = 10.0
POLL_SECONDS: Final = 0.2
RECONCILE_SECONDS: Final = 60.0
"""A step takes seconds; what has not moved for a minute, and is not queued, is not going to move by itself."""
FARTHEST: Final = timedelta(hours=2)
"""No wait is longer than an hour and a bit: a time beyond this was written before the clock was set back."""
STORE_TROUBLE_SECONDS: Final = 15.0
STOP_SECONDS: Final = 25
SLOT_LOCK: Final = 0x4C45520000
MAX_SLOTS: Final = 64
_UNDER_WAY: Final = frozenset({"ENQUEUED", "DELAYED"})


class TurnLike(Protocol):
    @property
    def then(self) -> str: ...
    @property
    def delay(self) -> float: ...


RunPipeline = Callable[[str, "DbosSteps"], Any]
Outcome = tuple[str, float]


class Submissions(Protocol):
    """What the engine asks of the store."""

    def get(self, submission_id: str) -> Work | None: ...
    def change(self, submission_id: str, turn: Callable[[Work], Work | None]) -> Work: ...
    def stalled(self, before: datetime, beyond: datetime) -> tuple[Work, ...]: ...


class IdsAndCodes(Serializer):
    """JSON of plain values. Of an exception only its kind is kept: its message may hold anything."""

    def name(self) -> str:
        return "ler_json"

    def serialize(self, data: Any) -> str:
        if isinstance(data, BaseException):
            return json.dumps({"__error__": type(data).__name__})
        return json.dumps(data)

    def deserialize(self, serialized_data: str) -> Any:
        value = json.loads(serialized_data)
        if isinstance(value, dict) and set(value) == {"__error__"}:
            return RuntimeError(value["__error__"])
        return value


class DbosSteps:
    """The pipeline's port `Steps`, on DBOS.

    Args:
        guard: runs a step's work and gives its outcome, whatever happens in it.
    """

    def __init__(
        self, make_turn: Callable[[str, float], Any], guard: Callable[[Callable[[], TurnLike]], Outcome]
    ) -> None:
        self._make_turn, self._guard = make_turn, guard

    def run(self, name: str, work: Callable[[], TurnLike]) -> Any:
        def step() -> list[Any]:
            return list(self._guard(work))

        then, delay = DBOS.run_step({"name": name}, step)
        return self._make_turn(then, delay)


class Engine:
    """Runs submissions, or hands them to the process that does.

    Args:
        run: the pipeline's `run`, its tools bound.
        make_turn: the pipeline's `Turn`.
        limits: connection -> requests per second, which bounds how many runs start.
        database_url: empty for SQLite.
        time_scale: divides every wait.
    """

    def __init__(
        self,
        *,
        run: RunPipeline,
        make_turn: Callable[[str, float], Any],
        submissions: Submissions,
        limits: Mapping[str, float],
        data_dir: Path,
        database_url: str,
        time_scale: float = 1.0,
    ) -> None:
        self._run, self._make_turn, self._submissions = run, make_turn, submissions
        self._limits, self._data_dir, self._database_url = dict(limits), data_dir, database_url
        self._scale = time_scale
        self._lock: FileLock | None = None
        self._slots: _Slots | None = None
        self._client: DBOSClient | None = None
        self._running = False
        self._active = 0
        self._counting = threading.Lock()
        self._stopping = threading.Event()
        self._reconciler: threading.Thread | None = None
        self.recovered = 0
        """Submissions that the reconciler set in motion again."""

    # --- life ---

    def start(self, *, join: bool = False) -> None:
        """Start driving.

        Args:
            join: when another process drives this data directory, only hand work to it.

        Raises:
            ConfigurationError: another process drives it, and `join` is False.
        """
        self._data_dir.mkdir(parents=True, exist_ok=True)
        if not self._database_url and not self._take_lock():
            if not join:
                raise ConfigurationError(
                    f"Another ler-connector is running on {self._data_dir}; stop it, or set another LER_DATA_DIR."
                )
            self._client = DBOSClient(system_database_url=self._url(), serializer=IdsAndCodes(), application_name=NAME)
            return
        try:
            self._launch()
        except BaseException:
            self.stop()  # a later start must not find half of this one
            raise
        self._stopping.clear()
        self._reconciler = threading.Thread(target=self._reconcile_for_ever, name="reconciler", daemon=True)
        self._reconciler.start()

    def stop(self) -> None:
        """Let what is under way come to its end, for a while; the rest goes on at the next start."""
        global _current
        self._stopping.set()
        if self._client is not None:
            self._client.destroy()
            self._client = None
        if self._running:
            self._running = False
            DBOS.destroy(workflow_completion_timeout_sec=round(STOP_SECONDS / self._scale) if self._active else 0)
            _current = None
        if self._reconciler is not None:
            self._reconciler.join(timeout=10)
            self._reconciler = None
        if self._slots is not None:
            self._slots.close()
            self._slots = None
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _take_lock(self) -> bool:
        lock = FileLock(self._data_dir / LOCK_FILE)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return False
        self._lock = lock
        return True

    def _url(self) -> str:
        return sqlalchemy_url(self._database_url, self._data_dir, file=ENGINE_FILE)

    def _launch(self) -> None:
        global _current
        if _current is not None:
            raise ConfigurationError("One process runs one engine.")
        executor = "local"
        if self._database_url:
            self._slots = _Slots(self._url())
            executor = self._slots.take()
        else:
            _use_wal(self._data_dir / ENGINE_FILE)
        _current = self
        self._running = True
        logging.getLogger("dbos").handlers.clear()  # it flushes the last one's, whose stream may be closed by now
        DBOS(config=self._config(executor))
        logging.getLogger("dbos").setLevel(logging.CRITICAL)
        DBOS.launch()
        for connection, rate in self._limits.items():
            DBOS.register_queue(
                _queue(connection),
                worker_concurrency=WORKERS_PER_CONNECTION,
                limiter={"limit": max(1, round(rate * STARTS_WINDOW)), "period": STARTS_WINDOW / self._scale},
                polling_interval_sec=POLL_SECONDS,
                on_conflict="always_update",
            )

    def _config(self, executor: str) -> DBOSConfig:
        return {
            "name": NAME,
            "system_database_url": self._url(),
            "application_version": APPLICATION_VERSION,
            "executor_id": executor,
            "serializer": IdsAndCodes(),
            "log_level": "CRITICAL",
            "enable_otlp": False,
            "scheduler_polling_interval_sec": 3600.0,
            "notification_listener_polling_interval_sec": 0.5,
        }

    # --- driving ---

    def enqueue(self, submission_id: str, *, delay: float = 0.0) -> None:
        """Have a submission driven, after `delay` seconds (scaled already).

        It never fails: the submission is stored, and the reconciler finds it when the queue cannot be reached now.
        """
        try:
            work = self._submissions.change(submission_id, lambda w: w.model_copy(update={"runs": w.runs + 1}))
            self._enqueue(work, delay)
        except (StoreError, SQLAlchemyError) as error:
            log.warning("submission %s: not queued (%s); the reconciler will", submission_id, type(error).__name__)

    def _enqueue(self, work: Work, delay: float) -> None:
        options: Any = {
            "workflow_name": WORKFLOW,
            "queue_name": _queue(work.ref.connection),
            "workflow_id": f"{work.id}.{work.runs}",
            "app_version": APPLICATION_VERSION,
        }
        if delay > 0:
            options["delay_seconds"] = delay
        if self._client is not None:
            self._client.enqueue(options, work.id)
        elif self._running:
            DBOS.enqueue_workflow_with_options(options, work.id)

    def drive(self, submission_id: str) -> list[Any]:
        """The workflow's body. What it returns is only for whoever looks into the engine's tables."""
        with self._counting:
            self._active += 1
        try:
            steps = DbosSteps(self._make_turn, lambda work: self._guarded(submission_id, work))
            turn = self._run(submission_id, steps)
        finally:
            with self._counting:
                self._active -= 1
        if turn.then == "again":
            self.enqueue(submission_id, delay=turn.delay)
        return [turn.then, turn.delay]

    def _guarded(self, submission_id: str, work: Callable[[], TurnLike]) -> Outcome:
        """No exception of a step reaches the engine: it would be kept there with its message."""
        try:
            turn = work()
        except CancelledError:
            log.info("submission %s: broken off by a stop", submission_id)
            return "again", 0.0
        except StoreError as error:
            log.error("submission %s: %s", submission_id, error.code)
            return "again", STORE_TROUBLE_SECONDS / self._scale
        except ConfigurationError as error:
            log.error("submission %s: %s", submission_id, error)
            return self._give_up(submission_id, error.code, "The connector is not set up for this; see its log.")
        except ConnectorError as error:
            log.error("submission %s: %s", submission_id, error.code)
            return self._give_up(submission_id, error.code, error.message)
        except Exception as error:  # noqa: BLE001  # a bug: it ends in the failed list, in sight, with the place in the log
            log.error("submission %s: %s at\n%s", submission_id, type(error).__name__, _places(error))
            return self._give_up(submission_id, "internal_error", "Something broke in the connector; see its log.")
        return turn.then, turn.delay

    def _give_up(self, submission_id: str, code: str, message: str) -> Outcome:
        values = {"state": State.FAILED, "code": code, "message": message, "next_attempt_at": None}
        try:
            self._submissions.change(submission_id, lambda w: w.model_copy(update=values))
        except StoreError:
            return "again", STORE_TROUBLE_SECONDS / self._scale
        return "rest", 0.0

    # --- the reconciler ---

    def _reconcile_for_ever(self) -> None:
        """At once, for what was handed in while nothing ran; then every minute."""
        grace, pause = 0.0, 0.0
        while not self._stopping.wait(pause):
            try:
                self.reconcile(grace=grace)
            except (StoreError, SQLAlchemyError) as error:
                log.warning("reconciler: %s; again in a minute", type(error).__name__)
            grace, pause = RECONCILE_SECONDS, RECONCILE_SECONDS / self._scale

    def reconcile(self, *, grace: float = RECONCILE_SECONDS) -> int:
        """Drive what should have moved for `grace` seconds and is neither queued nor at work; returns how many."""
        now = datetime.now(UTC)
        found = self._submissions.stalled(now - timedelta(seconds=grace / self._scale), now + FARTHEST)
        lost = [work for work in found if not self._under_way(work)]
        for work in lost:
            log.warning("submission %s: lost by the engine, driven again", work.id)
            self.enqueue(work.id)
        self.recovered += len(lost)
        return len(lost)

    def _under_way(self, work: Work) -> bool:
        if work.runs == 0 or _beyond(work.next_attempt_at) or _beyond(work.updated_at):
            return False
        status = DBOS.get_workflow_status(f"{work.id}.{work.runs}")
        if status is None or status.status in _UNDER_WAY:
            return status is not None
        if status.status != "PENDING":
            return False
        return self._slots is None or self._slots.alive(status.executor_id or "")


_current: Engine | None = None
"""DBOS is one per process, and its workflows are functions of a module."""


@DBOS.workflow(name=WORKFLOW)
def _drive(submission_id: str) -> list[Any]:
    assert _current is not None, "the engine that runs this workflow is not there"
    return _current.drive(submission_id)


def _beyond(moment: datetime | None) -> bool:
    return moment is not None and moment > datetime.now(UTC) + FARTHEST


def _queue(connection: str) -> str:
    return f"ats-{connection}"


def _places(error: BaseException) -> str:
    """Where it happened, without its message."""
    return "".join(traceback.format_list(traceback.extract_tb(error.__traceback__)))


def _use_wal(path: Path) -> None:
    """WAL is a property of the file; DBOS does not set it, and without it a reader blocks the writer."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")


class _Slots:
    """Worker names on Postgres: the lowest free `slot-k`, held by an advisory lock as long as the process lives.

    A worker that comes back takes over the name, and with it the runs, of one that died.
    """

    def __init__(self, url: str) -> None:
        self._engine = create_engine(url, pool_size=1, hide_parameters=True)
        self._connection: Connection | None = None
        self._mine = -1

    def take(self) -> str:
        self._connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        for slot in range(MAX_SLOTS):
            if self._try(slot):
                self._mine = slot
                return f"slot-{slot}"
        raise ConfigurationError(f"There are {MAX_SLOTS} workers already.")

    def alive(self, executor: str) -> bool:
        """Whether a living process holds that name."""
        number = executor.removeprefix("slot-")
        if not number.isdigit() or int(number) == self._mine:
            return number.isdigit()
        if not self._try(int(number)):
            return True
        self._execute("SELECT pg_advisory_unlock(:n)", int(number))
        return False

    def _try(self, slot: int) -> bool:
        return self._execute("SELECT pg_try_advisory_lock(:n)", slot)

    def _execute(self, statement: str, slot: int) -> bool:
        assert self._connection is not None
        return bool(self._connection.execute(text(statement), {"n": SLOT_LOCK + slot}).scalar())

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._engine.dispose()
