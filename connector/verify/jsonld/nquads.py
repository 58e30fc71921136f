"""RDF terms as the strings of canonical N-Quads (RDF Dataset Canonicalization 1.0, appendix A).

A quad is four strings: subject, predicate, object, graph. IRIs are `<...>`, blank nodes `_:...`, literals `"..."`; the
default graph is the empty string.
"""

from __future__ import annotations

import re
from typing import Final

Quad = tuple[str, str, str, str]

RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XSD: Final = "http://www.w3.org/2001/XMLSchema#"

RDF_TYPE: Final = f"<{RDF}type>"
RDF_FIRST: Final = f"<{RDF}first>"
RDF_REST: Final = f"<{RDF}rest>"
RDF_NIL: Final = f"<{RDF}nil>"

_NEEDS_ESCAPE = re.compile('["\\\\\x00-\x1f\x7f]')
_ESCAPES = {code: f"\\u{code:04X}" for code in (*range(0x20), 0x7F)}
_ESCAPES |= {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 0x22: '\\"', 0x5C: "\\\\"}

_ABSOLUTE_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"\\\x7f]*\Z")


def escape(text: str) -> str:
    """The inside of a canonical string literal: control characters, U+007F, quote and backslash escaped, no others."""
    if text.isprintable() and '"' not in text and "\\" not in text:  # most texts, and told faster than by a pattern
        return text
    return text.translate(_ESCAPES) if _NEEDS_ESCAPE.search(text) else text


def literal_suffix(datatype: str | None = None, language: str | None = None) -> str:
    """What follows the closing quote: nothing for `xsd:string`, a language tag, or a datatype."""
    if language is not None:
        return f'"@{language}'
    if datatype is None or datatype == XSD + "string":
        return '"'
    return f'"^^<{datatype}>'


def is_absolute_iri(text: str) -> bool:
    """Whether `text` is an absolute IRI that can stand between `<` and `>` as it is (a blank node id is not)."""
    return _ABSOLUTE_IRI.match(text) is not None
