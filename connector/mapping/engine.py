"""Claims + mapping -> change set. Pure: no clock, no network, the same input gives the same plan.

A change set is the wished-for state of our values for one application, made from all live, consented submissions
(DOMAIN section 6). Nothing about the person is ever a value: every line is about one credential or one skill and says
how well it is founded (DOMAIN section 1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from connector.mapping.attachments import AttachmentMaker, File
from connector.mapping.context import PlanContext
from connector.mapping.loader import FieldMapping
from connector.mapping.reasons import skip
from connector.mapping.schema import (
    MAX_NOTE_LINES,
    SELECT_TYPES,
    AttachmentRule,
    FieldRule,
    FormFieldRule,
    FormRule,
    NoteRule,
    TagRule,
    ValueRule,
)
from connector.mapping.selecting import Selector, Taken, all_trusted, weakest
from connector.mapping.text import cell, safe_link
from connector.mapping.values import Made, ValueMaker, Vocabulary
from connector.mapping.view import as_view
from connector.mapping.words import words_for
from connector.model.changes import (
    AddAttachment,
    AddLink,
    AddTag,
    Change,
    ChangeSet,
    Family,
    PutForm,
    PutNote,
    SetField,
    Skip,
)
from connector.model.claims import Claim
from connector.ports import Capabilities, NoteSupport

TAG_LENGTH: Final = 60
TAGS: Final = "tags"
LINKS: Final = "links"
NOTE: Final = "note"


def make_plan(
    claims: Sequence[Claim], mapping: FieldMapping, capabilities: Capabilities, context: PlanContext
) -> ChangeSet:
    """What should stand in the ATS.

    Args:
        claims: the claims of all live submissions; the plan's `claims` are indexes into it.
        context: which of them were ticked, and what is known of the share.

    Raises:
        MappingError: an expression of the mapping fails on these claims, or gives something else than claims.
    """
    return _Planner(claims, mapping, capabilities, context).plan()


@dataclass(frozen=True, slots=True)
class _Pending:
    """A value that says only that something was shared: written if any claim is."""

    rule: str
    make: Callable[[], Change | Skip]


class _Planner:
    def __init__(
        self, claims: Sequence[Claim], mapping: FieldMapping, capabilities: Capabilities, context: PlanContext
    ) -> None:
        self._mapping, self._can, self._context = mapping, capabilities, context
        self._words = words_for(context.language)
        self._selector = Selector(claims, mapping, context)
        self._values = ValueMaker(mapping, self._words, context, capabilities.max_text)
        self._drafts: list[Change | _Pending] = []
        self._skipped: list[Skip] = []
        self._note_lists = False

    def plan(self) -> ChangeSet:
        content = self._mapping.content
        for name, rule in content.fields.items():
            self._field(name, rule)
        for name, tag in content.tags.items():
            self._tags(name, tag)
        for name, form in content.forms.items():
            self._form(name, form)
        for name in content.links:
            if self._holds(name, Family.LINKS):
                self._drafts.append(_Pending(name, partial(self._link, name)))
        if content.note is not None:
            self._note(content.note)
        for name, file in content.attachments.items():
            self._attachment(name, file)
        return ChangeSet(
            ats=self._context.ats,
            mapping_version=self._mapping.version,
            changes=tuple(self._settled()),
            skipped=tuple(self._skipped),
        )

    def _settled(self) -> Iterator[Change]:
        """The changes in the order of the mapping; without any claim behind them, none."""
        reported = self._note_lists or any(not isinstance(d, _Pending) for d in self._drafts)
        reported = reported or (self._selector.anything and not self._mapping.content.reads_claims)
        for draft in self._drafts:
            if not isinstance(draft, _Pending):
                yield draft
            elif not reported:
                self._skip(draft.rule, "nothing_to_report", "no claim is written by this mapping")
            else:
                made = draft.make()
                if isinstance(made, Skip):
                    self._skipped.append(made)
                else:
                    yield made

    # --- fields ---------------------------------------------------------------------------------

    def _field(self, name: str, rule: FieldRule) -> None:
        if not self._holds(name, Family.FIELDS) or not self._knows_type(name, rule):
            return
        if rule.select is None:
            self._drafts.append(_Pending(name, lambda: self._fixed_field(name, rule)))
            return
        made = self._made(name, rule, private=rule.private, options=self._context.options.get(rule.target))
        if made.value is not None:
            self._drafts.append(
                SetField(
                    target=rule.target,
                    value=made.value,
                    overwrite=rule.overwrite,
                    private=rule.private,
                    rule=name,
                    **_standing(made.taken),
                )
            )

    def _fixed_field(self, name: str, rule: FieldRule) -> Change | Skip:
        value = self._values.fixed(rule)
        if value is None:
            return _no_report(name)
        return SetField(target=rule.target, value=value, overwrite=rule.overwrite, private=rule.private, rule=name)

    def _knows_type(self, name: str, rule: ValueRule) -> bool:
        known = self._can.form_field_types if isinstance(rule, FormFieldRule) else self._can.field_types
        if rule.type in known:
            return True
        self._skip(name, "unsupported_by_ats", f"this ATS has no fields of type {rule.type}")
        return False

    def _made(self, name: str, rule: ValueRule, *, private: bool, options: tuple[str, ...] | None = None) -> Made:
        """The value of a rule that reads claims, what was left out noted."""
        assert rule.select is not None
        selection = self._selector.take(
            name, rule.select, lowest=rule.lowest_assurance, private=private, has_words=rule.has_words
        )
        self._skipped += selection.skips
        if not selection.taken:
            return Made(None)
        made = self._values.from_claims(name, rule, selection.taken, options if rule.type in SELECT_TYPES else None)
        self._skipped += made.skips
        return made

    # --- tags ---------------------------------------------------------------------------------

    def _tags(self, name: str, rule: TagRule) -> None:
        if not self._holds(name, Family.TAGS):
            return
        selection = self._selector.take(name, rule.select, lowest=rule.lowest_assurance, private=False, has_words=False)
        self._skipped += selection.skips
        words, unknown = self._tag_words(rule, selection.taken)
        if unknown:
            self._skip(name, "not_in_vocabulary", f"{unknown} left out: not a word of the vocabulary")
        for tag, taken in list(words.items())[: rule.budget]:
            self._drafts.append(AddTag(target=TAGS, value=tag, rule=name, **_standing(taken)))
        if len(words) > rule.budget:
            self._skip(name, "over_budget", f"{len(words) - rule.budget} more than the {rule.budget} that are allowed")

    def _tag_words(self, rule: TagRule, taken: Sequence[Taken]) -> tuple[dict[str, list[Taken]], int]:
        """Tags in the candidate's order with the claims behind them, and how many words were no word of ours."""
        vocabulary = None if rule.vocabulary is None else Vocabulary(rule.vocabulary)
        tags: dict[str, list[Taken]] = {}
        unknown = 0
        for item in taken:
            value = self._mapping.value_of(rule.value, as_view(item.index, item.claim))
            if not isinstance(value, str):
                continue
            word = vocabulary.word_for(item, value) if vocabulary else cell(value, limit=TAG_LENGTH)
            if word:
                tags.setdefault(rule.prefix + word, []).append(item)
            else:
                unknown += 1
        return tags, unknown

    # --- forms ---------------------------------------------------------------------------------

    def _form(self, name: str, rule: FormRule) -> None:
        if not self._holds(name, Family.FORMS):
            return
        fields = {label: field for label, field in rule.fields.items() if self._knows_type(name, field)}
        made = {
            label: self._made(name, field, private=rule.private)
            for label, field in fields.items()
            if field.select is not None
        }
        taken = tuple({t.index: t for m in made.values() for t in m.taken}.values())
        if made and not taken:
            return
        value = {}
        for label, field in fields.items():
            entry = made[label].value if label in made else self._values.fixed(field)
            if entry is not None:
                value[label] = entry
        form = PutForm(target=rule.template, value=value, private=rule.private, rule=name, **_standing(taken))
        self._drafts.append(form if made else _Pending(name, lambda: form))

    # --- what only says that something was shared ---------------------------------------------------------------

    def _link(self, name: str) -> Change | Skip:
        link = safe_link(self._context.report_url)
        return AddLink(target=LINKS, value=link, rule=name) if link else _no_report(name)

    def _note(self, rule: NoteRule) -> None:
        if not self._holds(NOTE, Family.NOTES):
            return
        private = rule.private and self._can.private_notes
        taken: tuple[Taken, ...] = ()
        if rule.lines is not None:
            taken = self._note_claims(rule, rule.lines, private=private)
        lines = [self._words.line(t.claim) for t in taken]
        self._note_lists = bool(lines)
        self._drafts.append(_Pending(NOTE, lambda: self._note_change(rule, lines, taken, private)))

    def _note_claims(self, rule: NoteRule, expression: str, *, private: bool) -> tuple[Taken, ...]:
        if self._can.notes is NoteSupport.APPEND_ONLY:
            self._skip(NOTE, "note_not_removable", "notes of this ATS cannot be removed, so they hold no names")
            return ()
        selection = self._selector.take(NOTE, expression, lowest=rule.lowest_assurance, private=private, has_words=True)
        self._skipped += selection.skips
        return tuple(selection.taken)

    def _note_change(
        self, rule: NoteRule, lines: Sequence[str], taken: tuple[Taken, ...], private: bool
    ) -> Change | Skip:
        link = safe_link(self._context.report_url)
        if rule.text and "{report_url}" in rule.text and link is None:
            return _no_report(NOTE)
        text = self._words.note(
            rule.text, date=self._context.shared_on, report_url=link, employer=self._context.employer_name
        )
        rows, kept = self._words.quoted_lines(lines, MAX_NOTE_LINES)
        value = "\n".join([text, *rows])
        return PutNote(target=NOTE, value=value, private=private, rule=NOTE, **_standing(taken[:kept]))

    # --- files ---------------------------------------------------------------------------------

    def _attachment(self, name: str, rule: AttachmentRule) -> None:
        if not self._holds(name, Family.ATTACHMENTS):
            return
        maker = AttachmentMaker(self._words, self._context, self._can.attachment_types)
        if rule.content == "ler":
            self._records(name, maker)
            return
        selection = self._selector.take(
            name, rule.select, lowest=rule.lowest_assurance, private=rule.private, has_words=True
        )
        self._skipped += selection.skips
        if not selection.taken:
            return
        file = maker.summary(selection.taken) if rule.content == "summary" else maker.claims(selection.taken)
        if file is None:
            self._skip(name, "unsupported_by_ats", "this ATS takes no file of that type")
            return
        self._drafts.append(_attach(name, rule, file, selection.taken))

    def _records(self, name: str, maker: AttachmentMaker) -> None:
        """Records as they came: each only if everything in it was ticked, for a signed record cannot be redacted."""
        rule = self._mapping.content.attachments[name]
        for document in self._context.documents:
            taken = self._selector.of_document(document.claim_ids)
            if not document.claim_ids or not document.claim_ids <= self._selector.ticked_ids:
                self._skip(name, "not_all_ticked", f"record {document.sha256[:12]}: not everything in it was ticked")
            elif any(t.claim.sensitive for t in taken) and not rule.private:
                self._skip(name, "sensitive_needs_private", f"record {document.sha256[:12]}")
            elif (file := maker.record(document)) is None:
                self._skip(name, "unsupported_by_ats", f"record {document.sha256[:12]}: this ATS takes no such file")
            else:
                self._drafts.append(_attach(name, rule, file, taken))
        if not self._context.documents:
            self._skip(name, "no_document", "the record itself was not handed to the plan")

    # --- shared ---------------------------------------------------------------------------------

    def _holds(self, name: str, family: Family) -> bool:
        if self._can.holds(family):
            return True
        self._skip(name, "unsupported_by_ats", f"this ATS has no {family.value}")
        return False

    def _skip(self, rule: str, reason: str, detail: str) -> None:
        self._skipped.append(skip(rule, reason, detail))


def _standing(taken: Sequence[Taken]) -> dict[str, Any]:
    """What a change says about the claims behind it."""
    return {
        "claims": tuple(t.index for t in taken),
        "assurance": weakest(taken),
        "trust": "verified" if all_trusted(taken) else "unverified",
    }


def _attach(name: str, rule: AttachmentRule, file: File, taken: Sequence[Taken]) -> AddAttachment:
    return AddAttachment(
        target=name, value=file.value, content=file.content, private=rule.private, rule=name, **_standing(taken)
    )


def _no_report(rule: str) -> Skip:
    return skip(rule, "no_report_link", "there is no report to link to")
