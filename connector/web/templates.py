"""Pages: Jinja templates with automatic escaping, and the words in them from a catalogue per language."""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, Final

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from connector.mapping.text import clean

DEFAULT_LANGUAGE: Final = "en"


@cache
def catalogue(language: str) -> dict[str, str]:
    """The words of a language: `locales/<language>.json`, a flat object of key -> text with `{placeholders}`."""
    raw = files("connector.web").joinpath("locales", f"{language}.json").read_bytes()
    words: dict[str, str] = json.loads(raw)
    return words


@cache
def languages() -> tuple[str, ...]:
    """The languages there are catalogues for."""
    folder = files("connector.web").joinpath("locales")
    return tuple(sorted(f.name.removesuffix(".json") for f in folder.iterdir() if f.name.endswith(".json")))


def known_language(tag: str | None) -> str | None:
    """The catalogue for a language tag (`es-MX` -> `es`), if there is one."""
    name = (tag or "").partition("-")[0].strip().lower()
    return name if name in languages() else None


def choose_language(wanted: str | None, accept: str) -> str:
    """The one that was wanted, else the first the browser names that there is a catalogue for, else English."""
    asked = [wanted, *(part.partition(";")[0].strip() for part in accept.split(","))]
    return next((name for name in map(known_language, asked) if name), DEFAULT_LANGUAGE)


def words(language: str, key: str, **parts: Any) -> str:
    """The words of a key, its placeholders filled."""
    return catalogue(language)[key].format(**parts)


def day(language: str, moment: date) -> str:
    """A day as people write it."""
    month = words(language, "date.months").split("|")[moment.month - 1]
    return words(language, "date.day", day=moment.day, month=month, year=moment.year)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("connector.web", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["clean"] = clean
    return environment


def page(template: str, *, language: str = DEFAULT_LANGUAGE, status: int = 200, **values: Any) -> HTMLResponse:
    """Render a page.

    In templates `t('key', name=value)` gives the words; text from a credential goes through the filter `clean`.
    """

    def t(key: str, **parts: Any) -> str:
        return words(language, key, **parts)

    html = _environment().get_template(template).render(t=t, language=language, **values)
    return HTMLResponse(html, status)
