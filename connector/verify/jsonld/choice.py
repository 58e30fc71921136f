"""Which published contents of the context URLs to read a document with, newest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import islice, product
from threading import Lock
from typing import Any, Final

from connector.verify.jsonld.pinned import index
from connector.verify.jsonld.vocabulary import MAX_STATES, Vocabulary

Choice = tuple[tuple[str, int], ...]
"""(URL, position among its contents) for each URL that is not read with its newest content."""

MAX_CHOICES: Final = 4

_vocabularies: dict[Choice, Vocabulary] = {}
_lock = Lock()


def choices(documents: Sequence[Any]) -> Iterator[Choice]:
    """The newest contents first; then, only if the documents name a URL with several, the others."""
    yield ()
    urls = [url for url in _ambiguous() if any(_names(document, url) for document in documents)]
    combinations = product(*(range(len(index()[url])) for url in urls))
    for positions in islice(combinations, 1, MAX_CHOICES):
        yield tuple((url, position) for url, position in zip(urls, positions, strict=True) if position)


def vocabulary(choice: Choice) -> Vocabulary:
    """The compiled states for a choice, kept from call to call; dropped when they have grown too many."""
    with _lock:
        kept = _vocabularies.get(choice)
        if kept is None or kept.states > MAX_STATES:
            kept = _vocabularies[choice] = Vocabulary({url: index()[url][position] for url, position in choice})
        return kept


@cache
def _ambiguous() -> tuple[str, ...]:
    return tuple(url for url, contents in index().items() if len(contents) > 1)


def _names(document: Any, url: str) -> bool:
    stack = [document]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            context = item.get("@context")
            if context == url or (isinstance(context, list) and url in context):
                return True
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
    return False
