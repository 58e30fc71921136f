"""One value for one target, made from the claims that the target takes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from connector.mapping.context import PlanContext
from connector.mapping.loader import FieldMapping
from connector.mapping.reasons import skip
from connector.mapping.schema import TEXT_TYPES, Term, ValueRule
from connector.mapping.selecting import Taken
from connector.mapping.text import cell, plain, quoted, safe_link, same_name
from connector.mapping.view import as_view
from connector.mapping.words import Words
from connector.model.changes import FieldValue, Skip

TEXT_LENGTH: Final = 250
LONG_TEXT_LENGTH: Final = 10_000
_NUMBER: Final = re.compile(r"-?\d{1,15}(\.\d{1,6})?\Z")


@dataclass(frozen=True, slots=True)
class Made:
    """A value with the claims behind it; `value` is None when nothing could be made."""

    value: FieldValue | None
    taken: tuple[Taken, ...] = ()
    skips: tuple[Skip, ...] = ()


class ValueMaker:
    """Makes values for one plan.

    Args:
        max_text: longest text that this ATS takes, where that is known.
    """

    def __init__(self, mapping: FieldMapping, words: Words, context: PlanContext, max_text: int | None) -> None:
        self._mapping = mapping
        self._words = words
        self._context = context
        self._max_text = max_text

    # --- values that rest on no claim ---------------------------------------------------------------------------------

    def fixed(self, rule: ValueRule) -> FieldValue | None:
        """A `fixed` or `constant` value; None for a link where there is no report."""
        if rule.fixed == "shared_on":
            return self._context.shared_on.isoformat()
        if rule.fixed == "report_link":
            return safe_link(self._context.report_url)
        return rule.constant

    # --- values from claims ---------------------------------------------------------------------------------

    def from_claims(self, name: str, rule: ValueRule, taken: Sequence[Taken], options: tuple[str, ...] | None) -> Made:
        """The value of a rule that selects claims; `options` are the ones that exist in the ATS, where known."""
        if rule.taking == "exists":
            return Made(True, tuple(taken))
        if rule.taking == "lines":
            return self._lines(name, rule, taken)
        valued = [(t, v) for t in taken if (v := self._of_claim(rule, t)) not in (None, "", [], {})]
        if not valued:
            return Made(None, skips=(_missing(name, rule),))
        if rule.options or options is not None:
            return _from_options(name, rule, valued, options)
        if rule.taking == "list":
            return self._list(name, rule, valued)
        return self._first(name, rule, valued)

    def _of_claim(self, rule: ValueRule, taken: Taken) -> Any:
        return self._mapping.value_of(rule.value, as_view(taken.index, taken.claim))

    def _lines(self, name: str, rule: ValueRule, taken: Sequence[Taken]) -> Made:
        pairs: list[tuple[Taken, str]] = []
        for item in taken:
            line = self._line(rule, item)
            if line is not None:
                pairs.append((item, line))
        if not pairs:
            return Made(None, skips=(_missing(name, rule),))
        return self._fitted(name, rule, pairs)

    def _line(self, rule: ValueRule, item: Taken) -> str | None:
        if rule.value is None:
            return self._words.line(item.claim)
        value = self._of_claim(rule, item)
        if not isinstance(value, str | int | float) or value == "":
            return None
        return self._words.say("line", "credential", name=quoted(str(value)), words=self._words.assurance(item.claim))

    def _fitted(self, name: str, rule: ValueRule, pairs: list[tuple[Taken, str]]) -> Made:
        """Whole lines up to the limit, in order; the rest is counted, here and in the report."""
        limit = self._limit(rule)
        kept = _fitting([line for _, line in pairs[: rule.max_values]], limit)
        if len(kept) < len(pairs):
            kept = _fitting(kept, limit - len(self._words.more(len(pairs))) - 1)
        left = len(pairs) - len(kept)
        text = "\n".join([*kept, self._words.more(left)] if left else kept)[:limit]
        skips = (_over_budget(name, left),) if left else ()
        return Made(text if kept else None, tuple(t for t, _ in pairs[: len(kept)]), skips)

    def _list(self, name: str, rule: ValueRule, valued: list[tuple[Taken, Any]]) -> Made:
        chosen: dict[str, list[Taken]] = {}
        for item, value in valued:
            for text in _texts(value):
                chosen.setdefault(text, []).append(item)
        kept = list(chosen)[: rule.max_values]
        skips = (_over_budget(name, len(chosen) - len(kept)),) if len(chosen) > len(kept) else ()
        taken = _distinct(t for text in kept for t in chosen[text])
        if rule.type == "multi_select":
            return Made(tuple(kept), taken, skips)
        return Made(plain(", ".join(quoted(t) for t in kept), limit=self._limit(rule)), taken, skips)

    def _first(self, name: str, rule: ValueRule, valued: list[tuple[Taken, Any]]) -> Made:
        for item, value in valued:
            made = self._typed(rule, value)
            if made is not None:
                return Made(made, (item,))
        return Made(None, skips=(skip(name, "wrong_type", f"no value is a {rule.type}"),))

    def _typed(self, rule: ValueRule, value: Any) -> FieldValue | None:
        if isinstance(value, list):
            value = value[0] if value else None
        if rule.type in TEXT_TYPES:
            return quoted(str(value), limit=self._limit(rule)) if isinstance(value, str | int | float) else None
        if rule.type == "single_select":
            return cell(value) if isinstance(value, str) and value else None
        return _PARSERS[rule.type](value)

    def _limit(self, rule: ValueRule) -> int:
        limit = rule.max_length or (LONG_TEXT_LENGTH if rule.type == "long_text" else TEXT_LENGTH)
        return min(limit, self._max_text) if self._max_text else limit


def _missing(name: str, rule: ValueRule) -> Skip:
    """`no_level` for a rule that takes `level`; `no_value` for one that computes."""
    member = rule.value or ""
    reason = f"no_{member}" if re.fullmatch(r"[a-z_]+", member) else "no_value"
    return skip(name, reason, "no claim holds such a value")


def _over_budget(rule: str, left: int) -> Skip:
    return skip(rule, "over_budget", f"{left} more did not fit")


def _fitting(lines: list[str], limit: int) -> list[str]:
    kept: list[str] = []
    used = 0
    for line in lines:
        used += len(line) + bool(kept)
        if used > limit:
            break
        kept.append(line)
    return kept


def _texts(value: Any) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return [text for item in items if isinstance(item, str) and (text := cell(item))]


def _distinct(taken: Any) -> tuple[Taken, ...]:
    return tuple({t.index: t for t in taken}.values())


# --- options and vocabularies --------------------------------------------------------------------------------------


class Vocabulary:
    """The employer's words, and what is counted as each of them. Names are compared whole, without regard to case."""

    def __init__(self, terms: Sequence[Term]) -> None:
        self._by_name: dict[str, str] = {}
        self._by_identifier: dict[str, str] = {}
        for term in terms:
            for name in (term.name, *term.also):
                self._by_name.setdefault(same_name(name), term.name)
            for identifier in term.match:
                self._by_identifier.setdefault(identifier.casefold(), term.name)

    def word_for(self, taken: Taken, value: str) -> str | None:
        """The employer's word for a claim: by what it is aligned to, else by the value's name."""
        for alignment in taken.claim.alignments:
            for key in (alignment.url, f"{alignment.framework}:{alignment.code}"):
                if key and (word := self._by_identifier.get(key.casefold())):
                    return word
        return self._by_name.get(same_name(value))


