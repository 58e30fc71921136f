"""A starter policy from what was received: for a person to read, cut down and save. Nothing is written by itself."""

from __future__ import annotations

from connector.mapping.text import clean
from connector.operate.issuers import House, Met, triage
from connector.operate.policy_edit import entry_lines

MAX_SHOWN = 200


def starter_policy(house: House) -> str:
    """YAML with one entry for each issuer whose records are shown to be its own, and a comment for each left out."""
    found = triage(house)
    met = [*found.issuers, *found.later]
    chosen = [one for one in met if not why_not(one)]
    lines = [
        f"# A starter policy from what was received until {house.now():%Y-%m-%d}. Every entry recognises somebody:",
        "# read it, take out whom you do not know, and save it as the file that LER_POLICY_FILE names.",
    ]
    lines.append("trusted_issuers:" if chosen else "trusted_issuers: []")
    for one in chosen:
        lines += [f"  # {words}" for words in _evidence(one)]
        entry = {"id": one.id, **({"name": one.registry_name} if one.registry_name else {})}
        lines += [line.rstrip("\n") for line in entry_lines(entry, "  ")]
    left = [(one, why) for one in met if (why := why_not(one))]
    if left:
        lines.append("# Left out:")
        lines += [f"#   {_line(one.id)}: {_line(why)}" for one, why in left]
    return "\n".join(lines) + "\n"


def why_not(one: Met) -> str:
    """Why an issuer is no suggestion; "" when it is one."""
    if one.test:
        return f"a test issuer ({one.test})"
    if not one.bound:
        return "nothing shows that the records are by it"
    if one.lookalike:
        return f"it resembles {one.lookalike}, which is on the list"
    if not one.domain and not one.registries:
        return "neither a domain nor a registry stands behind it"
    return ""


def _evidence(one: Met) -> list[str]:
    first = f"{one.first_seen:%Y-%m-%d}" if one.first_seen else "-"
    said = [f"{one.waiting} waiting, first seen {first}; {one.proof}"]
    if one.names:
        said.append(f"calls itself {', '.join(one.names)}")
    said += [f"registry: {words}" for words in one.registries]
    if one.samples:
        said.append(f"for example {', '.join(one.samples)}")
    return [_line(words) for words in said]


def _line(words: str) -> str:
    return clean(words, limit=MAX_SHOWN)
