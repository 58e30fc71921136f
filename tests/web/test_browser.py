"""The pages in a real browser: accessibility rules, keyboard alone, a narrow phone, no JavaScript, print."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from connector.testing.loopback import LoopbackServer

from .conftest import Candidate, House

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "rules": {"target-size": {"enabled": True}},
}
PHONE = {"width": 320, "height": 640}
WIDE = {"width": 1280, "height": 900}


@pytest.fixture(scope="session")
def chromium() -> str:
    """A browser on this machine; without one the test is skipped, or fails where `LER_REQUIRE_BROWSER=1`."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        missing = "no chromium on this machine: the pages were not looked at in a browser"
        pytest.fail(missing) if os.environ.get("LER_REQUIRE_BROWSER") == "1" else pytest.skip(missing)
    return found


@pytest.fixture
def origin(house: House) -> Iterator[str]:
    with LoopbackServer() as server:
        server.start(house.app)
        yield server.url


@pytest.fixture
async def browser(chromium: str, origin: str) -> AsyncIterator[Any]:
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield browser
        await browser.close()


class Tab:
    """A browser tab that notes what it asks for and what goes wrong in it."""

    def __init__(self, page: Any, origin: str) -> None:
        self.page, self.origin = page, origin
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    async def check(self) -> None:
        """No accessibility rule broken, nothing sideways on a narrow phone, in light and dark."""
        from axe_playwright_python.async_playwright import Axe

        for scheme, size in (("light", WIDE), ("dark", PHONE)):
            await self.page.emulate_media(color_scheme=scheme)
            await self.page.set_viewport_size(size)
            results = await Axe().run(self.page, options=RULES)
            broken = [(v["id"], [n["html"] for n in v["nodes"]]) for v in results.response["violations"]]
            assert broken == [], (self.page.url, scheme)
            assert results.response["passes"], "the rules were run"
        width = await self.page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["width"], self.page.url

    async def press(self, name: str) -> None:
        await self.page.get_by_role("button", name=name).click()

    @property
    async def heading(self) -> str:
        return str(await self.page.locator("h1").inner_text())


@pytest.fixture
async def tab(browser: Any, origin: str) -> AsyncIterator[Tab]:
    context = await browser.new_context(viewport=WIDE)
    tab = Tab(await context.new_page(), origin)
    yield tab
    assert await context.cookies() == []
    assert {url for url in tab.requests if not url.startswith(tab.origin)} == set()
    assert [c for c in tab.complaints if "Failed to load resource" not in c] == []


async def link(house: House, origin: str, **more: Any) -> str:
    async with Candidate(house) as person:
        url = await person.invited(**more)
    return url.replace("http://lakeshore.example", origin)


def here(origin: str, url: str) -> str:
    return url.replace("http://lakeshore.example", origin)


def file_of(folder: Path, document: Any) -> str:
    path = folder / "badge.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return str(path)


async def test_every_screen_of_a_visit_keeps_the_rules(house: House, origin: str, tab: Tab, tmp_path: Path) -> None:
    page = tab.page
    await page.goto(await link(house, origin))
    await tab.check()
    await page.set_input_files("input[type=file]", file_of(tmp_path, house.badge("W" * 120)))
    await tab.press("Read this file")
    assert await tab.heading == "What we found"
    await tab.check()
    await tab.press("Continue")
    assert await tab.heading == "This is what Lakeshore Works will see"
    await tab.check()
    await tab.press("Go back and choose again")
    await tab.press("Continue")
    await tab.press("Yes, share this with Lakeshore Works")
    assert await tab.heading == "Your receipt"
    assert "It was added to your application" in await page.locator("main").inner_text()
    await tab.check()
    report = here(origin, house.report_link)
    await tab.press("Stop sharing this")
    assert await tab.heading == "Not shared any more"
    await tab.check()
    await page.goto(report)
    assert "Nothing is shared" in await page.locator("main").inner_text()
    await tab.check()


async def test_what_goes_wrong_keeps_the_rules_too(house: House, origin: str, tab: Tab) -> None:
    page, start = tab.page, await link(house, origin, language="es")
    await page.goto(start)
    await tab.check()
    assert await page.locator("html").get_attribute("lang") == "es"
    for text in ("nada", '{"@context": ['):
        await page.goto(start)
        await page.fill("textarea", text)
        await tab.press("Leer este texto")
        assert await tab.heading == "No ha funcionado"
        await tab.check()
    for path in ("/s/unknown", "/r/unknown", "/docs"):
        await page.goto(origin + path)
        await tab.check()


