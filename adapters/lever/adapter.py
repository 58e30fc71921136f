"""Lever as the core sees it: tags, links, one editable note, files and profile forms; no custom fields.

`ApplicationRef.candidate` is an opportunity (a candidacy); it has one application at most, so naming that is optional.
The adapter never creates opportunities and never touches scores or feedback, which are the recruiters' own words.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from adapters.base import BaseAdapter, absent, present
from adapters.lever.client import SCOPES, LeverClient
from adapters.lever.settings import LeverSettings
from adapters.lever.wire import (
    ACCEPTED_TYPES,
    MAX_FILE_BYTES,
    PORT_TYPES,
    REFERENCE_FIELD,
    Comment,
    File,
    FormTemplate,
    Note,
    Opportunity,
    current_forms,
    our_comment,
    our_notes,
    read_filename,
    same_written,
    write_filename,
    write_form_field,
    write_note,
    write_reference,
)
from connector.errors import (
    AtsAuthError,
    DeliveryError,
    NotFoundInAts,
    RejectedByAts,
    RetryableDeliveryError,
    UnsupportedByAts,
)
from connector.model.applicant import ApplicationRef
from connector.model.changes import (
    AddAttachment,
    AtsState,
    AttachmentState,
    Family,
    FormState,
    NoteState,
    PutForm,
)
from connector.ports import AtsHttp, Capabilities, Catalog, FieldDefinition, NoteSupport, Probe

LER_TEMPLATE: Final = "Learning and Employment Record"
"""The form template that the shipped mapping completes."""

_LOOKED_SECONDS: Final = 30.0
"""A look at an opportunity covers the writes that follow it in the same delivery."""
_TEMPLATES_SECONDS: Final = 300.0


class LeverAdapter(BaseAdapter):
    kind = "lever"
    title = "Lever"

    def __init__(self, settings: LeverSettings, http: AtsHttp) -> None:
        self._client = LeverClient(settings, http)
        self._perform_as = settings.perform_as
        self.capabilities = capabilities_of(files=settings.perform_as is not None)
        self._looked: dict[str, tuple[float, Opportunity]] = {}
        self._templates: tuple[float, list[FormTemplate]] | None = None

    # --- reading

    async def read(self, ref: ApplicationRef, wanted: frozenset[Family]) -> AtsState:
        """One request for the opportunity, which carries tags and links, and one for each other family wanted."""
        found = await self._look(ref)
        return AtsState(
            tags=frozenset(found.tags) if Family.TAGS in wanted else frozenset(),
            links=frozenset(found.links) if Family.LINKS in wanted else frozenset(),
            notes=our_notes(await self._client.notes(found.id)) if Family.NOTES in wanted else (),
            attachments=_all_files(await self._client.files(found.id)) if Family.ATTACHMENTS in wanted else (),
            forms=current_forms(await self._client.forms(found.id)) if Family.FORMS in wanted else (),
        )

    async def _look(self, ref: ApplicationRef) -> Opportunity:
        found = await self._client.opportunity(ref.candidate)
        if found.is_anonymized:
            raise NotFoundInAts("That candidate has been anonymised in Lever.", code="anonymised")
        if ref.application is not None and ref.application not in found.applications:
            raise NotFoundInAts(
                "That application does not belong to that opportunity in Lever.", code="application_not_found"
            )
        if len(self._looked) > 1000:
            self._looked.clear()
        self._looked[ref.candidate] = (time.monotonic(), found)
        return found

    async def _to_write(self, ref: ApplicationRef) -> str:
        """The opportunity's id, when something may be added there.

        Taking our values away stays possible when storing is no longer allowed.
        """
        at, found = self._looked.get(ref.candidate, (0.0, None))
        if found is None or time.monotonic() - at > _LOOKED_SECONDS or not _names(found, ref):
            found = await self._look(ref)
        if not found.storage_allowed:
            raise RejectedByAts(
                "Lever's data protection settings do not allow to store anything about that candidate.",
                code="storage_not_allowed",
            )
        return found.id

    # --- tags and links

    async def add_tags(self, ref: ApplicationRef, tags: Sequence[str], seen: AtsState) -> None:
        if missing := absent(tags, seen.tags):
            await self._client.change_tags(await self._to_write(ref), missing, add=True)

    async def remove_tags(self, ref: ApplicationRef, tags: Sequence[str], seen: AtsState) -> None:
        if there := present(tags, seen.tags):
            await self._client.change_tags(ref.candidate, there, add=False)

    async def add_links(self, ref: ApplicationRef, links: Sequence[str], seen: AtsState) -> None:
        if missing := absent(links, seen.links):
            await self._client.change_links(await self._to_write(ref), missing, add=True)

    async def remove_links(self, ref: ApplicationRef, links: Sequence[str], seen: AtsState) -> None:
        if there := present(links, seen.links):
            await self._client.change_links(ref.candidate, there, add=False)

    # --- the note

    async def put_note(
        self, ref: ApplicationRef, marker: str, text: str, *, private: bool, existing: NoteState | None
    ) -> str:
        """Write or replace our note. An edit carries on what recruiters answered in its thread."""
        opportunity = await self._to_write(ref)
        value = write_note(text, marker)
        if existing is None:
            return await self._client.add_note(opportunity, value, secret=private)
        note = await self._note(ref, opportunity, existing)
        ours = _ours_in(note)
        thread = [Comment(value=value) if i == ours else c for i, c in enumerate(note.fields)]
        with _only_this_note():
            await self._client.replace_note(opportunity, existing.remote_id, thread, secret=private)
        return existing.remote_id

    async def _note(self, ref: ApplicationRef, opportunity: str, existing: NoteState) -> Note:
        try:
            return await self._client.note(opportunity, existing.remote_id)
        except NotFoundInAts:
            await self._look(ref)  # raises when it is the candidate who is gone
            raise RetryableDeliveryError("The note was deleted in Lever since it was read.", code="note_gone") from None

    async def remove_note(self, ref: ApplicationRef, note: NoteState) -> None:
        """Delete our note, or only our part of it when recruiters have answered below."""
        try:
            found = await self._client.note(ref.candidate, note.remote_id)
            ours = _ours_in(found)
            answers = [c for i, c in enumerate(found.fields) if i != ours]
            with _only_this_note():
                if answers:
                    await self._client.replace_note(ref.candidate, note.remote_id, answers, secret=found.secret)
                else:
                    await self._client.delete_note(ref.candidate, note.remote_id)
        except NotFoundInAts:
            await self._look(ref)  # the note is gone; raises when it is the candidate who is

    # --- files

    async def add_attachment(self, ref: ApplicationRef, attachment: AddAttachment) -> str:
        if not self.capabilities.attachments:
            self._unsupported("attachments while no acting user is set (PERFORM_AS)")
        name = write_filename(attachment.value.filename)
        if len(attachment.content) > MAX_FILE_BYTES:
            raise UnsupportedByAts("The file is larger than Lever takes.", code="attachment_too_large")
        content_type = "text/plain" if name != attachment.value.filename else attachment.value.content_type
        return await self._client.add_file(await self._to_write(ref), name, attachment.content, content_type)

    async def remove_attachment(self, ref: ApplicationRef, attachment: AttachmentState) -> None:
        if not self.capabilities.attachments:
            self._unsupported("attachments while no acting user is set (PERFORM_AS)")
        try:
            await self._client.delete_file(ref.candidate, attachment.remote_id)
        except NotFoundInAts:
            await self._look(ref)  # the file is gone; raises when it is the candidate who is

    # --- forms

    async def put_form(self, ref: ApplicationRef, marker: str, form: PutForm, *, existing: FormState | None) -> str:
        """Complete a form. Lever cannot edit one: a new one says which it supersedes; the same again writes nothing."""
        opportunity = await self._to_write(ref)
        template = await self._template(form.target)
        _check_labels(template, form)
        labels = [f for f in template.fields if f.text != REFERENCE_FIELD]
        if existing and all(same_written(f, form.value.get(f.text), existing.values.get(f.text)) for f in labels):
            return existing.remote_id
        reference = write_reference(marker, existing.remote_id if existing else None)
        values = {**form.value, REFERENCE_FIELD: reference}
        fields = [write_form_field(f, values.get(f.text)) for f in template.fields]
        try:
            return await self._client.add_form(opportunity, template.id, fields, secret=form.private)
        except (RejectedByAts, NotFoundInAts):
            self._templates = None  # the template may have been changed since it was read
            raise

    async def _template(self, text: str) -> FormTemplate:
        fitting = [t for t in await self._all_templates() if t.text == text]
        if len(fitting) != 1:
            self._templates = None
            raise RejectedByAts(
                f"Lever has {len(fitting) or 'no'} form template{'s' if fitting else ''} named {text!r}; "
                "it needs exactly one.",
                code="form_template",
            )
        return fitting[0]

    async def _all_templates(self) -> list[FormTemplate]:
        if self._templates is None or time.monotonic() - self._templates[0] > _TEMPLATES_SECONDS:
            self._templates = (time.monotonic(), await self._client.form_templates())
        return self._templates[1]

    # --- what there is, and whether it works

    async def catalog(self) -> Catalog:
        self._templates = None
        return Catalog(
            tags=tuple(tag.text for tag in await self._client.tags()),
            form_templates={t.text: _definitions(t) for t in await self._all_templates()},
        )

    async def probe(self) -> tuple[Probe, ...]:
        """Sign in, then try every permission on a record that cannot exist, so that nothing is read or changed."""
        credentials = await self._probe_credentials()
        if not credentials.ok:
            return (credentials,)
        scopes = [
            replace(await self._probe_scope(s), only_for=_ONLY_FOR.get(s.partition(":")[0])) for s in self._scopes()
        ]
        user, template = await self._probe_user(), replace(await self._probe_template(), only_for=Family.FORMS)
        return credentials, *scopes, user, template, await self._probe_confidential()

    def _scopes(self) -> tuple[str, ...]:
        files = tuple(scope for scope in SCOPES if scope.startswith("files:"))
        return tuple(scope for scope in SCOPES if self._perform_as is not None or scope not in files)

    async def _probe_credentials(self) -> Probe:
        name = "credentials"
        try:
            await self._client.try_scope(SCOPES[0])
        except AtsAuthError as error:
            if error.code != "ats_forbidden":
                return Probe(name, False, error.message, _KEY_FIX)
        except DeliveryError as error:
            return Probe(name, False, error.message, "Check API_URL, or try again later.")
        return Probe(name, True, "Lever takes the key or token.")

    async def _probe_scope(self, scope: str) -> Probe:
        try:
            await self._client.try_scope(scope)
        except AtsAuthError:
            return Probe(scope, False, f"The permission {scope} is missing.", _SCOPE_FIX.format(scope))
        except DeliveryError as error:
            return Probe(scope, False, error.message, "Try again later.")
        return Probe(scope, True, f"The permission {scope} is there.")

    async def _probe_user(self) -> Probe:
        name = "acting user"
        if self._perform_as is None:
            return Probe(name, True, "No acting user is set: files are switched off, writes carry no name.")
        try:
            user = await self._client.user(self._perform_as)
        except NotFoundInAts:
            return Probe(name, False, "The acting user does not exist in Lever.", _USER_FIX)
        except AtsAuthError:
            return Probe(
                name, False, "The permission users:read:admin is missing.", _SCOPE_FIX.format("users:read:admin")
            )
        except DeliveryError as error:
            return Probe(name, False, error.message, "Try again later.")
        if user.deactivated_at is not None:
            return Probe(name, False, "The acting user is deactivated in Lever.", _USER_FIX)
        return Probe(name, True, "The acting user is there and active.")

    async def _probe_template(self) -> Probe:
        name, scope = "form template", "form_templates:read:admin"
        self._templates = None
        try:
            template = await self._template(LER_TEMPLATE)
        except RejectedByAts as error:
            return Probe(name, False, error.message, _TEMPLATE_FIX)
        except AtsAuthError:
            return Probe(name, False, f"The permission {scope} is missing.", _SCOPE_FIX.format(scope))
        except DeliveryError as error:
            return Probe(name, False, error.message, "Try again later.")
        if not _takes_reference(template):
            return Probe(name, False, f"The form template has no text field {REFERENCE_FIELD!r}.", _TEMPLATE_FIX)
        return Probe(name, True, f"The form template {LER_TEMPLATE!r} is there.")

    async def _probe_confidential(self) -> Probe:
        """Whether confidential records can be seen is the employer's choice, made when the key is created."""
        name = "confidential records"
        try:
            await self._client.list_confidential()
        except AtsAuthError:
            return Probe(name, True, "Confidential records cannot be seen; their candidates are left out.")
        except DeliveryError as error:
            return Probe(name, False, error.message, "Try again later.")
        return Probe(name, True, "Confidential records can be seen.")


