"""All pages in light and dark, wide and narrow: accessible, without errors, without internet access."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OUTAGE, PageProblems, check_all_layouts, enter_key, go
from tests.server.processes import Server, run_command
from tests.server.scenarios import Trained

Hash = Callable[[Trained], str]
VIEWS: dict[str, tuple[Hash, str]] = {
    "judges": (lambda world: "#/judges", "Judges"),
    "judge": (lambda world: f"#/judges/{world.judge['id']}", "Judge"),
    "jobs": (lambda world: "#/jobs", "Training jobs"),
    "job": (lambda world: f"#/jobs/{world.job['id']}", "Full retrain of Judge"),
    "review": (lambda world: f"#/judges/{world.judge['id']}/review", "Review evaluations"),
    "no judge": (lambda world: "#/judges/jdg_none", "Judge not found"),
    "no page": (lambda world: "#/nothing/here", "Page not found"),
}


@pytest.mark.parametrize("view", VIEWS)
def test_view_is_accessible_and_fits_its_width(inside: Page, world: Trained, view: str) -> None:
    address, heading = VIEWS[view]
    go(inside, address(world))
    expect(inside.get_by_role("heading", level=1, name=heading, exact=True)).to_be_visible()
    if view == "judge":
        inside.get_by_role("button", name="Train now").click()
        expect(inside.get_by_text("usable items of feedback")).to_be_visible()
    check_all_layouts(inside)


def test_key_form_is_accessible_and_explains_an_invalid_key(page: Page, home: Server, problems: PageProblems) -> None:
    page.goto(home.url)
    page.get_by_label("API key").fill("js_wrong")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("alert")).to_contain_text("does not accept this key")
    check_all_layouts(page)
    problems.ignore("401 .Unauthorized.")


def test_read_only_key_is_offered_no_changes(page: Page, home: Server, world: Trained) -> None:
    made = run_command("keys", "create", "--role", "VIEWER", "--database-url", home.database_url)
    enter_key(page, home, made.stdout.strip())
    page.get_by_role("link", name="Judge", exact=True).click()
    expect(page.get_by_role("row", name="Version 1")).to_be_visible()
    for button in ("Train now", "Roll back", "Review evaluations"):
        expect(page.get_by_text(button)).to_have_count(0)
    go(page, f"#/judges/{world.judge['id']}/review")
    expect(page.get_by_text("Your key is read-only.")).to_be_visible()


def test_page_reports_a_lost_server_and_reconnects(page: Page, home: Server, problems: PageProblems) -> None:
    enter_key(page, home)
    offline = True
    page.route("**/graphql", lambda route: route.abort("connectionrefused") if offline else route.fallback())
    page.get_by_role("link", name="Jobs").click()
    expect(page.get_by_text("Offline: reconnecting")).to_be_visible()
    expect(page.get_by_text("will be shown as soon as the server answers")).to_be_visible()
    offline = False
    expect(page.get_by_label("Status")).to_be_visible()
    expect(page.get_by_text("will be shown as soon as the server answers")).to_have_count(0)
    expect(page.get_by_text("Connected")).to_be_visible()
    problems.ignore(OUTAGE)
