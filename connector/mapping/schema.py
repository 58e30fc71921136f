"""The mapping file as models: what a YAML file under `mappings/` may say (docs/mappings.md explains it).

The JSON Schema that editors complete from is made from these models, so what is described here is what is accepted.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from connector.model.report import Assurance

FieldType = Literal["text", "long_text", "url", "yes_no", "number", "date", "single_select", "multi_select"]
Take = Literal["lines", "list", "first", "exists"]
Fixed = Literal["report_link", "shared_on"]

MAX_EXPRESSION: Final = 2_000
NOTE_PLACEHOLDERS: Final = ("date", "report_url", "employer")
MAX_NOTE: Final = 560
"""Recruiters read about 600 characters of a note; the reference that finds it again takes the rest."""
MAX_NOTE_LINES: Final = 4_000
"""Characters of the list below them, where a mapping asks for one: about 30 records."""
TEXT_TYPES: Final = frozenset({"text", "long_text"})
SELECT_TYPES: Final = frozenset({"single_select", "multi_select"})


def _expression(value: str) -> str:
    if len(value) > MAX_EXPRESSION:
        raise ValueError(f"an expression has at most {MAX_EXPRESSION} characters")
    try:
        jmespath.compile(value)
    except JMESPathError as error:
        raise ValueError(f"this is not JMESPath: {str(error).splitlines()[0]}") from None
    return value


def _rule_name(value: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", value):
        raise ValueError("a rule's name has lower-case letters, digits and _, and starts with a letter")
    return value


def _note_text(value: str) -> str:
    try:
        names = {name for _, name, _, _ in string.Formatter().parse(value) if name is not None}
    except ValueError:
        raise ValueError("a single { or } is written {{ or }}") from None
    unknown = sorted(names - set(NOTE_PLACEHOLDERS))
    if unknown:
        known = ", ".join("{" + name + "}" for name in NOTE_PLACEHOLDERS)
        raise ValueError(f"unknown placeholder {{{unknown[0]}}}; a note takes {known} and nothing from a credential")
    return value


Expression = Annotated[str, Field(min_length=1, max_length=MAX_EXPRESSION), AfterValidator(_expression)]
RuleName = Annotated[str, AfterValidator(_rule_name)]
Text = Annotated[str, Field(min_length=1, max_length=250)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Term(_Strict):
    """A word of the employer's vocabulary, and what is counted as it."""

    name: Text
    """The tag or option as it is written to the ATS."""
    also: tuple[Text, ...] = ()
    """Other names that are counted as this one; compared without regard to case."""
    match: tuple[Text, ...] = ()
    """Addresses of framework statements, or `framework:code` (`esco:...`), that are counted as this one."""


