"""What a document may define for itself, when its `@context` holds an object beside pinned URLs.

An embedded proof does not sign the `@context`, so whoever passes a document on can add or change one. An inline
context is therefore accepted only where it cannot rename, redefine or hide anything that was signed:

- it only gives plain names absolute IRIs (with `@id` or datatype coercion at most), or sets `@vocab`;
- each name is the last part of its IRI, so the IRI that was signed allows one member name and no other;
- no name is one that a pinned context of the document defines anywhere, and no IRI is one that any pinned context
  has a term for; prefixes, null, containers and `@base` are not allowed. So it does not matter where it stands;
- `@vocab` comes last, ends in `#` or `/`, and must be used (the walk sees to that): an unused one is nothing but bait;
- a type may bring a context of its own, whose names are free, but no IRI in it is one that a pinned context has a term
  for. Such a type is taken only on the value of a member that the document defined too and that nobody reads
  (`State.is_foreign`): what stands there can be called anything, because it is not read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from typing import Any, Final, NoReturn

from connector.verify.jsonld.errors import CONTEXT_UNKNOWN, JsonLdError
from connector.verify.jsonld.nquads import is_absolute_iri

MAX_TERMS: Final = 100

READ_BY_NAME: Final = frozenset(
    (
        "achievement", "achievements", "competencies", "competency", "competencyName", "competencyText", "degree",
        "education", "educationAndLearning", "educationAndLearnings", "educationDegree", "educationDegrees",
        "hasAchieved", "hasClaim", "hasCredential", "hasPart", "hasPerformed", "learningOutcome", "name", "person",
        "prefLabel", "programName", "result", "results", "skill", "skills", "title",
    )
)  # fmt: skip
"""Members that are read of a credential of no profile, whichever context defines them."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,99}\Z")
_LAST_PART = re.compile(r"[^#/:]*\Z")


def check(context: Any, *, words: Set[str], prefixes: Set[str], taken: Set[str], aliases: Mapping[str, str]) -> Any:
    """Return `context` when it is harmless.

    Args:
        words: names that the pinned contexts define.
        prefixes: names that are in use as prefixes of compact IRIs.
        taken: IRIs that pinned contexts have terms for.
        aliases: `id` and `type`, as the pinned contexts define them.

    Raises:
        JsonLdError: `context_unknown`, with what is wrong in `detail`.
    """
    if not isinstance(context, dict):
        _refuse("is neither a URL nor an object")
    if len(context) > MAX_TERMS:
        _refuse("defines too many terms")
    for name, definition in context.items():
        if name == "@vocab":
            _check_vocab(definition, prefixes)
        elif _says_nothing(name, definition):
            continue
        elif not _NAME.match(name):
            _refuse("defines something other than plain terms")
        elif name in words:
            _refuse(f"redefines the term {name!r}")
        else:
            if isinstance(definition, dict) and definition.keys() == {"@id", "@context"}:
                _check_scoped(name, definition["@context"], prefixes, taken, aliases)
                definition = definition["@id"]
            iri = _check_definition(name, definition, prefixes, taken)
            last = _LAST_PART.search(iri)
            if last is None or last.group() != name:
                _refuse(f"gives the term {name!r} an IRI that ends in another name")
    return context


def types_with_contexts(context: Mapping[str, Any]) -> frozenset[str]:
    """The names in a harmless context that bring a context of their own."""
    return frozenset(
        name for name, definition in context.items() if isinstance(definition, dict) and "@context" in definition
    )


def _says_nothing(name: str, definition: Any) -> bool:
    return (name == "@version" and definition == 1.1) or (name == "@protected" and definition is True)


def _check_scoped(name: str, scoped: Any, prefixes: Set[str], taken: Set[str], aliases: Mapping[str, str]) -> None:
    if not isinstance(scoped, dict) or len(scoped) > MAX_TERMS:
        _refuse(f"gives the type {name!r} something other than a small context")
    for inner, definition in scoped.items():
        if _says_nothing(inner, definition) or (inner in aliases and aliases[inner] == definition):
            continue
        if not _NAME.match(inner) or inner in aliases:
            _refuse(f"defines something other than plain terms for the type {name!r}")
        _check_definition(inner, definition, prefixes, taken)


def _check_vocab(vocab: Any, prefixes: Set[str]) -> None:
    if not _is_plain_iri(vocab, prefixes) or not vocab.endswith(("#", "/")):
        _refuse("sets @vocab to something other than an absolute IRI that ends in # or /")


def _check_definition(name: str, definition: Any, prefixes: Set[str], taken: Set[str]) -> str:
    """The IRI of a term."""
    if isinstance(definition, dict):
        if not {"@id"} <= definition.keys() <= {"@id", "@type"}:
            _refuse(f"defines the term {name!r} with more than @id and @type")
        datatype = definition.get("@type", "@id")
        if datatype != "@id" and not _is_plain_iri(datatype, prefixes):
            _refuse(f"gives the term {name!r} a type that is not an absolute IRI")
        definition = definition["@id"]
    if not isinstance(definition, str) or not _is_plain_iri(definition, prefixes):
        _refuse(f"gives the term {name!r} no absolute IRI")
    if definition in taken:
        _refuse(f"gives the term {name!r} the meaning of a known term")
    return definition


def _is_plain_iri(value: Any, prefixes: Set[str]) -> bool:
    if not isinstance(value, str) or not is_absolute_iri(value):
        return False
    prefix, _, rest = value.partition(":")
    return prefix not in prefixes or rest.startswith("//")


def _refuse(what: str) -> NoReturn:
    raise JsonLdError(CONTEXT_UNKNOWN, f"an inline @context {what}")
