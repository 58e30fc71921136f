"""RDF terms as the strings of canonical N-Quads (RDF Dataset Canonicalization 1.0, appendix A).

A quad is four strings: subject, predicate, object, graph. IRIs are `<...>`, blank nodes `_:...`, literals `"..."`; the
default graph is the empty string.
"""

from __future__ import annotations

import re
from json.encoder import encode_basestring
from typing import Final

Quad = tuple[str, str, str, str]

RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XSD: Final = "http://www.w3.org/2001/XMLSchema#"

RDF_TYPE: Final = f"<{RDF}type>"
RDF_FIRST: Final = f"<{RDF}first>"
RDF_REST: Final = f"<{RDF}rest>"
RDF_NIL: Final = f"<{RDF}nil>"

_ESCAPES = {code: f"\\u{code:04X}" for code in (*range(0x20), 0x7F)}
_ESCAPES |= {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 0x22: '\\"', 0x5C: "\\\\"}

_ABSOLUTE_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"\\\x7f]*\Z")


def quoted(text: str) -> str:
    """The canonical form of a string literal: control characters, U+007F, quote and backslash escaped, no others.

    JSON's escapes are the same but for U+007F and the case of hexadecimal digits.
    """
    result = encode_basestring(text)
    if len(result) == len(text) + 2 and "\x7f" not in text:  # nothing was escaped: most texts
        return result
    return f'"{text.translate(_ESCAPES)}"'


def literal_suffix(datatype: str | None = None, language: str | None = None) -> str:
    """What follows the closing quote: nothing for `xsd:string`, a language tag, or a datatype."""
    if language is not None:
        return f"@{language}"
    if datatype is None or datatype == XSD + "string":
        return ""
    return f"^^<{datatype}>"


def is_absolute_iri(text: str) -> bool:
    """Whether `text` is an absolute IRI that can stand between `<` and `>` as it is (a blank node id is not)."""
    return _ABSOLUTE_IRI.match(text) is not None
