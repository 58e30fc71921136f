"""Greenhouse, Harvest v3: fields, tags and notes on the candidate, files on an application.

What shapes it: a PATCH of `custom_fields` is not documented to merge, so the complete known set is sent, read
immediately before, and compared afterwards; tags are a dictionary and membership rows; notes can never be edited or
removed and are accepted for candidates that do not exist, so the candidate is looked for just before one; files hang
on the application. Application-level custom fields exist for enterprise accounts only and are not used.
"""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from adapters.base import BaseAdapter, Kept, absent, changed_fields, present, same_value, split_marker, with_marker
from adapters.greenhouse.client import VENDOR, GreenhouseClient, still_processing
from adapters.greenhouse.doctor import probe
from adapters.greenhouse.settings import GreenhouseSettings
from adapters.greenhouse.values import (
    SELECTS,
    TYPES,
    Definition,
    foreign_changes,
    has_options,
    read_values,
    value_to_keep,
    value_to_send,
)
from adapters.greenhouse.wire import CandidateRow
from connector.errors import AmbiguousTarget, DeliveryError, NotFoundInAts, RejectedByAts, RetryableDeliveryError
from connector.model.applicant import ApplicationRef
from connector.model.changes import AddAttachment, AtsState, AttachmentState, Family, FieldValue, NoteState
from connector.ports import AtsHttp, Capabilities, Catalog, NoteSupport, Probe

KEPT_SECONDS: Final = 300.0
"""How long definitions, options, the tag dictionary and whose an application is are believed; what is missing from them
is asked for at once."""
MAX_KNOWN_APPLICATIONS: Final = 1000
MAX_ATTACHMENT_BYTES: Final = 10_000_000
"""Greenhouse documents no limit; this one is ours."""
_ID: Final = re.compile(r"[1-9][0-9]{0,17}\Z")

CAPABILITIES: Final = Capabilities(
    fields=True,
    field_types=frozenset(TYPES.values()),
    tags=True,
    notes=NoteSupport.APPEND_ONLY,
    private_notes=True,
    attachments=True,
    needs_application=True,
    removable=frozenset({Family.FIELDS, Family.TAGS, Family.ATTACHMENTS}),
    candidate_wide=frozenset({Family.FIELDS, Family.TAGS, Family.NOTES}),
)


