"""Active contexts of JSON-LD 1.1, processed once by pyld and kept as tables for the walk.

A `State` is an active context. From it lead, each computed once: a member's property-scoped context, an embedded
`@context`, and the type-scoped contexts of a node's types (JSON-LD 1.1 API, sections 4.1 and 5.1.2 steps 3 to 11).
pyld does the context processing (term creation, prefixes, protection, propagation); what a term then means is read
from its result (`terms`).
"""

from __future__ import annotations

import copy
import json
import re
from collections import ChainMap
from collections.abc import Mapping, Sequence
from threading import RLock
from typing import Any, Final

from connector.verify.jsonld import inline
from connector.verify.jsonld.errors import (
    CONTEXT_CONFLICT,
    CONTEXT_UNKNOWN,
    RELATIVE_IRI,
    TOO_COMPLEX,
    JsonLdError,
    refuse,
)
from connector.verify.jsonld.nquads import is_absolute_iri
from connector.verify.jsonld.pinned import PinnedContext, index, known_iris, load, words
from connector.verify.jsonld.processor import ContextResolver, jsonld
from connector.verify.jsonld.terms import Terms

MAX_STATES: Final = 2_000
"""Active contexts computed before all are dropped; the contexts of all published LERs together make under 400."""
MAX_CONTEXT_ENTRIES: Final = 16
MAX_SCOPED_TYPES: Final = 8
"""Entries of one `@context`, and types of one node that bring a context; published LERs have 5 and 2."""
MAX_KNOWN_TYPES: Final = 200
"""Combinations of types that are remembered for one active context; published LERs have under 20."""

_SIMPLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,99}\Z")
_DEFAULTS: Final = frozenset({"@vocab", "@language", "@direction", "@base"})


class InlineVocab:
    """A `@vocab` that the document set, and whether anything needed it."""

    __slots__ = ("used",)

    def __init__(self) -> None:
        self.used = False


class State:
    """One active context, and what was computed from it.

    Attributes:
        previous: the context to go back to when a node object is entered, where this one comes from types.
        words: names that the pinned contexts behind this state define anywhere; an inline context may not touch them.
        inline_vocab: `@vocab` was set by the document itself; notes whether anything needed it.
        known_types: types that are all terms -> the state they lead to, and ` rdf:type <iri>` of each.
        alone: what a record with this state's contexts means here as well as by itself, once it was needed.
        own_types: types that the document gave a context of its own.
        is_foreign: for the value of a member that the document defined and nobody reads; only there `own_types` are
            taken.
        pair: the two states that this one is what they agree on (`Vocabulary.agreement`).
    """

    __slots__ = (
        "_spellings", "active", "alone", "embedded", "id_name", "id_names", "inline_vocab", "is_foreign", "known_types",
        "own_types", "pair",
        "prefixes", "previous", "terms", "type_name", "type_names", "typed", "value_names", "vocabulary", "words",
    )  # fmt: skip

    def __init__(
        self,
        vocabulary: Vocabulary,
        active: Mapping[str, Any],
        previous: State | None = None,
        words: frozenset[str] = frozenset(),
        inline_vocab: InlineVocab | None = None,
    ) -> None:
        self.vocabulary = vocabulary
        self.active = active
        self.previous = previous
        self.own_types: frozenset[str] = frozenset()
        self.is_foreign = False
        self.pair: tuple[State, State] | None = None
        self.alone: State | None = None
        self.words = words
        self.inline_vocab = inline_vocab
        self.prefixes = frozenset(name for name, mapping in active["mappings"].items() if mapping["_prefix"])
        self.id_names = self._names_of("@id")
        self.type_names = self._names_of("@type")
        self.value_names = self._names_of("@value")
        self.id_name = "id" if "id" in self.id_names else None
        self.type_name = "type" if "type" in self.type_names else None
        self.terms = Terms(self)
        self._spellings: dict[str, str] = {}
        self.embedded: dict[tuple[str, ...], State] = {}
        self.typed: dict[tuple[str, ...], State] = {}
        self.known_types: dict[str | tuple[str, ...], tuple[State, Sequence[str]]] = {}

    def _names_of(self, keyword: str) -> tuple[str, ...]:
        return tuple(name for name, mapping in self.active["mappings"].items() if mapping["@id"] == keyword)

    def keyword_names(self) -> tuple[set[str], set[str], set[str]]:
        return {*self.id_names}, {*self.type_names}, {*self.value_names}

    def derive(self, active: Mapping[str, Any], previous: State | None = None) -> State:
        derived = State(self.vocabulary, active, previous, self.words, self.inline_vocab)
        derived.own_types = self.own_types
        return derived

    def spelling(self, iri: str) -> str:
        """The one member name for a property that several terms name (`achievement` and the class `Achievement`,
        `expires` and `expiration`): otherwise a member could be renamed under its signature."""
        if self.pair is not None:
            first, second = (state.spelling(iri) for state in self.pair)
            return first if first == second else ""
        if not self._spellings:
            for name, mapping in self.active["mappings"].items():
                known = self._spellings.setdefault(mapping["@id"], name)
                self._spellings[mapping["@id"]] = min(
                    known, name, key=lambda word: (word[0].isupper(), len(word), word)
                )
        return self._spellings[iri]

    def remember_types(self, types: str | tuple[str, ...], state: State, said: Sequence[str]) -> None:
        """Keep what the walk made of types, if they are all terms: then it is the same in every document."""
        listed = (types,) if isinstance(types, str) else types
        terms = self.active["mappings"]
        if len(listed) <= MAX_SCOPED_TYPES and len(self.known_types) < MAX_KNOWN_TYPES and terms.keys() >= {*listed}:
            self.known_types[types] = (state, said)

    def scoped_by_type(self, type_: str) -> Any:
        mapping = self.active["mappings"].get(type_)
        return mapping.get("@context") if mapping else None

    def iri(self, text: str) -> str:
        """An identifier as `<...>`: an absolute IRI, written out."""
        if is_absolute_iri(text):
            scheme, _, rest = text.partition(":")
            if scheme not in self.prefixes or rest.startswith("//"):
                return f"<{text}>"
            refuse("a compact IRI stands where an absolute IRI must")
        if text.startswith("_:"):
            refuse("a blank node identifier stands where an absolute IRI must")
        raise JsonLdError(RELATIVE_IRI, "identifier")

    def word(self, text: str, code: str) -> str:
        """A type, or a value that a context coerces to the vocabulary, as `<...>`: a term, or else an absolute IRI
        that no pinned context has a term for (one spelling for one meaning)."""
        mapping = self.active["mappings"].get(text)
        if mapping is not None:
            iri = mapping["@id"]
            if iri is None or not is_absolute_iri(iri):
                raise JsonLdError(code, "the context gives the term no absolute IRI")
            return f"<{iri}>"
        if ":" in text:
            if text in known_iris():
                refuse("an IRI stands where its term must")
            return self.iri(text)
        by_vocab = self.vocab_iri(text)
        if by_vocab is None:
            raise JsonLdError(code, "not a term")
        return f"<{by_vocab}>"

    def vocab_iri(self, name: str) -> str | None:
        """The IRI that `@vocab` gives a plain name, if there is one.

        The name is part of the IRI that was signed, so it cannot be exchanged for another; a name that would come
        out as an IRI that a pinned context has a term for is refused.
        """
        vocab = self.active.get("@vocab")
        if vocab is None or not _SIMPLE_NAME.match(name):
            return None
        iri = f"{vocab}{name}"
        if not is_absolute_iri(iri):
            return None
        if iri in known_iris():
            refuse("@vocab stands in for a term of a pinned context")
        if self.inline_vocab is not None:
            self.inline_vocab.used = True
        return iri


