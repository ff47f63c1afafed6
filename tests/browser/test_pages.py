"""Every page, in light and dark, wide and narrow: readable for everybody, without errors, without the internet."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Trouble, violations
from tests.server.processes import Server
from tests.server.worlds import Trained

LOOKS = [("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)]
Hash = Callable[[Trained], str]
VIEWS: dict[str, tuple[Hash, str]] = {
    "judges": (lambda world: "#/judges", "Judges"),
    "judge": (lambda world: f"#/judges/{world.judge['id']}", "Judge"),
    "jobs": (lambda world: "#/jobs", "Training jobs"),
    "job": (lambda world: f"#/jobs/{world.job['id']}", "Full retrain of Judge"),
    "no judge": (lambda world: "#/judges/jdg_none", "No such judge"),
    "no page": (lambda world: "#/nothing/here", "No such page"),
}


@pytest.fixture(params=LOOKS, ids=lambda look: f"{look[0]} {look[1]}")
def context_options(request: pytest.FixtureRequest) -> dict[str, Any]:
    scheme, width = request.param
    return {"viewport": {"width": width, "height": 900}, "color_scheme": scheme, "reduced_motion": "reduce"}


def test_every_view_is_accessible_and_fits(inside: Page, world: Trained) -> None:
    for name, (address, heading) in VIEWS.items():
        inside.evaluate("hash => { location.hash = hash }", address(world))
        expect(inside.get_by_role("heading", level=1, name=heading, exact=True)).to_be_visible()
        expect(inside.locator(".loading")).to_have_count(0)
        if name == "judge":
            inside.get_by_role("button", name="Train now").click()
            expect(inside.get_by_text("Learns from")).to_be_visible()
        assert (name, violations(inside)) == (name, [])
        assert inside.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is wider than the screen"


def test_the_question_for_a_key_is_accessible_and_a_wrong_key_explained(
    page: Page, home: Server, trouble: Trouble
) -> None:
    page.goto(home.url)
    page.get_by_label("API key").fill("js_wrong")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("alert")).to_contain_text("does not accept this key")
    assert violations(page) == []
    trouble.forgive("401 .Unauthorized.")