class GreenhouseAdapter(BaseAdapter):
    """One Greenhouse account.

    Args:
        monotonic: the clock that ages what is kept; tests give their own.
    """

    kind = "greenhouse"
    title = VENDOR
    capabilities = CAPABILITIES

    def __init__(
        self, settings: GreenhouseSettings, http: AtsHttp, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._client = GreenhouseClient(settings, http)
        self._definitions = Kept(self._load_definitions, KEPT_SECONDS, monotonic)
        self._tags = Kept(self._load_tags, KEPT_SECONDS, monotonic)
        self._monotonic = monotonic
        self._applications: dict[tuple[int, int], float] = {}

    # --- reading ---

    async def read(self, ref: ApplicationRef, wanted: frozenset[Family]) -> AtsState:
        """One request for fields and tags, one for notes, one for files; the first time one for the application."""
        candidate = _number(ref.candidate)
        row = await self._client.candidate(candidate)
        if ref.application is not None:
            await self._application(ref)
        return AtsState(
            fields=read_values(row.custom_fields) if Family.FIELDS in wanted else {},
            tags=frozenset(row.tags) if Family.TAGS in wanted else frozenset(),
            notes=await self._notes(candidate) if Family.NOTES in wanted else (),
            attachments=await self._attachments(ref) if Family.ATTACHMENTS in wanted else (),
        )

    async def _notes(self, candidate: int) -> tuple[NoteState, ...]:
        """Only notes that end with our reference."""
        rows = await self._client.notes(candidate)
        marked = ((row.id, split_marker(row.body or "")) for row in rows)
        return tuple(NoteState(found[0], str(number), found[1]) for number, found in marked if found)

    async def _attachments(self, ref: ApplicationRef) -> tuple[AttachmentState, ...]:
        rows = await self._client.attachments(await self._application(ref))
        return tuple(AttachmentState(row.filename, str(row.id)) for row in rows)

    async def _application(self, ref: ApplicationRef) -> int:
        """The application meant, after making sure that it is this candidate's."""
        candidate = _number(ref.candidate)
        if ref.application is not None:
            return await self._named(candidate, _number(ref.application))
        rows = await self._client.applications(candidate)
        if not rows:
            raise _no_such_application()
        if len(rows) > 1:
            raise AmbiguousTarget(
                "The candidate has several applications in Greenhouse and none was named.",
                detail=f"{len(rows)} applications",
            )
        return rows[0].id

    async def _named(self, candidate: int, application: int) -> int:
        """Greenhouse takes every application id beside every candidate: the pair is looked up, and then believed."""
        known_at = self._applications.get((candidate, application))
        if known_at is not None and self._monotonic() - known_at <= KEPT_SECONDS:
            return application
        self._applications.pop((candidate, application), None)
        if application not in {row.id for row in await self._client.applications(candidate)}:
            raise _no_such_application()
        if len(self._applications) >= MAX_KNOWN_APPLICATIONS:
            self._applications.clear()
        self._applications[candidate, application] = self._monotonic()
        return application

    # --- fields ---

    async def set_fields(self, ref: ApplicationRef, values: Mapping[str, FieldValue | None], seen: AtsState) -> None:
        """One PATCH with the complete known set, read immediately before; its answer must show ours and theirs."""
        changed = changed_fields(values, seen)
        if not changed:
            return
        candidate = _number(ref.candidate)
        definitions = await self._definitions_for(changed)
        ours = {key: value_to_send(definitions[key], value) for key, value in changed.items()}
        before = await self._client.candidate(candidate)
        held = read_values(before.custom_fields)
        if all(same_value(value, held.get(key)) for key, value in changed.items()):
            return
        body = [{"name_key": key, "value": value} for key, value in ours.items()]
        body += _kept_values(before, definitions, ours)
        after = await self._client.patch_custom_fields(candidate, body)
        if after is None:
            after = await self._read_back(candidate, changed)
        _check_written(before, after, changed)

    async def _definitions_for(self, changed: Mapping[str, FieldValue | None]) -> dict[str, Definition]:
        """The field definitions, asked for again when a field or an option is missing; an unknown key is refused."""
        definitions = await self._definitions.where(
            lambda known: all(key in known and has_options(known[key], value) for key, value in changed.items())
        )
        for key in changed:
            if key not in definitions:
                raise RejectedByAts(
                    f"Greenhouse has no active candidate field `{key}`. Create it there, or change the mapping.",
                    code="unknown_field",
                )
        return definitions

    async def _read_back(self, candidate: int, changed: Mapping[str, FieldValue | None]) -> CandidateRow:
        """Greenhouse answered "processing": look whether it has been done; what cannot be seen may still happen."""
        try:
            row = await self._client.candidate(candidate)
        except RetryableDeliveryError as error:
            raise _possibly_applied(error) from error
        held = read_values(row.custom_fields)
        if any(not same_value(value, held.get(key)) for key, value in changed.items()):
            raise still_processing(maybe_applied=True)
        return row

    async def _load_definitions(self) -> dict[str, Definition]:
        rows = [row for row in await self._client.candidate_fields() if row.active]
        selects = [row.id for row in rows if row.value_type in SELECTS]
        options = await self._client.options(selects) if selects else []
        return {row.name_key: Definition(row, tuple(o for o in options if o.custom_field_id == row.id)) for row in rows}

    # --- tags ---

    async def add_tags(self, ref: ApplicationRef, tags: Sequence[str], seen: AtsState) -> None:
        """Every tag is found or made in the dictionary before the first one is put on the candidate."""
        missing = absent(tags, seen.tags)
        if not missing:
            return
        candidate = _number(ref.candidate)
        ids = await self._tag_ids(missing)
        applied = {row.candidate_tag_id for row in await self._client.applied_tags(candidate)}
        await _each([i for i in ids if i not in applied], lambda tag: self._client.apply_tag(candidate, tag))

    async def remove_tags(self, ref: ApplicationRef, tags: Sequence[str], seen: AtsState) -> None:
        """Only the membership is removed; the tag stays in the dictionary, others may use it."""
        unwanted = present(tags, seen.tags)
        if not unwanted:
            return
        known = await self._tags.where(lambda tags: set(unwanted) <= tags.keys())
        ids = {known[tag] for tag in unwanted if tag in known}
        rows = await self._client.applied_tags(_number(ref.candidate))
        await _each([row.id for row in rows if row.candidate_tag_id in ids], self._client.remove_applied_tag)

    async def _tag_ids(self, names: Sequence[str]) -> list[int]:
        known = await self._tags.where(lambda tags: set(names) <= tags.keys())
        return [known[name] if name in known else await self._create_tag(name) for name in names]

    async def _create_tag(self, name: str) -> int:
        """A name that somebody made meanwhile is refused as taken: then it is in the dictionary now."""
        try:
            number = await self._client.create_tag(name)
        except RejectedByAts as refusal:
            known = await self._tags.get(fresh=True)
            if name in known:
                return known[name]
            raise RejectedByAts(
                "Greenhouse refused to create a tag. It may exist in another spelling: use that one in the mapping.",
                code="tag_refused",
                detail=f"tag {name[:80]!r}",
                ats_words=refusal.ats_words,
            ) from refusal
        (await self._tags.get())[name] = number
        return number

    async def _load_tags(self) -> dict[str, int]:
        return {row.name: row.id for row in await self._client.tags()}

    # --- notes and files ---

    async def put_note(
        self, ref: ApplicationRef, marker: str, text: str, *, private: bool, existing: NoteState | None
    ) -> str:
        """A new note; the candidate is looked for first, because Greenhouse takes notes for nobody and keeps them."""
        if existing is not None:
            self._unsupported("notes that can be edited")
        candidate = _number(ref.candidate)
        await self._client.candidate(candidate)
        return str(await self._client.create_note(candidate, with_marker(text, marker), private=private))

    async def add_attachment(self, ref: ApplicationRef, attachment: AddAttachment) -> str:
        if len(attachment.content) > MAX_ATTACHMENT_BYTES:
            raise RejectedByAts(
                f"The file is larger than {MAX_ATTACHMENT_BYTES // 1_000_000} MB and was not sent to Greenhouse.",
                code="attachment_too_large",
            )
        application = await self._application(ref)
        content = base64.b64encode(attachment.content).decode("ascii")
        filename = attachment.value.filename
        return str(await self._client.create_attachment(application, filename, content, private=attachment.private))

    async def remove_attachment(self, ref: ApplicationRef, attachment: AttachmentState) -> None:
        await self._client.delete_attachment(_number(attachment.remote_id))

    # --- for people ---

    async def catalog(self) -> Catalog:
        """Fresh, because somebody is looking; only fields that can be written."""
        definitions = await self._definitions.get(fresh=True)
        shown = (definition.public() for definition in definitions.values())
        tags = await self._tags.get(fresh=True)
        return Catalog(fields=tuple(field for field in shown if field is not None), tags=tuple(sorted(tags)))

    async def probe(self) -> tuple[Probe, ...]:
        return await probe(self._client, self._settings.user_id)


def _number(identifier: str) -> int:
    """An id of Greenhouse; anything else names nobody there."""
    if not _ID.match(identifier):
        raise NotFoundInAts("Greenhouse has no such record: its ids are numbers.")
    return int(identifier)


def _no_such_application() -> NotFoundInAts:
    return NotFoundInAts("Greenhouse does not have that application of that candidate.", code="application_not_found")


def _kept_values(
    row: CandidateRow, definitions: Mapping[str, Definition], ours: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Every other value of the candidate, spelt so that it stays; masked and archived fields cannot be sent."""
    kept = []
    for key, held in row.custom_fields.items():
        definition = definitions.get(key)
        if key in ours or definition is None or definition.is_masked or held.value in (None, "", []):
            continue
        kept.append({"name_key": key, "value": value_to_keep(definition, held)})
    return kept


def _check_written(before: CandidateRow, after: CandidateRow, changed: Mapping[str, FieldValue | None]) -> None:
    """A 200 does not prove that the value is there as we meant it, nor that the others still are.

    Ours can be tried one by one (`RejectedByAts`); harm to theirs stops everything, nothing is tried again.
    """
    lost = foreign_changes(before.custom_fields, after.custom_fields, list(changed))
    if lost:
        raise DeliveryError(
            "Greenhouse changed candidate fields that are not ours while ours were written: "
            + ", ".join(f"`{key}`" for key in lost[:5])
            + ". Look at the candidate, and tell the administrator.",
            code="foreign_field_changed",
        )
    held = read_values(after.custom_fields)
    wrong = [key for key, value in changed.items() if not same_value(value, held.get(key))]
    if wrong:
        raise RejectedByAts(
            "Greenhouse did not keep what was written as it was: " + ", ".join(f"`{key}`" for key in wrong[:5]) + ".",
            code="value_not_kept",
        )


async def _each(items: Sequence[int], write: Callable[[int], Awaitable[object]]) -> None:
    """Write one after the other; when one fails after another succeeded, the whole may be half done."""
    for index, item in enumerate(items):
        try:
            await write(item)
        except RetryableDeliveryError as error:
            if index == 0:
                raise
            raise _possibly_applied(error) from error


def _possibly_applied(error: RetryableDeliveryError) -> RetryableDeliveryError:
    return RetryableDeliveryError(
        error.message, code=error.code, detail=error.detail, retry_after=error.retry_after, maybe_applied=True
    )
