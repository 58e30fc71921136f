"""Answers as people read them: a table and a few lines per credential; colours only on a terminal.

What a record says is shown on one line without anything hidden in it: neither control sequences reach the terminal, nor
can a name with a line break look like a line of ours (THREATS section 9).
"""

from __future__ import annotations

import sys
from typing import Any, Final

from rich.console import Console
from rich.markup import escape as escape_markup
from rich.table import Table
from rich.text import Text

PLAIN_WIDTH: Final = 150
"""Where no terminal says how wide it is: a pipe or a file, whose reader searches for words that no line break cuts."""
console = Console(emoji=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH)
"""The one that every command prints with."""

NOTHING_WRITTEN: Final = "-"
"""The assurance of a credential that is refused: nothing of it is written."""
COLOURS = {
    "passed": "green",
    "accepted": "green",
    "failed": "red",
    "refused": "red",
    "undetermined": "yellow",
    "accepted_with_warning": "yellow",
    "not_applicable": "dim",
}
_MAX_SHOWN = 500
ASSURANCE_WORDS = {
    "verified": "genuine, issuer on our list, issued to the applicant",
    "genuine_name_match": "genuine, issuer on our list, same name, not proven to be this person",
    "source_confirmed": "confirmed by the issuer's site, issuer on our list",
    "stated": "stated by the applicant",
}
UNANSWERED = {"failed": "no answer from", "refused": "not asked"}
"""The outcomes of a request in words: `refused` is the guard's word about an address, not one about the record."""


def show_answer(console: Console, answer: dict[str, Any]) -> None:
    """One input: its decision, then each credential with its checks, then what it claims."""
    decision = answer["decision"]
    console.print(
        Text.assemble(
            (one_line(str(answer["id"])), "bold"),
            "  ",
            (_words(decision), COLOURS.get(decision, "")),
            f"  ({answer['verdict']})",
        )
    )
    if answer["error"]:
        console.print(f"  {escape(answer['error']['message'])} [dim]{escape(answer['error']['code'])}[/dim]")
    named = {c["credential"]: c["name"] for c in reversed(answer["claims"]) if c["kind"] == "achievement"}
    for credential in answer["credentials"]:
        _show_credential(console, credential, named.get(credential["path"], ""))
    _show_claims(console, answer["claims"])
    unanswered = dict.fromkeys((r["outcome"], r["url"]) for r in answer["requests"] if r["outcome"] != "answered")
    for outcome, url in unanswered:
        console.print(f"  [yellow]{UNANSWERED[outcome]}[/yellow]  {escape(url)}")
    if answer.get("plan") is not None:
        show_plan(console, answer["plan"])
        if all(c["decision"] == "refused" and c["format"] != "ler_rs" for c in answer["credentials"]):
            console.print("  [yellow]All of it is refused: as it is now, `deliver` writes nothing of it.[/yellow]")


def _show_credential(console: Console, credential: dict[str, Any], achievement: str) -> None:
    issuer = credential["issuer"]
    name = issuer["name"] or issuer["id"] or "nobody named"
    how = "" if issuer["name_source"] in ("policy", None) else f" ({issuer['name_source'].replace('_', ' ')} name)"
    outcomes = {check["check"]: check["outcome"] for check in reversed(credential["checks"])}
    unbound = outcomes.get("proof") == "passed" and not issuer["bound"]
    signed = "; signed, but not shown to be by that issuer" if unbound else ""
    path = "" if credential["path"] == "$" else credential["path"]
    heading = "  ".join(part for part in (path, credential["format"], achievement) if part)
    table = Table(title=escape(heading), title_justify="left", show_header=False, box=None)
    table.add_column(style="bold")
    table.add_column()
    table.add_column(overflow="fold")
    table.add_row("issuer", "", escape(f"{name}{how}{signed}"))
    for check in credential["checks"]:
        colour = COLOURS.get(check["outcome"], "")
        detail = f" [dim]{escape(check['code'])}{': ' + escape(check['detail']) if check['detail'] else ''}[/dim]"
        words = f"[{colour}]{_words(check['outcome'])}[/{colour}]" if colour else _words(check["outcome"])
        table.add_row(check["check"], words, escape(check["summary"]) + detail)
    for endorsement in credential["endorsements"]:
        table.add_row("endorsed", *_endorsement(endorsement))
    colour, verdict = COLOURS.get(credential["decision"], ""), f"verdict: {credential['verdict']}"
    table.add_row("decision", f"[{colour}]{_words(credential['decision'])}[/{colour}]", verdict)
    refused = credential["decision"] == "refused"
    table.add_row("assurance", "", NOTHING_WRITTEN if refused else _assurance(credential, outcomes["subject"]))
    console.print(table)


