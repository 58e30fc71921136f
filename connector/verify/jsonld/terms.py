"""What a member name means in one active context, ready for the walk.

A term whose definition is outside the supported subset is refused where it is used: supported are `@set`, `@list` and
`@graph` containers and `@id`, `@vocab`, `@json`, `@none`, datatype and language coercion; refused are `@reverse`,
`@nest`, index, id, type and language maps, `@direction`, and aliases of keywords other than `id` and `type`. No
context that this release carries needs the refused ones, save `@reverse` once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from connector.verify.jsonld import inline
from connector.verify.jsonld.errors import CONTEXT_UNKNOWN, TERM_NOT_ALLOWED, UNDEFINED_TERM, JsonLdError, refuse
from connector.verify.jsonld.nquads import XSD, is_absolute_iri, literal_suffix
from connector.verify.jsonld.pinned import known_iris

if TYPE_CHECKING:
    from connector.verify.jsonld.vocabulary import State

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

ID, TYPE, PROPERTY, CONTEXT = range(4)
_KEYWORDS: Final = {"@id": (ID, "id"), "@type": (TYPE, "type")}
"""The one alias that stands in a document; nobody would look under another (`uid` of ODRL)."""
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
        "_values", "by_vocab", "child", "coerce", "graph", "guarded", "is_list", "is_node", "is_own", "is_single",
        "is_text", "kind", "middle", "native", "scoped", "state", "suffix",
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
        self.is_own = False
        self.coerce, self.suffix, self.native = _coercion(state, mapping)
        self.is_single = kind == PROPERTY and self.coerce != COERCE_JSON and not self.is_list and not self.graph
        self.is_node = self.is_single and not state.value_names
        self.is_text = self.is_single and self.coerce == LITERAL
        self.child: State | None = None
        self._values: State | None = None

    def enter(self) -> State:
        """Find `child`: the state to go back to where this one comes from types, then the property's own context."""
        back = self.state.previous or self.state
        self.child = self.state.vocabulary.property_scoped(back, self.scoped)
        if back.own_types and self.is_own:
            self.child = self.child.derive(self.child.active)
            self.child.is_foreign = True
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


class Terms(dict[str, Term]):
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
        if iri in _KEYWORDS:
            kind, usual = _KEYWORDS[iri]
            if name != usual:
                refuse("another alias of a keyword stands where the usual one must")
            return Term(self.state, kind)
        if iri is None:
            refuse("a context maps the term to null")
        if iri.startswith(("@", "_:")):
            refuse("a context maps the term to a keyword or a blank node")
        if not is_absolute_iri(iri):
            raise JsonLdError(UNDEFINED_TERM, "the context gives the term no absolute IRI")
        if name in self.state.own_types:
            raise JsonLdError(CONTEXT_UNKNOWN, "a term with its own inline context is no type")
        container = set(mapping.get("@container") or ())
        if mapping["reverse"] or mapping.get("@nest") or container - {"@set", "@list", "@graph"}:
            refuse("the term needs @reverse, @nest or a map container")
        if mapping.get("@direction") or self.state.active.get("@direction"):
            refuse("the term has a base direction, which RDF loses")
        if self.state.spelling(iri) != name:
            refuse("another member name with the same meaning stands where the usual one must")
        term = Term(self.state, PROPERTY, iri, mapping)
        term.is_own = bool(self.state.own_types) and iri not in known_iris() and name not in inline.READ_BY_NAME
        return term
