"""API keys: `Authorization: Bearer <key>`, compared by hash, wrong ones slowed down."""

from __future__ import annotations

import hmac
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from connector.share.keys import hash_api_key
from connector.web.problems import ApiError

MAX_FAILURES: Final = 20
WINDOW_SECONDS: Final = 60.0


class ApiKeys:
    """The keys that may call the API.

    Args:
        hashes: `sha256$<hex>` of each key, as `ler-connector key new` prints them. Keys are 256 random bits, so a
            plain hash is enough; what must not be possible is to read a key out of the settings.
        monotonic: the clock that failed attempts are counted with.

    After 20 wrong keys within a minute, further wrong ones are answered 429: a guesser learns nothing faster, and a
    caller with the right key is never kept out.
    """

    def __init__(self, hashes: tuple[str, ...], *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._hashes = hashes
        self._monotonic = monotonic
        self._failures: deque[float] = deque(maxlen=MAX_FAILURES)

    def require(self, key: str) -> None:
        """Let the caller with that key pass or raise ApiError 401 (429 after many failures)."""
        if key and self._known(key):
            return
        now = self._monotonic()
        busy = len(self._failures) == MAX_FAILURES and now - self._failures[0] < WINDOW_SECONDS
        self._failures.append(now)
        if busy:
            raise ApiError(429, "too_many_failures", "Too many wrong API keys; wait a minute.")
        if not self._hashes:
            raise ApiError(
                401, "no_api_keys", "This service has no API keys yet.", detail="Make one: ler-connector key new"
            )
        raise ApiError(401, "unauthorized", "The API key is missing or wrong.")

    def _known(self, key: str) -> bool:
        digest = hash_api_key(key)
        matches = [hmac.compare_digest(digest, known) for known in self._hashes]
        return any(matches)
