"""What the candidate is shown before confirming: each value as it would stand in the ATS, and what could not be taken
back. Drawn from the same change set that is delivered.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from connector.deliver.ledger import FAMILY_OF
from connector.mapping import FieldMapping
from connector.mapping.engine import NOTE
from connector.model.changes import AddAttachment, AddTag, Change, EffectState, Family, PutForm, Receipt
from connector.ports import Capabilities
from connector.web.templates import words

_LABELS: Final = {"add_link": "review.link", "put_note": "review.note", "add_attachment": "review.file"}
_TAGS: Final = "review.tags"
CANNOT_BE_REMOVED: Final = "cannot_be_removed"
MAX_SHOWN: Final = 10_000
"""Bytes of a text file that is shown whole: a summary, or claims written out."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One thing that the recruiter will see: a heading, and lines under it (a form has a label per line)."""

    heading: str
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """Turns changes into words.

    Args:
        names: what a field is called in the ATS, by its key.
        report_url: the recruiter's link. It opens everything that was shared for the application, so the candidate's
            page names it and does not give it away.
    """

    language: str
    names: Mapping[str, str]
    report_url: str

    def shown(self, changes: Iterable[Change]) -> list[Shown]:
        found = [self._one(change) for change in changes if not isinstance(change, AddTag)]
        tags = [self._text(change.value) for change in changes if isinstance(change, AddTag)]
        return [*found, *([Shown(words(self.language, _TAGS), (("", ", ".join(tags)),))] if tags else [])]

    def _one(self, change: Change) -> Shown:
        label = _LABELS.get(change.op)
        heading = words(self.language, label) if label else self._name(change)
        if isinstance(change, PutForm):
            return Shown(heading, tuple((name, self._text(value)) for name, value in change.value.items()))
        if isinstance(change, AddAttachment):
            return Shown(heading, ((change.value.filename, self._file(change)),))
        return Shown(heading, (("", self._text(change.value)),))

    def _name(self, change: Change) -> str:
        """A form's name as it is; a field as the ATS calls it, or as the mapping calls it where that is only a key."""
        if isinstance(change, PutForm):
            return change.target
        name = self.names.get(change.target, change.target)
        return change.rule.replace("_", " ").capitalize() if name == change.target else name

    def _file(self, change: AddAttachment) -> str:
        if change.value.content_type == "text/plain" and change.value.length <= MAX_SHOWN:
            return self._text(change.content.decode(errors="replace"))
        return words(self.language, "review.whole_record", size=f"{change.value.length / 1000:.1f}")

    def _text(self, value: Any) -> str:
        if isinstance(value, bool):
            return words(self.language, "yes" if value else "no")
        text = ", ".join(value) if isinstance(value, tuple) else str(value)
        return text.replace(self.report_url, words(self.language, "review.report"))


def what_stays(changes: Iterable[Change], capabilities: Capabilities) -> list[Family]:
    """The kinds of things among these changes that this ATS lets nobody take back."""
    kinds = dict.fromkeys(FAMILY_OF[change.op] for change in changes)
    return [family for family in kinds if family not in capabilities.removable]


def what_stayed(receipt: Receipt | None, mapping: FieldMapping, capabilities: Capabilities) -> list[Family]:
    """What stands in the ATS after a withdrawal because it cannot be removed there: left over, or still needed for what
    else the person shares.
    """
    if receipt is None:
        return []
    left = families_of({skip.rule for skip in receipt.skipped if skip.reason == CANNOT_BE_REMOVED}, mapping)
    standing = {FAMILY_OF[effect.op] for effect in receipt.effects if effect.state is EffectState.CONFIRMED}
    return [family for family in Family if family in left or family in standing - capabilities.removable]


def families_of(rules: Collection[str], mapping: FieldMapping) -> list[Family]:
    """The kinds of things that these rules of the mapping write."""
    content = mapping.content
    sections: dict[Family, Collection[str]] = {
        Family.FIELDS: content.fields,
        Family.TAGS: content.tags,
        Family.LINKS: content.links,
        Family.NOTES: (NOTE,),
        Family.FORMS: content.forms,
        Family.ATTACHMENTS: content.attachments,
    }
    return [family for family, names in sections.items() if any(name in rules for name in names)]