class Vocabulary:
    """The states that grow from one choice of contents for the context URLs."""

    def __init__(self, choice: Mapping[str, PinnedContext]) -> None:
        self._choice = choice
        self._processor = jsonld.JsonLdProcessor()
        self._cache: dict[str, Any] = {}
        self._lock = RLock()
        self.states = 0
        self._agreements: dict[tuple[State, State], State] = {}
        self.initial = State(self, self._processor.process_context({}, None, self._options(self._cache)))

    def _options(self, shared_cache: Any) -> dict[str, Any]:
        resolver = ContextResolver(shared_cache, self._loader)
        return {
            "base": "", "processingMode": "json-ld-1.1", "documentLoader": self._loader, "contextResolver": resolver,
        }  # fmt: skip

    def _content(self, url: str) -> PinnedContext:
        contents = index().get(url)
        if not contents:
            raise JsonLdError(CONTEXT_UNKNOWN, f"@context names {url[:200]!r}")
        return self._choice.get(url, contents[0])

    def _loader(self, url: str, options: dict[str, Any]) -> dict[str, Any]:
        return {
            "contentType": "application/ld+json", "contextUrl": None, "documentUrl": url, "tag": "static",
            "document": copy.deepcopy(load(self._content(url))),
        }  # fmt: skip

    def _process(self, state: State, context: Any, *, override: bool, propagate: bool, own: bool = False) -> Any:
        cache = ChainMap({}, self._cache) if own else self._cache
        with self._lock:
            self.states += 1
            try:
                active = self._processor._process_context(
                    state.active, context, self._options(cache), override_protected=override, propagate=propagate
                )
            except jsonld.JsonLdError as error:
                raise _as_ours(error) from None
        reverts = "previousContext" in active
        if reverts != ("previousContext" in state.active if propagate else True):
            refuse("a context sets @propagate")
        return active

    def property_scoped(self, state: State, context: Any) -> State:
        if context is None:
            return state
        if state.pair is not None:
            first, second = (self.property_scoped(one, context) for one in state.pair)
            return self.agreement(first, second)
        return state.derive(self._process(state, context, override=True, propagate=True))

    def type_scoped(self, state: State, types: tuple[str, ...]) -> State:
        """The state after the scoped contexts of `types`, which are sorted and all have one (5.1.2 step 11)."""
        result = state.typed.get(types)
        if result is None and state.pair is not None:
            first, second = (self.type_scoped(one, types) for one in state.pair)
            result = state.typed[types] = self.agreement(first, second)
        if result is None:
            if len(types) > MAX_SCOPED_TYPES:
                raise JsonLdError(TOO_COMPLEX, "types of one node")
            current = state
            if not state.is_foreign and not state.own_types.isdisjoint(types):
                raise JsonLdError(CONTEXT_UNKNOWN, "a type with its own inline context stands where it is read")
            for type_ in types:
                context = state.scoped_by_type(type_)
                active = self._process(current, context, override=False, propagate=False, own=bool(state.own_types))
                current = state.derive(active, state)
            result = state.typed[types] = current
        return result

    def embed(self, state: State, context: Any, kept: dict[Any, State]) -> State:
        """The state after a node's own `@context`.

        Args:
            kept: states that come from an inline context; they live as long as the document.
        """
        try:
            return state.embedded[tuple(context) if context.__class__ is list else (context,)]
        except (KeyError, TypeError):  # not yet met, or not only URLs
            pass
        parts = context if isinstance(context, list) else [context]
        if len(parts) > MAX_CONTEXT_ENTRIES:
            raise JsonLdError(TOO_COMPLEX, "entries of one @context")
        urls = tuple(part for part in parts if isinstance(part, str))
        if len(urls) != len(parts):
            return self._embed_inline(state, parts, urls, kept)
        if state.pair is not None:
            first, second = (self.embed(one, context, kept) for one in state.pair)
            result = self.agreement(first, second)
        else:
            known = state.words.union(*(words(self._content(url)) for url in urls))
            active = self._process(state, list(urls), override=False, propagate=True)
            result = State(self, active, None, known, state.inline_vocab)
            result.own_types = state.own_types
        state.embedded[urls] = result
        return result

    def agreement(self, first: State, second: State) -> State:
        """A state that defines what both define alike, and nothing that only one of them does.

        A document that can be walked from it says the same as it does from either. Its own active context is only
        looked up, never processed further: whatever leads on from it is the agreement of where the two lead.

        Raises:
            JsonLdError: they differ in more than terms.
        """
        if first is second:
            return first
        known = self._agreements.get((first, second))
        if known is None:
            known = self._agreements[first, second] = self._agree(first, second)
        return known

    def _agree(self, first: State, second: State) -> State:
        mappings, others = first.active["mappings"], second.active["mappings"]
        alike = {name: mapping for name, mapping in mappings.items() if others.get(name) == mapping}
        agreement = State(self, {"mappings": alike}, None, first.words | second.words)
        agreement.pair = (first, second)
        agreement.prefixes = first.prefixes | second.prefixes
        for state in agreement.pair:
            if state.active.keys() & _DEFAULTS or state.keyword_names() != agreement.keyword_names():
                refuse("the contexts differ in more than terms")
        if any(":" in name for name in (mappings.keys() | others.keys()) - alike.keys()):
            refuse("a term that only one context defines looks like an IRI")
        if first.previous is not None and second.previous is not None:
            agreement.previous = self.agreement(first.previous, second.previous)
        elif first.previous is not second.previous:
            refuse("one context comes from types")
        self.states += 1
        return agreement

    def _embed_inline(self, state: State, parts: list[Any], urls: tuple[str, ...], kept: dict[Any, State]) -> State:
        if state.pair is not None:
            refuse("an inline context")
        objects = [part for part in parts if not isinstance(part, str)]
        if tuple(parts[: len(urls)]) != urls and any("@vocab" in part for part in objects if isinstance(part, dict)):
            raise JsonLdError(CONTEXT_UNKNOWN, "an inline @vocab stands before a pinned context")
        base = self.embed(state, list(urls), kept) if urls else state
        key = (base, json.dumps(objects, sort_keys=True))
        result = kept.get(key)
        if result is None:
            result = base
            for own in objects:
                result = self._extend(result, own)
            kept[key] = result
        return result

    def _extend(self, state: State, own: Any) -> State:
        """The state after one harmless inline context."""
        aliases = dict.fromkeys(state.id_names, "@id") | dict.fromkeys(state.type_names, "@type")
        terms = inline.check(own, words=state.words, prefixes=state.prefixes, taken=known_iris(), aliases=aliases)
        active = self._process(state, terms, override=False, propagate=True, own=True)
        vocab = InlineVocab() if "@vocab" in terms else state.inline_vocab
        result = State(self, active, None, state.words, vocab)
        result.own_types = state.own_types | inline.types_with_contexts(terms)
        return result


def _as_ours(error: BaseException) -> JsonLdError:
    """pyld wraps what a loader raises; a refusal of ours comes out as it went in."""
    cause: BaseException | None = error
    code = ""
    while cause is not None:
        if isinstance(cause, JsonLdError):
            return cause
        code = getattr(cause, "code", None) or code
        cause = cause.__cause__
    return JsonLdError(CONTEXT_CONFLICT, f"JSON-LD says: {code}")
