"""The store, on SQLite and on a real Postgres: what is kept, what is in clear, and what happens when it cannot be."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, inspect, text

from connector.deliver.ledger import LedgerEntry
from connector.errors import ConfigurationError, LinkError, StoreError
from connector.infra import database
from connector.infra.clock import FixedClock
from connector.infra.crypto import Vault
from connector.infra.database import downgrade, open_engine, upgrade
from connector.infra.invitations import Invitations
from connector.infra.store import IdempotencyConflict, Store
from connector.infra.tables import metadata
from connector.model.applicant import Applicant, ApplicationRef
from connector.model.changes import ChangeSet, EffectState, PutNote, Receipt, SetField
from connector.model.claims import SkillClaim, SkillSource
from connector.model.records import NewInvitation, State
from connector.model.report import Assurance
from connector.model.submission import Basis
from connector.model.work import Action, Work

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
KEY = "k" * 40
REF = ApplicationRef(connection="greenhouse", candidate="c1", application="a1")
CANARY = "Zsófia Quandary-Okoye"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "sqlite":
        url = database.sqlalchemy_url("", tmp_path)
    else:
        url = database.sqlalchemy_url(request.getfixturevalue("postgres_url"), tmp_path)
    engine = open_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def store(engine: Engine, clock: FixedClock) -> Store:
    store = Store(engine, Vault([KEY]), clock)
    store.open()
    return store


@pytest.fixture
def invitations(engine: Engine, clock: FixedClock, store: Store) -> Invitations:
    return Invitations(engine, Vault([KEY]), clock)


def work(number: int = 1, **more: Any) -> Work:
    values: dict[str, Any] = {
        "id": f"sub_{number}",
        "ref": REF,
        "state": State.RECEIVED,
        "basis": Basis.API,
        "created_at": NOW,
        "updated_at": NOW,
        "applicant": Applicant(name=CANARY, emails=("zsofia@mail.example",)),
        "consent_reference": f"form signed by {CANARY}",
    }
    return Work.model_validate(values | more)


CLAIM = SkillClaim(
    id="cl1", name="MIG welding", credential="$", document_sha256="0" * 64, source=SkillSource.TAG, achievement="Welder"
)


class TestSubmissions:
    def test_what_was_kept_comes_back_whole(self, store: Store) -> None:
        full = work(
            answer={"decision": "accepted"},
            claims=(CLAIM,),
            selected=("cl1",),
            change_set=ChangeSet(ats="greenhouse", changes=(SetField(target="f", value=("a", "b"), rule="r"),)),
            receipt=Receipt(ref=REF, writes=2),
            next_attempt_at=NOW,
            action=Action.UNDO,
            assessed_at=NOW,
        )
        kept, created = store.add(full, b"document")
        assert created
        assert store.get("sub_1") == kept
        assert kept == full.model_copy(update={"report_id": kept.report_id})
        assert kept.report_id is not None
        assert store.document("sub_1") == b"document"

    def test_an_unknown_id_is_none(self, store: Store) -> None:
        assert store.get("sub_9") is None
        assert store.document("sub_9") is None

    def test_nothing_personal_is_in_clear(self, store: Store, engine: Engine) -> None:
        store.add(work(claims=(CLAIM,), message=CANARY, answer={"x": CANARY}), CANARY.encode())
        store.save(REF, [entry(CANARY)])
        new = NewInvitation(ref=REF, applicant=Applicant(name=CANARY), job_title=CANARY)
        Invitations(engine, Vault([KEY]), FixedClock(NOW)).add("inv_1", "token", new)
        with engine.connect() as db:
            cells = [
                bytes(value) if isinstance(value, (bytes, memoryview)) else str(value).encode()
                for table in inspect(engine).get_table_names()
                for row in db.execute(text(f"SELECT * FROM {table}"))  # names of our own tables
                for value in row
                if value is not None
            ]
        assert len(cells) > 30
        for secret in (CANARY, "Zsófia", "Quandary", "zsofia", "MIG", "Welder"):
            assert not any(secret.encode() in cell for cell in cells), secret

    def test_the_same_idempotency_key_finds_the_first_submission(self, store: Store) -> None:
        first, _ = store.add(work(1), b"x", idempotency_key="k1", request=b"r1")
        again, created = store.add(work(2), b"x", idempotency_key="k1", request=b"r1")
        assert (again.id, created) == (first.id, False)

    def test_the_same_key_with_another_request_is_a_conflict(self, store: Store) -> None:
        store.add(work(1), b"x", idempotency_key="k1", request=b"r1")
        with pytest.raises(IdempotencyConflict):
            store.add(work(2), b"y", idempotency_key="k1", request=b"r2")
        assert store.get("sub_2") is None

    def test_a_key_counts_for_its_connection_only(self, store: Store) -> None:
        store.add(work(1), b"x", idempotency_key="k1", request=b"r1")
        other = ApplicationRef(connection="lever", candidate="c1")
        assert store.add(work(2, ref=other), b"x", idempotency_key="k1", request=b"r1")[1]

    def test_changes_of_several_threads_are_not_lost(self, store: Store) -> None:
        store.add(work(), b"x")

        def bump() -> None:
            for _ in range(5):
                store.change("sub_1", lambda w: w.model_copy(update={"runs": w.runs + 1}))

        threads = [threading.Thread(target=bump) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        kept = store.get("sub_1")
        assert kept is not None
        assert kept.runs == 20

    def test_a_change_that_fails_changes_nothing(self, store: Store) -> None:
        store.add(work(), b"x")

        def turn(_: Work) -> Work:
            raise ValueError("no")

        with pytest.raises(ValueError, match="no"):
            store.change("sub_1", turn)
        assert store.get("sub_1") == store.change("sub_1", lambda w: w)

    def test_pages_go_from_new_to_old_without_gaps(self, store: Store) -> None:
        for number in range(7):
            store.add(work(number, created_at=NOW + timedelta(seconds=number // 2)), b"x")
        seen: list[str] = []
        cursor = None
        while True:
            items, cursor = store.page(cursor, None, None, 3)
            seen += [w.id for w in items]
            if cursor is None:
                break
        assert seen == [f"sub_{n}" for n in (6, 5, 4, 3, 2, 1, 0)]

    def test_pages_can_be_narrowed(self, store: Store) -> None:
        store.add(work(1, state=State.FAILED), b"x")
        store.add(work(2, ref=ApplicationRef(connection="lever", candidate="c")), b"x")
        assert [w.id for w in store.page(None, State.FAILED, None, 10)[0]] == ["sub_1"]
        assert [w.id for w in store.page(None, None, "lever", 10)[0]] == ["sub_2"]

    @pytest.mark.parametrize("cursor", ["", "x", "!!!", "MTp", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk6eA"])
    def test_a_broken_cursor_is_said(self, store: Store, cursor: str) -> None:
        with pytest.raises(LinkError):
            store.page(cursor, None, None, 3)

    def test_only_live_submissions_of_that_candidate_count(self, store: Store) -> None:
        store.add(work(1, live=True), b"x")
        store.add(work(2, live=False), b"x")
        other = ApplicationRef(connection="greenhouse", candidate="c1", application="a2")
        store.add(work(3, live=True, ref=other), b"x")
        store.add(work(4, live=True, ref=ApplicationRef(connection="greenhouse", candidate="c2")), b"x")
        assert [w.id for w in store.live(REF)] == ["sub_1", "sub_3"]

    def test_a_report_can_be_a_candidates_for_all_applications(self, store: Store) -> None:
        person = REF.model_copy(update={"application": None})
        other = ApplicationRef(connection="greenhouse", candidate="c1", application="a2")
        first, _ = store.add(work(1, live=True), b"x", report_for=person)
        second, _ = store.add(work(2, live=True, ref=other), b"x", report_for=person)
        third, _ = store.add(work(3, live=True, ref=other), b"x")
        assert first.report_id == second.report_id != third.report_id
        assert first.report_id is not None
        assert [w.id for w in store.report_submissions(first.report_id) or ()] == ["sub_1", "sub_2"]

    def test_stalled_are_those_under_way_that_nobody_touched(self, store: Store) -> None:
        store.add(work(1, state=State.DELIVERING), b"x")
        store.add(work(2, state=State.DELIVERED), b"x")
        store.add(work(3, state=State.DELIVERING, next_attempt_at=NOW + timedelta(hours=1)), b"x")
        store.add(work(4, state=State.DELIVERED, action=Action.RECHECK, next_attempt_at=NOW), b"x")
        store.add(work(5, state=State.AWAITING_CONSENT), b"x")
        far = NOW + timedelta(hours=2)
        assert {w.id for w in store.stalled(NOW + timedelta(seconds=1), far)} == {"sub_1", "sub_4"}
        assert store.stalled(NOW, far) == ()

    def test_a_time_that_cannot_be_meant_does_not_hold_a_submission_back(self, store: Store) -> None:
        """The clock ran a day ahead, and was set right."""
        store.add(work(1, state=State.DELIVERING, next_attempt_at=NOW + timedelta(days=1)), b"x")
        store.add(work(2, state=State.DELIVERING, updated_at=NOW + timedelta(days=1)), b"x")
        assert {w.id for w in store.stalled(NOW, NOW + timedelta(hours=2))} == {"sub_1", "sub_2"}

    def test_the_same_bytes_for_the_same_application_are_found_again(self, store: Store) -> None:
        store.add(work(1, live=True, document_sha256="a" * 64), b"x")
        assert store.same_document(REF, "a" * 64, "sub_2") == "sub_1"
        assert store.same_document(REF, "a" * 64, "sub_1") is None
        assert store.same_document(REF, "b" * 64, "sub_2") is None

    def test_wiping_leaves_the_row_and_nothing_in_it(self, store: Store) -> None:
        store.add(work(claims=(CLAIM,), receipt=Receipt(ref=REF)), b"x")
        store.wipe("sub_1")
        kept = store.get("sub_1")
        assert kept is not None
        assert (kept.applicant, kept.claims, kept.receipt, kept.consent_reference) == (Applicant(), (), None, None)
        assert store.document("sub_1") is None

    def test_one_delivery_at_a_time_per_candidate(self, store: Store) -> None:
        other = ApplicationRef(connection="greenhouse", candidate="c2")
        with (
            store.hold_candidate(REF) as first,
            store.hold_candidate(REF) as second,
            store.hold_candidate(other) as third,
        ):
            assert (first, second, third) == (True, False, True)
        with store.hold_candidate(REF) as again:
            assert again


def entry(value: Any = ("a", "b"), **more: Any) -> LedgerEntry:
    return replace(LedgerEntry(key="field:f", op="set_field", target="f", rule="r", value=value), **more)


class TestLedger:
    def test_entries_come_back_as_they_were(self, store: Store) -> None:
        saved = [
            entry(assurance=Assurance.VERIFIED, before="theirs", confirmed=("a",)).sent(),
            LedgerEntry(key="form:x", op="put_form", target="x", rule="r", value={"a": ("b",), "c": True}),
        ]
        store.save(REF, saved)
        assert sorted(store.entries(REF), key=lambda e: e.key) == saved

    def test_the_same_key_is_the_same_row(self, store: Store) -> None:
        store.save(REF, [entry()])
        store.save(REF, [entry(state=EffectState.CONFIRMED)])
        assert [e.state for e in store.entries(REF)] == [EffectState.CONFIRMED]

    def test_what_no_longer_stands_can_be_forgotten(self, store: Store) -> None:
        taken_back, refused = entry(state=EffectState.UNDONE), entry(key="field:r", state=EffectState.FAILED)
        standing = entry(key="field:g", confirmed="v", state=EffectState.CONFIRMED)
        store.save(REF, [taken_back, refused, standing, entry(key="field:s").sent()])
        store.forget(REF, "sub_1")
        assert sorted(e.key for e in store.entries(REF)) == ["field:g", "field:s"]

    def test_each_application_has_its_own(self, store: Store) -> None:
        store.save(REF, [entry()])
        assert store.entries(ApplicationRef(connection="lever", candidate="c1", application="a1")) == ()

    def test_rows_stay_the_same_when_the_secret_key_rotates(self, engine: Engine, store: Store) -> None:
        store.save(REF, [entry()])
        rotated = Store(engine, Vault(["n" * 40, KEY]), FixedClock(NOW))
        rotated.open()
        rotated.save(REF, [entry(state=EffectState.CONFIRMED)])
        assert len(rotated.entries(REF)) == 1


class TestLinks:
    def test_a_report_has_one_stable_id_per_application(self, store: Store) -> None:
        first, _ = store.add(work(1), b"x")
        second, _ = store.add(work(2), b"x")
        assert first.report_id == second.report_id

    def test_a_report_link_is_renewed_only_in_its_second_half(self, store: Store, clock: FixedClock) -> None:
        kept, _ = store.add(work(1), b"x")
        assert kept.report_id is not None
        until = store.report_expiry(kept.report_id)
        clock.set(NOW + timedelta(days=80))
        store.renew_link(kept.report_id)
        assert store.report_expiry(kept.report_id) == until
        clock.set(NOW + timedelta(days=100))
        store.renew_link(kept.report_id)
        assert store.report_expiry(kept.report_id) == NOW + timedelta(days=280)

    def test_an_invitation_is_found_by_its_token_until_it_ends(
        self, store: Store, invitations: Invitations, clock: FixedClock
    ) -> None:
        new = NewInvitation(ref=REF, applicant=Applicant(name=CANARY), job_title="Welder", language="de", expires_in=60)
        made = invitations.add("inv_1", "token", new)
        store.add(work(1, invitation="inv_1"), b"x")
        found = invitations.get("token")
        assert found == made.model_copy(update={"submissions": ("sub_1",)})
        assert (found.applicant.name, found.job_title, found.language) == (CANARY, "Welder", "de")
        clock.set(NOW + timedelta(seconds=60))
        with pytest.raises(LinkError) as caught:
            invitations.get("token")
        assert caught.value.code == "link_expired"

    def test_nothing_of_an_invitation_is_kept_once_it_has_ended(
        self, invitations: Invitations, clock: FixedClock
    ) -> None:
        invitations.add("inv_1", "token", NewInvitation(ref=REF, applicant=Applicant(name=CANARY), expires_in=60))
        clock.set(NOW + timedelta(days=2))
        invitations.add("inv_2", "other", NewInvitation(ref=REF, applicant=Applicant(name=CANARY), expires_in=60))
        with pytest.raises(LinkError) as caught:
            invitations.get("token")
        assert caught.value.code == "link_unknown"
        assert invitations.get("other").applicant.name == CANARY

    def test_a_wrong_token_is_unknown(self, invitations: Invitations) -> None:
        with pytest.raises(LinkError) as caught:
            invitations.get("guess")
        assert caught.value.code == "link_unknown"


class TestTrouble:
    def test_another_secret_key_is_said_at_the_start(self, engine: Engine, store: Store) -> None:
        with pytest.raises(ConfigurationError, match="LER_SECRET_KEY"):
            Store(engine, Vault(["x" * 40]), FixedClock(NOW)).open()

    def test_a_full_disk_refuses_before_acknowledging(self, tmp_path: Path) -> None:
        engine = open_engine(database.sqlalchemy_url("", tmp_path))
        store = Store(engine, Vault([KEY]), FixedClock(NOW))
        store.open()
        limit = _pragma(engine, "page_count") + 2
        event.listen(engine, "begin", lambda db: db.exec_driver_sql(f"PRAGMA max_page_count={limit}"))
        with pytest.raises(StoreError) as caught:
            for number in range(50):
                store.add(work(number), b"x" * 4000)
        assert caught.value.code == "store_full"
        assert CANARY not in str(caught.value) + caught.value.detail
        items, _ = store.page(None, None, None, 200)
        assert all(store.document(w.id) == b"x" * 4000 for w in items)

    def test_a_locked_database_refuses_before_acknowledging(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 50)
        engine = open_engine(database.sqlalchemy_url("", tmp_path))
        store = Store(engine, Vault([KEY]), FixedClock(NOW))
        store.open()
        blocker = sqlite3.connect(tmp_path / database.SQLITE_FILE, isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError) as caught:
            store.add(work(), b"x")
        assert caught.value.code == "store_locked"
        blocker.execute("ROLLBACK")
        assert store.add(work(), b"x")[1]
        blocker.close()

    def test_a_damaged_file_is_said(self, tmp_path: Path) -> None:
        (tmp_path / database.SQLITE_FILE).write_bytes(b"this is not a database, it is a text of some length" * 100)
        with pytest.raises(StoreError) as caught:
            Store(open_engine(database.sqlalchemy_url("", tmp_path)), Vault([KEY]), FixedClock(NOW)).open()
        assert caught.value.code == "store_corrupt"

    def test_ready_says_whether_the_database_answers(self, store: Store) -> None:
        assert store.ready()


class TestMigrations:
    def test_the_migrations_make_exactly_the_tables_of_the_code(self, engine: Engine) -> None:
        from alembic.autogenerate import compare_metadata
        from alembic.migration import MigrationContext

        upgrade(engine)
        with engine.connect() as db:
            differences = compare_metadata(MigrationContext.configure(db), metadata)
        assert differences == []

    def test_they_go_back_and_forth(self, engine: Engine) -> None:
        upgrade(engine)
        downgrade(engine, "base")
        assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
        upgrade(engine)
        assert "submissions" in inspect(engine).get_table_names()


def _pragma(engine: Engine, name: str) -> int:
    with engine.connect() as db:
        return int(db.exec_driver_sql(f"PRAGMA {name}").scalar_one())


def test_a_note_keeps_its_rule(store: Store) -> None:
    change = ChangeSet(ats="x", changes=(PutNote(target="note", value="t", rule="note"),))
    store.add(work(change_set=change), b"x")
    kept = store.get("sub_1")
    assert kept is not None
    assert kept.change_set == change
