"""Reading the employer's policy file (CONTRACT section 6): a mistake is named with file, line and column."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from connector import codec
from connector.errors import IntakeError, PolicyFileError
from connector.verify.policy import Policy, Registry

MAX_POLICY_BYTES: Final = 2_000_000
MAX_REGISTRY_BYTES: Final = 5_000_000


def load_policy(path: str | Path) -> Policy:
    """Read a policy file.

    Raises:
        PolicyFileError: it is not there, is no YAML, or holds something that a policy cannot hold; with the place, and
            for an unknown name the nearest known one.
    """
    path = Path(path)
    document = _parse(_read(path, MAX_POLICY_BYTES, str(path)), str(path))
    try:
        policy = Policy.model_validate(_plain(document))
    except ValidationError as error:
        raise _positioned(error, document, str(path)) from None
    registries = tuple(_with_names(registry, path.parent, str(path)) for registry in policy.registries)
    return policy.model_copy(update={"registries": registries})


def _read(path: Path, limit: int, file: str) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PolicyFileError(f"cannot be read: {error.strerror}.", file=file, line=1, column=1) from None
    if len(content) > limit:
        raise PolicyFileError("is too large.", file=file, line=1, column=1)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise PolicyFileError("is not UTF-8 text.", file=file, line=1, column=1) from None


def _parse(text: str, file: str) -> CommentedMap:
    try:
        document = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise PolicyFileError(f"{error.problem or 'is not YAML'}.", file=file, line=line, column=column) from None
    except YAMLError:
        raise PolicyFileError("is not YAML.", file=file, line=1, column=1) from None
    if document is None:
        return CommentedMap()
    if not isinstance(document, CommentedMap):
        raise PolicyFileError("a policy is a mapping, as in `trusted_issuers: [...]`.", file=file, line=1, column=1)
    return document


def _plain(value: Any) -> Any:
    """ruamel's containers as ordinary ones."""
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


# --- saying where ------------------------------------------------------------------------------------------------


def _positioned(error: ValidationError, document: CommentedMap, file: str) -> PolicyFileError:
    first = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
    location = [part for part in first["loc"] if isinstance(part, int) or _is_name(part, document)]
    line, column = _place(document, location, of_key=first["type"] == "extra_forbidden")
    where = ".".join(str(part) for part in location)
    if first["type"] == "extra_forbidden":
        name = str(first["loc"][-1])
        near = difflib.get_close_matches(name, sorted(_known_names(Policy)), n=1)
        hint = f" Did you mean `{near[0]}`?" if near else ""
        return PolicyFileError(f"unknown key `{name}`.{hint}", file=file, line=line, column=column)
    if first["type"] == "missing":
        return PolicyFileError(f"`{where}` lacks `{first['loc'][-1]}`.", file=file, line=line, column=column)
    return PolicyFileError(f"`{where}`: {first['msg']}.", file=file, line=line, column=column)


def _is_name(part: object, document: CommentedMap) -> bool:
    """Union members appear in pydantic's locations with tags of their own; only names that stand in the file count."""
    return isinstance(part, str) and part in _all_names(document)


def _all_names(value: Any) -> set[str]:
    if isinstance(value, dict):
        return {str(name) for name in value} | {name for item in value.values() for name in _all_names(item)}
    if isinstance(value, list):
        return {name for item in value for name in _all_names(item)}
    return set()


def _place(document: Any, location: Sequence[int | str], *, of_key: bool) -> tuple[int, int]:
    """Line and column, from 1, of what `location` names."""
    line, column, node = 0, 0, document
    for step, part in enumerate(location):
        last = step == len(location) - 1
        try:
            if isinstance(node, CommentedMap):
                line, column = node.lc.key(part) if last and of_key else node.lc.value(part)
            elif isinstance(node, CommentedSeq):
                line, column = node.lc.item(part)
            node = node[part]
        except (KeyError, IndexError, TypeError):
            break
    return line + 1, column + 1


def _known_names(model: type[BaseModel]) -> set[str]:
    names: set[str] = set()
    for name, field in model.model_fields.items():
        names.add(field.alias or name)
        for inner in _models_in(field.annotation):
            names |= _known_names(inner)
    return names


def _models_in(annotation: Any) -> Iterable[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return (annotation,)
    if get_origin(annotation) in (Union, UnionType, tuple) or get_args(annotation):
        return tuple(model for part in get_args(annotation) for model in _models_in(part))
    return ()


# --- registries --------------------------------------------------------------------------------------------------


def _with_names(registry: Registry, base: Path, policy_file: str) -> Registry:
    """A registry in a file, with the names it gives to issuers (DCC: identifier -> {name, ...})."""
    if registry.file is None or registry.kind != "dcc":
        return registry
    text = _read(base / registry.file, MAX_REGISTRY_BYTES, policy_file)
    try:
        document = codec.parse_json(text)
    except IntakeError as error:
        raise PolicyFileError(f"registry {registry.file} is not JSON: {error.code}.", file=policy_file) from None
    entries = document.get("registry", document) if isinstance(document, dict) else {}
    names = {
        str(issuer): str(entry.get("name") or "")
        for issuer, entry in (entries.items() if isinstance(entries, dict) else ())
        if isinstance(entry, dict)
    }
    return registry.model_copy(update={"names": names})