def _as_term(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


Vocabulary = tuple[Annotated[Term, BeforeValidator(_as_term, json_schema_input_type=str | Term)], ...]


def _words_or_any(value: object) -> object:
    if value == "any":
        return None
    if not isinstance(value, list | tuple):
        raise ValueError("give a list of words, or the word `any`")
    return value


VocabularyOrAny = Annotated[
    Vocabulary | None, BeforeValidator(_words_or_any, json_schema_input_type=Vocabulary | Literal["any"])
]
"""None is `any`."""


class Defaults(_Strict):
    """What holds for every rule that does not say otherwise."""

    lowest_assurance: Assurance = Assurance.VERIFIED
    """The lowest assurance that a target takes."""
    suspended: Literal["skip", "say"] = "skip"
    """Credentials that their issuer suspended: leave them out, or write them and say so."""


class _ClaimRule(_Strict):
    """Members of every rule that reads claims."""

    select: Expression | None = None
    """JMESPath over `{claims: [...]}`; its result is claims, such as `claims[?kind == 'skill']`. Their order does not
    count: the candidate's order decides, then the document's."""
    lowest_assurance: Assurance | None = None
    """The lowest assurance this target takes; the file's default where it is not named."""


class ValueRule(_ClaimRule):
    """How one value comes about: from claims (`select`), from the share (`fixed`), or as written (`constant`)."""

    type: FieldType
    """The type of the target in the ATS."""
    value: Expression | None = None
    """JMESPath over one claim; its name where nothing is said."""
    fixed: Fixed | None = None
    """`report_link`: address of the verification report. `shared_on`: the day of the share."""
    constant: bool | int | float | str | None = None
    """A value as written here, set when anything was shared."""
    take: Take | None = None
    """`lines`: one line each, with how well it is founded in words (text). `list`: the values alone. `first`: the
    first one. `exists`: yes when there is any (yes/no)."""
    options: Vocabulary = ()
    """For select fields: the options that may be set."""
    on_unknown_option: Literal["skip", "skip_field"] = "skip"
    """A value that is no option: leave the value out, or leave the whole field alone."""
    max_values: Annotated[int, Field(ge=1, le=200)] = 50
    """Most lines or values; what is over is counted, in the candidate's order."""
    max_length: Annotated[int, Field(ge=20, le=100_000)] | None = None
    """Longest text in characters: 250 for text, 10,000 for long text where nothing is said."""

    @model_validator(mode="after")
    def _one_source(self) -> ValueRule:
        given = [name for name in ("select", "fixed", "constant") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("a value needs exactly one of `select`, `fixed` and `constant`")
        if self.select is None and (self.value or self.take or self.options):
            raise ValueError("`value`, `take` and `options` belong to `select`")
        if self.select is not None:
            _check_take(self.type, self.taking)
        if self.options and self.type not in SELECT_TYPES:
            raise ValueError("`options` belong to single_select and multi_select")
        _check_constant(self.type, self.constant)
        _check_fixed(self.type, self.fixed)
        return self

    @property
    def taking(self) -> Take:
        """`take`, or what the type suggests."""
        suggested: dict[str, Take] = {"long_text": "lines", "multi_select": "list", "yes_no": "exists"}
        return self.take or suggested.get(self.type, "first")

    @property
    def has_words(self) -> bool:
        """Whether the target says how well each line is founded."""
        return self.taking == "lines"


def _check_take(kind: str, take: str) -> None:
    allowed = {
        "text": ("first", "list", "lines"),
        "long_text": ("lines", "list", "first"),
        "multi_select": ("list",),
        "yes_no": ("exists", "first"),
    }.get(kind, ("first",))
    if take not in allowed:
        raise ValueError(f"`take: {take}` does not go with type {kind}; it takes {', '.join(allowed)}")


def _check_constant(kind: str, constant: object) -> None:
    if constant is None:
        return
    fits = {
        "yes_no": isinstance(constant, bool),
        "number": isinstance(constant, int | float) and not isinstance(constant, bool),
        "date": isinstance(constant, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", constant) is not None,
        "url": isinstance(constant, str) and constant.startswith(("https://", "http://")),
        "multi_select": False,
    }.get(kind, isinstance(constant, str))
    if not fits:
        raise ValueError(f"`constant` does not fit type {kind}")


def _check_fixed(kind: str, fixed: str | None) -> None:
    allowed = {"report_link": ("url", "text", "long_text"), "shared_on": ("date", "text", "long_text")}
    if fixed is not None and kind not in allowed[fixed]:
        raise ValueError(f"`fixed: {fixed}` does not fit type {kind}")


class FieldRule(ValueRule):
    """One structured field of the ATS."""

    target: Text
    """The field's key in the ATS."""
    overwrite: bool = False
    """Replace a value that a recruiter wrote."""
    private: bool = False
    """The target is visible to few (the ATS's private field); sensitive claims go only there."""


class FormFieldRule(ValueRule):
    """One field of a form."""


class FormRule(_Strict):
    """A completed form, where the ATS has form templates."""

    template: Text
    """The template's name."""
    private: bool = True
    """The form is kept from ordinary users; sensitive claims go only into such a form."""
    fields: Annotated[dict[Text, FormFieldRule], Field(min_length=1)]
    """What goes into it, by the label of the template's field."""


class TagRule(_ClaimRule):
    """A few tags that recruiters filter by. A tag cannot say how well it is founded: it takes current records only."""

    select: Expression
    """JMESPath over `{claims: [...]}`; its result is claims."""
    value: Expression | None = None
    """JMESPath over one claim; its name where nothing is said."""
    vocabulary: VocabularyOrAny
    """The words that may become tags, or `any`."""
    prefix: Annotated[str, Field(max_length=30)] = ""
    """Put in front of every tag."""
    budget: Annotated[int, Field(ge=1, le=50)] = 10
    """Most tags per applicant."""


class NoteRule(_Strict):
    """The one note. Its words are fixed: nothing from a credential, unless `lines` says so."""

    text: Annotated[str, Field(min_length=1, max_length=MAX_NOTE), AfterValidator(_note_text)] | None = None
    """The note in your own words, with `{date}`, `{report_url}`, `{employer}`; the standard wording where it is not
    given."""
    lines: Expression | None = None
    """JMESPath that gives claims: one quoted line each below the text. Not for an ATS whose notes cannot be removed."""
    lowest_assurance: Assurance | None = None
    """The lowest assurance of a claim in `lines`."""
    private: bool = True
    """Kept from ordinary users where the ATS can do that."""


class LinkRule(_Strict):
    """A link on the applicant's record."""

    fixed: Literal["report_link"] = "report_link"
    """Address of the verification report."""


class AttachmentRule(_ClaimRule):
    """A file."""

    select: Expression = "claims"
    """JMESPath over `{claims: [...]}`; its result is claims. A record as it came is whole, whatever this says."""
    content: Literal["summary", "claims", "ler"]
    """`summary`: what was shared, as text. `claims`: the same as JSON. `ler`: the record as it came, only if everything
    in it was ticked."""
    private: bool = True
    """Kept from ordinary users where the ATS can do that."""


class MappingFile(_Strict):
    """A mapping: what of a shared learning or employment record is written where in an ATS."""

    version: Literal[1]
    """Version of this language."""
    ats: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    """The kind of ATS it is for."""
    defaults: Defaults = Defaults()
    fields: dict[RuleName, FieldRule] = Field(default_factory=dict)
    """Structured fields, by the name of the rule."""
    tags: dict[RuleName, TagRule] = Field(default_factory=dict)
    """Tags, by the name of the rule."""
    note: NoteRule | None = None
    """The one note, or none."""
    links: dict[RuleName, LinkRule] = Field(default_factory=dict)
    """Links, by the name of the rule."""
    forms: dict[RuleName, FormRule] = Field(default_factory=dict)
    """Completed forms, by the name of the rule."""
    attachments: dict[RuleName, AttachmentRule] = Field(default_factory=dict)
    """Files, by the name of the rule."""

    @model_validator(mode="after")
    def _names_and_targets_once(self) -> MappingFile:
        names = [n for s in (self.fields, self.tags, self.links, self.forms, self.attachments) for n in s]
        if self.note is not None:
            names.append("note")
        twice = next((n for n in names if names.count(n) > 1), None)
        if twice:
            raise ValueError(f"the rule name `{twice}` is used twice")
        targets = [rule.target for rule in self.fields.values()]
        again = next((t for t in targets if targets.count(t) > 1), None)
        if again:
            raise ValueError(f"two rules write to the field `{again}`")
        if not names:
            raise ValueError("the mapping writes nothing")
        return self

    @property
    def reads_claims(self) -> bool:
        """Whether any rule reads claims at all."""
        return any(selects for _, _, selects in expressions(self)) or bool(self.attachments)


def expressions(parsed: MappingFile) -> Iterator[tuple[tuple[str | int, ...], str, bool]]:
    """Every expression of a file: where it stands, the expression, and whether it has to give claims."""
    for section in ("fields", "tags", "attachments"):
        for name, rule in getattr(parsed, section).items():
            yield from _of_rule((section, name), rule)
    for name, form in parsed.forms.items():
        for label, rule in form.fields.items():
            yield from _of_rule(("forms", name, "fields", label), rule)
    if parsed.note and parsed.note.lines:
        yield ("note", "lines"), parsed.note.lines, True


def _of_rule(path: tuple[str | int, ...], rule: Any) -> Iterator[tuple[tuple[str | int, ...], str, bool]]:
    if rule.select:
        yield (*path, "select"), rule.select, True
    if getattr(rule, "value", None):
        yield (*path, "value"), rule.value, False


def mapping_schema() -> dict[str, Any]:
    """The JSON Schema of a mapping file (draft 2020-12)."""
    schema = MappingFile.model_json_schema(mode="validation")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Mapping of learning and employment records into an ATS",
        **{k: v for k, v in schema.items() if k != "title"},
    }
