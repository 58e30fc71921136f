"""The lists of one run: each fetched once, and believed only when its own signature holds.

THREATS section 6: a list counts when it is signed by the issuer it names, within its own dates; it is bounded in size,
and what cannot be had, read or believed is an error here and `status_unknown` in the report.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, TypeVar, cast

from connector import codec
from connector.errors import FetchError, IntakeError
from connector.model.credential import CompactJws
from connector.model.frozen import frozen
from connector.model.report import Outcome
from connector.ports import DocumentSource, FetchedDocument, Purpose
from connector.verify import published_json
from connector.verify.checks import issuer as issuer_check
from connector.verify.checks import proof, validity
from connector.verify.did import FoundKey
from connector.verify.errors import CheckError
from connector.verify.spelling import identifier

Json = dict[str, Any]
T = TypeVar("T")

MAX_LIST_BYTES: Final = 4_000_000
"""32 million records; the least that the standard asks for is 16 kB."""
MAX_NAMES_BYTES: Final = 2_000_000
"""Of a list of ids as JSON: some 20,000 revoked records; each costs more to read than a bit."""
MAX_LISTS: Final = 1_000
"""Of one submission. Some issuers keep one for each badge, and a transcript may hold hundreds."""
MAX_FETCHED: Final = 6_000_000
MAX_INFLATED: Final = 48_000_000
"""Bytes of all lists of one submission, as they come and decompressed: honest records of one issuer share a few."""
MAX_KEEP_SECONDS: Final = 86_400.0
"""A list's `ttl` keeps it no longer than a day: the record is looked at again before a delivery that old."""


@frozen
class Record:
    """The record that is looked up: its own id, and its issuer's."""

    id: str | None
    issuer: str | None


class StatusLists:
    """What the credentials of one submission share.

    Args:
        is_delegate: whether a list of this issuer may speak for other issuers' records.
        anchors: the certificates (PEM) that the employer trusts to vouch for issuers.
    """

    def __init__(
        self,
        documents: DocumentSource,
        *,
        now: datetime,
        is_delegate: Callable[[str], bool],
        anchors: tuple[str, ...] = (),
    ) -> None:
        self.documents, self.now = documents, now
        self.is_delegate, self.anchors = is_delegate, anchors
        self._known: dict[tuple[str, ...], object] = {}
        self._fetched = self._inflated = 0

    def once(self, key: tuple[str, ...], load: Callable[[], T]) -> T:
        """What `load` gives, asked once per `key`; its failure counts as its answer.

        Raises:
            CheckError: the list could not be had, read or believed.
        """
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= MAX_LISTS:
                raise _too_much()
            try:
                known = load()
            except CheckError as error:
                known = CheckError(error.code, error.detail)  # the one that was raised keeps all that its frames held
            self._known[key] = known
        if isinstance(known, CheckError):
            raise CheckError(known.code, known.detail)
        return cast(T, known)

    def fetch(self, url: str, accept: str) -> FetchedDocument:
        """The answer at `url`.

        Raises:
            CheckError: `status_list_unreachable`, also for every status but 200.
        """
        try:
            answer = self.documents.get(url, purpose=Purpose.STATUS_LIST, accept=accept)
        except FetchError as error:
            raise CheckError("status_list_unreachable", f"{url[:200]}: {error.code}") from None
        if answer.status != 200:
            raise CheckError("status_list_unreachable", f"{url[:200]}: HTTP {answer.status}")
        self._fetched += len(answer.content)
        if self._fetched > MAX_FETCHED:
            raise _too_much()
        return answer

    def inflate(self, raw: bytes, *, gzip: bool) -> bytes:
        """The bits of a list, within bounds of their own and of the submission's.

        Raises:
            SubmissionTooLarge, UnreadableSubmission: as `codec.inflate`.
            CheckError: the lists of this submission are too large together.
        """
        self._inflated += MAX_LIST_BYTES  # what turns out to be broken costs as much
        if self._inflated - MAX_LIST_BYTES > MAX_INFLATED:
            raise _too_much()
        bits = codec.inflate(raw, max_bytes=MAX_LIST_BYTES, gzip=gzip)
        self._inflated += len(bits) - MAX_LIST_BYTES
        if self._inflated > MAX_INFLATED:
            raise _too_much()
        return bits

    def keep(self, url: str, ttl: object, *, per_second: int = 1) -> None:
        """Keep the copy of `url` as long as its `ttl` says, a day at most."""
        if isinstance(ttl, int | float) and not isinstance(ttl, bool) and ttl > 0:
            self.documents.keep_for(url, min(ttl / per_second, MAX_KEEP_SECONDS))


def _too_much() -> CheckError:
    return CheckError("status_list_malformed", "the lists of one submission are too large")


def parse_object(content: bytes) -> Json:
    """The JSON object in an answer.

    Raises:
        CheckError: `status_list_malformed`.
    """
    try:
        document = published_json.parse(content)
    except IntakeError as error:
        raise CheckError("status_list_malformed", error.code) from None
    if not isinstance(document, dict):
        raise CheckError("status_list_malformed", "no object")
    return document


def parse_names(content: bytes) -> Json:
    """The same for a list of ids.

    Raises:
        CheckError: `status_list_malformed`.
    """
    if len(content) > MAX_NAMES_BYTES:
        raise CheckError("status_list_malformed", f"over {MAX_NAMES_BYTES} bytes")
    return parse_object(content)


def parse_token(content: bytes) -> CompactJws:
    """The compact JWS in an answer.

    Raises:
        CheckError: `status_list_malformed`.
    """
    try:
        token = content.decode("ascii")
        return CompactJws(token, *codec.split_compact_jws(token))
    except (IntakeError, UnicodeDecodeError) as error:
        raise CheckError("status_list_malformed", getattr(error, "code", "not_ascii")) from None


def believed(answer: FetchedDocument, lists: StatusLists) -> tuple[Json, str]:
    """A list that is a credential, and its issuer: its proof holds and is the issuer's, and its dates hold too.

    Raises:
        CheckError: `status_list_malformed`, `status_list_unproven` or `status_list_outdated`.
    """
    found = _measure_proof(answer.content.strip(), lists)
    if not found.holds:
        raise CheckError("status_list_unproven", f"{found.result.code}: {found.result.detail}")
    issuer = identifier(found.document.get("issuer"))
    if issuer is None or not is_bound(issuer, found.keys, lists):
        raise CheckError("status_list_unproven", "signed, but not by the issuer it names")
    dates = validity.measure(found.document, found.claims, now=lists.now)
    if dates.result.outcome not in (Outcome.PASSED, Outcome.NOT_APPLICABLE):
        raise CheckError("status_list_outdated", dates.result.code)
    if "credentialStatus" in found.document:  # a list that hangs on a list could hang on itself
        raise CheckError("status_list_unproven", "it has a status of its own, which is not followed")
    return found.document, issuer


def is_bound(issuer: str, keys: tuple[FoundKey, ...], lists: StatusLists) -> bool:
    """Whether one of `keys` was obtained from `issuer` itself."""
    return issuer_check.bind(issuer, keys, lists.documents, now=lists.now) is issuer_check.Binding.BOUND


def _measure_proof(content: bytes, lists: StatusLists) -> proof.ProofFinding:
    if content.startswith(b"eyJ"):
        return proof.measure_token(parse_token(content), lists.documents, now=lists.now, fallback={})
    return proof.measure_embedded(parse_object(content), lists.documents, purpose=proof.ASSERTION, now=lists.now)
