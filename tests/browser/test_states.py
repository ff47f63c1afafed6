"""States of the pages: dialogs, loading, failed, empty; and arbitrary names and texts."""

import json
import re
from typing import Any

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import OUTAGE, PageProblems, check_all_layouts, enter_key, go
from tests.server.api import Api
from tests.server.processes import Server, run_command
from tests.server.scenarios import (
    Trained,
    add_corrected_evaluations,
    create_job,
    make_judge,
    record_evaluations,
    run_job,
    submit_feedback,
)

NASTY = """<img src=x onerror="document.title='taken'"><script>document.title='taken'</script>{{7*7}}"""
SCALES: list[dict[str, Any]] = [
    {"name": "Percent", "key": "crit_percent", "min": 0, "max": 100},
    {"name": "Share", "key": "crit_share", "min": 0, "max": 1, "step": 0.01},
    {"name": "Pass", "key": "crit_pass", "min": 0, "max": 1},
]


def test_dialogs_are_accessible_and_restore_the_focus(inside: Page, world: Trained) -> None:
    waiting = create_job(world.api, world.judge, autoStart=False)
    cancelled = create_job(world.api, world.judge, autoStart=False)
    world.api.run("CancelTrainingJob", input={"jobId": cancelled["id"]})
    for address, button in (
        (f"#/judges/{world.judge['id']}", "Roll back"),
        (f"#/jobs/{waiting['id']}", "Start"),
        (f"#/jobs/{waiting['id']}", "Cancel job"),
        (f"#/jobs/{cancelled['id']}", "Retry"),
    ):
        go(inside, address)
        inside.get_by_role("button", name=button, exact=True).click()
        expect(inside.get_by_role("dialog")).to_be_visible()
        check_all_layouts(inside)
        inside.keyboard.press("Escape")
        expect(inside.get_by_role("dialog")).to_have_count(0)
        expect(inside.get_by_role("button", name=button, exact=True)).to_be_focused()
    world.api.run("CancelTrainingJob", input={"jobId": waiting["id"]})


def test_loading_and_failed_views_report_their_state(inside: Page, world: Trained, problems: PageProblems) -> None:
    broken = {"errors": [{"message": "It went wrong, id 12.", "extensions": {"code": "INTERNAL"}}]}

    def answer(route: Route) -> None:
        asked = route.request.post_data or ""
        if "query TrainingJobs(" in asked:
            route.fulfill(content_type="application/json", body=json.dumps(broken))
        elif "query JudgesOverview(" in asked:
            return  # no response yet
        elif "query JudgeOverview(" in asked:
            route.abort("connectionrefused")
        else:
            route.fallback()

    inside.route("**/graphql", answer)
    inside.evaluate("location.hash = '#/jobs'")
    expect(inside.get_by_role("alert")).to_contain_text("Jobs could not be loaded. It went wrong, id 12.")
    check_all_layouts(inside)
    inside.evaluate("location.hash = '#/judges'")
    expect(inside.get_by_text("The judges: loading")).to_be_visible()
    check_all_layouts(inside)
    inside.evaluate("hash => { location.hash = hash }", f"#/judges/{world.judge['id']}")
    expect(inside.get_by_text("will be shown as soon as the server answers")).to_be_visible()
    check_all_layouts(inside)
    problems.ignore(OUTAGE)


def test_preflight_reports_invalid_training_before_creation(inside: Page, world: Trained) -> None:
    go(inside, f"#/judges/{world.judge['id']}")
    inside.get_by_role("button", name="Train now").click()
    inside.get_by_label("Usable items required").fill("5000")
    expect(inside.get_by_role("alert")).to_contain_text("asks for at least 5000")
    check_all_layouts(inside)


def test_comparison_and_learning_curve_are_shown(inside: Page, world: Trained) -> None:
    go(inside, f"#/judges/{world.judge['id']}")
    expect(inside.get_by_role("row", name="ben 60 100% 60")).to_be_visible()
    inside.get_by_role("button", name="Compare versions").click()
    expect(inside.get_by_text(re.compile("verdicts? of 120 would flip"))).to_be_visible()
    inside.get_by_role("button", name="Compute the learning curve").click()
    expect(inside.get_by_role("img", name=re.compile("^Mean absolute error"))).to_be_visible()
    check_all_layouts(inside)


def test_administrator_can_deploy_a_rejected_version_with_a_reason(page: Page, home: Server) -> None:
    api = Api(home.url, home.admin_key)
    judge = make_judge(api, name="Twice")
    add_corrected_evaluations(api, judge, range(40))
    first, _ = run_job(api, judge), run_job(api, judge)  # both are proven better than the raw scores
    enter_key(page, home)
    go(page, f"#/judges/{judge['id']}")
    api.run("DeployJudgeVersion", input={"versionId": first["resultVersion"]["id"]})
    row = page.get_by_role("row", name="Version 2")
    row.get_by_role("button", name="Deploy", exact=True).click()
    page.get_by_role("button", name="Yes, deploy it").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text(
        "another version than the one that is active"
    )
    check_all_layouts(page)
    page.get_by_label("Reason").fill("Both are the same.")
    page.get_by_role("button", name="Deploy anyway").click()
    expect(row.get_by_role("cell", name="active", exact=True)).to_be_visible()
    api.http.close()


