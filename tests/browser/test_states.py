"""What pages look like when they ask, wait, fail or are empty, and whatever people call their things."""

import json
import re
from typing import Any

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import OUTAGE, Trouble, enter_key, go, look_at_all_sizes
from tests.server.api import Api
from tests.server.processes import Server, command
from tests.server.scenarios import Trained, create_job, fill, make_judge, record, run_job, submit

NASTY = """<img src=x onerror="document.title='taken'"><script>document.title='taken'</script>{{7*7}}"""
SCALES: list[dict[str, Any]] = [
    {"name": "Percent", "key": "crit_percent", "min": 0, "max": 100},
    {"name": "Share", "key": "crit_share", "min": 0, "max": 1, "step": 0.01},
    {"name": "Pass", "key": "crit_pass", "min": 0, "max": 1},
]


def test_questions_are_accessible_and_leave_the_focus_where_it_was(inside: Page, world: Trained) -> None:
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
        look_at_all_sizes(inside)
        inside.keyboard.press("Escape")
        expect(inside.get_by_role("dialog")).to_have_count(0)
        expect(inside.get_by_role("button", name=button, exact=True)).to_be_focused()
    world.api.run("CancelTrainingJob", input={"jobId": waiting["id"]})


def test_what_takes_long_or_fails_says_so(inside: Page, world: Trained, trouble: Trouble) -> None:
    broken = {"errors": [{"message": "It went wrong, id 12.", "extensions": {"code": "INTERNAL"}}]}

    def answer(route: Route) -> None:
        asked = route.request.post_data or ""
        if "query TrainingJobs(" in asked:
            route.fulfill(content_type="application/json", body=json.dumps(broken))
        elif "query JudgesOverview(" in asked:
            return  # no answer yet
        elif "query JudgeOverview(" in asked:
            route.abort("connectionrefused")
        else:
            route.fallback()

    inside.route("**/graphql", answer)
    inside.evaluate("location.hash = '#/jobs'")
    expect(inside.get_by_role("alert")).to_contain_text("Jobs could not be loaded. It went wrong, id 12.")
    look_at_all_sizes(inside)
    inside.evaluate("location.hash = '#/judges'")
    expect(inside.get_by_text("The judges: loading")).to_be_visible()
    look_at_all_sizes(inside)
    inside.evaluate("hash => { location.hash = hash }", f"#/judges/{world.judge['id']}")
    expect(inside.get_by_text("will be shown as soon as the server answers")).to_be_visible()
    look_at_all_sizes(inside)
    trouble.forgive(OUTAGE)


def test_a_refused_training_says_why_before_it_is_created(inside: Page, world: Trained) -> None:
    go(inside, f"#/judges/{world.judge['id']}")
    inside.get_by_role("button", name="Train now").click()
    inside.get_by_label("Usable items required").fill("5000")
    expect(inside.get_by_role("alert")).to_contain_text("asks for at least 5000")
    look_at_all_sizes(inside)


def test_the_questions_that_take_seconds_are_answered(inside: Page, world: Trained) -> None:
    go(inside, f"#/judges/{world.judge['id']}")
    expect(inside.get_by_role("row", name="ben 60 100 % 60")).to_be_visible()
    inside.get_by_role("button", name="Compare versions").click()
    expect(inside.get_by_text(re.compile("verdicts? of 120 would flip"))).to_be_visible()
    inside.get_by_role("button", name="Draw the learning curve").click()
    expect(inside.get_by_role("img", name=re.compile("^Mean absolute error"))).to_be_visible()
    look_at_all_sizes(inside)


def test_an_administrator_may_insist_on_what_was_refused_and_says_why(page: Page, home: Server) -> None:
    api = Api(home.url, home.admin_key)
    judge = make_judge(api, name="Twice")
    fill(api, judge, range(40))
    first, _ = run_job(api, judge), run_job(api, judge)  # both are proven better than the judge itself
    enter_key(page, home)
    go(page, f"#/judges/{judge['id']}")
    api.run("DeployJudgeVersion", input={"versionId": first["resultVersion"]["id"]})
    row = page.get_by_role("row", name="Version 2")
    row.get_by_role("button", name="Deploy", exact=True).click()
    page.get_by_role("button", name="Yes, deploy it").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text(
        "another version than the one that is active"
    )
    look_at_all_sizes(page)
    page.get_by_label("Why?").fill("Both are the same.")
    page.get_by_role("button", name="Deploy it all the same").click()
    expect(row.get_by_role("cell", name="active", exact=True)).to_be_visible()
    api.http.close()


