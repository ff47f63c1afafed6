"""A real browser without a network, on the pages of a real server.

Playwright keeps an event loop running in the thread as long as it is open, so it lives for one file of tests at a time:
the asyncio tests of other files must find none.
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
from tests.server.processes import HOME, Server, running
from tests.server.scenarios import Trained, train_a_judge

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
AXE = HOME / "web" / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
OUTAGE = r"ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_SOCKET_NOT_CONNECTED|WebSocket"

expect.set_options(timeout=15_000)


@dataclass
class Trouble:
    """What must not happen on a page: errors on the console, uncaught ones, requests to anybody else."""

    home: str  # the server's address; all others are foreign
    found: list[str] = field(default_factory=list)

    def forgive(self, pattern: str) -> None:
        """The browser says on the console what the test did on purpose; that is no fault of the page."""
        self.found = [line for line in self.found if not re.search(pattern, line)]

    def watch(self, context: BrowserContext, page: Page) -> None:
        """Listen to the page, and let only requests to the server pass."""

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
    """Playwright, for one file of tests."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium: make browser")
    if not (pages.STATIC / "dashboard.html").is_file():
        pytest.skip("the pages are not built: make pages")
    with sync_playwright() as opened:
        yield opened


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """The system's Chromium."""
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server whose pages are looked at, with one trained judge."""
    with running(tmp_path_factory.mktemp("browser")) as started:
        yield started


@pytest.fixture(scope="session")
def world(home: Server) -> Iterator[Trained]:
    """A judge on that server whose first version is deployed."""
    api = Api(home.url, home.admin_key)
    yield train_a_judge(api)
    api.http.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser as nobody has used it before."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    yield context
    context.close()


@pytest.fixture
def trouble(home: Server) -> Trouble:
    """What went wrong on the page so far."""
    return Trouble(home.url)


@pytest.fixture
def page(context: BrowserContext, trouble: Trouble) -> Iterator[Page]:
    """A tab. Errors and foreign requests fail the test that had it."""
    page = context.new_page()
    trouble.watch(context, page)
    yield page
    assert trouble.found == []


@pytest.fixture
def inside(page: Page, home: Server) -> Page:
    """The tab with the dashboard open, the key entered."""
    enter_key(page, home)
    return page


def enter_key(page: Page, server: Server, key: str | None = None) -> None:
    """Open the dashboard as a person does; with the administrator's key unless another is given."""
    page.goto(server.url)
    page.get_by_label("API key").fill(key or server.admin_key)
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("heading", level=1, name="Judges")).to_be_visible()


def violations(page: Page, *forgiven: str) -> list[str]:
    """What axe-core finds wrong for people who use a keyboard, a screen reader, or less than perfect eyes."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: make pages")
    if not page.evaluate("'axe' in window"):
        page.evaluate(f"{AXE.read_text(encoding='utf-8')};undefined")
    options = {"resultTypes": ["violations"], "rules": {rule: {"enabled": False} for rule in forgiven}}
    found = page.evaluate("options => axe.run(document, options).then((all) => all.violations)", options)
    return [f"{one['id']}: {one['help']}: {[node['html'] for node in one['nodes']][:3]}" for one in found]


def look_at_all_sizes(page: Page, *forgiven: str) -> None:
    """In light and dark, on a desk and on a phone, nothing is wrong with the page, and nothing sticks out of it."""
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            assert violations(page, *forgiven) == [], f"{width} {scheme}"
    page.set_viewport_size({"width": 1280, "height": 900})


def go(page: Page, address: str) -> None:
    """Go to a view as a link does, and wait until it is there."""
    page.evaluate("hash => { location.hash = hash }", address)
    expect(page.locator(".loading")).to_have_count(0)


def chart_points(page: Page, title: str) -> int:
    """How many points a chart draws."""
    found = page.get_by_role("img", name=re.compile(re.escape(title)))
    return int(found.get_attribute("data-points") or 0)