def _assurance(credential: dict[str, Any], subject: str) -> str:
    """The assurance in words; of the three reasons for `genuine_unbound` the first that holds."""
    if credential["assurance"] != "genuine_unbound":
        return ASSURANCE_WORDS[credential["assurance"]]
    if not credential["issuer"]["recognised"]:
        return "genuine, issuer not on our list"
    open_ = "but something about it is open" if subject == "passed" else "not tied to the applicant"
    return f"genuine, issuer on our list, {open_}"


def _endorsement(endorsement: dict[str, Any]) -> tuple[str, str]:
    """The verdict on an endorsement; and by whom, and of what."""
    issuer = endorsement["issuer"]
    of = f"the {endorsement['endorses']}" if endorsement["about_this"] else "something else"
    return endorsement["verdict"], escape(f"{of}, by {issuer['name'] or issuer['id'] or 'nobody named'}")


def _show_claims(console: Console, claims: list[dict[str, Any]]) -> None:
    if not claims:
        return
    table = Table(title="what it says", title_justify="left", box=None)
    for column in ("kind", "name", "read from", "assurance"):
        table.add_column(column, overflow="fold")
    for claim in claims:
        table.add_row(claim["kind"], escape(claim["name"]), claim["source"], claim["assurance"])
    console.print(table)


def show_plan(console: Console, plan: dict[str, Any]) -> None:
    """What would be written, value by value, and which rules wrote nothing."""
    table = Table(title=f"what would be written to {plan['ats']}", title_justify="left", box=None)
    for column in ("operation", "target", "value", "assurance", "rule"):
        table.add_column(column, overflow="fold")
    for change in plan["changes"]:
        table.add_row(
            change["op"],
            escape(change["target"]),
            escape_lines(value_words(change["value"])),
            change["assurance"] or "",
            change["rule"],
        )
    console.print(table)
    for skip in plan["skipped"]:
        console.print(
            f"  nothing for rule {escape(skip['rule'])}: {skip['reason']} [dim]{escape(skip['detail'])}[/dim]"
        )


def value_words(value: Any) -> str:
    """A change's value on one table cell."""
    if isinstance(value, list | tuple):
        return ", ".join(str(part) for part in value)
    if isinstance(value, dict) and "filename" in value:
        return f"{value['filename']} ({value['length']} bytes)"
    if isinstance(value, dict):
        return "\n".join(f"{label}: {value_words(part)}" for label, part in value.items())
    return str(value)


def escape(text: str) -> str:
    """One line that is nothing but text, for the terminal and for rich."""
    return escape_markup(one_line(text))


def one_line(text: str) -> str:
    """One line without control, bidirectional or other hidden characters."""
    from connector.mapping.text import clean  # not for those commands that only share this module's words

    return clean(text, limit=_MAX_SHOWN)


def escape_lines(text: str) -> str:
    """The same for a value of several lines, which the mapping made."""
    return "\n".join(escape(line) for line in text.split("\n"))


def _words(code: str) -> str:
    return code.replace("_", " ")
