"""Pauses of an account, and files that change while the service runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.deliver.delivery import Delivery
from connector.errors import PolicyFileError, RejectedByAts, RetryableDeliveryError
from connector.infra.courier import FAILURES_BEFORE_PAUSE, MAX_PAUSE, Courier
from connector.infra.files import Reloaded
from connector.model.applicant import ApplicationRef
from connector.model.changes import ChangeSet, Receipt
from connector.testing.fake_ats import FakeAdapter, FakeAts

REF = ApplicationRef(connection="fake", candidate="c1", application="a1")


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class Scripted(Delivery):
    """A delivery that ends as it is told."""

    error: Exception | None = None

    async def run(self) -> Receipt:
        if self.error is not None:
            raise self.error
        return self.receipt()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def courier(clock: Clock) -> Courier:
    adapter = FakeAdapter(FakeAts())
    return Courier(lambda name: adapter, monotonic=clock)


def run(courier: Courier, error: Exception | None) -> None:
    delivery = Scripted(ChangeSet(ats="fake"), FakeAdapter(FakeAts()), None, REF)  # type: ignore[arg-type]  # not used
    delivery.error = error
    try:
        courier.run(delivery)
    except (RetryableDeliveryError, RejectedByAts):
        return


def test_an_account_that_asked_for_a_pause_is_left_alone_for_that_long(courier: Courier, clock: Clock) -> None:
    courier.hold("fake", 30)
    assert 30 <= courier.wait("fake") <= 31
    assert courier.wait("other") == 0
    clock.now += 30
    assert courier.wait("fake") == 0


def test_a_shorter_pause_does_not_end_a_longer_one(courier: Courier) -> None:
    courier.hold("fake", 30)
    courier.hold("fake", 1)
    assert courier.wait("fake") >= 30


def test_an_account_that_fails_again_and_again_is_left_alone_for_a_while(courier: Courier) -> None:
    for _ in range(FAILURES_BEFORE_PAUSE - 1):
        run(courier, RetryableDeliveryError("down"))
    assert courier.wait("fake") == 0
    run(courier, RetryableDeliveryError("down"))
    assert 0 < courier.wait("fake") <= MAX_PAUSE + 1


@pytest.mark.parametrize("answer", [None, RejectedByAts("no")])
def test_any_answer_shows_that_the_account_is_there(courier: Courier, answer: Exception | None) -> None:
    for _ in range(FAILURES_BEFORE_PAUSE - 1):
        run(courier, RetryableDeliveryError("down"))
    run(courier, answer)
    run(courier, RetryableDeliveryError("down"))
    assert courier.wait("fake") == 0


def load(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    if "broken" in text:
        raise PolicyFileError("no", file=str(path), line=1, column=1)
    return text


class TestFilesThatChange:
    def test_a_change_is_read(self, tmp_path: Path) -> None:
        file, files = tmp_path / "f", Reloaded(load)
        file.write_text("one", encoding="utf-8")
        assert files.get(file) == "one"
        file.write_text("second", encoding="utf-8")
        assert files.get(file) == "second"

    def test_the_last_good_version_stays_when_it_breaks_or_goes(self, tmp_path: Path) -> None:
        file, files = tmp_path / "f", Reloaded(load)
        file.write_text("one", encoding="utf-8")
        files.get(file)
        file.write_text("broken now", encoding="utf-8")
        assert files.get(file) == "one"
        file.unlink()
        assert files.get(file) == "one"
        file.write_text("mended again", encoding="utf-8")
        assert files.get(file) == "mended again"

    def test_one_that_never_was_good_is_said(self, tmp_path: Path) -> None:
        file = tmp_path / "f"
        file.write_text("broken", encoding="utf-8")
        with pytest.raises(PolicyFileError):
            Reloaded(load).get(file)
