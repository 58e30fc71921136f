"""The demo's answer for people: per LER what was decided, why, how well it is founded, and what it added to the ATS.

A table where there is room for one; on a narrow terminal a block per LER.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Final

from rich.console import Console
from rich.markup import escape as escape_markup
from rich.padding import Padding
from rich.table import Table

from connector.cli.render import NOTHING_WRITTEN, escape, escape_lines, value_words

TABLE_WIDTH: Final = 110
"""Below this a table's columns are too narrow to be read."""
CELL_WIDTH: Final = 160
_OUR_LINK: Final = re.compile(r"http://127\.0\.0\.1:\d+/\S+")
_MANY_LINES: Final = 12
_HEADINGS: Final = ("LER", "decision, and why", "assurance", "written where", "what it added")


@dataclass(frozen=True, slots=True)
class Row:
    """One LER's outcome.

    Attributes:
        where: the ATS and the applicant, a line each.
        record: the submission as the API tells it.
    """

    name: str
    where: tuple[str, ...]
    record: dict[str, Any]


def refused_at_the_door(message: str) -> dict[str, Any]:
    """The record of a file that the API did not take."""
    return {"state": "refused", "message": message, "report": None, "receipt": None}


def show(console: Console, rows: list[Row], *, links: bool) -> None:
    """Print what became of each LER.

    Args:
        rows: in the order of their deliveries: what an earlier one brought is not said again.
        links: whether links to the service are worth printing, as it goes on running.
    """
    known: dict[tuple[str, ...], set[str]] = defaultdict(set)
    cells = [_cells(row, known[row.where], links) for row in rows]
    if console.width < TABLE_WIDTH:
        for one in cells:
            _block(console, one)
        return
    table = Table(title="What became of each LER", title_justify="left", show_lines=True)
    for heading, width in zip(_HEADINGS, (22, 32, 18, 16, None), strict=True):
        table.add_column(heading, overflow="fold", max_width=width)
    for one in cells:
        table.add_row(*one)
    console.print(table)


def _block(console: Console, cells: tuple[str, ...]) -> None:
    name, *others = cells
    console.print(f"\n[bold]{name}[/bold]", highlight=False)
    for heading, cell in zip(_HEADINGS[1:], others, strict=True):
        console.print(f"  {heading}", highlight=False, style="dim")
        console.print(Padding(cell, (0, 0, 0, 4)), highlight=False, overflow="fold")


def _cells(row: Row, known: set[str], links: bool) -> tuple[str, ...]:
    where = "\n".join((*row.where, row.record["state"].replace("_", " ")))
    added = "\n".join(_added(row.record, known, links))
    decision = escape_lines(_decision(row.record))
    return escape(row.name), decision, escape_markup(_assurances(row.record)), escape_lines(where), escape_lines(added)


def _decision(record: dict[str, Any]) -> str:
    """The file's decision and why: for an accepted one what holds, else the most telling check that does not."""
    report = record["report"]
    if report is None or report["error"]:
        return f"{record['state'].replace('_', ' ')}\n{record['message'] or ''}".strip()
    checks = [c for credential in report["credentials"] for c in credential["checks"]]
    if report["decision"] == "accepted":
        telling = [c for c in checks if c["check"] in ("proof", "issuer", "subject") and c["outcome"] == "passed"]
        sentences = list(dict.fromkeys(c["summary"] for c in telling))
    else:
        open_ones = [c for c in checks if c["outcome"] not in ("passed", "not_applicable")]
        failed = [c for c in open_ones if c["outcome"] == "failed"] or open_ones
        sentences = [c["summary"] for c in failed[:1]]
    return "\n".join([report["decision"].replace("_", " "), *sentences])


def _assurances(record: dict[str, Any]) -> str:
    """Each assurance with the number of credentials that say something; nothing for what is refused."""
    report = record["report"]
    if not report or record["state"] == "refused":
        return NOTHING_WRITTEN
    speaking = {claim["credential"] for claim in report["claims"]}
    used = [c for c in report["credentials"] if c["decision"] != "refused" or c["path"] in speaking]
    found = [c["assurance"] for c in [c for c in used if c["path"] in speaking] or used]
    counted = {name: found.count(name) for name in dict.fromkeys(found)}
    if not counted:
        return NOTHING_WRITTEN
    return "\n".join(name if len(found) == 1 else f"{name} ({n})" for name, n in counted.items())


# --- what it added -----------------------------------------------------------------------------------------------


def _added(record: dict[str, Any], known: set[str], links: bool) -> list[str]:
    """What this delivery wrote; of a text that speaks of several LERs the lines that were not there before.

    Args:
        known: what earlier LERs of the applicant put there; what is found here is added.
    """
    receipt = record["receipt"]
    if record["state"] == "refused" or not receipt or not receipt["effects"]:
        return ["nothing"]
    lines = [line for effect in receipt["effects"] for line in _effect(effect, known, links)]
    standing = {e["target"] for e in receipt["effects"] if e["state"] == "confirmed"}
    gone = [e["target"] for e in receipt["effects"] if e["state"] == "undone" and e["target"] not in standing]
    failed = [f"{e['target']}: refused by the ATS ({e['code']})" for e in receipt["effects"] if e["state"] == "failed"]
    lines += [f"{target}: taken back" for target in gone] + failed
    return lines or ["nothing new: all of it stood there already"]


def _effect(effect: dict[str, Any], known: set[str], links: bool) -> list[str]:
    if effect["state"] != "confirmed":
        return []
    parts = effect["value"] if effect["op"] == "put_form" else {effect["target"]: effect["value"]}
    new = {label: _new(label, _pieces(value, links), known) for label, value in parts.items()}
    if not effect["wrote"]:
        return []
    return [line for label, pieces in new.items() if pieces for line in _lines(label, pieces, parts[label])]


def _pieces(value: Any, links: bool) -> list[str]:
    """The options of a list, the lines of a text."""
    if isinstance(value, list):
        return [str(option) for option in value]
    text = value_words(value) if links else _OUR_LINK.sub("(link to the report)", value_words(value))
    return [line for line in text.splitlines() if line.strip()]


def _new(label: str, pieces: list[str], known: set[str]) -> list[str]:
    new = [piece for piece in pieces if f"{label}: {piece}" not in known]
    known.update(f"{label}: {piece}" for piece in pieces)
    return new


def _lines(label: str, pieces: list[str], value: Any) -> list[str]:
    if isinstance(value, list):
        return [f"{label}: {_short(', '.join(pieces))}"]
    if len(pieces) == 1:
        return [f"{label}: {_short(pieces[0])}"]
    shown = [f"{label}:", *(f"· {_short(piece)}" for piece in pieces[:_MANY_LINES])]
    return shown if len(pieces) <= _MANY_LINES else [*shown, f"· and {len(pieces) - _MANY_LINES} lines more"]


def _short(text: str) -> str:
    """One line, as much of it as a cell has room for; a link is of use only whole."""
    line = " ".join(text.split())
    return line if "://" in line or len(line) <= CELL_WIDTH else line[: CELL_WIDTH - 1] + "…"
