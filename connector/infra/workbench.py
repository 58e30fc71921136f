"""Where a submission is looked into: in place when it is small, in a process of its own when it is large."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from connector.answers import Examination, examine_content
from connector.model.applicant import Applicant
from connector.model.submission import Submission
from connector.normalize import EMPTY, Crosswalk
from connector.ports import World
from connector.verify.policy import Policy

if TYPE_CHECKING:
    from connector.infra.worker import LargeWork

INLINE_BYTES: Final = 250_000
"""A CLR of 100 signed badges: in place it takes less than 0.1 s, and the way there and back would add half of that."""


class Workbench:
    """Takes the place of `answers.examine_content`. For any number of threads.

    Args:
        large: looks into what is large; the worker when not given, which is loaded and started when first needed.
    """

    def __init__(self, *, inline_bytes: int = INLINE_BYTES, large: LargeWork | None = None) -> None:
        self._inline_bytes, self._large = inline_bytes, large
        self._lock = Lock()

    def __call__(
        self,
        submission: Submission,
        policy: Policy,
        world: World,
        *,
        applicant: Applicant,
        now: datetime,
        crosswalk: Crosswalk = EMPTY,
        assess_options: Mapping[str, Any] | None = None,
    ) -> Examination:
        """As `answers.examine_content`."""
        is_small = len(submission.content) < self._inline_bytes
        look_into = examine_content if is_small else self._for_large()
        return look_into(
            submission, policy, world, applicant=applicant, now=now, crosswalk=crosswalk, assess_options=assess_options
        )

    def _for_large(self) -> LargeWork:
        from connector.infra.worker import LargeWork

        with self._lock:
            self._large = self._large or LargeWork()
            return self._large

    def close(self) -> None:
        """End the worker, if there is one; the next large submission starts another."""
        if self._large is not None:
            self._large.close()
