"""Why a rule wrote nothing, or not everything: stable codes, and what they mean (printed in docs/mappings.md)."""

from __future__ import annotations

from typing import Final

from connector.model.changes import Skip

REASONS: Final = {
    "no_claims": "Nothing that was shared and ticked fits the rule's `select`.",
    "below_assurance": "Claims are founded less well than the target takes.",
    "sensitive_needs_private": "Claims are sensitive, and the target is not declared private.",
    "suspended": "Records are suspended by their issuer, and the mapping does not say to write that.",
    "not_current": "Records are expired or not fully checked, and the target has no words to say so.",
    "not_in_vocabulary": "Values are no word of the vocabulary, or no option of the field.",
    "over_budget": "More values than the target takes; the first in the candidate's order were written.",
    "no_value": "No claim holds what `value` asks for; `no_level`, `no_expires_on` and so on name the member.",
    "wrong_type": "No value found is of the target's type.",
    "unsupported_by_ats": "The ATS has no such target.",
    "note_not_removable": "Notes of this ATS cannot be removed, so no names go into them.",
    "no_report_link": "There is no report to link to.",
    "nothing_to_report": "No claim is written, so nothing is said about a share either.",
    "not_all_ticked": "A record is attached whole or not at all, and not everything in it was ticked.",
    "no_document": "The record itself was not handed to the plan.",
}


def skip(rule: str, reason: str, detail: str) -> Skip:
    """A skip with one of the codes above, or `no_<member>`."""
    assert reason in REASONS or reason.startswith("no_"), reason
    return Skip(rule=rule, reason=reason, detail=detail)
