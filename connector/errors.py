"""Everything the connector raises on purpose.

::

    ConfigurationError            stands alone, so that a broad `except ConnectorError` never hides it
    ConnectorError
    ├─ IntakeError                what arrived cannot be read
    │  ├─ UnreadableSubmission    broken JSON, a broken image, two credentials where one is allowed
    │  ├─ UnsupportedFormat       readable, but no kind of LER that is known here
    │  ├─ SubmissionTooLarge      over a limit, before or after decompression
    │  ├─ UnsafeSubmission        must not be kept: a wallet backup with private keys
    │  └─ UnsafeLink              a link that may not be followed
    ├─ FetchError                 a document could not be had (a check turns this into `undetermined`)
    ├─ MappingError               names the file, the line, the column and the rule
    ├─ PolicyFileError            names the file, the line and the column
    ├─ StoreError                 disk full, locked: refuse before acknowledging
    ├─ LinkError                  a candidate link that is expired or used
    └─ DeliveryError
       ├─ RetryableDeliveryError  timeout, 429 (carries retry_after), 5xx; `maybe_applied`: look before repeating
       ├─ AtsAuthError            401/403: stop, tell the integrator
       ├─ RejectedByAts           the ATS said no; carries its own words
       ├─ NotFoundInAts           candidate or application gone
       ├─ AmbiguousTarget         more than one candidate or application fits
       └─ UnsupportedByAts        this ATS cannot hold that value

Every error carries a stable `code` (safe to build rules on) and one sentence that a person understands. Names,
e-mail addresses, tokens and document bodies stay out of messages: they name a thing by id, digest or path.
"""

from __future__ import annotations

from typing import ClassVar


class ConfigurationError(Exception):
    """A setting is missing or wrong; the message names it and says what to do."""

    code: ClassVar[str] = "configuration"


class ConnectorError(Exception):
    """Base of all errors that are part of normal life.

    Args:
        message: one sentence for a person.
        code: stable code; the class's own when not given.
        detail: what an integrator needs to mend it.
    """

    default_code: ClassVar[str] = "connector_error"

    def __init__(self, message: str, *, code: str | None = None, detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.detail = detail


class IntakeError(ConnectorError):
    default_code = "intake"


class UnreadableSubmission(IntakeError):
    default_code = "malformed"


class UnsupportedFormat(IntakeError):
    default_code = "unsupported_format"


class SubmissionTooLarge(IntakeError):
    default_code = "too_large"


class UnsafeSubmission(IntakeError):
    default_code = "wallet_backup"


class UnsafeLink(IntakeError):
    default_code = "unsafe_link"


class FetchError(ConnectorError):
    """A document could not be had.

    Args:
        refused: True when it was never asked for, because a guard said no.
    """

    default_code = "fetch_failed"

    def __init__(self, message: str, *, code: str | None = None, detail: str = "", refused: bool = False) -> None:
        super().__init__(message, code=code, detail=detail)
        self.refused = refused


class PositionedError(ConnectorError):
    """An error in a file that a person wrote; its text starts with `file:line:column`."""

    def __init__(
        self,
        message: str,
        *,
        file: str = "",
        line: int = 0,
        column: int = 0,
        code: str | None = None,
        detail: str = "",
    ) -> None:
        where = f"{file}:{line}:{column}: " if file else ""
        super().__init__(where + message, code=code, detail=detail)
        self.file, self.line, self.column = file, line, column


class MappingError(PositionedError):
    default_code = "mapping_invalid"


class PolicyFileError(PositionedError):
    default_code = "policy_invalid"


class StoreError(ConnectorError):
    default_code = "store_unavailable"


class LinkError(ConnectorError):
    default_code = "link_invalid"


class DeliveryError(ConnectorError):
    default_code = "delivery_failed"


class RetryableDeliveryError(DeliveryError):
    """Try again later.

    Args:
        retry_after: seconds the ATS asked us to wait, when it did.
        maybe_applied: the request may have taken effect (time-out after sending, 5xx on a write): look first.
    """

    default_code = "ats_unavailable"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        detail: str = "",
        retry_after: float | None = None,
        maybe_applied: bool = False,
    ) -> None:
        super().__init__(message, code=code, detail=detail)
        self.retry_after = retry_after
        self.maybe_applied = maybe_applied


class AtsAuthError(DeliveryError):
    default_code = "ats_auth"


class RejectedByAts(DeliveryError):
    """The ATS said no; `ats_words` holds what it said."""

    default_code = "ats_rejected"

    def __init__(self, message: str, *, code: str | None = None, detail: str = "", ats_words: str = "") -> None:
        super().__init__(message, code=code, detail=detail)
        self.ats_words = ats_words


class NotFoundInAts(DeliveryError):
    default_code = "not_found_in_ats"


class AmbiguousTarget(DeliveryError):
    default_code = "ambiguous_target"


class UnsupportedByAts(DeliveryError):
    default_code = "unsupported_by_ats"
