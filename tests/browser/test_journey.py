"""Complete user journeys: from a key to a better judge and back, and recovery from a killed server."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OUTAGE, PageProblems, chart_points, enter_key
from tests.server.api import Api
from tests.server.processes import Server, run_server
from tests.server.scenarios import add_corrected_evaluations, create_job, make_item, make_judge, record_evaluations

EPOCHS = 500
# Records the number of points in the chart over time, so that the test does not depend on timing.
WATCH_LOSS = """
    window.lossPoints = [];
    new MutationObserver(() => {
      const chart = document.querySelector('[role=img][aria-label^=Loss]');
      const points = chart && Number(chart.dataset.points);
      if (chart && points !== window.lossPoints.at(-1)) window.lossPoints.push(points);
    }).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-points'] });
"""


def confirm(page: Page, button: str, answer: str) -> None:
    """Press a button and confirm its dialog.

    Args:
        page: the tab.
        button: label of the button.
        answer: label of the confirming button in the dialog.
    """
    page.get_by_role("button", name=button, exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name=answer).click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_review_train_deploy_and_roll_back(page: Page, home: Server) -> None:
    api = Api(home.url, home.admin_key)
    judge = make_judge(api, name="Journey")
    add_corrected_evaluations(api, judge, range(60))
    record_evaluations(api, judge, [make_item(number) for number in range(60, 63)])
    enter_key(page, home)
    page.get_by_role("link", name="Journey").click()
    expect(page.get_by_text("60 corrections")).to_be_visible()

    page.get_by_role("link", name="Review evaluations").click()
    expect(page.get_by_text(re.compile("^1 of 3 "))).to_be_visible()
    for key in ("2", "4", "s"):  # a score for each criterion, sent
        page.keyboard.press(key)
    expect(page.get_by_text(re.compile("^2 of 3 "))).to_be_visible()
    page.keyboard.press("x")
    expect(page.get_by_text(re.compile("^3 of 3 "))).to_be_visible()
    page.keyboard.press("u")  # retracts the rejection
    expect(page.get_by_text(re.compile("^2 of 3 "))).to_be_visible()
    page.keyboard.press("a")
    expect(page.get_by_text(re.compile("^3 of 3 "))).to_be_visible()
    page.keyboard.press("c")
    page.keyboard.type("Both are fair.")
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+Digit5")
    expect(page.get_by_text("Feedback was given on 3 evaluations.")).to_be_visible()
    page.get_by_role("link", name="Journey").click()
    expect(page.get_by_text("61 corrections, 1 rating, 1 approval, 0 comments")).to_be_visible()

    page.get_by_role("button", name="Train now").click()
    page.get_by_text("More settings").click()
    page.get_by_label("Share held out for the proof").fill("0.25")
    page.get_by_label("Learning rate").fill("0.02")
    page.get_by_label("Maximum epochs").fill(str(EPOCHS))
    page.get_by_label("Early stopping").select_option("no")
    expect(page.get_by_text("Uses 63 usable items")).to_be_visible()
    page.evaluate(WATCH_LOSS)
    page.get_by_role("button", name="Create training job").click()

    expect(page.get_by_role("heading", name="Full retrain of Journey")).to_be_visible()
    expect(page.locator(".verdict")).to_contain_text("Proven better")
    expect(page.get_by_role("img", name=re.compile(f"^Loss.* {EPOCHS} points"))).to_be_visible()
    seen = page.evaluate("window.lossPoints")
    assert len(seen) > 3, "the chart did not move while the job ran"
    assert seen == sorted(seen)
    assert seen[-1] == EPOCHS

    confirm(page, "Deploy", "Yes, deploy it")
    expect(page.get_by_text("Version 1 is active.")).to_be_visible()
    page.get_by_role("link", name="Journey").click()
    expect(page.get_by_role("cell", name="active", exact=True)).to_be_visible()
    confirm(page, "Roll back", "Yes, roll back")
    expect(page.get_by_text("Raw scores are in use.")).to_be_visible()
    expect(page.get_by_role("cell", name="archived", exact=True)).to_be_visible()
    api.http.close()


def test_chart_is_complete_after_the_server_was_killed_and_restarted(
    page: Page, problems: PageProblems, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data_dir = tmp_path_factory.mktemp("killed")
    with run_server(data_dir) as first:
        api = Api(first.url, first.admin_key)
        problems.home = first.url
        judge = make_judge(api)
        for start in range(0, 2_000, 500):  # enough data for epochs to take seconds
            add_corrected_evaluations(api, judge, range(start, start + 500))
        config = {"learningRate": 0.01, "maxEpochs": EPOCHS, "earlyStopping": False, "validationSplit": 0.25}
        enter_key(page, first)
        job = create_job(api, judge, config=config)
        page.goto(f"{first.url}/#/jobs/{job['id']}")
        expect(page.get_by_role("img", name=re.compile(r"^Loss.* [1-9]\d* points"))).to_be_visible()
        first.process.kill()
        first.process.wait()
        expect(page.get_by_text("Offline: reconnecting")).to_be_visible()
        assert 0 < chart_points(page, "Loss") < EPOCHS
        port = first.url.rsplit(":", 1)[1]
        with run_server(data_dir, "--port", port):
            expect(page.get_by_text("Connected")).to_be_visible()
            expect(page.locator(".state.good", has_text="completed")).to_be_visible()
            expect(page.get_by_role("img", name=re.compile(f"^Loss.* {EPOCHS} points"))).to_be_visible()
            page.get_by_role("link", name="Jobs").click()
            page.go_back()
            expect(page.get_by_role("img", name=re.compile(f"^Loss.* {EPOCHS} points"))).to_be_visible()
            messages = page.locator(".events li").all_inner_texts()
            assert len([text for text in messages if "The job was created." in text]) == 1
            assert [text for text in messages if "attempt" in text or "worker" in text]
        api.http.close()
    problems.ignore(OUTAGE)