async def test_the_report_keeps_the_rules_and_prints_on_one_page(house: House, origin: str, tab: Tab) -> None:
    from connector.model.records import NewSubmission

    person = house.person
    badges = [
        house.badge(f"Shop practice {n}", expired=n == 2, tags=["MIG welding", "Blueprint reading"]) for n in range(6)
    ]
    new = {
        "ref": {"connection": house.kind, "candidate": person.candidate, "application": person.application},
        "basis": "api",
        "content": json.dumps(badges).encode(),
        "applicant": {"name": person.name, "emails": (person.email,)},
    }
    record = house.connector.submit(NewSubmission.model_validate(new))
    house.connector.wait(record.id, 30)
    await tab.page.goto(here(origin, house.report_link))
    assert await tab.page.locator("tbody tr").count() == 6
    await tab.check()
    for paper in ("A4", "Letter"):
        pdf = await tab.page.pdf(format=paper, prefer_css_page_size=False)
        assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1, paper


async def test_the_keyboard_alone_is_enough(house: House, origin: str, tab: Tab) -> None:
    page = tab.page
    await page.goto(await link(house, origin))

    async def to(role: str, words: str) -> None:
        """Tab on until something of that kind and name has the focus, and its focus can be seen."""
        for _ in range(40):
            await page.keyboard.press("Tab")
            seen = await page.evaluate(
                """() => { const e = document.activeElement, s = getComputedStyle(e);
                return [e.tagName + (e.type ? ':' + e.type : ''), e.innerText || (e.labels?.[0]?.innerText ?? ''),
                        s.outlineStyle, parseFloat(s.outlineWidth)]; }"""
            )
            if seen[0] == role and words in seen[1]:
                assert seen[2] != "none" and seen[3] >= 2, "the focus is visible"
                return
        raise AssertionError(f"the keyboard does not reach {role} {words!r}")

    await to("TEXTAREA:textarea", "Paste the text here")
    await page.keyboard.insert_text(json.dumps(house.badge()))
    await to("BUTTON:submit", "Read this text")
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile("/sub_"))
    await to("INPUT:checkbox", "Blueprint reading")
    await page.keyboard.press("Space")
    await to("BUTTON:submit", "Continue")
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile("/review"))
    assert "Blueprint" not in await page.locator("main").inner_text()
    await to("BUTTON:submit", "Yes, share this")
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile(r"/sub_[^/]+/[^/]+$"))
    await to("BUTTON:submit", "Stop sharing this")
    await page.keyboard.press("Enter")
    await page.get_by_role("heading", name="Not shared any more").wait_for()


async def test_without_javascript_and_on_a_phone_everything_works(
    house: House, origin: str, browser: Any, tmp_path: Path
) -> None:
    context = await browser.new_context(java_script_enabled=False, viewport=PHONE)
    tab = Tab(await context.new_page(), origin)
    await tab.page.goto(await link(house, origin))
    await tab.page.set_input_files("input[type=file]", file_of(tmp_path, house.badge()))
    await tab.press("Read this file")
    await tab.page.get_by_label("Skill: MIG welding").uncheck()
    await tab.press("Continue")
    await tab.press("Yes, share this with Lakeshore Works")
    assert await tab.heading == "Your receipt"
    assert "MIG welding" not in str(house.held.fields)
    assert "Welder I" in str(house.held.fields)
    await tab.press("Stop sharing this")
    assert await tab.heading == "Not shared any more"
    assert "Welder I" not in str(house.held.fields)


async def test_an_upload_that_is_too_large_ends_on_a_page(house: House, origin: str, tab: Tab, tmp_path: Path) -> None:
    large = tmp_path / "photo.png"
    large.write_bytes(b"\x89PNG" + b"x" * 12_000_000)
    await tab.page.goto(await link(house, origin))
    await tab.page.set_input_files("input[type=file]", str(large))
    await tab.press("Read this file")
    assert await tab.heading == "That is too large"
    await tab.check()
    await tab.page.get_by_role("link", name="Try another way").click()
    assert await tab.heading == "Share records of your skills"
