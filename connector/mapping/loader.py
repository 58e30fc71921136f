"""A mapping file from disk to something that can be applied, or to the list of what is wrong with it.

Every mistake is reported with file, line and column, and with the nearest right name. Expressions are compiled and
tried on sample claims here, so that a wrong one is found by its author and not by an applicant.
"""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final

import jmespath
from jmespath.exceptions import JMESPathError

from connector.errors import MappingError
from connector.mapping.schema import MappingFile, expressions
from connector.mapping.view import MEMBERS, environment, sample_environment
from connector.yaml_source import Path_, Problem, YamlSource, into_model, nearest, parse_yaml, read_yaml

MAX_MAPPING_BYTES: Final = 256_000


@dataclass(frozen=True, slots=True)
class FieldMapping:
    """A mapping that holds: parsed, its expressions compiled, with the places of its rules for later messages.

    Attributes:
        version: digest of what the file says (comments and layout do not count).
    """

    file: str
    content: MappingFile
    version: str
    source: YamlSource
    compiled: dict[str, jmespath.parser.ParsedResult]

    @property
    def ats(self) -> str:
        return self.content.ats

    def claims_of(self, expression: str, views: list[dict[str, Any]]) -> list[int]:
        """Indexes of the claims that `expression` selects, ascending.

        Raises:
            MappingError: it fails on these claims, or gives something else than claims.
        """
        found = self._search(expression, environment(views))
        if found is None:
            return []
        items = found if isinstance(found, list) else [found]
        known = {view["index"] for view in views}
        indexes = [item.get("index") if isinstance(item, dict) else None for item in items]
        if not known.issuperset(indexes):
            raise self._error(expression, _NOT_CLAIMS)
        return sorted({index for index in indexes if index is not None})

    def value_of(self, expression: str | None, view: dict[str, Any]) -> Any:
        """What `expression` finds in one claim; the claim's name without one."""
        return view["name"] if expression is None else self._search(expression, view)

    def _search(self, expression: str, data: Any) -> Any:
        try:
            return self.compiled[expression].search(data)
        except JMESPathError as error:
            raise self._error(expression, f"fails on these claims: {str(error).splitlines()[0]}") from None

    def _error(self, expression: str, words: str) -> MappingError:
        path = next((p for p, text, _ in expressions(self.content) if text == expression), ())
        place = self.source.place(path)
        message = f"`{_dotted(path)}` {words}"
        return MappingError(message, file=self.file, line=place.line, column=place.column)


_NOT_CLAIMS: Final = (
    "has to give claims, such as `claims[?kind == 'skill']`; take a member of a claim with `value`, not with `select`."
)


def load_mapping(path: Path, *, kind: str | None = None, known: Collection[str] = ()) -> FieldMapping:
    """Read a mapping file.

    Args:
        kind: the kind of ATS it is wanted for.
        known: the kinds there are; without them every kind is taken.

    Raises:
        MappingError: the first mistake in it, with file, line and column.
    """
    return _whole(read_yaml(path, MappingError, max_bytes=MAX_MAPPING_BYTES), kind, known)


def parse_mapping(text: str, file: str = "mapping") -> FieldMapping:
    """As `load_mapping`, from text; `file` is what messages call it."""
    if len(text) > MAX_MAPPING_BYTES:
        raise MappingError(f"The file is larger than {MAX_MAPPING_BYTES // 1000} kB.", file=file, line=1, column=1)
    return _whole(parse_yaml(text, file, MappingError), None, ())


def mistakes(
    path: Path, *, kind: str | None = None, known: Collection[str] = ()
) -> tuple[FieldMapping | None, list[MappingError]]:
    """Every mistake of a file at once, in its order.

    The mapping beside them is what the file says without the rules that cannot be read, so that the rest can be looked
    at too; None where nothing of it can be read.
    """
    try:
        source = read_yaml(path, MappingError, max_bytes=MAX_MAPPING_BYTES)
    except MappingError as error:
        return None, [error]
    mapping, problems = _read(source, kind, known)
    return mapping, [_as_error(source.file, p) for p in problems]


def shipped_mapping(name: str) -> Path:
    """The path of a mapping that comes with the product (`greenhouse.yaml`).

    Raises:
        MappingError: there is none of that name.
    """
    folder = Path(str(resources.files("mappings")))
    names = sorted(p.name for p in folder.glob("*.yaml"))
    if name not in names:
        close = nearest(name, names)
        raise MappingError(f"No mapping `{name}` is shipped." + (f" Did you mean `{close}`?" if close else ""))
    return folder / name


