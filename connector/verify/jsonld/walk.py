"""From a JSON document straight to quads: expansion, node map and RDF conversion of JSON-LD 1.1 in one pass.

Strict where the specification is lenient, because an embedded proof signs the quads and not the JSON: what would be
dropped, or could be written in two ways that a reader of the JSON takes differently, is refused (VC Data Integrity
1.0, "Securing Data Losslessly"). Every member name is a term, every identifier an absolute IRI written out; no
keyword stands in the document, save `@context` and language-tagged strings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, NoReturn

import rfc8785

from connector.verify.jsonld.errors import (
    CONTEXT_UNKNOWN,
    RELATIVE_IRI,
    TERM_NOT_ALLOWED,
    TOO_COMPLEX,
    UNDEFINED_TERM,
    JsonLdError,
)
from connector.verify.jsonld.limits import Limits, spend, spend_on_state
from connector.verify.jsonld.nquads import (
    RDF,
    RDF_FIRST,
    RDF_NIL,
    RDF_REST,
    RDF_TYPE,
    XSD,
    Quad,
    escape,
    literal_suffix,
)
from connector.verify.jsonld.vocabulary import (
    COERCE_ID,
    COERCE_JSON,
    COERCE_VOCAB,
    LITERAL,
    PROPERTY,
    State,
    Term,
    Vocabulary,
)

MAX_EXACT_INTEGER: Final = 2**53 - 1
"""Beyond it JSON readers disagree about the number (RFC 8259 section 6)."""

_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*\Z")
_BOOLEAN = literal_suffix(XSD + "boolean")
_INTEGER = literal_suffix(XSD + "integer")
_DOUBLE = literal_suffix(XSD + "double")
_JSON = literal_suffix(RDF + "JSON")
_ABSENT: Final = object()
_ONLY_TEXT: Final = frozenset({str})
MAX_KNOWN_TYPES: Final = 200
"""Combinations of types that are remembered for one active context; published LERs have under 20."""


class Walker:
    """Walks the documents of one `canonicalize` call under one choice of context contents."""

    def __init__(self, vocabulary: Vocabulary, limits: Limits) -> None:
        self._vocabulary = vocabulary
        self._limits = limits
        self._inline: dict[Any, State] = {}
        self._states: set[State] = set()
        self._quads: dict[Quad, None] = {}
        self._blank = 0
        self._depth = 0
        self._guarded: dict[tuple[str, str], Mapping[str, Any]] = {}

    def quads(self, document: Any) -> dict[Quad, None]:
        """The quads of one document.

        Raises:
            JsonLdError: the JSON path of what is refused is in `detail`.
        """
        spend(0)  # nothing is begun with an empty purse
        self._quads = {}
        self._blank = self._depth = 0
        self._guarded = {}
        trail: list[str] = []
        try:
            if not isinstance(document, dict):
                _refuse("the document is not an object")
            self._node(self._vocabulary.initial, document, "", trail)
            if not self._quads:
                _refuse("the document says nothing")
        except JsonLdError as error:
            error.detail = f"${''.join(reversed(trail))}: {error.detail}"
            raise
        finally:
            spend(len(self._quads))
        return self._quads

    def check_inline_contexts(self) -> None:
        """After all documents: a `@vocab` that a document sets and does not need is refused."""
        if any(state.inline_vocab and not state.inline_vocab.used for state in self._inline.values()):
            raise JsonLdError(CONTEXT_UNKNOWN, "$.@context: an inline @context sets a @vocab that nothing uses")

    # --- nodes ---------------------------------------------------------------------------------------------------

    def _node(self, base: State, node: Mapping[str, Any], graph: str, trail: list[str]) -> str:
        """Emit what a node object says and return its subject (5.1.2 steps 9 to 14, 4.2.2 and 8.1.2)."""
        self._depth += 1
        if self._depth > self._limits.depth or len(self._quads) > self._limits.quads:
            raise JsonLdError(TOO_COMPLEX, "depth or number of statements")
        context = node.get("@context", _ABSENT)
        if context is not _ABSENT:
            base = self._embed(base, context)
        types = self._types(base, node)
        known = base.known_types.get(types)
        state = known[0] if known is not None else self._type_scoped(base, types)
        if state not in self._states:
            self._count(state)
        subject, named = self._subject(state, node)
        if known is not None:
            for iri in known[1]:
                self._quads[subject, RDF_TYPE, iri, graph] = None
        else:
            self._say_types(base, subject, types, graph, trail)
            _remember_types(base, types, state)
        guarded = self._members(state, subject, node, graph, trail)
        if guarded and named:
            self._once(subject, graph, node)
        self._depth -= 1
        return subject

    def _members(self, state: State, subject: str, node: Mapping[str, Any], graph: str, trail: list[str]) -> bool:
        guarded = False
        terms = state.terms
        quads = self._quads
        name = ""
        try:
            for name, value in node.items():
                term = terms[name]
                kind = value.__class__
                if kind is str and term.is_text:
                    guarded = guarded or term.guarded
                    quads[subject, term.iri, f'"{escape(value)}{term.suffix}', graph] = None
                elif kind is dict and term.is_single and not state.value_names and "@value" not in value:
                    guarded = guarded or term.guarded
                    quads[subject, term.iri, self._node(term.child, value, graph, trail), graph] = None
                elif term.kind == PROPERTY:
                    guarded = guarded or term.guarded
                    if value is not None or term.coerce == COERCE_JSON:
                        self._property(term, subject, value, graph, trail)
                    elif term.by_vocab:
                        raise JsonLdError(UNDEFINED_TERM, "no term, and nothing that @vocab could cover")
        except JsonLdError:
            trail.append(f".{_shown(name)}")
            raise
        return guarded

    def _embed(self, base: State, context: Any) -> State:
        if context is None or context == []:
            raise JsonLdError(CONTEXT_UNKNOWN, "an empty @context")
        state = self._vocabulary.embed(base, context, self._inline)
        if len(self._inline) > self._limits.inline_contexts:
            raise JsonLdError(TOO_COMPLEX, "inline contexts")
        return state

    def _count(self, state: State) -> None:
        self._states.add(state)
        spend_on_state(state)
        if len(self._states) > self._limits.states:
            raise JsonLdError(TOO_COMPLEX, "combinations of contexts and types")

    def _types(self, base: State, node: Mapping[str, Any]) -> tuple[str, ...]:
        types = _only(base.type_names, node, ())
        if isinstance(types, str):
            return (types,)
        if not isinstance(types, (list, tuple)) or not set(map(type, types)) <= _ONLY_TEXT:
            _refuse("types that are not text")
        return tuple(types)

    def _say_types(self, base: State, subject: str, types: tuple[str, ...], graph: str, trail: list[str]) -> None:
        type_ = ""
        try:
            for type_ in types:
                self._quads[subject, RDF_TYPE, base.word(type_, UNDEFINED_TERM), graph] = None
        except JsonLdError as error:
            error.detail += f" (type {_shown(type_)})"
            trail.append(f".{base.type_names[0]}")
            raise

    def _type_scoped(self, base: State, types: tuple[str, ...]) -> State:
        scoping = {type_ for type_ in types if base.scoped_by_type(type_) is not None}
        return self._vocabulary.type_scoped(base, tuple(sorted(scoping))) if scoping else base

    def _subject(self, state: State, node: Mapping[str, Any]) -> tuple[str, bool]:
        identifier = _only(state.id_names, node, _ABSENT)
        if identifier is _ABSENT:
            return self._new_blank_node(), False
        if not isinstance(identifier, str):
            _refuse("an identifier that is not text")
        return state.iri(identifier), True

    def _new_blank_node(self) -> str:
        self._blank += 1
        return f"_:b{self._blank}"

    def _once(self, subject: str, graph: str, node: Mapping[str, Any]) -> None:
        """What bears on validity is said of a subject in one place.

        Two node objects with one identifier merge in RDF, so an expiry date or a status entry could be moved,
        unnoticed, to where no reader looks for it. Equal repetitions are harmless and do occur.
        """
        if self._guarded.setdefault((subject, graph), node) != node:
            _refuse("the same identifier is described twice, differently")

    # --- values --------------------------------------------------------------------------------------------------

    def _property(self, term: Term, subject: str, value: Any, graph: str, trail: list[str]) -> None:
        quads = self._quads
        if term.coerce == COERCE_JSON:
            quads[subject, term.iri, _json_literal(value), graph] = None
        elif term.is_list:
            items = value if isinstance(value, list) else [value]
            quads[subject, term.iri, self._list(term, items, graph, trail), graph] = None
        elif value.__class__ is not list:
            quads[subject, term.iri, self._object(term, value, graph, trail), graph] = None
        else:
            if not value and term.by_vocab:
                raise JsonLdError(UNDEFINED_TERM, "no term, and nothing that @vocab could cover")
            if len(value) > self._limits.quads:  # repeated values are one statement, and cost like many
                raise JsonLdError(TOO_COMPLEX, "number of values")
            for position, item in enumerate(value):
                try:
                    quads[subject, term.iri, self._object(term, item, graph, trail), graph] = None
                except JsonLdError:
                    trail.append(f"[{position}]")
                    raise

    def _list(self, term: Term, items: list[Any], graph: str, trail: list[str]) -> str:
        """An RDF collection, first to last (8.1.3 "List to RDF Conversion")."""
        objects = [self._object(term, item, graph, trail) for item in items]
        rest = RDF_NIL
        for item in reversed(objects):
            cell = self._new_blank_node()
            self._quads[cell, RDF_FIRST, item, graph] = None
            self._quads[cell, RDF_REST, rest, graph] = None
            rest = cell
        return rest

    def _object(self, term: Term, item: Any, graph: str, trail: list[str]) -> str:
        kind = item.__class__
        if term.graph:
            return self._graph(term, item, trail)
        if kind is str:
            if term.coerce == LITERAL:
                return f'"{escape(item)}{term.suffix}'
            if term.coerce == COERCE_ID:
                return term.values.iri(item)
            if term.coerce == COERCE_VOCAB:
                return term.values.word(item, RELATIVE_IRI)
            _refuse("text where a number must stand")
        if kind is dict:
            if "@value" in item:
                return _language_tagged(item)
            if term.state.value_names and any(name in item for name in term.state.value_names):
                _refuse("a context aliases @value")
            return self._node(term.child, item, graph, trail)
        if kind is bool:
            return ('"true' if item else '"false') + _datatype(term, _BOOLEAN)
        if kind is int or kind is float:
            return _number(term, item)
        return _refuse("a list in a list" if kind is list else "null in a list")

    def _graph(self, term: Term, item: Any, trail: list[str]) -> str:
        """A `@graph` container puts each value into a graph of its own (5.1.2 step 13.14)."""
        if not isinstance(item, dict):
            _refuse("a value that is not an object, where a graph must stand")
        graph = self._new_blank_node()
        before = len(self._quads)
        self._node(term.child, item, graph, trail)
        if len(self._quads) == before:
            _refuse("an object that says nothing")
        return graph


def _remember_types(base: State, types: tuple[str, ...], state: State) -> None:
    """Types that are all terms of `base` lead to the same state and say the same in every document."""
    terms = base.active["mappings"]
    if len(types) <= 8 and len(base.known_types) < MAX_KNOWN_TYPES and all(type_ in terms for type_ in types):
        base.known_types[types] = (state, tuple(base.word(type_, UNDEFINED_TERM) for type_ in types))


def _only(names: tuple[str, ...], node: Mapping[str, Any], absent: Any) -> Any:
    """The value under whichever of the aliases of one keyword the node uses."""
    if len(names) == 1:
        return node.get(names[0], absent)
    value = absent
    for name in names:
        if name in node:
            if value is not absent:
                _refuse("an identifier or types, given twice")
            value = node[name]
    return value


def _datatype(term: Term, native: str) -> str:
    """The suffix for a native value: the context's datatype, or else the value's own."""
    return native if term.native is None else term.native


def _number(term: Term, value: int | float) -> str:
    """The canonical lexical form (8.2.2 step 10 to 12)."""
    if isinstance(value, int) and abs(value) > MAX_EXACT_INTEGER:
        _refuse("a number that is not exact in every reader")
    if term.native != _DOUBLE and float(value).is_integer() and abs(value) < 1e21:
        return f'"{int(value)}{_datatype(term, _INTEGER)}'
    return f'"{canonical_double(value)}{_datatype(term, _DOUBLE)}'


def canonical_double(value: float) -> str:
    """`xsd:double` in canonical form, 15 digits after the point at most: `1.5E0`."""
    mantissa, _, exponent = f"{value:.15E}".partition("E")
    mantissa = mantissa.rstrip("0")
    return f"{mantissa}0E{int(exponent)}" if mantissa.endswith(".") else f"{mantissa}E{int(exponent)}"


def _json_literal(value: Any) -> str:
    try:
        canonical = rfc8785.dumps(value).decode("utf-8")
    except (rfc8785.CanonicalizationError, RecursionError):
        _refuse("JSON that has no canonical form")
    return f'"{escape(canonical)}{_JSON}'


def _language_tagged(item: Mapping[str, Any]) -> str:
    """`{"@value": text, "@language": tag}`, the one value object that has a single spelling.

    `@direction` is lost in RDF, and `@type` could disguise a date; both are refused (VCDM 2.0 section 11.1 names
    language and direction).
    """
    text, language = item["@value"], item.get("@language")
    if item.keys() != {"@value", "@language"} or not isinstance(text, str) or not isinstance(language, str):
        _refuse("a value object other than text with a language")
    if not _LANGUAGE.match(language):
        _refuse("a language that is not a language tag")
    return f'"{escape(text)}{literal_suffix(language=language.lower())}'


def _shown(name: str) -> str:
    return name if name.isidentifier() and len(name) <= 60 else repr(name[:60])


def _refuse(detail: str) -> NoReturn:
    raise JsonLdError(TERM_NOT_ALLOWED, detail)
