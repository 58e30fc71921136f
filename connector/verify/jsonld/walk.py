"""From a JSON document straight to quads: expansion, node map and RDF conversion of JSON-LD 1.1 in one pass.

Strict where the specification is lenient, because an embedded proof signs the quads and not the JSON: what would be
dropped, or could be written in two ways that a reader of the JSON takes differently, is refused (VC Data Integrity
1.0, "Securing Data Losslessly"). Every member name is a term, every identifier an absolute IRI written out; no
keyword stands in the document, save `@context` and language-tagged strings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring
from typing import Any, Final

import rfc8785

from connector.verify.jsonld.dataset import OTHER, Blank, Dataset, Graph, Mark, Subject
from connector.verify.jsonld.errors import (
    CONTEXT_UNKNOWN,
    RELATIVE_IRI,
    TERM_NOT_ALLOWED,
    TOO_COMPLEX,
    UNDEFINED_TERM,
    JsonLdError,
    refuse,
)
from connector.verify.jsonld.limits import Limits, purse, spend, spend_on_state
from connector.verify.jsonld.nquads import (
    RDF,
    RDF_FIRST,
    RDF_NIL,
    RDF_REST,
    RDF_TYPE,
    XSD,
    literal_suffix,
    quoted,
)
from connector.verify.jsonld.records import Records
from connector.verify.jsonld.terms import COERCE_ID, COERCE_JSON, COERCE_VOCAB, LITERAL, PROPERTY, Term
from connector.verify.jsonld.vocabulary import State, Vocabulary

KNOWN_COST: Final = 4
"""Statements that can be put in order again for the cost of walking one."""
MAX_EXACT_INTEGER: Final = 2**53 - 1
"""Beyond it JSON readers disagree about the number (RFC 8259 section 6)."""

_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*\Z")
_BOOLEAN = literal_suffix(XSD + "boolean")
_INTEGER = literal_suffix(XSD + "integer")
_DOUBLE = literal_suffix(XSD + "double")
_JSON = literal_suffix(RDF + "JSON")
_FIRST: Final = f" {RDF_FIRST} "
_REST: Final = f" {RDF_REST} "
_ABSENT: Final = object()


class Walker:
    """Walks the documents of one `canonicalize` call under one choice of context contents."""

    def __init__(self, vocabulary: Vocabulary, limits: Limits) -> None:
        self._vocabulary = vocabulary
        self._limits = limits
        self._inline: dict[Any, State] = {}
        self._states: set[State] = set()
        shared = purse()
        self._records = shared.records if shared is not None else None
        self._reading = (vocabulary, limits)

    def walk(self, document: Any) -> Dataset:
        """What one document says.

        Raises:
            JsonLdError: the JSON path of what is refused is in `detail`.
        """
        spend(0)  # nothing is begun with an empty purse
        if not isinstance(document, dict):
            raise JsonLdError(TERM_NOT_ALLOWED, "$: the document is not an object")
        if self._records is None:
            return self._walk(document, share=False)
        dataset = self._records.find(document, self._reading)
        if dataset is None:
            return self._walk_and_keep(document, self._records)
        spend(dataset.size() // KNOWN_COST)
        return dataset

    def _walk_and_keep(self, document: Mapping[str, Any], records: Records) -> Dataset:
        """Keep what the document says, and what each record in it says by itself.

        A record inside is walked with what the contexts around it and its own, by themselves, define alike. Where
        that is not enough to read it, the document is walked once more, as it stands.
        """
        self._alone: list[tuple[Mapping[str, Any], Dataset]] = []
        inline = dict(self._inline)
        try:
            dataset = self._walk(document, share=True)
        except JsonLdError:
            if not self._shared:
                raise
            self._inline = inline  # what the first walk made of them says nothing about whether they are used
            dataset = self._walk(document, share=False)
            self._alone.clear()
        if not self._inline:  # whether an inline @vocab is used is a question to the document that is asked about
            for record, alone in [*self._alone, (document, dataset)]:
                records.keep(record, self._reading, alone)
        return dataset

    def _walk(self, document: Mapping[str, Any], *, share: bool) -> Dataset:
        self._share = share
        self._shared = False
        self._graph_values: list[tuple[Any, Mark, Mark]] = []
        self._dataset = Dataset()
        self._guarded: dict[tuple[Subject, Graph], Mapping[str, Any]] = {}
        self._trail: list[str] = []
        self._depth = self._limits.depth
        self._room = self._limits.statements
        default = self._dataset.graphs[0]
        try:
            self._node(self._vocabulary.initial, document, default)
            if self._room < 0:
                raise JsonLdError(TOO_COMPLEX, "number of statements")
            if default.is_empty():
                refuse("the document says nothing")
        except JsonLdError as error:
            error.detail = f"${''.join(reversed(self._trail))}: {error.detail}"
            raise
        finally:
            spend(self._limits.statements - self._room)
        return self._dataset

    def check_inline_contexts(self) -> None:
        """After all documents: a `@vocab` that a document sets and does not need is refused."""
        if self._inline and any(state.inline_vocab and not state.inline_vocab.used for state in self._inline.values()):
            raise JsonLdError(CONTEXT_UNKNOWN, "$.@context: an inline @context sets a @vocab that nothing uses")

    # --- nodes ---------------------------------------------------------------------------------------------------

    def _node(self, base: State, node: Mapping[str, Any], graph: Graph) -> Subject:
        """Say what a node object says and return its subject (5.1.2 steps 9 to 14, 4.2.2 and 8.1.2)."""
        self._depth -= 1
        self._room -= len(node)
        if self._depth < 0 or self._room < 0:
            raise JsonLdError(TOO_COMPLEX, "depth or number of statements")
        begin = None
        if "@context" in node:
            base = self._embed(base, node["@context"])
            if self._share and "proof" in node and graph.name is None:
                base, begin = self._by_itself(base, node["@context"]), self._dataset.mark()
        types = () if base.type_name is None else node.get(base.type_name, ())
        try:
            state, said = base.known_types[tuple(types) if types.__class__ is list else types]
        except (KeyError, TypeError):
            state, said = self._read_types(base, types)
        if state not in self._states:
            self._count(state)
        name = state.id_name
        identifier = _ABSENT if name is None else node.get(name, _ABSENT)
        subject: Subject
        if identifier.__class__ is str:
            subject = prefix = state.iri(identifier)
            lines = graph.ground
        elif identifier is _ABSENT:
            prefix = ""
            subject = blank = self._dataset.new_blank(graph)
            lines = blank.own
        else:
            refuse("an identifier that is not text")
        for type_ in said:
            lines.append(prefix + type_)
        if self._members(state, subject, lines, prefix, node, graph) and prefix:
            self._once(subject, graph, node)
        if begin is not None and prefix:
            self._set_apart(node, begin)
        self._depth += 1
        return subject

    def _members(
        self, state: State, subject: Subject, lines: list[str], prefix: str, node: Mapping[str, Any], graph: Graph
    ) -> bool:
        """Say what the members say; whether one of them bears on validity."""
        guarded = False
        terms = state.terms
        name = ""
        try:
            for name, value in node.items():
                term = terms[name]
                kind = value.__class__
                if kind is str and term.is_text:
                    text = encode_basestring(value)
                    if len(text) != len(value) + 2 or "\x7f" in value:
                        text = quoted(value)
                    lines.append(f"{prefix}{term.middle}{text}{term.suffix}")
                elif kind is dict and term.is_node and "@value" not in value:
                    _say(lines, prefix, subject, term.middle, self._node(term.child or term.enter(), value, graph))
                elif kind is str and term.is_single:
                    lines.append(f"{prefix}{term.middle}{_text(term, value)}")
                elif kind is list and term.is_single:
                    self._values(term, subject, lines, prefix, value, graph)
                elif term.kind != PROPERTY:
                    continue
                elif value is not None or term.coerce == COERCE_JSON:
                    self._property(term, subject, lines, prefix, value, graph)
                elif term.by_vocab:
                    raise JsonLdError(UNDEFINED_TERM, "no term, and nothing that @vocab could cover")
                if term.guarded:
                    guarded = True
        except JsonLdError:
            self._trail.append(f".{_shown(name)}")
            raise
        return guarded

    def _embed(self, base: State, context: Any) -> State:
        if context is None or context == []:
            raise JsonLdError(CONTEXT_UNKNOWN, "an empty @context")
        state = self._vocabulary.embed(base, context, self._inline)
        if len(self._inline) > self._limits.inline_contexts:
            raise JsonLdError(TOO_COMPLEX, "inline contexts")
        return state

    def _by_itself(self, around: State, context: Any) -> State:
        """What is meant both inside the record around and by itself."""
        self._shared = True
        if around.alone is None:
            alone = self._embed(self._vocabulary.initial, context)
            if self._inline:
                refuse("an inline context")
            around.alone = self._vocabulary.agreement(around, alone)
        return around.alone

    def _set_apart(self, record: Mapping[str, Any], begin: Mark) -> None:
        """Note what a record says without its proofs, where they stand in graphs of their own."""
        proofs = record["proof"]
        spans = [(before, after) for value, before, after in self._graph_values if value is proofs]
        if len(spans) == 1 and spans[0][0] >= begin:
            unsecured = {name: value for name, value in record.items() if name != "proof"}
            alone = self._dataset.since(begin, without=spans[0])
            if alone.graphs[0].ground:
                self._alone.append((unsecured, alone))

    def _count(self, state: State) -> None:
        self._states.add(state)
        spend_on_state(state)
        if len(self._states) > self._limits.states:
            raise JsonLdError(TOO_COMPLEX, "combinations of contexts and types")

    def _read_types(self, base: State, types: Any) -> tuple[State, Sequence[str]]:
        """The state that types lead to, and what they say; kept where they are all terms, which say the same in every
        document."""
        listed = types if isinstance(types, (list, tuple)) else [types]
        if not all(isinstance(type_, str) for type_ in listed):
            refuse("types that are not text")
        self._room -= len(listed)
        state = self._type_scoped(base, listed)
        said = []
        type_ = ""
        try:
            for type_ in listed:
                said.append(f" {RDF_TYPE} {base.word(type_, UNDEFINED_TERM)}")
        except JsonLdError as error:
            error.detail += f" (type {_shown(type_)})"
            self._trail.append(".type")
            raise
        base.remember_types(types if isinstance(types, str) else tuple(types), state, said)
        return state, said

    def _type_scoped(self, base: State, types: Sequence[str]) -> State:
        scoping = {type_ for type_ in types if base.scoped_by_type(type_) is not None}
        return self._vocabulary.type_scoped(base, tuple(sorted(scoping))) if scoping else base

    def _once(self, subject: Subject, graph: Graph, node: Mapping[str, Any]) -> None:
        """What bears on validity is said of a subject in one place.

        Two node objects with one identifier merge in RDF, so an expiry date or a status entry could be moved,
        unnoticed, to where no reader looks for it. Equal repetitions are harmless and do occur.
        """
        if self._guarded.setdefault((subject, graph), node) != node:
            refuse("the same identifier is described twice, differently")

    # --- values --------------------------------------------------------------------------------------------------

    def _property(self, term: Term, subject: Subject, lines: list[str], prefix: str, value: Any, graph: Graph) -> None:
        if term.graph and self._share:
            before = self._dataset.mark()
            self._values(term, subject, lines, prefix, value if isinstance(value, list) else [value], graph)
            self._graph_values.append((value, before, self._dataset.mark()))
        elif term.coerce == COERCE_JSON:
            lines.append(f"{prefix}{term.middle}{_json_literal(value)}")
        elif term.is_list:
            items = value if isinstance(value, list) else [value]
            self._list(term, subject, lines, prefix, items, graph)
        elif value.__class__ is not list:
            _say(lines, prefix, subject, term.middle, self._object(term, value, graph))
        else:
            self._values(term, subject, lines, prefix, value, graph)

    def _values(
        self, term: Term, subject: Subject, lines: list[str], prefix: str, values: list[Any], graph: Graph
    ) -> None:
        """A set. What one value says of an identifier cannot be divided among several: each would be read by itself."""
        if not values and term.by_vocab:
            raise JsonLdError(UNDEFINED_TERM, "no term, and nothing that @vocab could cover")
        self._room -= len(values)  # repeated values are one statement, and cost like many
        if self._room < 0:
            raise JsonLdError(TOO_COMPLEX, "number of values")
        position = 0
        described: dict[str, Any] = {}
        try:
            for position, item in enumerate(values):  # noqa: B007  # read where it failed
                if item.__class__ is dict and term.is_node and "@value" not in item:
                    obj: Subject = self._node(term.child or term.enter(), item, graph)
                    if obj.__class__ is str:
                        first = described.setdefault(obj, item)
                        if first is not item and first != item:
                            refuse("one list describes the same identifier twice, differently")
                else:
                    obj = self._object(term, item, graph)
                _say(lines, prefix, subject, term.middle, obj)
        except JsonLdError:
            self._trail.append(f"[{position}]")
            raise

    def _list(
        self, term: Term, subject: Subject, lines: list[str], prefix: str, items: list[Any], graph: Graph
    ) -> None:
        """An RDF collection, first to last (8.1.3 "List to RDF Conversion")."""
        self._room -= 2 * len(items)
        middle = term.middle
        for item in items:
            value = self._object(term, item, graph)
            cell = self._dataset.new_blank(graph)
            _say(lines, prefix, subject, middle, cell)
            subject, lines, prefix, middle = cell, cell.own, "", _REST
            _say(lines, prefix, subject, _FIRST, value)
        lines.append(f"{prefix}{middle}{RDF_NIL}")

    def _object(self, term: Term, item: Any, graph: Graph) -> Subject:
        """The object of a statement: a blank node, or whatever else as text."""
        kind = item.__class__
        if term.graph:
            return self._graph(term, item, graph)
        if kind is str:
            return _text(term, item)
        if kind is dict:
            if "@value" in item:
                return _language_tagged(item)
            if term.state.value_names and any(name in item for name in term.state.value_names):
                refuse("a context aliases @value")
            return self._node(term.child or term.enter(), item, graph)
        if kind is bool:
            return ('"true"' if item else '"false"') + _datatype(term, _BOOLEAN)
        if kind is int or kind is float:
            return _number(term, item)
        return refuse("a list in a list" if kind is list else "null in a list")

    def _graph(self, term: Term, item: Any, graph: Graph) -> Blank:
        """A `@graph` container puts each value into a graph of its own (5.1.2 step 13.14)."""
        if not isinstance(item, dict):
            refuse("a value that is not an object, where a graph must stand")
        name = self._dataset.new_blank(graph)
        own = self._dataset.new_graph(name)
        self._node(term.child or term.enter(), item, own)
        if own.is_empty():
            refuse("an object that says nothing")
        return name


def _text(term: Term, text: str) -> str:
    """The object that a text becomes."""
    if term.coerce == LITERAL:
        return quoted(text) + term.suffix
    if term.coerce == COERCE_ID:
        return term.values.iri(text)
    if term.coerce == COERCE_VOCAB:
        return term.values.word(text, RELATIVE_IRI)
    return refuse("text where a number must stand")


def _say(lines: list[str], prefix: str, subject: Subject, middle: str, obj: Subject) -> None:
    """Add a statement to `lines`, or its object to the blank nodes that are said something of."""
    if isinstance(obj, str):
        lines.append(f"{prefix}{middle}{obj}")
        return
    obj.middle = middle
    if isinstance(subject, str):
        obj.parent = subject
    else:
        obj.parent = OTHER
        subject.children.append(obj)


def _datatype(term: Term, native: str) -> str:
    """The suffix for a native value: the context's datatype, or else the value's own."""
    return native if term.native is None else term.native


def _number(term: Term, value: int | float) -> str:
    """The canonical lexical form (8.2.2 step 10 to 12)."""
    if isinstance(value, int) and abs(value) > MAX_EXACT_INTEGER:
        refuse("a number that is not exact in every reader")
    if term.native != _DOUBLE and float(value).is_integer() and abs(value) < 1e21:
        return f'"{int(value)}"{_datatype(term, _INTEGER)}'
    return f'"{canonical_double(value)}"{_datatype(term, _DOUBLE)}'


def canonical_double(value: float) -> str:
    """`xsd:double` in canonical form, 15 digits after the point at most: `1.5E0`."""
    mantissa, _, exponent = f"{value:.15E}".partition("E")
    mantissa = mantissa.rstrip("0")
    return f"{mantissa}0E{int(exponent)}" if mantissa.endswith(".") else f"{mantissa}E{int(exponent)}"


def _json_literal(value: Any) -> str:
    try:
        canonical = rfc8785.dumps(value).decode("utf-8")
    except (rfc8785.CanonicalizationError, RecursionError):
        refuse("JSON that has no canonical form")
    return quoted(canonical) + _JSON


def _language_tagged(item: Mapping[str, Any]) -> str:
    """`{"@value": text, "@language": tag}`, the one value object that has a single spelling.

    `@direction` is lost in RDF, and `@type` could disguise a date; both are refused (VCDM 2.0 section 11.1 names
    language and direction).
    """
    text, language = item["@value"], item.get("@language")
    if item.keys() != {"@value", "@language"} or not isinstance(text, str) or not isinstance(language, str):
        refuse("a value object other than text with a language")
    if not _LANGUAGE.match(language):
        refuse("a language that is not a language tag")
    return quoted(text) + literal_suffix(language=language.lower())


def _shown(name: str) -> str:
    return name if name.isidentifier() and len(name) <= 60 else repr(name[:60])