def mapping_path(folder: Path | None, connection: str, kind: str, default: str) -> Path:
    """Which mapping a connection uses: its own in `folder`, else its kind's there, else the shipped `default`."""
    for name in (connection, kind) if folder else ():
        for suffix in (".yaml", ".yml"):
            path = Path(folder or ".") / f"{name}{suffix}"
            if path.is_file():
                return path
    return shipped_mapping(default)


def _whole(source: YamlSource, kind: str | None, known: Collection[str]) -> FieldMapping:
    mapping, problems = _read(source, kind, known)
    if mapping is None or problems:
        raise _as_error(source.file, problems[0])
    return mapping


def _read(source: YamlSource, kind: str | None, known: Collection[str]) -> tuple[FieldMapping | None, list[Problem]]:
    parsed, problems = into_model(source, MappingFile, what="a mapping")
    if parsed is None:
        parsed = _readable_part(source, problems)
    problems += _wrong_ats(source, kind, known) if all(p.path != ("ats",) for p in problems) else []
    mapping = None
    if parsed is not None:
        compiled = {text: jmespath.compile(text) for _, text, _ in expressions(parsed)}
        mapping = FieldMapping(source.file, parsed, _digest(parsed), source, compiled)
        problems += _tried(mapping)
    return mapping, sorted(problems, key=lambda p: (p.place.line, p.place.column))


def _readable_part(source: YamlSource, problems: Iterable[Problem]) -> MappingFile | None:
    """The file without the rules and keys in which something is wrong, if that is still a mapping."""
    if not isinstance(source.data, dict):
        return None
    rest = copy.deepcopy(source.data)
    for path in (p.path for p in problems if p.path):
        section = rest.get(path[0])
        if len(path) > 1 and isinstance(section, dict):
            section.pop(path[1], None)
        else:
            rest.pop(path[0], None)
    parsed, _ = into_model(YamlSource(source.file, rest, source.text), MappingFile, what="a mapping")
    return parsed


def _wrong_ats(source: YamlSource, kind: str | None, known: Collection[str]) -> list[Problem]:
    """A mapping for an ATS that nobody has heard of, or for another one than it is wanted for."""
    said = source.data.get("ats") if isinstance(source.data, dict) else None
    if not isinstance(said, str):
        return []
    message = ""
    if known and said not in known:
        close = nearest(said, sorted(known))
        message = f"There is no ATS `{said}`." + (f" Did you mean `{close}`?" if close else "")
        message += f" Known: {', '.join(sorted(known))}."
    elif kind is not None and said != kind:
        message = f"This mapping is for {said}; the connection is {kind}."
    return [Problem(message, source.place(("ats",)), ("ats",))] if message else []


def _tried(mapping: FieldMapping) -> Iterator[Problem]:
    """Mistakes that only show when an expression is looked at closely or tried."""
    samples = sample_environment()["claims"]
    for path, text, selects in expressions(mapping.content):
        place = mapping.source.place(path)
        unknown = sorted({n for n in _names(mapping.compiled[text].parsed) if n not in _KNOWN})
        for name in unknown:
            close = nearest(name, sorted(_KNOWN))
            hint = f" Did you mean `{close}`?" if close else f" Known: {', '.join(MEMBERS)}."
            yield Problem(f"`{_dotted(path)}`: a claim has no member `{name}`.{hint}", place, path)
        if unknown:
            continue
        try:
            if selects:
                mapping.claims_of(text, samples)
            else:
                mapping.value_of(text, samples[0])
        except MappingError as error:
            yield Problem(_PLACE.sub("", error.message), place, path)


def _names(node: Any) -> Iterator[str]:
    """Every member that an expression names."""
    if node.get("type") == "field":
        yield str(node["value"])
    for child in node.get("children", ()):
        if isinstance(child, dict):
            yield from _names(child)


_KNOWN: Final = frozenset(MEMBERS) | {"claims", "framework", "code", "url", "name"}
_PLACE: Final = re.compile(r"\A.*?:\d+:\d+: ", re.DOTALL)


def _digest(parsed: MappingFile) -> str:
    plain = json.dumps(parsed.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(plain.encode()).hexdigest()[:16]


def _dotted(path: Path_) -> str:
    return ".".join(str(part) for part in path)


def _as_error(file: str, problem: Problem) -> MappingError:
    return MappingError(problem.message, file=file, line=problem.place.line, column=problem.place.column)
