"""What a person does: from a key to a judge that is better, and back again."""

import re
import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OUTAGE, Trouble, chart_points, enter_key
from tests.server.api import Api
from tests.server.processes import Server, running
from tests.server.worlds import create_job, fill, follow, item, make_judge, record


def confirm(page: Page, button: str, answer: str) -> None:
    """Press a button that asks once, and say yes."""
    page.get_by_role("button", name=button, exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name=answer).click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_from_a_key_to_a_better_judge_and_back(page: Page, home: Server) -> None:
    api = Api(home.url, home.admin_key)
    judge = make_judge(api, name="Journey")
    fill(api, judge, range(60))
    record(api, judge, [item(number) for number in range(60, 63)])
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
    page.keyboard.press("u")  # that was a mistake: taken back, and said again
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
    page.get_by_label("Learning rate").fill("0.02")
    page.get_by_label("Epochs at most").fill("200")
    page.get_by_label("Early stopping").select_option("no")
    expect(page.get_by_text("Learns from 63 usable items")).to_be_visible()
    page.get_by_role("button", name="Create training job").click()

    expect(page.get_by_role("heading", name="Full retrain of Journey")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("^Loss"))).to_be_visible()
    seen = {chart_points(page, "Loss")}
    while page.get_by_role("button", name="Cancel job").is_visible():
        seen.add(chart_points(page, "Loss"))
        time.sleep(0.05)
    assert len(seen) > 2, "the chart did not move while the job ran"
    expect(page.get_by_text("Proven better")).to_be_visible()
    assert chart_points(page, "Loss") == 200

    confirm(page, "Deploy", "Yes, deploy it")
    expect(page.get_by_text("Version 1 scores from now on.")).to_be_visible()
    page.get_by_role("link", name="Journey").click()
    expect(page.get_by_role("cell", name="active", exact=True)).to_be_visible()
    confirm(page, "Roll back", "Yes, roll back")
    expect(page.get_by_text("own scores stand again")).to_be_visible()
    expect(page.get_by_role("cell", name="archived", exact=True)).to_be_visible()
    api.http.close()


def test_a_killed_server_comes_back_and_the_chart_is_complete(
    page: Page, trouble: Trouble, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data_dir = tmp_path_factory.mktemp("killed")
    with running(data_dir) as first:
        api = Api(first.url, first.admin_key)
        trouble.home = first.url
        judge = make_judge(api)
        fill(api, judge, range(60))
        config = {"learningRate": 0.01, "maxEpochs": 400, "earlyStopping": False}
        job = create_job(api, judge, config=config)
        enter_key(page, first)
        page.goto(f"{first.url}/#/jobs/{job['id']}")
        expect(page.get_by_role("img", name=re.compile("^Loss"))).to_be_visible()
        first.process.kill()
        first.process.wait()
        expect(page.get_by_text("Offline: trying again")).to_be_visible()
        before = chart_points(page, "Loss")
        assert 0 < before < 400
        port = first.url.rsplit(":", 1)[1]
        with running(data_dir, "--port", port):
            expect(page.get_by_text("Connected")).to_be_visible()
            updates = follow(api, job)
            expect(page.locator(".state.good", has_text="completed")).to_be_visible()
            steps = {update["event"]["epoch"] for update in updates if "epoch" in update["event"]}
            assert chart_points(page, "Loss") == len(steps) == 400
            messages = page.locator(".events li").all_inner_texts()
            assert len([text for text in messages if "The job was created." in text]) == 1
        api.http.close()
    trouble.forgive(OUTAGE)
