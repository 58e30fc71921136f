"""How well a line is founded, in words (DOMAIN section 1). These words come only from here, never from a credential.

The catalogue of a language is `locales/<language>.json`; a language without one is answered in English.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any, Final

from connector.mapping.text import plain, quoted
from connector.model.claims import AchievementClaim, Claim, SkillClaim
from connector.model.report import STRONG_MATCHES, Assurance, SubjectMatch

DEFAULT_LANGUAGE: Final = "en"
_LOCALES: Final = "locales"

_EMAIL = frozenset({SubjectMatch.EMAIL, SubjectMatch.EMAIL_HASH, SubjectMatch.EMAIL_CODE})
_STATES = frozenset({"expired", "suspended", "status_unknown", "unresolvable", "unsupported"})


class Words:
    """The catalogue of one language."""

    def __init__(self, language: str, catalogue: dict[str, Any]) -> None:
        self.language = language
        self._catalogue = catalogue

    def say(self, section: str, key: str, **values: object) -> str:
        """One sentence or phrase, its placeholders filled in."""
        return str(self._catalogue[section][key]).format(**values)

    def more(self, count: int) -> str:
        return str(self._catalogue["more"]).format(count=count)

    # --- how well founded ---------------------------------------------------------------------------------

    def assurance(self, claim: Claim) -> str:
        """How well `claim` is founded, and what is not current about it."""
        base = self._confirmed(claim) if _was_confirmed(claim) else self.say("assurance", _assurance_key(claim))
        state = self._state(claim)
        return f"{base}, {state}" if state else base

    def _confirmed(self, claim: Claim) -> str:
        """A hosted badge: what its issuer's site said, and when; never called genuine (DOMAIN section 4)."""
        issuer = self.say("confirmed", "listed" if claim.issuer_recognised else "unlisted")
        tie = self.say("confirmed", _tie(claim.subject_match))
        host = plain(claim.confirmed_by or "", limit=100)
        return self.say("assurance", "source_confirmed", host=host, date=claim.confirmed_on, issuer=issuer, tie=tie)

    def _state(self, claim: Claim) -> str | None:
        if claim.verdict not in _STATES:
            return None
        if claim.verdict == "expired" and claim.expires_on:
            return self.say("state", "expired_on", date=claim.expires_on)
        return self.say("state", claim.verdict)

    # --- lines ---------------------------------------------------------------------------------

    def line(self, claim: Claim) -> str:
        """One line about one credential or one skill; what the issuer wrote stands in `“…”`."""
        words = self.assurance(claim)
        name = quoted(claim.name)
        if isinstance(claim, SkillClaim):
            return self._skill_line(claim, name, words)
        return self._credential_line(claim, name, words)

    def _skill_line(self, claim: SkillClaim, name: str, words: str) -> str:
        if not claim.achievement:
            return self.say("line", "skill", name=name, words=words)
        return self.say("line", "skill.achievement", name=name, achievement=quoted(claim.achievement), words=words)

    def _credential_line(self, claim: AchievementClaim, name: str, words: str) -> str:
        if not claim.issuer_name:
            return self.say("line", "credential", name=name, words=words)
        key = "credential.issuer" if claim.issuer_recognised else "credential.self_named"
        if not claim.issuer_recognised and claim.issuer_name_source == "registry":
            key = "credential.registry_named"
        return self.say("line", key, name=name, issuer=quoted(claim.issuer_name, limit=120), words=words)

    # --- notes ---------------------------------------------------------------------------------

    def note(self, text: str | None, *, date: object, report_url: str | None, employer: str) -> str:
        """The note's fixed wording, or the employer's own `text`."""
        if text is None:
            key = "with_link" if report_url else "without_link"
            return self.say("note", key, date=date, report_url=report_url)
        return text.format(date=date, report_url=report_url, employer=plain(employer, limit=100)).strip()

    def quoted_lines(self, lines: Sequence[str], room: int) -> tuple[list[str], int]:
        """As many of the lines as there is room for, under the sentence that says whose words they are.

        Returns:
            The rows, and how many of `lines` are in them. What is left out is counted in a row of its own.
        """
        label = str(self._catalogue["note"]["quoted"])
        room -= len(label) + 1 + len(self.more(len(lines))) + 1
        kept: list[str] = []
        for line in lines:
            room -= len(line) + 3
            if room < 0:
                break
            kept.append(f"- {line}")
        if not kept:
            return [], 0
        left = len(lines) - len(kept)
        return [label, *kept, *([self.more(left)] if left else [])], len(kept)


def _was_confirmed(claim: Claim) -> bool:
    return bool(claim.confirmed_by and claim.confirmed_on) and claim.assurance is not Assurance.STATED


def _assurance_key(claim: Claim) -> str:
    if claim.assurance is Assurance.VERIFIED:
        if claim.subject_match in _EMAIL:
            return "verified.email"
        return "verified.did" if claim.subject_match == SubjectMatch.DID else "verified.holder"
    if claim.assurance is Assurance.GENUINE_NAME_MATCH:
        return "genuine_name_match"
    if claim.assurance is Assurance.STATED:
        return "stated"
    if not claim.issuer_recognised:
        return "genuine_unbound.unlisted"
    return "genuine_unbound.open" if claim.subject_match in STRONG_MATCHES else "genuine_unbound.untied"


def _tie(match: str) -> str:
    if match in _EMAIL:
        return "tied"
    return "name" if match == SubjectMatch.NAME_ONLY else "untied"


@cache
def words_for(language: str) -> Words:
    """The catalogue of `language` (`de-CH` falls back to `de`, anything unknown to English)."""
    for tag in (language, language.split("-")[0], DEFAULT_LANGUAGE):
        if tag in languages():
            text = (_folder() / f"{tag}.json").read_text("utf-8")
            return Words(tag, json.loads(text))
    raise FileNotFoundError(f"no catalogue for {DEFAULT_LANGUAGE}")


@cache
def languages() -> frozenset[str]:
    """The languages that have a catalogue."""
    return frozenset(entry.name[:-5] for entry in _folder().iterdir() if entry.name.endswith(".json"))


def _folder() -> Any:
    return resources.files("connector.mapping") / _LOCALES
