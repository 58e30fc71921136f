"""Pages: Jinja templates with automatic escaping, and the words in them from a catalogue per language."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

DEFAULT_LANGUAGE = "en"


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


def choose_language(wanted: str | None, accept: str) -> str:
    """The invitation's language, else the first the browser names that there is a catalogue for, else English."""
    asked = [wanted or "", *(part.partition(";")[0].strip() for part in accept.split(","))]
    return next((a.partition("-")[0] for a in asked if a.partition("-")[0] in languages()), DEFAULT_LANGUAGE)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("connector.web", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(template: str, *, language: str = DEFAULT_LANGUAGE, status: int = 200, **values: Any) -> HTMLResponse:
    """Render a page. In templates `t('key', name=value)` gives the words."""
    words = catalogue(language)

    def t(key: str, **parts: Any) -> str:
        return words[key].format(**parts)

    html = _environment().get_template(template).render(t=t, language=language, **values)
    return HTMLResponse(html, status)
