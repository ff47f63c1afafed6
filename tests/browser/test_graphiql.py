"""GraphiQL without internet access: shared key, example tabs, results, subscriptions over the socket."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import enter_key, violations
from tests.server.processes import Server
from tests.server.scenarios import Trained

RUN = "Execute query (Ctrl-Enter)"


def run(page: Page, text: str) -> None:
    """Execute the document once the editor shows it."""
    expect(page.locator(".graphiql-query-editor .view-lines")).to_contain_text(text)
    page.get_by_role("button", name=RUN).click()


def test_example_runs_with_the_key_of_the_dashboard(page: Page, home: Server, world: Trained) -> None:
    enter_key(page, home)
    page.get_by_role("link", name="GraphiQL").click()
    expect(page.get_by_role("tab", name="Judges")).to_be_visible()
    run(page, "judges")
    expect(page.locator(".result-window")).to_contain_text("jdg_")  # the editor renders visible lines only
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        # GraphiQL nests the close button inside its tab.
        assert violations(page, "nested-interactive") == [], width
    page.get_by_role("link", name="Judgesmith").click()
    expect(page.get_by_role("heading", name="Judges")).to_be_visible()


def test_deep_link_opens_a_subscription_that_completes(page: Page, home: Server, world: Trained) -> None:
    enter_key(page, home)
    document = f'subscription {{ trainingJobStatus(jobId: "{world.job["id"]}") {{ event {{ message }} }} }}'
    page.goto(f"{home.url}/graphiql?q={document}")
    run(page, "trainingJobStatus")
    expect(page.locator(".result-window")).to_contain_text("complete.")
