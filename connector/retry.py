"""When to try again. The one place that imports tenacity.

Two clocks: within one attempt a hiccup of a read is retried here, at once (`within_attempt`); between attempts the
durable pipeline waits (`next_delay`), so that a restart forgets nothing.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from connector.errors import RetryableDeliveryError

T = TypeVar("T")

MAX_RETRY_AFTER: Final = 3600.0
"""An ATS that asks for more than an hour is asked again after an hour: one day in a header is a mistake or a fault."""
TRUSTED_ATTEMPTS: Final = 20
"""Whoever was told "in a moment" so many times waits longer: the attempts must last for about a day."""
FIRST_DELAY: Final = 2.0
MAX_DELAY: Final = 900.0


def next_delay(attempt: int, retry_after: float | None = None, *, rng: random.Random | None = None) -> float:
    """Seconds to wait before attempt `attempt + 1` (the first attempt is 1).

    The vendor's Retry-After holds, within 0..MAX_RETRY_AFTER, with up to a tenth more as jitter; without one, and as
    the least after TRUSTED_ATTEMPTS, it doubles from 2 s up to 15 min, with full jitter on the upper half.
    """
    chance: float = (rng or random.Random()).random()  # noqa: S311  # jitter, not a secret
    ceiling = min(FIRST_DELAY * 2 ** min(attempt - 1, 20), MAX_DELAY)
    own = float(ceiling / 2 + chance * ceiling / 2)
    if retry_after is None:
        return own
    asked = min(max(retry_after, 0.0), MAX_RETRY_AFTER) * (1 + chance / 10)
    return asked if attempt <= TRUSTED_ATTEMPTS else max(asked, own)


async def within_attempt(read: Callable[[], Awaitable[T]], *, attempts: int = 2) -> T:
    """Run a *read* again when it failed for a passing reason and nobody said how long to wait.

    Never for writes: a write whose outcome is unknown goes back to the pipeline, which looks first.
    """
    passing = retry_if_exception(
        lambda e: isinstance(e, RetryableDeliveryError) and e.retry_after is None and not e.maybe_applied
    )
    async for turn in AsyncRetrying(
        stop=stop_after_attempt(attempts),
        wait=wait_exponential_jitter(multiplier=0.2, max=2),
        retry=passing,
        reraise=True,
    ):
        with turn:
            return await read()
    raise AssertionError("unreachable: tenacity re-raises")