_ONLY_FOR: Final = {"notes": Family.NOTES, "files": Family.ATTACHMENTS, "forms": Family.FORMS}
"""Permissions that a mapping needs only when it writes this; every mapping needs the others."""
_KEY_FIX: Final = "Check API_KEY (or the OAuth client and its refresh token) and API_URL, which ends in /v1."
_SCOPE_FIX: Final = "Give the API key, or the OAuth app, the permission {}."
_USER_FIX: Final = "Set PERFORM_AS to the id of an active Lever user."
_TEMPLATE_FIX: Final = (
    f"Create a profile form template {LER_TEMPLATE!r} with the fields that the mapping names and a required text "
    f"field {REFERENCE_FIELD!r}, or take the form out of the mapping."
)


def capabilities_of(*, files: bool) -> Capabilities:
    removable = {Family.TAGS, Family.LINKS, Family.NOTES} | ({Family.ATTACHMENTS} if files else set())
    return Capabilities(
        fields=False,
        tags=True,
        notes=NoteSupport.EDITABLE,
        private_notes=True,
        attachments=files,
        attachment_types=ACCEPTED_TYPES if files else frozenset(),
        links=True,
        forms=True,
        form_field_types=frozenset(PORT_TYPES.values()),
        removable=frozenset(removable),
        candidate_wide=frozenset(Family) - {Family.FIELDS},  # all is the opportunity's, named application or not
    )


