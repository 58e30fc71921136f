"""Carries deliveries to the ATSs: one event loop in a thread for all adapters, one pause clock per account.

Adapters are async and their clients belong to one loop; the pipeline is sync. An account that asked for a pause, or
that fails again and again, is left alone for a while by everybody, not only by the submission that noticed.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

from connector.deliver.delivery import Delivery
from connector.deliver.ledger import Ledger
from connector.errors import DeliveryError, RetryableDeliveryError
from connector.infra.ats_http import METER
from connector.model.applicant import ApplicationRef
from connector.model.changes import ChangeSet, Receipt
from connector.ports import AtsAdapter
from connector.retry import next_delay

T = TypeVar("T")
FAILURES_BEFORE_PAUSE: Final = 5
"""After so many failures in a row an account is taken to be down, and is asked by one submission at a time."""
MAX_PAUSE: Final = 60.0
CLOSE_SECONDS: Final = 10.0


class Courier:
    """Implements the pipeline's port `Courier`.

    Args:
        adapters: makes, or gives, the adapter of a connection.
        time_scale: divides every wait.
    """

    def __init__(
        self,
        adapters: Callable[[str], AtsAdapter],
        *,
        time_scale: float = 1.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._adapters, self._scale, self._monotonic = adapters, time_scale, monotonic
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._until: dict[str, float] = {}
        self._failures: dict[str, int] = {}

    def carry(self, changes: ChangeSet, ledger: Ledger, ref: ApplicationRef) -> Delivery:
        return Delivery(changes, self._adapters(ref.connection), ledger, ref, sleep=self._sleep)

    def run(self, delivery: Delivery) -> Receipt:
        """Run a delivery to its end, whatever that is."""
        connection = delivery.ref.connection
        try:
            receipt = self.call(_metered(delivery))
        except RetryableDeliveryError:
            self._failed(connection)
            raise
        except DeliveryError:
            self._answered(connection)
            raise
        self._answered(connection)
        return receipt

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the adapters' loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._running_loop()).result()

    # --- pauses ---

    def wait(self, connection: str) -> float:
        """Seconds, scaled already, for which nobody should disturb that account; 0 when it may be asked."""
        with self._lock:
            left = self._until.get(connection, 0.0) - self._monotonic()
        if left <= 0:
            return 0.0
        return left + random.random() / self._scale  # noqa: S311  # not all at the same moment

    def hold(self, connection: str, seconds: float) -> None:
        with self._lock:
            self._until[connection] = max(self._until.get(connection, 0.0), self._monotonic() + seconds)

    def _failed(self, connection: str) -> None:
        with self._lock:
            count = self._failures[connection] = self._failures.get(connection, 0) + 1
        if count >= FAILURES_BEFORE_PAUSE:
            self.hold(connection, min(next_delay(count - FAILURES_BEFORE_PAUSE + 1), MAX_PAUSE) / self._scale)

    def _answered(self, connection: str) -> None:
        with self._lock:
            self._failures.pop(connection, None)

    # --- the loop ---

    async def _sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._scale)

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="ats", daemon=True)
                self._thread.start()
            return self._loop

    def close(self, closing: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Break off what is still going on (the ledger knows that it was sent), run `closing`, end the loop."""
        with self._lock:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is None or thread is None:
            return
        asyncio.run_coroutine_threadsafe(_end(closing), loop).result(CLOSE_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(CLOSE_SECONDS)
        loop.close()


async def _metered(delivery: Delivery) -> Receipt:
    METER.set(delivery)
    return await delivery.run()


async def _end(closing: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """A thread that waits for one of these tasks would keep the process from ending."""
    pending = asyncio.all_tasks() - {asyncio.current_task()}
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    await closing()
    await asyncio.get_running_loop().shutdown_default_executor()
