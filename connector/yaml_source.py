"""Files that a person writes: YAML read strictly, with the place of every value kept for error messages.

Plain data only: no anchors or aliases (they make size unbounded), no tags, one document, no key twice, bounded size,
depth and number of values. YAML 1.2 core types; a date stays the text it was written as.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Final, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from connector.errors import PositionedError

MAX_BYTES: Final = 1_000_000
"""A crosswalk of 5,000 badge classes takes about 0.9 MB."""
MAX_DEPTH: Final = 20
MAX_VALUES: Final = 100_000

Path_ = tuple[str | int, ...]
_M = TypeVar("_M", bound=BaseModel)

_INTEGER = re.compile(r"[-+]?[0-9]{1,18}\Z")
_FLOAT = re.compile(r"[-+]?([0-9]{1,18}\.[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,3})?\Z")
_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}" for name in ("map", "seq", "str", "int", "float", "bool", "null", "timestamp", "merge")
)
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands, counted from 1."""

    line: int = 1
    column: int = 1


@dataclass(slots=True)
class YamlSource:
    """A file's data, and where each value and each key stands.

    Attributes:
        data: dictionaries, lists, strings, numbers, booleans and None.
        values, keys: by path (`("fields", "skills", "type")`); `keys` holds the places of the keys themselves.
    """

    file: str
    data: Any
    text: str
    values: dict[Path_, Place] = field(default_factory=dict)
    keys: dict[Path_, Place] = field(default_factory=dict)

    def place(self, path: Iterable[str | int], *, key: bool = False) -> Place:
        """The place of `path`, or of the nearest thing around it that stands in the file."""
        parts = tuple(path)
        table = self.keys if key else self.values
        if key and parts in table:
            return table[parts]
        while parts and parts not in self.values:
            parts = parts[:-1]
        return self.values.get(parts, Place())


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice that `word` was probably meant to be."""
    found = difflib.get_close_matches(word, list(choices), n=1, cutoff=0.6)
    return found[0] if found else None


def read_yaml(path: Path, error: type[PositionedError], *, max_bytes: int = MAX_BYTES) -> YamlSource:
    """Read a file that a person wrote.

    Raises:
        PositionedError: as the class given in `error`; it cannot be read, or is not plain YAML.
    """
    file = str(path)
    try:
        if path.stat().st_size > max_bytes:
            raise error(f"The file is larger than {max_bytes // 1000} kB.", file=file, line=1, column=1)
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as problem:
        reason = problem.strerror or "it cannot be read"
        raise error(
            f"The file cannot be read: {reason}.", file=file, line=1, column=1, code="unreadable_file"
        ) from None
    except UnicodeDecodeError:
        raise error("The file is not UTF-8 text.", file=file, line=1, column=1) from None
    except ValueError:  # a path with a NUL in it
        raise error("The file cannot be read: it is no path.", line=1, column=1, code="unreadable_file") from None
    return parse_yaml(text, file, error)


def parse_yaml(text: str, file: str, error: type[PositionedError]) -> YamlSource:
    """Parse YAML text; `file` is what messages call it. Raises as `read_yaml` does."""
    source = YamlSource(file=file, data=None, text=text)
    try:
        _refuse_aliases(text, file, error)
        node = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as problem:
        raise _syntax_error(problem, file, error) from None
    except YAMLError:
        raise error("The file is not YAML.", file=file, line=1, column=1) from None
    if node is not None:
        source.data = _Builder(source, error).build(node, ())
    return source


def _refuse_aliases(text: str, file: str, error: type[PositionedError]) -> None:
    """Look at the events first: nothing is built from a file that repeats itself or is too deep or too long."""
    depth = 0
    for count, event in enumerate(YAML(typ="safe", pure=True).parse(text)):
        name = type(event).__name__
        depth += name.endswith("StartEvent") - name.endswith("EndEvent")
        mark = event.start_mark
        where = {"file": file, "line": mark.line + 1, "column": mark.column + 1}
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None) is not None:
            raise error("Anchors and aliases (& and *) are not used in this file; write the value out.", **where)
        if depth > MAX_DEPTH:
            raise error("The file is nested too deeply.", **where)
        if count > MAX_VALUES:
            raise error("The file holds too many values.", **where)


def _syntax_error(problem: MarkedYAMLError, file: str, error: type[PositionedError]) -> PositionedError:
    mark = problem.problem_mark or problem.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    words = (problem.problem or problem.context or "it cannot be read").strip()
    return error(f"The file is not YAML: {words}.", file=file, line=line, column=column)


class _Builder:
    """Plain data from nodes, noting places on the way."""

    def __init__(self, source: YamlSource, error: type[PositionedError]) -> None:
        self._source = source
        self._error = error

    def build(self, node: Node, path: Path_) -> Any:
        self._source.values[path] = _place(node)
        if str(node.tag) not in _TAGS:
            raise self._at(node, "Tags (!) are not used in this file.")
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.build(item, (*path, index)) for index, item in enumerate(node.value)]
        if isinstance(node, ScalarNode):
            return self._scalar(node)
        raise self._at(node, "This is not plain YAML.")

    def _mapping(self, node: MappingNode, path: Path_) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                raise self._at(key_node, "A key must be a word.")
            key = str(key_node.value)
            if key in result:
                raise self._at(key_node, f"The key `{key}` stands here twice.")
            self._source.keys[(*path, key)] = _place(key_node)
            result[key] = self.build(value_node, (*path, key))
        return result

    def _scalar(self, node: ScalarNode) -> Any:
        text = str(node.value)
        if node.style in ("'", '"', "|", ">"):
            return text
        return _plain(text)

    def _at(self, node: Node, message: str) -> PositionedError:
        place = _place(node)
        return self._error(message, file=self._source.file, line=place.line, column=place.column)


def _plain(text: str) -> Any:
    """A plain scalar by the YAML 1.2 core schema (`yes` and `no` are words)."""
    if text in _NULLS:
        return None
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    if _INTEGER.match(text):
        return int(text)
    if _FLOAT.match(text):
        return float(text)
    return text


def _place(node: Node) -> Place:
    return Place(node.start_mark.line + 1, node.start_mark.column + 1)


# --- a file's data into a model, with the place of every mistake --------------------------------------------------


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a file, with its place and the path of the value."""

    message: str
    place: Place
    path: Path_ = ()