def _from_options(
    name: str, rule: ValueRule, valued: list[tuple[Taken, Any]], existing: tuple[str, ...] | None
) -> Made:
    """Only options that exist: the mapping's own list, and what the ATS is known to have."""
    terms = rule.options or tuple(Term(name=o) for o in existing or ())
    words = Vocabulary(terms)
    chosen: dict[str, list[Taken]] = {}
    unknown = 0
    for item, value in valued:
        texts = [v for v in (value if isinstance(value, list) else [value]) if isinstance(v, str)]
        for text in texts:
            word = words.word_for(item, text)
            if word is None or (existing is not None and word not in existing):
                unknown += 1
            else:
                chosen.setdefault(word, []).append(item)
    skips: tuple[Skip, ...] = (_unknown_options(name, unknown),) if unknown else ()
    if not chosen or (unknown and rule.on_unknown_option == "skip_field"):
        return Made(None, skips=skips)
    kept = list(chosen)[: 1 if rule.taking == "first" else rule.max_values]
    if rule.taking != "first" and len(kept) < len(chosen):
        skips += (_over_budget(name, len(chosen) - len(kept)),)
    taken = _distinct(t for word in kept for t in chosen[word])
    return Made(kept[0] if rule.taking == "first" else tuple(kept), taken, skips)


def _unknown_options(rule: str, count: int) -> Skip:
    detail = f"{count} {'value is' if count == 1 else 'values are'} no option of this field"
    return skip(rule, "not_in_vocabulary", detail)


# --- one value of a type -------------------------------------------------------------------------------------------


def _url(value: Any) -> str | None:
    return safe_link(value) if isinstance(value, str) else None


def _date(value: Any) -> str | None:
    try:
        return date.fromisoformat(str(value)[:10]).isoformat()
    except ValueError:
        return None


def _number(value: Any) -> FieldValue | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    if isinstance(value, str) and _NUMBER.match(value):
        return float(value) if "." in value else int(value)
    return None


def _yes_no(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


_PARSERS: Final = {"url": _url, "date": _date, "number": _number, "yes_no": _yes_no}
