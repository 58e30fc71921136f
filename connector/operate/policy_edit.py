"""Changing the employer's policy file by command: one entry added or taken out, everything else as it was written.

Where an entry stands on lines of its own, lines are put in or taken out and no other byte changes; elsewhere (`[a, b]`,
JSON) ruamel writes the file again with its comments. Either way the result is read by the strict reader and must say
exactly what was said before, and the change; else nothing is written.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from connector.errors import ConnectorError, PolicyFileError
from connector.verify.policy import Policy
from connector.yaml_source import into_model, parse_yaml

Entry = dict[str, Any]
TRUSTED: Final = "trusted_issuers"
DENIED: Final = "denied_issuers"
_PLAIN = re.compile(r"(?:did:|https://)[A-Za-z0-9:._/%~-]*[A-Za-z0-9_/~-]\Z")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")


class PolicyNotChanged(ConnectorError):
    """The file was left as it was; `snippet` is what is to be written into it by hand."""

    def __init__(self, message: str, snippet: str) -> None:
        super().__init__(message, code="policy_not_changed")
        self.snippet = snippet


def snippet(entry: Entry, *, denied: bool = False) -> str:
    """The lines of a policy file that hold this entry and nothing else."""
    return f"{DENIED if denied else TRUSTED}:\n" + "".join(entry_lines(entry["id"] if denied else entry, "  "))


def accepted(text: str, entry: Entry, file: str = "policy") -> str:
    """The file with `entry` among the trusted issuers (its terms replaced when it is there), and not denied."""
    return _changed(_without(text, entry["id"], DENIED, file), entry, TRUSTED, file)


def rejected(text: str, issuer: str, file: str = "policy") -> str:
    """The file with `issuer` among the denied ones. An entry of trust may stay: the denial counts."""
    return _changed(text, issuer, DENIED, file)


def write(path: Path, before: str, after: str, entry: str) -> None:
    """Write the file whole or not at all.

    Raises:
        PolicyNotChanged: it cannot be written, or somebody changed it meanwhile.
    """
    if path.read_bytes().decode("utf-8-sig") != before:
        raise PolicyNotChanged(f"{path} was changed by somebody else just now; give the command again.", entry)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        if path.is_symlink() or not os.access(path, os.W_OK):
            raise PermissionError(13, "it is a link, or may not be written")
        partial.write_text(after, encoding="utf-8", newline="")
        shutil.copymode(path, partial)
        if os.name == "posix":
            owner = path.stat()
            os.chown(partial, owner.st_uid, owner.st_gid)  # the service that reads it may be another account
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise PolicyNotChanged(f"{path} cannot be written ({error.strerror}).", entry) from None


# --- one change --------------------------------------------------------------------------------------------------


def _changed(text: str, entry: Entry | str, key: str, file: str) -> str:
    if isinstance(entry, dict) and set(entry) == {"id"}:
        entry = str(entry["id"])
    data = _said(text, file)
    listed = list(data.get(key, []))
    at = next((n for n, one in enumerate(listed) if _id(one) == _id(entry)), None)
    if at is not None and listed[at] == entry:
        return text
    plain = [*listed, entry] if at is None else [*listed[:at], _merged(listed[at], entry), *listed[at + 1 :]]
    if at is not None and plain == listed:
        return text
    wanted = {**data, key: plain}
    attempts: list[Callable[[], str]] = []
    if at is None:
        attempts += [
            lambda: _line_added(text, entry, key),
            lambda: _added_inline(text, entry, key),
            lambda: _key_added(text, data, entry, key),
        ]
    else:
        attempts.append(lambda: _line_extended(text, entry, key))
    attempts.append(lambda: _written_again(text, key, plain))
    return _first_right(text, attempts, wanted, file, entry, denied=key == DENIED)


def _without(text: str, issuer: str, key: str, file: str) -> str:
    data = _said(text, file)
    listed = list(data.get(key, []))
    if issuer not in listed:
        return text
    plain = [one for one in listed if one != issuer]
    attempts: list[Callable[[], str]] = [
        lambda: _line_removed(text, issuer, key),
        lambda: _written_again(text, key, plain),
    ]
    wanted = {**data, key: plain}
    return _first_right(text, attempts, wanted, file, {"id": issuer}, denied=True)


def _first_right(
    text: str, attempts: list[Callable[[], str]], wanted: dict[str, Any], file: str, entry: Entry | str, *, denied: bool
) -> str:
    """The first result that says what it should, and still holds every comment."""
    for attempt in attempts:
        with suppress(YAMLError, PolicyFileError, LookupError, StopIteration):
            after = attempt()
            if _said(after, file) == wanted and all(comment in after for comment in comments(text)):
                return after
    whole: Entry = {"id": entry} if isinstance(entry, str) else entry
    raise PolicyNotChanged(
        f"{file} cannot be changed without changing something else in it.", snippet(whole, denied=denied)
    )


def _said(text: str, file: str) -> dict[str, Any]:
    """What a policy file says, plainly.

    Raises:
        PolicyFileError: it is none.
    """
    source = parse_yaml(text, file, PolicyFileError)
    if source.data is None:
        return {}
    policy, problems = into_model(source, Policy, what="a policy")
    if policy is None:
        first = problems[0]
        raise PolicyFileError(first.message, file=file, line=first.place.line, column=first.place.column)
    said: dict[str, Any] = source.data
    return said


def _id(entry: Any) -> Any:
    return entry.get("id") if isinstance(entry, dict) else entry


def _merged(old: Any, new: Entry | str) -> Any:
    """An entry that is there with the terms that were named now."""
    if not isinstance(new, dict):
        return old
    terms = {name: value for name, value in new.items() if name != "id"}
    if not terms:
        return old
    return {**(old if isinstance(old, dict) else {"id": old}), **terms}


def comments(text: str) -> list[str]:
    """Every comment, from its `#` on."""
    return [found.strip() for found in re.findall(r"(?:^|(?<=\s))#.*", text, re.MULTILINE)]


# --- by lines ----------------------------------------------------------------------------------------------------


def _sequence(text: str, key: str) -> SequenceNode:
    """The list under `key`, where its entries stand on lines of their own."""
    node = _named(text, key)[1]
    if not isinstance(node, SequenceNode) or node.flow_style or not node.value:
        raise LookupError(key)
    return node


def _named(text: str, key: str) -> tuple[Node, Node]:
    """The key and what stands under it."""
    root = YAML(typ="rt").compose(text)
    members = root.value if isinstance(root, MappingNode) else ()
    for name, value in members:
        if name.value == key:
            return name, value
    raise LookupError(key)


def _last_line(node: Node) -> int:
    """The last line of what `node` says; the end of a block is where the next thing begins, beyond its comments."""
    while isinstance(node, MappingNode | SequenceNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    line: int = node.end_mark.line
    return line


def _line_added(text: str, entry: Entry | str, key: str) -> str:
    node = _sequence(text, key)
    lines = text.splitlines(keepends=True)
    at = _last_line(node.value[-1]) + 1
    if not lines[at - 1].endswith("\n"):
        lines[at - 1] += "\n"
    return "".join([*lines[:at], *entry_lines(entry, " " * node.start_mark.column), *lines[at:]])


def _added_inline(text: str, entry: Entry | str, key: str) -> str:
    """Before the bracket that ends the list, as JSON writes it, which every YAML reader knows."""
    node = _named(text, key)[1]
    if not isinstance(node, SequenceNode) or not node.flow_style:
        raise LookupError(key)
    end = node.end_mark.index - 1
    written = json.dumps(entry, ensure_ascii=not all(map(str.isprintable, _texts(entry))))
    return f"{text[:end].rstrip()}{', ' if node.value else ''}{written}{text[end:]}"


def _texts(entry: Entry | str) -> list[str]:
    values = [entry] if isinstance(entry, str) else list(entry.values())
    return [text for value in values for text in (value if isinstance(value, list) else [value])]


def _key_added(text: str, data: dict[str, Any], entry: Entry | str, key: str) -> str:
    """A file that does not have the list yet gets it at its end."""
    if key in data:
        raise LookupError(key)
    lead = text if not text or text.endswith("\n") else f"{text}\n"
    return f"{lead}{key}:\n" + "".join(entry_lines(entry, "  "))


def _line_removed(text: str, issuer: str, key: str) -> str:
    sequence, name = _sequence(text, key), _named(text, key)[0]
    listed = sequence.value
    node = next(one for one in listed if one.value == issuer)
    lines = text.splitlines(keepends=True)
    if len(listed) == 1:
        first, at = lines[name.start_mark.line], name.end_mark.column + 1
        lines[name.start_mark.line] = f"{first[:at]} []{first[at:]}"
    comment = re.search(r"\s#.*", lines[node.start_mark.line])
    kept = [f"{' ' * sequence.start_mark.column}{comment.group().strip()}\n"] if comment else []
    return "".join([*lines[: node.start_mark.line], *kept, *lines[node.end_mark.line + 1 :]])


def _line_extended(text: str, entry: Entry | str, key: str) -> str:
    """Terms that an entry did not have are put under it; an identifier alone becomes an entry with terms."""
    if not isinstance(entry, dict):
        raise LookupError(key)
    node = next(one for one in _sequence(text, key).value if _node_id(one) == entry["id"])
    lines, at, column = text.splitlines(keepends=True), node.start_mark.line, node.start_mark.column
    if isinstance(node, MappingNode):
        at = _last_line(node)
    else:
        lines[at] = f"{lines[at][:column]}id: {lines[at][column:]}"
    if not lines[at].endswith("\n"):
        lines[at] += "\n"
    terms = [f"{' ' * column}{name}: {_value(value)}\n" for name, value in entry.items() if name != "id"]
    return "".join([*lines[: at + 1], *terms, *lines[at + 1 :]])


def _node_id(node: Node) -> Any:
    if isinstance(node, MappingNode):
        return next((value.value for name, value in node.value if name.value == "id"), None)
    return node.value


def entry_lines(entry: Entry | str, indent: str) -> list[str]:
    """The lines of one entry of a list, at that indent."""
    if isinstance(entry, str):
        return [f"{indent}- {_scalar(entry)}\n"]
    if set(entry) == {"id"}:
        return [f"{indent}- {_scalar(entry['id'])}\n"]
    members = [f"{name}: {_value(value)}\n" for name, value in entry.items()]
    return [f"{indent}{'- ' if n == 0 else '  '}{member}" for n, member in enumerate(members)]


def _value(value: Any) -> str:
    return f"[{', '.join(_scalar(one) for one in value)}]" if isinstance(value, list) else _scalar(value)


def _scalar(value: str) -> str:
    """In quotes, as JSON writes them, unless it can mean nothing else without."""
    return (
        value if _PLAIN.match(value) or _DAY.match(value) else json.dumps(value, ensure_ascii=not value.isprintable())
    )


# --- by writing it again -----------------------------------------------------------------------------------------


def _written_again(text: str, key: str, plain: list[Any]) -> str:
    """Everything as ruamel writes it, comments in their places, with the list under `key` as it is to be."""
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = 100_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    document = yaml.load(text)
    if document is None:
        document = CommentedMap()
    old = document.get(key)
    if isinstance(old, CommentedSeq) and plain:
        _bring_to(old, plain)
    else:
        document[key] = CommentedSeq([_commented(one) for one in plain])
        if not plain:
            document[key].fa.set_flow_style()
    out = io.StringIO()
    yaml.dump(document, out)
    return out.getvalue()


def _bring_to(old: CommentedSeq, plain: list[Any]) -> None:
    """Change what differs, so that all that stays keeps its place and its comments."""
    wanted = {_id(one): one for one in plain}
    for at in range(len(old) - 1, -1, -1):
        if _id(old[at]) not in wanted:
            del old[at]
    for at, one in enumerate(plain):
        if at >= len(old):
            old.append(_commented(one))
        elif old[at] != one:
            if isinstance(old[at], CommentedMap):
                old[at].update(one)
            else:
                old[at] = _commented(one)


def _commented(one: Any) -> Any:
    return CommentedMap(one) if isinstance(one, dict) else one