def into_model(source: YamlSource, model: type[_M], *, what: str) -> tuple[_M | None, list[Problem]]:
    """The data as `model`, or every mistake in it, in the order of the file.

    Args:
        what: what the file is, for the message about one that is no mapping at all (`a mapping`).
    """
    if not isinstance(source.data, dict):
        return None, [Problem(f"This is not {what}: it holds no keys.", Place())]
    try:
        return model.model_validate(source.data), []
    except ValidationError as error:
        items = sorted(error.errors(include_url=False, include_input=True), key=lambda i: i["type"] == "missing")
        problems = [_problem(source, model, item) for item in items if not _is_misspelt(item, items)]
        return None, sorted(problems, key=lambda p: (p.place.line, p.place.column))


def _is_misspelt(item: Any, items: Iterable[Any]) -> bool:
    """Whether what is missing stands there under a name that is nearly right: then that is the mistake to tell."""
    if item["type"] != "missing":
        return False
    *parent, name = item["loc"]
    unknown = [i["loc"][-1] for i in items if i["type"] == "extra_forbidden" and list(i["loc"][:-1]) == parent]
    return any(nearest(str(word), [str(name)]) for word in unknown)


def _problem(source: YamlSource, model: type[BaseModel], item: Any) -> Problem:
    path: Path_ = tuple(part for part in item["loc"] if part != "[key]")
    kind, name = str(item["type"]), _spell(path)
    if kind == "extra_forbidden":
        message = f"Unknown key `{path[-1]}`{_where(path)}.{_hint(str(path[-1]), _keys(model, path[:-1]))}"
        return Problem(message, source.place(path, key=True), path)
    if kind == "missing":
        return Problem(f"`{name}` is missing.", source.place(path[:-1]), path)
    if kind in ("literal_error", "enum"):
        allowed = re.findall(r"'([^']*)'", str(item["ctx"]["expected"]))
        message = f"`{name}` cannot be `{item['input']}`.{_hint(str(item['input']), allowed)}"
        return Problem(message, source.place(path), path)
    said = str(item["msg"]).removeprefix("Value error, ")
    place = source.place(path, key=item["loc"][-1:] == ("[key]",))
    return Problem(f"`{name}`: {said}" if name else said, place, path)


def _hint(word: str, choices: list[str]) -> str:
    close = nearest(word, choices)
    known = f" Known here: {', '.join(choices)}." if 0 < len(choices) <= 30 else ""
    return (f" Did you mean `{close}`?" if close else "") + known


def _where(path: Path_) -> str:
    return f" in `{_spell(path[:-1])}`" if len(path) > 1 else ""


def _spell(path: Path_) -> str:
    """`tags.vocabulary[2]`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


def _keys(model: type[BaseModel], path: Path_) -> list[str]:
    """The keys that the model at `path` knows."""
    here: Any = model
    for part in path:
        if _is_model(here):
            info = here.model_fields.get(str(part))
            here = _without_none(info.annotation) if info else None
        else:
            here = next((_without_none(a) for a in reversed(get_args(here)) if a is not Ellipsis), None)
    return [info.alias or name for name, info in here.model_fields.items()] if _is_model(here) else []


def _without_none(annotation: Any) -> Any:
    """`X` of `X | None` and of `Annotated[X, ...]`; everything else as it is."""
    if get_origin(annotation) is Annotated:
        return get_args(annotation)[0]
    if get_origin(annotation) not in (Union, UnionType):
        return annotation
    return next((a for a in get_args(annotation) if a is not NoneType), annotation)


def _is_model(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, BaseModel)