def _names(found: Opportunity, ref: ApplicationRef) -> bool:
    return ref.application is None or ref.application in found.applications


def _ours_in(note: Note) -> int:
    place = our_comment(note)
    if place is None:
        raise RejectedByAts(
            "Somebody changed that note in Lever, so that it no longer carries our reference.", code="note_edited"
        )
    return place


@contextlib.contextmanager
def _only_this_note() -> Iterator[None]:
    """A 403 here most often means "not created via API": somebody copied our reference into a note of their own.

    That is this note's matter; it must not read as if the connection had lost its permissions.
    """
    try:
        yield
    except AtsAuthError as error:
        if error.code != "ats_forbidden":
            raise
        raise RejectedByAts(
            "Lever does not let this connection change that note.",
            code="note_not_ours",
            detail="it was not created through the API, or the permission notes:write:admin is missing",
        ) from error


def _all_files(files: Sequence[File]) -> tuple[AttachmentState, ...]:
    return tuple(AttachmentState(filename=read_filename(f.name), remote_id=f.id) for f in files)


def _takes_reference(template: FormTemplate) -> bool:
    field = template.field(REFERENCE_FIELD)
    return field is not None and field.type in ("text", "textarea")


def _check_labels(template: FormTemplate, form: PutForm) -> None:
    if not _takes_reference(template):
        raise RejectedByAts(
            f"Lever's form template {template.text!r} has no text field {REFERENCE_FIELD!r}.", code="form_reference"
        )
    unknown = [label for label in form.value if template.field(label) is None]
    if unknown:
        raise RejectedByAts(
            f"Lever's form template {template.text!r} has no field {unknown[0]!r}.", code="unknown_form_field"
        )


def _definitions(template: FormTemplate) -> tuple[FieldDefinition, ...]:
    """The fields that a mapping may name; the reference is ours to fill."""
    return tuple(
        FieldDefinition(
            key=field.text,
            name=field.text,
            type=PORT_TYPES.get(field.type, field.type),
            options=None if field.options is None else tuple(option.text for option in field.options),
            private=template.secret_by_default,
        )
        for field in template.fields
        if field.text != REFERENCE_FIELD
    )