def test_names_and_texts_are_displayed_literally_and_never_executed(page: Page, home: Server) -> None:
    api = Api(home.url, home.admin_key)
    criteria = [{"name": NASTY, "key": "crit_nasty", "description": NASTY}]
    judge = make_judge(api, name=NASTY, description=NASTY * 9, criteria=criteria)
    scores = [{"criterionId": "crit_nasty", "score": 4}]
    texts = {"output": NASTY, "input": NASTY, "rationale": NASTY, "source": NASTY}
    kept = record_evaluations(
        api, judge, [texts | {"externalId": f"{number} {NASTY}", "scores": scores} for number in range(21)]
    )
    given = {"type": "CORRECTION", "correctedScores": [{"criterionId": "crit_nasty", "score": 3}], "comment": NASTY}
    who = {"submittedBy": "n" * 200}
    submit_feedback(api, judge, [given | who | {"evaluationExternalId": f"{number} {NASTY}"} for number in range(21)])
    job = run_job(api, judge)
    enter_key(page, home)
    for address in (f"#/judges/{judge['id']}", f"#/jobs/{job['id']}", "#/judges", "#/jobs"):
        go(page, address)
        expect(page.get_by_text(NASTY).first).to_be_visible()
        check_all_layouts(page)
    go(page, f"#/judges/{judge['id']}/review/{kept[0]['id']}")
    page.get_by_text("Previous feedback").click()
    check_all_layouts(page)
    assert page.locator("main img, main script").count() == 0
    assert page.title() == "Review evaluations · Judgesmith"
    api.http.close()


def test_all_scales_can_be_scored_with_the_keyboard(page: Page, home: Server) -> None:
    api = Api(home.url, home.admin_key)
    judge = make_judge(api, name="Scales", criteria=SCALES)
    (evaluation,) = record_evaluations(api, judge, [{"output": "An answer.", "scores": [
        {"criterionId": "crit_percent", "score": 80}, {"criterionId": "crit_share", "score": 0.5},
        {"criterionId": "crit_pass", "score": 1},
    ]}])  # fmt: skip
    enter_key(page, home)
    go(page, f"#/judges/{judge['id']}/review/{evaluation['id']}")
    expect(page.get_by_text("judge: 0.5")).to_be_visible()
    page.keyboard.type("250")  # the digits go into the field of the selected criterion
    expect(page.get_by_label("Your score for Percent, 0 to 100")).to_have_value("250")
    page.keyboard.press("Enter")
    expect(page.get_by_text("End of the queue")).to_have_count(0)  # an invalid score is not sent
    page.get_by_label("Your score for Percent, 0 to 100").fill("65")
    for key in ("Escape", "j", "."):
        page.keyboard.press(key)
    page.get_by_label("Your score for Share, 0 to 1").fill("0.25")
    for key in ("Escape", "j", "0", "s"):
        page.keyboard.press(key)
    expect(page.get_by_text("Feedback was given on 1 evaluation.")).to_be_visible()
    corrected = api.run("Evaluation", id=evaluation["id"])["feedback"]["nodes"][0]["correctedScores"]
    assert [score["score"] for score in corrected] == [65, 0.25, 0]
    api.http.close()


def test_links_to_missing_objects_offer_a_way_on(inside: Page, world: Trained) -> None:
    other = make_judge(world.api, name="Another")
    (foreign,) = record_evaluations(world.api, other, [{"output": "Of another judge.", "scores": [
        {"criterionId": "crit_clarity", "score": 1}, {"criterionId": "crit_accuracy", "score": 1},
    ]}])  # fmt: skip
    for unknown in ("evl_none", foreign["id"]):
        go(inside, f"#/judges/{world.judge['id']}/review/{unknown}")
        expect(inside.get_by_text(f"This judge has no evaluation {unknown}.")).to_be_visible()
        inside.get_by_role("button", name="Continue with the next").click()
        expect(inside.get_by_role("heading", name="Output")).to_be_visible()
    inside.go_back()
    expect(inside.get_by_text("This judge has no evaluation evl_none.")).to_be_visible()
    go(inside, "#/jobs/job_none")
    expect(inside.get_by_role("heading", name="Job not found")).to_be_visible()
    go(inside, f"#/judges/{other['id']}")
    expect(inside.get_by_text("No feedback yet.")).to_be_visible()
    check_all_layouts(inside)


def test_key_is_stored_in_the_tab_only_and_requested_again_after_revocation(
    page: Page, home: Server, world: Trained, problems: PageProblems
) -> None:
    key = run_command("keys", "create", "--role", "TRAINER", "--database-url", home.database_url).stdout.strip()
    enter_key(page, home, key)
    kept = page.evaluate("[sessionStorage.length, localStorage.length, document.cookie, location.search]")
    assert kept == [1, 0, "", ""]
    go(page, f"#/judges/{world.judge['id']}")
    expect(page.get_by_role("button", name="Train now")).to_be_visible()
    expect(page.get_by_role("button", name="Deploy without proof")).to_have_count(0)  # requires an administrator
    (mine,) = [one for one in world.api.run("ApiKeys")["nodes"] if key.startswith(one["prefix"])]
    world.api.run("RevokeApiKey", input={"keyId": mine["id"]})
    expect(page.get_by_role("alert")).to_contain_text("mistyped, expired or revoked")  # the socket was closed
    assert page.evaluate("sessionStorage.length") == 0
    problems.ignore("401|WebSocket")
