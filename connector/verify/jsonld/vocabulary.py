"""Active contexts of JSON-LD 1.1, processed once by pyld and kept as tables for the walk.

A `State` is an active context. From it lead, each computed once: a member's property-scoped context, an embedded
`@context`, and the type-scoped contexts of a node's types (JSON-LD 1.1 API, sections 4.1 and 5.1.2 steps 3 to 11).
pyld does the context processing (term creation, prefixes, protection, propagation); what a term then means is read
from its result. A term whose definition is outside the supported subset is refused where it is used:
supported are `@set`, `@list` and `@graph` containers and `@id`, `@vocab`, `@json`, `@none`, datatype and language
coercion; refused are `@reverse`, `@nest`, index, id, type and language maps, `@direction`, and aliases of keywords
other than `@id` and `@type`. No context that this release carries needs the refused ones, save `@reverse` once.
"""

from __future__ import annotations

import copy
import json
import re
from collections import ChainMap
from collections.abc import Mapping, Sequence
from threading import RLock
from typing import Any, Final, NoReturn

from pyld import jsonld
from pyld.context_resolver import ContextResolver

from connector.verify.jsonld import inline
from connector.verify.jsonld.errors import (
    CONTEXT_CONFLICT,
    CONTEXT_UNKNOWN,
    RELATIVE_IRI,
    TERM_NOT_ALLOWED,
    TOO_COMPLEX,
    UNDEFINED_TERM,
    JsonLdError,
)
from connector.verify.jsonld.nquads import XSD, is_absolute_iri, literal_suffix
from connector.verify.jsonld.pinned import PinnedContext, index, known_iris, load, words

MAX_STATES: Final = 2_000
"""Active contexts computed before all are dropped; the contexts of all published LERs together make under 400."""
MAX_CONTEXT_ENTRIES: Final = 16
MAX_SCOPED_TYPES: Final = 8
"""Entries of one `@context`, and types of one node that bring a context; published LERs have 5 and 2."""
MAX_KNOWN_TYPES: Final = 200
"""Combinations of types that are remembered for one active context; published LERs have under 20."""

_SIMPLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,99}\Z")
_GUARDED_NAMESPACES: Final = (
    "https://www.w3.org/2018/credentials#",
    "https://www.w3.org/ns/credentials/status#",
    "https://w3id.org/vc/status-list#",
    "https://w3id.org/security#",
)
_GUARDED_TERMS: Final = frozenset(
    f"https://purl.imsglobal.org/spec/vc/ob/vocab.html#{name}"
    for name in ("identifier", "identityHash", "identityType", "hashed", "salt")
)
"""Whom it was issued to: moved to another object, the address would no longer be compared."""

_DEFAULTS: Final = frozenset({"@vocab", "@language", "@direction", "@base"})

ID, TYPE, PROPERTY, CONTEXT = range(4)
LITERAL, COERCE_ID, COERCE_VOCAB, COERCE_JSON, NOT_TEXT = range(5)
_COERCIONS: Final = {"@id": COERCE_ID, "@vocab": COERCE_VOCAB, "@json": COERCE_JSON}


class Term:
    """What one member name means in one state, ready for the walk.

    Attributes:
        child: the active context for a node object that is this member's value, once it was needed (`enter`).
        middle: ` <predicate> `.
        suffix: what follows the text of a literal.
    """

    __slots__ = (
        "_values", "by_vocab", "child", "coerce", "graph", "guarded", "is_list", "is_node", "is_single", "is_text",
        "kind", "middle", "native", "scoped", "state", "suffix",
    )  # fmt: skip

    def __init__(self, state: State, kind: int, iri: str = "", mapping: Mapping[str, Any] | None = None) -> None:
        self.by_vocab = kind == PROPERTY and mapping is None
        mapping = mapping or {}
        container = mapping.get("@container") or ()
        self.state = state
        self.kind = kind
        self.middle = f" <{iri}> "
        self.is_list = "@list" in container
        self.graph = "@graph" in container
        self.guarded = iri.startswith(_GUARDED_NAMESPACES) or iri in _GUARDED_TERMS
        self.scoped = mapping.get("@context")
        self.coerce, self.suffix, self.native = _coercion(state, mapping)
        self.is_single = kind == PROPERTY and self.coerce != COERCE_JSON and not self.is_list and not self.graph
        self.is_node = self.is_single and not state.value_names
        self.is_text = self.is_single and self.coerce == LITERAL
        self.child: State | None = None
        self._values: State | None = None

    def enter(self) -> State:
        """Find `child`: the state to go back to where this one comes from types, then the property's own context."""
        self.child = self.state.vocabulary.property_scoped(self.state.previous or self.state, self.scoped)
        return self.child

    @property
    def values(self) -> State:
        """The active context for a string that is this member's value."""
        if self._values is None:
            self._values = self.state.vocabulary.property_scoped(self.state, self.scoped)
        return self._values


def _coercion(state: State, mapping: Mapping[str, Any]) -> tuple[int, str, str | None]:
    """How a text becomes an object, the suffix of its literal, and the suffix of a number or boolean if not its own.

    Text under `xsd:double` is left as it is by the specification and rewritten by the common implementations: it is
    refused.
    """
    type_ = mapping.get("@type")
    if type_ in _COERCIONS:
        return _COERCIONS[type_], "", None
    if type_ is None or type_ == "@none":
        language = mapping["@language"] if "@language" in mapping else state.active.get("@language")
        return LITERAL, literal_suffix(language=language), None
    suffix = literal_suffix(type_)
    return (NOT_TEXT if type_ == XSD + "double" else LITERAL), suffix, suffix