def test_names_and_texts_are_shown_as_they_are_and_never_run(page: Page, home: Server) -> None:
    api = Api(home.url, home.admin_key)
    criteria = [{"name": NASTY, "key": "crit_nasty", "description": NASTY}]
    judge = make_judge(api, name=NASTY, description=NASTY * 9, criteria=criteria)
    scores = [{"criterionId": "crit_nasty", "score": 4}]
    texts = {"output": NASTY, "input": NASTY, "rationale": NASTY, "source": NASTY}
    kept = record(api, judge, [texts | {"externalId": f"{number} {NASTY}", "scores": scores} for number in range(21)])
    given = {"type": "CORRECTION", "correctedScores": [{"criterionId": "crit_nasty", "score": 3}], "comment": NASTY}
    who = {"submittedBy": "n" * 200}
    submit(api, judge, [given | who | {"evaluationExternalId": f"{number} {NASTY}"} for number in range(21)])
    job = run_job(api, judge)
    enter_key(page, home)
    for address in (f"#/judges/{judge['id']}", f"#/jobs/{job['id']}", "#/judges", "#/jobs"):
        go(page, address)
        expect(page.get_by_text(NASTY).first).to_be_visible()
        look_at_all_sizes(page)
    go(page, f"#/judges/{judge['id']}/review/{kept[0]['id']}")
    page.get_by_text("What people said").click()
    look_at_all_sizes(page)
    assert page.locator("main img, main script").count() == 0
    assert page.title() == "Review evaluations · Judgesmith"
    api.http.close()


def test_every_scale_is_scored_with_the_keyboard(page: Page, home: Server) -> None:
    api = Api(home.url, home.admin_key)
    judge = make_judge(api, name="Scales", criteria=SCALES)
    (evaluation,) = record(api, judge, [{"output": "An answer.", "scores": [
        {"criterionId": "crit_percent", "score": 80}, {"criterionId": "crit_share", "score": 0.5},
        {"criterionId": "crit_pass", "score": 1},
    ]}])  # fmt: skip
    enter_key(page, home)
    go(page, f"#/judges/{judge['id']}/review/{evaluation['id']}")
    expect(page.get_by_text("judge: 0.5")).to_be_visible()
    page.keyboard.type("250")  # the digits go into the field of the marked criterion
    expect(page.get_by_label("Your score for Percent, 0 to 100")).to_have_value("250")
    page.keyboard.press("Enter")
    expect(page.get_by_text("You went through")).to_have_count(0)  # what is no score is not sent
    page.get_by_label("Your score for Percent, 0 to 100").fill("65")
    for key in ("Escape", "j", "."):
        page.keyboard.press(key)
    page.get_by_label("Your score for Share, 0 to 1").fill("0.25")
    for key in ("Escape", "j", "0", "s"):
        page.keyboard.press(key)
    expect(page.get_by_text("Feedback was given on 1 evaluation.")).to_be_visible()
    said = api.run("Evaluation", id=evaluation["id"])["feedback"]["nodes"][0]["correctedScores"]
    assert [score["score"] for score in said] == [65, 0.25, 0]
    api.http.close()


def test_a_link_to_what_is_not_there_leads_on(inside: Page, world: Trained) -> None:
    other = make_judge(world.api, name="Another")
    (foreign,) = record(world.api, other, [{"output": "Of another judge.", "scores": [
        {"criterionId": "crit_clarity", "score": 1}, {"criterionId": "crit_accuracy", "score": 1},
    ]}])  # fmt: skip
    for unknown in ("evl_none", foreign["id"]):
        go(inside, f"#/judges/{world.judge['id']}/review/{unknown}")
        expect(inside.get_by_text(f"This judge has no evaluation {unknown}.")).to_be_visible()
        inside.get_by_role("button", name="Go on with the others").click()
        expect(inside.get_by_role("heading", name="What was judged")).to_be_visible()
    inside.go_back()
    expect(inside.get_by_text("This judge has no evaluation evl_none.")).to_be_visible()
    go(inside, "#/jobs/job_none")
    expect(inside.get_by_role("heading", name="No such job")).to_be_visible()
    go(inside, f"#/judges/{other['id']}")
    expect(inside.get_by_text("No feedback yet.")).to_be_visible()
    look_at_all_sizes(inside)


def test_a_key_is_kept_in_the_tab_alone_and_asked_for_again_when_it_is_revoked(
    page: Page, home: Server, world: Trained, trouble: Trouble
) -> None:
    key = command("keys", "create", "--role", "TRAINER", "--database-url", home.database_url).stdout.strip()
    enter_key(page, home, key)
    kept = page.evaluate("[sessionStorage.length, localStorage.length, document.cookie, location.search]")
    assert kept == [1, 0, "", ""]
    go(page, f"#/judges/{world.judge['id']}")
    expect(page.get_by_role("button", name="Train now")).to_be_visible()
    expect(page.get_by_role("button", name="Deploy without proof")).to_have_count(0)  # an administrator's
    (mine,) = [one for one in world.api.run("ApiKeys")["nodes"] if key.startswith(one["prefix"])]
    world.api.run("RevokeApiKey", input={"keyId": mine["id"]})
    expect(page.get_by_role("alert")).to_contain_text("mistyped, expired or revoked")  # the socket was told
    assert page.evaluate("sessionStorage.length") == 0
    trouble.forgive("401|WebSocket")
