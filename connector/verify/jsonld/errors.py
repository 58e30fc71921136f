"""Why a document cannot be brought to canonical N-Quads: one error, a small set of stable codes."""

from __future__ import annotations

from typing import Final, NoReturn

from connector.errors import ConnectorError

CONTEXT_UNKNOWN: Final = "context_unknown"
CONTEXT_CONFLICT: Final = "context_conflict"
UNDEFINED_TERM: Final = "undefined_term"
TERM_NOT_ALLOWED: Final = "term_not_allowed"
RELATIVE_IRI: Final = "relative_iri"
TOO_COMPLEX: Final = "too_complex"

_SENTENCES: Final = {
    CONTEXT_UNKNOWN: "The document uses a vocabulary that this release does not carry.",
    CONTEXT_CONFLICT: "The vocabularies that the document names contradict each other.",
    UNDEFINED_TERM: "The document holds something that no vocabulary defines, so no signature can cover it.",
    TERM_NOT_ALLOWED: "The document is written in a way that could hide what was signed.",
    RELATIVE_IRI: "The document holds an identifier that is not absolute, so no signature can cover it.",
    TOO_COMPLEX: "The document is too complex to be checked.",
}

CODES: Final = frozenset(_SENTENCES)


class JsonLdError(ConnectorError):
    """The document was refused before any signature was looked at.

    Args:
        code: one of `CODES`.
        detail: the JSON path and the member, for an integrator; never a value.
    """

    default_code = TERM_NOT_ALLOWED

    def __init__(self, code: str, detail: str = "", message: str | None = None) -> None:
        super().__init__(message or _SENTENCES[code], code=code, detail=detail)


def refuse(detail: str) -> NoReturn:
    """Refuse what is written in a way that could hide what was signed."""
    raise JsonLdError(TERM_NOT_ALLOWED, detail)
