"""pyld, imported without what it would fetch with.

When it is loaded, pyld makes itself a document loader for the network, with `requests` or `aiohttp`, and takes a dummy
that refuses where neither is there. Nothing may be fetched here, so neither is there; that also saves an eighth of a
cold start.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["ContextResolver", "jsonld"]


@contextmanager
def _out_of_reach(*names: str) -> Iterator[None]:
    """Importing one of `names` fails within; `None` in `sys.modules` means that."""
    modules: dict[str, Any] = sys.modules
    before = {name: modules[name] for name in names if name in modules}
    modules.update(dict.fromkeys(names))
    try:
        yield
    finally:
        for name in names:
            del modules[name]
        modules.update(before)


with _out_of_reach("requests", "aiohttp"):
    from pyld import jsonld
    from pyld.context_resolver import ContextResolver
