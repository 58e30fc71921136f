"""Does a mapping fit the ATS it is for? What it asks for is held against what the ATS can do, and what exists there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from connector.errors import MappingError
from connector.mapping.loader import FieldMapping, mistakes
from connector.mapping.schema import FieldRule, FormFieldRule, FormRule, TagRule, Term, ValueRule, expressions
from connector.mapping.view import VALUES
from connector.model.changes import Family
from connector.ports import Capabilities, Catalog, FieldDefinition, NoteSupport
from connector.yaml_source import Path_, nearest

_FITS: Final = {
    "text": frozenset({"text", "long_text"}),
    "long_text": frozenset({"long_text"}),
    "url": frozenset({"url", "text", "long_text"}),
    "date": frozenset({"date", "text", "long_text"}),
    "number": frozenset({"number"}),
    "yes_no": frozenset({"yes_no"}),
    "single_select": frozenset({"single_select"}),
    "multi_select": frozenset({"multi_select"}),
}
"""Field types of the ATS that a value of a mapping's type can be written to."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not fit.

    Attributes:
        severity: `error`: the value cannot be written, or would be seen by more people than the mapping says.
            `warning`: the rule is skipped at run time, with a reason.
        code: stable.
    """

    severity: Literal["error", "warning"]
    code: str
    message: str
    file: str
    line: int
    column: int
    rule: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.severity}: {self.message} [{self.code}]"


def check_mapping(
    mapping: FieldMapping | Path, capabilities: Capabilities, catalog: Catalog | None = None
) -> list[Finding]:
    """Everything in a mapping that does not fit, in the order of the file.

    Args:
        mapping: a loaded mapping, or a path: then the mistakes inside the file come as findings too.
        catalog: what exists in the ATS; without it only capabilities are looked at.
    """
    loaded, errors = mistakes(mapping) if isinstance(mapping, Path) else (mapping, [])
    found = [as_finding(error) for error in errors]
    if loaded is not None:
        found += _Checker(loaded, capabilities, catalog).findings()
    return in_order(found)


def in_order(found: Iterable[Finding]) -> list[Finding]:
    """As they stand in the file."""
    return sorted(found, key=lambda f: (f.line, f.column))


def as_finding(error: MappingError) -> Finding:
    """A mistake of a file as one of the findings."""
    message = str(error).removeprefix(f"{error.file}:{error.line}:{error.column}: ")
    return Finding("error", error.code, message, error.file, error.line, error.column)


class _Checker:
    def __init__(self, mapping: FieldMapping, capabilities: Capabilities, catalog: Catalog | None) -> None:
        self._mapping, self._can, self._catalog = mapping, capabilities, catalog
        self._fields = {f.key: f for f in catalog.fields} if catalog else {}

    def findings(self) -> Iterator[Finding]:
        content = self._mapping.content
        for name, rule in content.fields.items():
            yield from self._field(name, rule)
        for name, tag in content.tags.items():
            yield from self._tags(name, tag)
        for name, form in content.forms.items():
            yield from self._form(name, form)
        for section, family in (("links", Family.LINKS), ("attachments", Family.ATTACHMENTS)):
            for name in getattr(content, section):
                yield from self._family(name, (section, name), family)
        yield from self._note()
        yield from self._comparisons()

    # --- fields ---------------------------------------------------------------------------------

    def _field(self, name: str, rule: FieldRule) -> Iterator[Finding]:
        path: Path_ = ("fields", name)
        if not self._can.holds(Family.FIELDS):
            yield from self._family(name, path, Family.FIELDS)
            return
        yield from self._type(name, path, rule)
        if self._catalog is None:
            return
        definition = self._fields.get(rule.target)
        if definition is None:
            message = f"There is no field `{rule.target}` in this ATS.{_hint(rule.target, self._fields)}"
            yield self._finding("error", "unknown_field", message, (*path, "target"), name)
            return
        yield from self._definition(name, path, rule, definition)
        if rule.private and definition.private is False:
            message = f"`{rule.target}` is called private here, but everybody who sees the applicant sees it."
            yield self._finding("error", "not_private", message, (*path, "private"), name)

    def _type(self, name: str, path: Path_, rule: ValueRule) -> Iterator[Finding]:
        types = self._can.form_field_types if isinstance(rule, FormFieldRule) else self._can.field_types
        if rule.type not in types:
            known = ", ".join(sorted(types))
            message = f"This ATS has no fields of type {rule.type}. It has: {known}."
            yield self._finding("warning", "unsupported_by_ats", message, (*path, "type"), name)

    def _definition(self, name: str, path: Path_, rule: ValueRule, definition: FieldDefinition) -> Iterator[Finding]:
        if definition.type not in _FITS[rule.type]:
            message = f"`{definition.name}` is a {definition.type} field; a {rule.type} value does not fit."
            yield self._finding("error", "type_mismatch", message, (*path, "type"), name)
        if definition.options is not None:
            yield from self._terms(name, (*path, "options"), rule.options, definition.options, "option")

    def _terms(
        self, name: str, path: Path_, terms: tuple[Term, ...], existing: tuple[str, ...], what: str, prefix: str = ""
    ) -> Iterator[Finding]:
        for index, term in enumerate(terms):
            word = prefix + term.name
            if word not in existing:
                message = f"There is no {what} `{word}` in this ATS.{_hint(word, existing)}"
                yield self._finding("error", f"unknown_{what}", message, (*path, index), name)

    # --- tags, forms, note ---------------------------------------------------------------------------------

    def _tags(self, name: str, rule: TagRule) -> Iterator[Finding]:
        path: Path_ = ("tags", name)
        yield from self._family(name, path, Family.TAGS)
        if not self._can.tags or not self._can.tags_need_vocabulary:
            return
        if rule.vocabulary is None:
            message = "This ATS takes only tags that exist; name them in `vocabulary`."
            yield self._finding("error", "vocabulary_needed", message, (*path, "vocabulary"), name)
        elif self._catalog is not None:
            yield from self._terms(name, (*path, "vocabulary"), rule.vocabulary, self._catalog.tags, "tag", rule.prefix)

    def _form(self, name: str, rule: FormRule) -> Iterator[Finding]:
        path: Path_ = ("forms", name)
        yield from self._family(name, path, Family.FORMS)
        if not self._can.forms:
            return
        for label, field in rule.fields.items():
            yield from self._type(name, (*path, "fields", label), field)
        if self._catalog is not None:
            yield from self._template(name, path, rule, self._catalog)

    def _template(self, name: str, path: Path_, rule: FormRule, catalog: Catalog) -> Iterator[Finding]:
        template = catalog.form_templates.get(rule.template)
        if template is None:
            message = f"There is no form template `{rule.template}`.{_hint(rule.template, catalog.form_templates)}"
            yield self._finding("error", "unknown_form", message, (*path, "template"), name)
            return
        labels = {d.name: d for d in template} | {d.key: d for d in template}
        for label, field in rule.fields.items():
            definition = labels.get(label)
            place: Path_ = (*path, "fields", label)
            if definition is None:
                message = f"The form template has no field `{label}`.{_hint(label, [d.name for d in template])}"
                yield self._finding("error", "unknown_form_field", message, place, name, key=True)
            else:
                yield from self._definition(name, place, field, definition)

    def _note(self) -> Iterator[Finding]:
        note = self._mapping.content.note
        if note is None:
            return
        yield from self._family("note", ("note",), Family.NOTES)
        if note.lines is not None and self._can.notes is NoteSupport.APPEND_ONLY:
            message = "Notes of this ATS cannot be removed, so the note holds no names; `lines` is skipped."
            yield self._finding("warning", "note_not_removable", message, ("note", "lines"), "note")

    # --- expressions ------------------------------------------------------------------------------------------------

    def _comparisons(self) -> Iterator[Finding]:
        for path, text, _ in expressions(self._mapping.content):
            for member, value in _compared(self._mapping.compiled[text].parsed):
                known = VALUES.get(member)
                if known is not None and value not in known:
                    hint = _hint(value, known) or f" It is one of {', '.join(known)}."
                    message = f"No claim has the {member} `{value}`.{hint}"
                    yield self._finding("warning", "never_matches", message, path, str(path[1]))

    # --- shared ---------------------------------------------------------------------------------

    def _family(self, name: str, path: Path_, family: Family) -> Iterator[Finding]:
        if not self._can.holds(family):
            message = f"This ATS has no {family.value}; the rule is skipped."
            yield self._finding("warning", "unsupported_by_ats", message, path, name, key=True)

    def _finding(
        self,
        severity: Literal["error", "warning"],
        code: str,
        message: str,
        path: Path_,
        rule: str,
        *,
        key: bool = False,
    ) -> Finding:
        place = self._mapping.source.place(path, key=key)
        return Finding(severity, code, message, self._mapping.file, place.line, place.column, rule)


def _compared(node: Any) -> Iterator[tuple[str, str]]:
    """Every member that an expression compares with a word, and the word."""
    children = [child for child in node.get("children", ()) if isinstance(child, dict)]
    if node.get("type") == "comparator":
        words = [c["value"] for c in children if c.get("type") == "literal" and isinstance(c["value"], str)]
        for child in children:
            yield from ((_last_name(child), word) for word in words)
    for child in children:
        yield from _compared(child)


def _last_name(node: Any) -> str:
    """`kind` of `kind` and of `@.kind`."""
    while node.get("type") == "subexpression":
        node = node["children"][-1]
    return str(node["value"]) if node.get("type") == "field" else ""


def _hint(word: str, choices: object) -> str:
    names = list(choices) if isinstance(choices, (dict, list, tuple)) else []
    close = nearest(word, names)
    return f" Did you mean `{close}`?" if close else ""
