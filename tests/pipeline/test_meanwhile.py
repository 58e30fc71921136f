"""Two things at once for one submission: whoever takes it back has the last word, at whatever moment it comes.

No engine runs here; each test drives the pipeline itself and acts at the moment that it is about.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from connector import pipeline
from connector.deliver.delivery import Delivery
from connector.deliver.ledger import person_of
from connector.errors import AtsAuthError, RetryableDeliveryError
from connector.model.changes import Receipt
from connector.model.records import State, SubmissionRecord
from connector.model.work import Action, Work
from connector.pipeline import REST, Courier, Tools, Turn

from .conftest import House

Hook = Callable[[], object]


class AtOnce:
    """Steps without an engine; `between` happens after the first."""

    def __init__(self, between: Hook = lambda: None) -> None:
        self._between = between

    def run(self, name: str, work: Callable[[], Turn]) -> Turn:
        turn = work()
        if name == "assess":
            self._between()
        return turn


class Interrupted:
    """The courier; `after` happens when the ATS has answered."""

    def __init__(self, courier: Courier, after: Hook) -> None:
        self._courier, self._after = courier, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._courier, name)

    def run(self, delivery: Delivery) -> Receipt:
        receipt = self._courier.run(delivery)
        self._after()
        return receipt


class Bench:
    """A house without an engine."""

    def __init__(self, house: House) -> None:
        self.house, self.connector = house, house.connector
        inner: Any = house.connector
        self.store, self.tools = inner._store, inner._tools

    def submit(self, name: str = "Welder I", **more: Any) -> SubmissionRecord:
        return self.connector.submit(self.house.new(self.house.badge(name), **more))

    def delivered(self, name: str = "Welder I") -> SubmissionRecord:
        record = self.submit(name)
        self.drive(record)
        assert self.work(record).state is State.DELIVERED
        return record

    def drive(self, record: SubmissionRecord, tools: Tools | None = None, between: Hook = lambda: None) -> Turn:
        return pipeline.run(record.id, AtOnce(between), tools or self.tools)

    def work(self, record: SubmissionRecord) -> Work:
        found: Work = self.store.get(record.id)
        return found

    def standing(self, record: SubmissionRecord) -> tuple[State, Action | None, str | None, bool]:
        work = self.work(record)
        return work.state, work.action, work.code, work.live

    def while_assessed(self, hook: Hook) -> Tools:
        def documents() -> Any:
            hook()
            return self.tools.documents()

        tools: Tools = replace(self.tools, documents=documents)
        return tools

    def while_delivered(self, hook: Hook) -> Tools:
        tools: Tools = replace(self.tools, courier=Interrupted(self.tools.courier, hook))
        return tools

    def when_the_ats_says(self, error: Exception) -> Tools:
        def raising() -> None:
            raise error

        return self.while_delivered(raising)


@pytest.fixture
def bench(houses: Callable[..., House]) -> Bench:
    return Bench(houses(start=False))


def test_what_was_erased_while_it_was_looked_at_stays_erased(bench: Bench) -> None:
    record = bench.submit()

    def erased() -> None:
        bench.connector.erase(record.id)
        bench.drive(record)

    assert bench.drive(record, bench.while_assessed(erased)) == REST
    assert bench.standing(record) == (State.WITHDRAWN, None, "erased", False)
    assert bench.work(record).claims == ()
    assert bench.house.writes == 0


def test_what_a_link_led_to_is_not_kept_once_it_was_erased(bench: Bench) -> None:
    record = bench.submit()
    bench.connector.erase(record.id)
    bench.store.keep_document(record.id, b"while it is being erased")
    bench.drive(record)
    bench.store.keep_document(record.id, b"after it was erased")
    assert bench.store.document(record.id) is None
    assert bench.work(record).document_sha256 is None


def test_undoing_while_it_is_delivered_outlasts_a_later_look(bench: Bench) -> None:
    record = bench.submit()

    def to_be_looked_at_again() -> None:
        bench.store.change(record.id, lambda work: work.model_copy(update={"recheck": True}))

    undo = bench.while_delivered(lambda: bench.connector.undo(record.id))
    bench.drive(record, undo, between=to_be_looked_at_again)
    assert bench.work(record).action is Action.UNDO
    bench.drive(record)
    assert bench.standing(record) == (State.WITHDRAWN, None, "undone", False)
    assert "Welder I" not in str(bench.house.held.fields)


def test_erasing_while_it_is_undone_still_erases(bench: Bench) -> None:
    record = bench.delivered()
    bench.connector.undo(record.id)
    bench.drive(record, bench.while_delivered(lambda: bench.connector.erase(record.id)))
    bench.drive(record)
    assert bench.standing(record) == (State.WITHDRAWN, None, "erased", False)
    assert bench.store.document(record.id) is None


def test_undoing_does_not_replace_an_erasure_under_way(bench: Bench) -> None:
    record = bench.delivered()
    bench.connector.erase(record.id)
    bench.connector.undo(record.id)
    bench.drive(record)
    assert bench.work(record).code == "erased"
    assert bench.store.document(record.id) is None


def test_undoing_twice_ends_withdrawn_whichever_run_is_last(bench: Bench) -> None:
    record = bench.delivered()
    bench.connector.undo(record.id)
    assert bench.drive(record, between=lambda: bench.drive(record)) == REST
    assert bench.standing(record) == (State.WITHDRAWN, None, "undone", False)


def test_erasing_one_leaves_no_word_of_it_in_what_was_undone_before(bench: Bench) -> None:
    first, second = bench.delivered("Welder I"), bench.delivered("Rigger II")
    bench.connector.undo(second.id)
    bench.drive(second)
    bench.connector.erase(first.id)
    bench.drive(first)
    left = bench.work(second)
    assert "Welder I" not in str(left.change_set) + str(left.receipt)
    assert left.receipt is not None
    assert left.receipt.effects
    ref = bench.house.ref
    assert "Welder I" not in str([*bench.store.entries(ref), *bench.store.entries(person_of(ref))])


class TestARefusedSubmissionThatCountedBefore:
    @pytest.fixture
    def refused(self, bench: Bench) -> SubmissionRecord:
        """Delivered; then its issuer is denied, and it is about to be looked at again."""
        record = bench.delivered()
        text = f"denied_issuers: ['{bench.house.issuer.id}']\n"
        (bench.house.folder / "policy.yaml").write_text(text, encoding="utf-8")
        bench.connector.retry(record.id)
        return record

    def test_its_values_are_taken_back_once_the_ats_answers(self, bench: Bench, refused: SubmissionRecord) -> None:
        assert bench.drive(refused, replace(bench.tools, courier=_Down(bench.tools.courier))).then == "again"
        assert "Welder I" in str(bench.house.held.fields)
        code = bench.work(refused).code
        assert bench.drive(refused) == REST
        assert "Welder I" not in str(bench.house.held.fields)
        assert (bench.work(refused).state, bench.work(refused).code) == (State.REFUSED, code)

    def test_the_reconciler_finds_it_when_the_engine_lost_it(self, bench: Bench, refused: SubmissionRecord) -> None:
        bench.drive(refused, replace(bench.tools, courier=_Down(bench.tools.courier)))
        assert refused.id in [work.id for work in stalled(bench)]
        bench.drive(refused)
        assert stalled(bench) == []


class _Down:
    """The courier to an account that does not answer."""

    def __init__(self, courier: Courier) -> None:
        self._courier = courier

    def __getattr__(self, name: str) -> Any:
        return getattr(self._courier, name)

    def run(self, delivery: Delivery) -> Receipt:
        raise RetryableDeliveryError("It is down.", code="ats_unavailable")


def stalled(bench: Bench) -> list[Work]:
    """Everything that the reconciler would drive in a while."""
    later = bench.tools.clock.now().replace(year=2090)
    return list(bench.store.stalled(later, later))


def test_an_undoing_that_failed_is_not_tried_again_every_minute(bench: Bench) -> None:
    record = bench.delivered()
    bench.connector.undo(record.id)
    bench.drive(record, bench.when_the_ats_says(AtsAuthError("The key is not taken any more.")))
    assert bench.work(record).state is State.FAILED
    assert stalled(bench) == []
    bench.connector.retry(record.id)
    bench.drive(record)
    assert bench.standing(record) == (State.WITHDRAWN, None, "undone", False)


class TestARequestForThePrivacyOffice:
    @pytest.fixture
    def bench(self, houses: Callable[..., House]) -> Bench:
        return Bench(houses(start=False, extra={"LER_GREENHOUSE__WITHDRAWAL": "review"}))

    def test_it_outlasts_the_delivery_during_which_it_came(self, bench: Bench) -> None:
        record = bench.submit()
        bench.drive(record, bench.while_delivered(lambda: bench.connector.withdraw(record.id)))
        assert bench.standing(record) == (State.DELIVERED, None, "withdrawal_requested", True)

    def test_it_outlasts_another_look_at_the_record(self, bench: Bench) -> None:
        record = bench.delivered()
        bench.connector.withdraw(record.id)
        bench.store.change(record.id, lambda work: work.model_copy(update={"action": Action.RECHECK}))
        bench.drive(record)
        assert bench.standing(record) == (State.DELIVERED, None, "withdrawal_requested", True)

    def test_it_is_done_once_the_office_undoes_it(self, bench: Bench) -> None:
        record = bench.delivered()
        bench.connector.withdraw(record.id)
        bench.connector.undo(record.id)
        bench.drive(record)
        assert bench.work(record).code == "undone"


def test_an_ats_that_always_says_at_once_does_not_use_up_a_days_attempts_in_a_moment(bench: Bench) -> None:
    record = bench.submit()
    busy = bench.when_the_ats_says(RetryableDeliveryError("It is busy.", code="ats_busy", retry_after=0.0))
    scaled = [bench.drive(record, busy).delay for _ in range(pipeline.MAX_ATTEMPTS - 1)]
    assert sum(scaled) * bench.tools.time_scale > 8 * 3600
    assert max(scaled[:10]) == 0.0
    assert bench.tools.courier.wait(record.ref.connection) == 0.0
    bench.drive(record)
    assert bench.work(record).state is State.DELIVERED
