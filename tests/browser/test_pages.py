"""Every page, in light and dark, wide and narrow: readable for everybody, without errors, without the internet."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OUTAGE, Trouble, enter_key, go, look_at_all_sizes
from tests.server.processes import Server, command
from tests.server.scenarios import Trained

Hash = Callable[[Trained], str]
VIEWS: dict[str, tuple[Hash, str]] = {
    "judges": (lambda world: "#/judges", "Judges"),
    "judge": (lambda world: f"#/judges/{world.judge['id']}", "Judge"),
    "jobs": (lambda world: "#/jobs", "Training jobs"),
    "job": (lambda world: f"#/jobs/{world.job['id']}", "Full retrain of Judge"),
    "review": (lambda world: f"#/judges/{world.judge['id']}/review", "Review evaluations"),
    "no judge": (lambda world: "#/judges/jdg_none", "No such judge"),
    "no page": (lambda world: "#/nothing/here", "No such page"),
}


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_is_accessible_and_fits(inside: Page, world: Trained, view: str) -> None:
    address, heading = VIEWS[view]
    go(inside, address(world))
    expect(inside.get_by_role("heading", level=1, name=heading, exact=True)).to_be_visible()
    if view == "judge":
        inside.get_by_role("button", name="Train now").click()
        expect(inside.get_by_text("Learns from")).to_be_visible()
    look_at_all_sizes(inside)


def test_the_question_for_a_key_is_accessible_and_a_wrong_key_explained(
    page: Page, home: Server, trouble: Trouble
) -> None:
    page.goto(home.url)
    page.get_by_label("API key").fill("js_wrong")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("alert")).to_contain_text("does not accept this key")
    look_at_all_sizes(page)
    trouble.forgive("401 .Unauthorized.")


def test_a_key_that_only_reads_is_offered_nothing_that_changes(page: Page, home: Server, world: Trained) -> None:
    made = command("keys", "create", "--role", "VIEWER", "--database-url", home.database_url)
    enter_key(page, home, made.stdout.strip())
    page.get_by_role("link", name="Judge", exact=True).click()
    expect(page.get_by_role("row", name="Version 1")).to_be_visible()
    for button in ("Train now", "Roll back", "Review evaluations"):
        expect(page.get_by_text(button)).to_have_count(0)
    go(page, f"#/judges/{world.judge['id']}/review")
    expect(page.get_by_text("Your key only reads.")).to_be_visible()


def test_without_a_server_the_page_says_so_and_goes_on_by_itself(page: Page, home: Server, trouble: Trouble) -> None:
    enter_key(page, home)
    away = True
    page.route("**/graphql", lambda route: route.abort("connectionrefused") if away else route.fallback())
    page.get_by_role("link", name="Jobs").click()
    expect(page.get_by_text("Offline: trying again")).to_be_visible()
    expect(page.get_by_text("will be shown as soon as the server answers")).to_be_visible()
    away = False
    expect(page.get_by_label("Status")).to_be_visible()
    expect(page.get_by_text("will be shown as soon as the server answers")).to_have_count(0)
    expect(page.get_by_text("Connected")).to_be_visible()
    trouble.forgive(OUTAGE)
