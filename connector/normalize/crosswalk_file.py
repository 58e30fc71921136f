"""The file that a crosswalk is written in: its language, its mistakes, and the way from it to a `Crosswalk`.

Apart from `crosswalk`, so that a verification without one loads neither YAML nor the models of the language.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from connector.errors import MappingError
from connector.model.claims import Alignment
from connector.normalize.crosswalk import Crosswalk, Skill
from connector.normalize.frameworks import recognise
from connector.yaml_source import Place, YamlSource, into_model, read_yaml

Framework = Literal["esco", "onet", "ctdl", "case", "lightcast", "other"]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class CrosswalkAlignment(_Strict):
    """A framework's statement: its address, or framework and code."""

    framework: Framework = "other"
    """The framework; an address of a known one speaks for itself."""
    code: str | None = None
    """Its identifier in the framework."""
    url: str | None = None
    """Its address."""
    name: str | None = None
    """Its name, for readers; never compared."""

    @model_validator(mode="after")
    def _identified(self) -> CrosswalkAlignment:
        if not self.url and not self.code:
            raise ValueError("an alignment needs a `url` or a `code`")
        return self


class CrosswalkSkill(_Strict):
    """A skill in the employer's own words."""

    name: Annotated[str, Field(min_length=1, max_length=250)]
    """The skill's name, as it will be written."""
    alignments: tuple[CrosswalkAlignment, ...] = ()
    """Statements of frameworks that mean the same."""


class CrosswalkMatch(_Strict):
    """What a row matches: exactly one of the two."""

    achievement: str | None = None
    """Id of the achievement (Open Badges 3.0, CLR 2.0) or of the badge class (Open Badges 2.0), as it stands there."""
    alignment: CrosswalkAlignment | None = None
    """A framework's statement that the achievement is aligned to."""

    @model_validator(mode="after")
    def _one(self) -> CrosswalkMatch:
        if (self.achievement is None) == (self.alignment is None):
            raise ValueError("`match` needs exactly one of `achievement` and `alignment`")
        return self


def _as_skill(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


_Skill = Annotated[CrosswalkSkill, BeforeValidator(_as_skill, json_schema_input_type=str | CrosswalkSkill)]


class CrosswalkRow(_Strict):
    """One row: what it matches, and the skills that stand for."""

    match: CrosswalkMatch
    """What the row is about."""
    skills: Annotated[tuple[_Skill, ...], Field(min_length=1)]
    """The skills, by name or with the statements they mean."""


class CrosswalkFile(_Strict):
    """What stands in a crosswalk file."""

    version: Literal[1] = 1
    """Version of this language."""
    crosswalk: tuple[CrosswalkRow, ...] = ()
    """The rows; an achievement stands in one of them at most."""


def load_crosswalk(path: Path) -> Crosswalk:
    """Read a crosswalk file.

    Raises:
        MappingError: with file, line and column of the first mistake.
    """
    crosswalk, errors = _read(read_yaml(path, MappingError))
    if errors:
        raise errors[0]
    assert crosswalk is not None, "without a mistake there is one"
    return crosswalk


def crosswalk_mistakes(path: Path) -> list[MappingError]:
    """Every mistake of a crosswalk file at once."""
    try:
        source = read_yaml(path, MappingError)
    except MappingError as error:
        return [error]
    return _read(source)[1]


def is_crosswalk(path: Path) -> bool:
    """Whether a file is meant as a crosswalk: it has that key, and does not say for which ATS it is."""
    try:
        data = read_yaml(path, MappingError).data
    except MappingError:
        return False
    return isinstance(data, dict) and "crosswalk" in data and "ats" not in data


def crosswalk_schema() -> dict[str, Any]:
    """The JSON Schema of a crosswalk file (draft 2020-12)."""
    schema = CrosswalkFile.model_json_schema(mode="validation")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Crosswalk from achievements to skills",
        **{k: v for k, v in schema.items() if k != "title"},
    }


def _read(source: YamlSource) -> tuple[Crosswalk | None, list[MappingError]]:
    parsed, problems = into_model(source, CrosswalkFile, what="a crosswalk")
    if parsed is None:
        return None, [_error(source, p.message, p.place) for p in problems]
    return _compile(parsed), _repeated(parsed, source)


def _repeated(parsed: CrosswalkFile, source: YamlSource) -> list[MappingError]:
    """Achievements that stand in more than one row, at the later ones."""
    errors, seen = [], set()
    for index, row in enumerate(parsed.crosswalk):
        key = row.match.achievement
        if key in seen:
            place = source.place(("crosswalk", index, "match", "achievement"))
            errors.append(_error(source, f"The achievement `{key}` stands here twice.", place))
        if key is not None:
            seen.add(key)
    return errors


def _compile(parsed: CrosswalkFile) -> Crosswalk:
    by_achievement: dict[str, tuple[Skill, ...]] = {}
    by_code: dict[tuple[str, str], list[Skill]] = defaultdict(list)
    by_url: dict[str, list[Skill]] = defaultdict(list)
    for row in parsed.crosswalk:
        skills = tuple(Skill(s.name, tuple(_alignment(a) for a in s.alignments)) for s in row.skills)
        if row.match.achievement is not None:
            by_achievement[row.match.achievement] = skills
        if row.match.alignment is not None:
            wanted = _alignment(row.match.alignment)
            if wanted.url:
                by_url[wanted.url] += skills
            elif wanted.code:
                by_code[wanted.framework, wanted.code.casefold()] += skills
    return Crosswalk(
        by_achievement, {k: tuple(v) for k, v in by_code.items()}, {k: tuple(v) for k, v in by_url.items()}
    )


def _alignment(raw: CrosswalkAlignment) -> Alignment:
    """An address speaks for itself where it is a known framework's."""
    framework, code, _ = recognise(raw.url)
    return Alignment(framework=framework or raw.framework, code=code or raw.code, url=raw.url, name=raw.name)


def _error(source: YamlSource, message: str, place: Place) -> MappingError:
    return MappingError(message, file=source.file, line=place.line, column=place.column)
