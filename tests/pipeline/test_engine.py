"""The engine: nothing personal in its tables or in logs, one per data folder, nothing lost when it loses something."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from connector.errors import ConfigurationError
from connector.infra import engine as engine_module
from connector.infra.engine import APPLICATION_VERSION, ENGINE_FILE, IdsAndCodes
from connector.model.applicant import Applicant
from connector.model.records import State
from connector.model.submission import Basis
from connector.ports import SandboxFault

from .conftest import House

CANARY_NAME = "Zsófia Quandary-Okoye"
CANARY_MAIL = "zsofia.quandary@canary.example"
CANARY_SKILL = "Underwater basket weaving"
CANARIES = (CANARY_NAME, "Quandary", CANARY_MAIL, "zsofia", CANARY_SKILL, "basket", "Lakeview", "stand-in-secret")


def everything_in(path: Path) -> list[str]:
    """Every cell of every table of a SQLite file, as text."""
    with closing(sqlite3.connect(path)) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return [str(cell) for t in tables for row in db.execute(f'SELECT * FROM "{t}"') for cell in row]


def canaries_through(house: House) -> None:
    """Runs of every kind that would leave traces: delivered, refused, failed, broken by a bug, erased."""
    applicant = Applicant(name=CANARY_NAME, emails=(CANARY_MAIL,))
    badge = house.badge("Welder I", email=CANARY_MAIL, tags=[CANARY_SKILL], subject_name=CANARY_NAME)
    bad = house.badge("Rigger II", email=CANARY_MAIL, tags=[CANARY_SKILL], tampered=True)
    assert house.deliver(badge, applicant=applicant).state is State.DELIVERED
    assert house.deliver(bad, applicant=applicant).state is State.REFUSED
    assert house.deliver(f'{{"{CANARY_NAME}": 1, "{CANARY_NAME}": 2}}'.encode(), applicant=applicant).answer
    house.sandbox.inject(SandboxFault(status=422, body=f'{{"message": "{CANARY_MAIL}"}}'.encode(), on="write", times=9))
    third = house.deliver(house.badge("Fitter", email=CANARY_MAIL, tags=[CANARY_SKILL]), applicant=applicant)
    house.settled(house.connector.undo(third.id))


def test_nothing_personal_is_in_the_engines_tables_or_in_any_log(
    house: House, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    canaries_through(house)

    def bug(*_: Any) -> None:
        raise ValueError(f"cannot handle {CANARY_NAME} {CANARY_MAIL}")

    monkeypatch.setattr("connector.pipeline.examine", bug)
    broken = house.deliver(house.badge(email=CANARY_MAIL))
    assert (broken.state, broken.code) == (State.FAILED, "internal_error")

    cells = everything_in(house.folder / "data" / ENGINE_FILE)
    assert any(broken.id in cell for cell in cells), "the test looks at the tables that are used"
    out, err = capfd.readouterr()
    for canary in CANARIES:
        assert not any(canary in cell for cell in cells), canary
        assert canary not in caplog.text, canary
        assert canary not in out + err, canary
    assert broken.id in caplog.text


def test_the_engines_values_are_json_of_ids_and_codes(house: House) -> None:
    record = house.deliver(house.badge())
    path = house.folder / "data" / ENGINE_FILE
    with closing(sqlite3.connect(path)) as db:
        rows = db.execute("SELECT workflow_uuid, serialization, application_version FROM workflow_status").fetchall()
    assert (f"{record.id}.1", IdsAndCodes().name(), APPLICATION_VERSION) in rows
    values = [cell for cell in everything_in(path) if record.id in cell]
    assert IdsAndCodes().serialize({"args": [record.id], "kwargs": {}}) in values


def test_an_exception_is_kept_by_its_kind_only() -> None:
    text = IdsAndCodes().serialize(ValueError(CANARY_NAME))
    assert CANARY_NAME not in text
    assert str(IdsAndCodes().deserialize(text)) == "ValueError"


def test_both_databases_are_in_wal_mode(house: House) -> None:
    for name in (ENGINE_FILE, "connector.sqlite"):
        with closing(sqlite3.connect(house.folder / "data" / name)) as db:
            assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_the_database_itself_shows_nothing_personal(house: House) -> None:
    canaries_through(house)
    cells = everything_in(house.folder / "data" / "connector.sqlite")
    raw = b"".join(p.read_bytes() for p in (house.folder / "data").glob("connector.sqlite*"))
    for canary in CANARIES:
        assert not any(canary in cell for cell in cells), canary
        assert canary.encode() not in raw, canary


HOLD_THE_LOCK = """
import sys, time
from pathlib import Path
from filelock import FileLock
with FileLock(Path(sys.argv[1]) / "engine.lock"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_engine_on_the_same_folder_says_so(houses: Callable[..., House]) -> None:
    house = houses(start=False)
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD_THE_LOCK, str(house.folder / "data")], stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(ConfigurationError, match="LER_DATA_DIR"):
            house.connector.start()
    finally:
        other.kill()
        other.wait()
    house.connector.start()
    assert house.deliver(house.badge()).state is State.DELIVERED