class _Terms(dict[str, Term]):
    """Member name -> meaning; a name is looked up in the active context the first time it is met."""

    def __init__(self, state: State) -> None:
        super().__init__()
        self.state = state
        super().__setitem__("@context", Term(state, CONTEXT))

    def __missing__(self, name: str) -> Term:
        mapping = self.state.active["mappings"].get(name)
        if mapping is None:
            return self._by_vocab(name)
        term = self[name] = self._defined(name, mapping)
        return term

    def _by_vocab(self, name: str) -> Term:
        """A name that `@vocab` turns into an IRI; not kept, because documents choose such names freely."""
        if name.startswith("@") or ":" in name:
            raise JsonLdError(TERM_NOT_ALLOWED, "a keyword or an IRI stands where a term must")
        iri = self.state.vocab_iri(name)
        if iri is None:
            raise JsonLdError(UNDEFINED_TERM, "no context defines this member")
        return Term(self.state, PROPERTY, iri)

    def _defined(self, name: str, mapping: Mapping[str, Any]) -> Term:
        iri = mapping["@id"]
        if iri == "@id":
            return Term(self.state, ID)
        if iri == "@type":
            return Term(self.state, TYPE)
        if iri is None:
            _refuse("a context maps the term to null")
        if iri.startswith(("@", "_:")):
            _refuse("a context maps the term to a keyword or a blank node")
        if not is_absolute_iri(iri):
            raise JsonLdError(UNDEFINED_TERM, "the context gives the term no absolute IRI")
        container = set(mapping.get("@container") or ())
        if mapping["reverse"] or mapping.get("@nest") or container - {"@set", "@list", "@graph"}:
            _refuse("the term needs @reverse, @nest or a map container")
        if mapping.get("@direction") or self.state.active.get("@direction"):
            _refuse("the term has a base direction, which RDF loses")
        if self.state.spelling(iri) != name:
            _refuse("another member name with the same meaning stands where the usual one must")
        return Term(self.state, PROPERTY, iri, mapping)


def _refuse(detail: str) -> NoReturn:
    raise JsonLdError(TERM_NOT_ALLOWED, detail)


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
        pair: the two states that this one is what they agree on (`Vocabulary.agreement`).
    """

    __slots__ = (
        "_spellings", "active", "alone", "embedded", "id_name", "id_names", "inline_vocab", "known_types", "pair",
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
        self.pair: tuple[State, State] | None = None
        self.alone: State | None = None
        self.words = words
        self.inline_vocab = inline_vocab
        self.prefixes = frozenset(name for name, mapping in active["mappings"].items() if mapping["_prefix"])
        self.id_names = self._names_of("@id")
        self.type_names = self._names_of("@type")
        self.value_names = self._names_of("@value")
        self.id_name = self.id_names[0] if len(self.id_names) == 1 else None
        self.type_name = self.type_names[0] if len(self.type_names) == 1 else None
        self.terms = _Terms(self)
        self._spellings: dict[str, str] = {}
        self.embedded: dict[tuple[str, ...], State] = {}
        self.typed: dict[tuple[str, ...], State] = {}
        self.known_types: dict[str | tuple[str, ...], tuple[State, Sequence[str]]] = {}

    def _names_of(self, keyword: str) -> tuple[str, ...]:
        return tuple(name for name, mapping in self.active["mappings"].items() if mapping["@id"] == keyword)

    def keyword_names(self) -> tuple[set[str], set[str], set[str]]:
        return {*self.id_names}, {*self.type_names}, {*self.value_names}

    def derive(self, active: Mapping[str, Any], previous: State | None = None) -> State:
        return State(self.vocabulary, active, previous, self.words, self.inline_vocab)

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
            _refuse("a compact IRI stands where an absolute IRI must")
        if text.startswith("_:"):
            _refuse("a blank node identifier stands where an absolute IRI must")
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
                _refuse("an IRI stands where its term must")
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
            _refuse("@vocab stands in for a term of a pinned context")
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
            _refuse("a context sets @propagate")
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
            for type_ in types:
                context = state.scoped_by_type(type_)
                current = state.derive(self._process(current, context, override=False, propagate=False), state)
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
                _refuse("the contexts differ in more than terms")
        if any(":" in name for name in (mappings.keys() | others.keys()) - alike.keys()):
            _refuse("a term that only one context defines looks like an IRI")
        if first.previous is not None and second.previous is not None:
            agreement.previous = self.agreement(first.previous, second.previous)
        elif first.previous is not second.previous:
            _refuse("one context comes from types")
        self.states += 1
        return agreement

    def _embed_inline(self, state: State, parts: list[Any], urls: tuple[str, ...], kept: dict[Any, State]) -> State:
        if state.pair is not None:
            _refuse("an inline context")
        objects = parts[len(urls) :]
        if tuple(parts[: len(urls)]) != urls:
            raise JsonLdError(CONTEXT_UNKNOWN, "an inline context stands before a pinned one")
        base = self.embed(state, list(urls), kept) if urls else state
        key = (base, json.dumps(objects, sort_keys=True))
        result = kept.get(key)
        if result is None:
            result = base
            for own in objects:
                terms = inline.check(own, words=result.words, prefixes=result.prefixes, taken=known_iris())
                active = self._process(result, terms, override=False, propagate=True, own=True)
                vocab = InlineVocab() if "@vocab" in terms else result.inline_vocab
                result = State(self, active, None, result.words, vocab)
            kept[key] = result
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
