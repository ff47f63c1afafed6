"""Tests that generated documents of the schema never cause an internal error."""

from datetime import datetime

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject
from schemathesis.graphql import nodes

from tests.server.api import Api, assert_nothing_leaks
from tests.server.processes import PROJECT_ROOT
from tests.server.scenarios import add_corrected_evaluations, create_job, make_judge

SDL = PROJECT_ROOT / "schema" / "schema.graphql"
FINE = {"INVALID", "NOT_FOUND", "BAD_REQUEST", "LIMIT_EXCEEDED"}
CASES = 60  # takes about three seconds
MOMENTS = st.datetimes(timezones=st.timezones()).map(datetime.isoformat) | st.text(max_size=30)


def test_generated_document_gets_a_valid_response(api: Api) -> None:
    judge = make_judge(api)
    add_corrected_evaluations(api, judge, range(20))
    create_job(api, judge)
    schemathesis.graphql.scalar("DateTime", MOMENTS.map(nodes.String))
    operations = schemathesis.graphql.from_file(SDL.read_text(encoding="utf-8"))
    seen: set[str] = set()

    @seed(20261125)
    @settings(
        max_examples=CASES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def ask(data: DataObject) -> None:
        case = data.draw(operations.as_strategy())
        answer = api.http.post("/graphql", json={"query": case.body})
        assert_nothing_leaks(answer)
        assert answer.status_code == 200, answer.text
        codes = {error["extensions"]["code"] for error in answer.json().get("errors", ())}
        assert codes <= FINE, (case.body, answer.text)
        seen.add(case.body)

    ask()
    assert len(seen) > CASES / 2


def test_random_text_as_id_finds_nothing(api: Api) -> None:
    judge = make_judge(api)["id"]
    prefixes = st.sampled_from(["", "jdg_", "ver_", "job_", "evl_", "fb_", "usr_", "key_", "wsp_", judge])

    @settings(max_examples=40, deadline=None, database=None, derandomize=True)
    @given(st.tuples(prefixes, st.text(min_size=1, max_size=60)).map("".join))
    def ask(id_: str) -> None:
        document = "query ($id: ID!) { node(id: $id) { id } judge(id: $id) { id } trainingJob(id: $id) { id } }"
        answer = api.post(document, {"id": id_})
        assert answer.json() == {"data": {"node": None, "judge": None, "trainingJob": None}}

    ask()