def test_a_command_beside_a_running_service_hands_its_work_over(houses: Callable[..., House]) -> None:
    """Two connectors on one folder: the second finds the lock taken, enqueues, and waits."""
    service = houses()
    beside = House(service.folder, service.kind, service.sandbox, service.issuer)
    beside.build()
    beside.connector.start(join=True)
    try:
        assert beside.connector._engine is not None
        assert not beside.connector._engine._running
        record = beside.deliver(beside.badge())
        assert record.state is State.DELIVERED
        assert beside.settled(beside.connector.undo(record.id)).state is State.WITHDRAWN
    finally:
        beside.connector.stop()
    assert service.connector.ready()


def test_what_was_handed_in_while_nothing_ran_is_driven_at_the_next_start(houses: Callable[..., House]) -> None:
    house = houses(start=False)
    record = house.connector.submit(house.new(house.badge()))
    house.connector.start()
    assert house.settled(record).state is State.DELIVERED
    assert house.connector.recovered == 1


def test_the_reconciler_drives_what_the_engine_lost(house: House) -> None:
    """The engine forgets a run altogether; the store remembers that something was to be done."""
    waiting = house.deliver(house.badge(), basis=Basis.CANDIDATE_PAGE, consent=False)
    connector: Any = house.connector
    engine = connector._engine
    connector._engine = None  # the choice is stored, but nobody enqueues it
    house.connector.consent(waiting.id, tuple(c.id for c in waiting.claims))
    connector._engine = engine
    time.sleep(0.1)
    assert engine.reconcile(grace=0) == 1
    assert house.settled(waiting).state is State.DELIVERED
    assert engine.reconcile(grace=0) == 0


def test_the_reconciler_leaves_alone_what_waits_for_its_turn(house: House) -> None:
    house.sandbox.inject(SandboxFault(status=429, headers={"Retry-After": "60"}, on="any"))
    record = house.connector.submit(house.new(house.badge()))
    while not house.sandbox.log:
        time.sleep(0.02)
    time.sleep(0.3)
    connector: Any = house.connector
    assert connector._engine.reconcile(grace=0) == 0
    assert house.settled(record).state is State.DELIVERED


def test_a_bug_ends_in_the_failed_list_and_a_retry_goes_on(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("connector.pipeline.examine", lambda *_, **__: 1 / 0)
        record = house.deliver(house.badge())
        assert (record.state, record.code) == (State.FAILED, "internal_error")
    assert house.settled(house.connector.retry(record.id)).state is State.DELIVERED


def test_a_stopped_connector_takes_up_its_work_again(houses: Callable[..., House]) -> None:
    house = houses()
    house.sandbox.inject(SandboxFault(status=429, headers={"Retry-After": "60"}, on="any"))
    record = house.connector.submit(house.new(house.badge()))
    while not house.sandbox.log:
        time.sleep(0.02)
    house.connector.stop()
    house.build()
    house.connector.start()
    assert house.settled(record).state is State.DELIVERED


def test_a_stop_in_the_middle_of_a_call_ends_and_the_next_start_goes_on(houses: Callable[..., House]) -> None:
    house = houses(start=False)
    house.connector.start()
    connector: Any = house.connector
    adapter = connector._accounts.adapter("greenhouse")
    asked = threading.Event()

    async def hangs(*_: Any) -> None:
        asked.set()
        await asyncio.sleep(3600)

    adapter.read = hangs
    record = house.connector.submit(house.new(house.badge()))
    assert asked.wait(20)
    started = time.monotonic()
    house.connector.stop()
    assert time.monotonic() - started < 15
    house.build()
    house.connector.start()
    assert house.settled(record).state is State.DELIVERED


def test_importing_the_commands_needs_no_engine() -> None:
    """`verify`, `plan` and `mapping` neither pay for DBOS nor need what it needs."""
    code = "import sys, connector.answers, connector.config; sys.exit('dbos' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert engine_module.WORKFLOW == "submission"


@pytest.mark.postgres
class TestOnPostgres:
    def test_a_whole_run_and_its_undoing(self, houses: Callable[..., House], postgres_url: str) -> None:
        house = houses(extra={"LER_DATABASE_URL": postgres_url})
        badge = house.badge()
        record = house.deliver(badge)
        assert record.state is State.DELIVERED, (record.code, record.message)
        writes = house.writes
        assert house.deliver(badge).state is State.DELIVERED
        assert house.writes == writes
        second = house.deliver(house.badge("Rigger II"))
        assert house.settled(house.connector.undo(second.id)).state is State.WITHDRAWN
        assert "Welder I" in str(house.held.fields)
        assert "Rigger" not in str(house.held.fields)

    def test_worker_names_are_the_lowest_free_slots(self, postgres_url: str) -> None:
        url = engine_module.sqlalchemy_url(postgres_url, Path())
        first, second, third = (engine_module._Slots(url) for _ in range(3))
        assert (first.take(), second.take()) == ("slot-0", "slot-1")
        assert first.alive("slot-1")
        assert not first.alive("slot-7")
        first.close()
        assert third.take() == "slot-0"
        assert not second.alive("local")
        second.close()
        third.close()


async def test_an_engine_that_could_not_start_leaves_the_way_free_for_the_next(houses: Callable[..., House]) -> None:
    """It refuses to start inside a running event loop; the process can start one outside of it all the same."""
    connector = houses(start=False).build()
    with pytest.raises(Exception, match="event loop"):
        connector.start()
    await asyncio.to_thread(connector.start)
    await asyncio.to_thread(connector.stop)
