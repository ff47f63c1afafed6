"""Fixtures with a real browser, without internet access, on the pages of a real server.

Playwright keeps an event loop running in the thread while it is open. It is therefore opened for one test file at a
time: the asyncio tests of other files must not find a running loop.
"""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Request, Route, expect, sync_playwright

from server import pages
from tests.server.api import Api
from tests.server.processes import PROJECT_ROOT, Server, run_server
from tests.server.scenarios import Trained, train_a_judge

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
AXE = PROJECT_ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
OUTAGE = r"ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_SOCKET_NOT_CONNECTED|WebSocket"

expect.set_options(timeout=120_000)  # a bound for busy machines; a condition that holds ends the wait at once


@dataclass
class PageProblems:
    """Problems of a page: console errors, uncaught errors, requests to foreign servers."""

    home: str  # URL of the server; requests to others are foreign
    found: list[str] = field(default_factory=list)

    def ignore(self, pattern: str) -> None:
        """Drop console errors that the test caused on purpose."""
        self.found = [line for line in self.found if not re.search(pattern, line)]

    def watch(self, context: BrowserContext, page: Page) -> None:
        """Collect the page's problems and allow only requests to the server."""

        def routed(route: Route, request: Request) -> None:
            if urlsplit(request.url).netloc == urlsplit(self.home).netloc:
                route.continue_()
            else:
                self.found.append(f"foreign request: {request.url}")
                route.abort()

        context.route("**/*", routed)
        page.on("console", lambda m: self.found.append(f"console: {m.text}") if m.type == "error" else None)
        page.on("pageerror", lambda error: self.found.append(f"uncaught: {error}"))


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Return Playwright, opened for one test file."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: make browser")
    if not (pages.STATIC / "dashboard.html").is_file():
        pytest.skip("the pages are not built: make pages")
    with sync_playwright() as opened:
        yield opened


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Return the system's Chromium."""
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return the server under test."""
    with run_server(tmp_path_factory.mktemp("browser")) as started:
        yield started


@pytest.fixture(scope="session")
def world(home: Server) -> Iterator[Trained]:
    """Return a judge on that server whose first version is deployed."""
    api = Api(home.url, home.admin_key)
    yield train_a_judge(api)
    api.http.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Return a fresh browser context."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    yield context
    context.close()


@pytest.fixture
def problems(home: Server) -> PageProblems:
    """Return the collected problems of the page."""
    return PageProblems(home.url)


@pytest.fixture
def page(context: BrowserContext, problems: PageProblems) -> Iterator[Page]:
    """Return a tab. Errors and foreign requests fail its test."""
    page = context.new_page()
    problems.watch(context, page)
    yield page
    assert problems.found == []


@pytest.fixture
def inside(page: Page, home: Server) -> Page:
    """Return the tab with the dashboard open and the key entered."""
    enter_key(page, home)
    return page


def enter_key(page: Page, server: Server, key: str | None = None) -> None:
    """Open the dashboard and enter a key, the administrator's by default.

    Args:
        page: the tab.
        server: the server to open.
        key: the API key; None means the administrator's.
    """
    page.goto(server.url)
    page.get_by_label("API key").fill(key or server.admin_key)
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("heading", level=1, name="Judges")).to_be_visible()


def violations(page: Page, *ignored_rules: str) -> list[str]:
    """Return the accessibility violations that axe-core finds, without the ignored rules."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: make pages")
    if not page.evaluate("'axe' in window"):
        page.evaluate(f"{AXE.read_text(encoding='utf-8')};undefined")
    options = {"resultTypes": ["violations"], "rules": {rule: {"enabled": False} for rule in ignored_rules}}
    found = page.evaluate("options => axe.run(document, options).then((all) => all.violations)", options)
    return [f"{one['id']}: {one['help']}: {[node['html'] for node in one['nodes']][:3]}" for one in found]


def check_all_layouts(page: Page, *ignored_rules: str) -> None:
    """Check that the page is accessible and fits its width, in light and dark, wide and narrow."""
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            assert violations(page, *ignored_rules) == [], f"{width} {scheme}"
    page.set_viewport_size({"width": 1280, "height": 900})


def go(page: Page, address: str) -> None:
    """Go to a view as a link does, and wait until it is loaded."""
    page.evaluate("hash => { location.hash = hash }", address)
    expect(page.locator(".loading")).to_have_count(0)


def chart_points(page: Page, title: str) -> int:
    """Return the number of points that a chart draws."""
    found = page.get_by_role("img", name=re.compile(re.escape(title)))
    return int(found.get_attribute("data-points") or 0)
