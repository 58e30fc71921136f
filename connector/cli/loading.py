"""While a command loads what it needs, nothing of it is garbage: looking for some takes a tenth of a cold start."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """Collect nothing within, and never look at what was loaded again."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
