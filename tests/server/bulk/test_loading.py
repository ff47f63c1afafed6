"""Tests of the bulk endpoints: loading by the rules of the mutations, progress, and export."""

import gzip
import json
import random
import socket
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import httpx
import pytest

from models.access import Role
from models.bulk.line_splitter import MAX_LINE_BYTES
from server.bulk.key_recheck import KEY_RECHECK_SECONDS
from tests.server.api import Api, Data
from tests.server.bulk.client import (
    CLARITY,
    correction_line,
    encode_lines,
    evaluation_line,
    export_all,
    get_rejections,
    get_totals,
    load_lines,
)
from tests.server.conftest import Enter, make_key, update_key
from tests.server.processes import Server, run_server
from tests.server.scenarios import Trained, make_item, make_judge, record_evaluations, submit_feedback
from tests.waiting import STALLED_SECONDS

pytestmark = pytest.mark.usefixtures("true_counters")

JUDGE = {"name": "J", "criteria": [{"name": "Clarity", "key": CLARITY}, {"name": "Depth", "min": 0, "max": 10}]}


@pytest.fixture(params=["sqlite", "postgres"])
def api(request: pytest.FixtureRequest, enter: Enter) -> Api:
    """Return an administrator of a new workspace, on a server with each kind of database."""
    name = "quiet_server" if request.param == "sqlite" else "postgres_server"
    return enter(request.getfixturevalue(name))


@pytest.fixture
def judge(api: Api) -> Data:
    recorded: Data = api.run("CreateJudge", input=JUDGE)["judge"]
    return recorded


@pytest.mark.parametrize("packed", [False, True])
def test_exported_lines_equal_the_loaded_ones(api: Api, judge: Data, packed: bool) -> None:
    items = [evaluation_line(n, group=f"g{n % 3}", scores={CLARITY: 3.5, "Depth": n % 10}) for n in range(2500)]
    corrections = [correction_line(n, comment="Hm.") for n in range(2500)]
    assert get_totals(load_lines(api, judge, "evaluations", encode_lines(*items), packed=packed)) == (2500, 0, 0, True)
    answers = load_lines(api, judge, "feedback", encode_lines(*corrections), packed=packed)
    assert get_totals(answers) == (2500, 0, 0, True)

    accepted = [answer["accepted"] for answer in answers]
    assert accepted == sorted(accepted)
    assert len(accepted) > 2  # progress is reported before the end
    out = export_all(api, judge, "evaluations")
    assert [line["external_id"] for line in out] == [line["external_id"] for line in items]
    assert out[7] == items[7] | {"scores": {CLARITY: 3.5, "crit_depth": 7}}
    assert export_all(api, judge, "feedback") == corrections


def test_second_load_of_the_same_lines_changes_nothing(api: Api, judge: Data) -> None:
    body = encode_lines(*(evaluation_line(n) for n in range(50)))
    load_lines(api, judge, "evaluations", body)
    assert get_totals(load_lines(api, judge, "evaluations", body)) == (0, 50, 0, True)


def test_mutations_and_bulk_loads_share_external_ids(api: Api) -> None:
    judge = make_judge(api)
    record_evaluations(api, judge, [make_item(1)])
    scores = {score["criterionId"]: score["score"] for score in make_item(1)["scores"]}
    line = {"external_id": "e1", "group": "g0", "output": make_item(1)["output"], "scores": scores}
    assert get_totals(load_lines(api, judge, "evaluations", encode_lines(line))) == (0, 1, 0, True)

    [refused] = get_rejections(load_lines(api, judge, "evaluations", encode_lines(line | {"output": "Other."})))
    assert (refused["line"], refused["code"], refused["field"]) == (1, "CONFLICT", ["external_id"])
    payload = submit_feedback(api, judge, [{"evaluationExternalId": "e1", "type": "RATING", "rating": 4}])
    assert payload["acceptedCount"] == 1


@pytest.mark.parametrize(
    ("line", "code", "field", "expected"),
    [
        (b"{nonsense", "INVALID", None, "no JSON"),
        (b'{"output": "\xff\xfe"}', "INVALID", None, "not UTF-8"),
        (b'{"output": "a\x00b", "scores": {"crit_clarity": 1}}', "INVALID", None, "NUL bytes"),
        (b'{"output": "a", "scores": {"crit_clarity": NaN}}', "INVALID", ["scores", CLARITY], "is NaN"),
        (b'{"output": "a", "scores": {"crit_clarity": 1e999}}', "INVALID", ["scores", CLARITY], "too large"),
        ('{"output": "a", "scores": {"crit_clarity": 1}}'.encode("utf-16"), "INVALID", None, "no text in UTF-8"),
        (b'{"output": "a",\r"scores": {"crit_clarity": 1}}\r{', "INVALID", None, "carriage return"),
        (b'{"output": "a",', "INVALID", None, "Write each object on one line"),
        (b"external_id,output,clarity", "INVALID", None, "begins with 'external_id"),
        (b'{"output": "a", "scores": {"crit_clarity": 1, "crit_clarity": 2}}', "INVALID", ["crit_clarity"], "twice"),
        (b'{"output": "a", "output" : "b", "scores": {"crit_clarity": 1}}', "INVALID", ["output"], "twice"),
        (b'["output"]', "INVALID", None, "A line is one JSON object"),
        (evaluation_line(9, output="a\x00b"), "INVALID", ["output"], "NUL"),
        (evaluation_line(9, output=5), "INVALID", ["output"], 'in quotes, like "5", not 5'),
        (b'{"output": "a \\ud83d", "scores": {"crit_clarity": 1}}', "INVALID", ["output"], "half a surrogate pair"),
        (b'\xef\xbb\xbf{"output": "a", "scores": {"crit_clarity": 1}}', "INVALID", None, "byte order mark"),
        (evaluation_line(9, scores={CLARITY: "4"}), "INVALID", ["scores", CLARITY], 'without quotes, not "4"'),
        (evaluation_line(9, output="x" * 100_001), "LIMIT_EXCEEDED", ["output"], "100,000"),
        (b'{"output": "' + b"x" * MAX_LINE_BYTES + b'"}', "LIMIT_EXCEEDED", None, "4 MiB"),
        ({"output": "a"}, "INVALID", ["scores"], "missing"),
        (evaluation_line(9, colour="red"), "INVALID", ["colour"], "may have output, scores"),
        (evaluation_line(9, scores={}), "INVALID", ["scores"], "at least one"),
        (evaluation_line(9, scores={"charm": 3}), "NOT_FOUND", ["scores", "charm"], "crit_clarity, crit_depth"),
        (evaluation_line(9, scores={CLARITY: 7}), "INVALID", ["scores", CLARITY], "1 to 5"),
        (evaluation_line(9, scores={CLARITY: 3, "Clarity": 3}), "INVALID", ["scores", "Clarity"], "twice"),
        (evaluation_line(9, evaluated_at="2026-01-05T09:00:00"), "INVALID", ["evaluated_at"], "offset"),
        (evaluation_line(9, version_id="ver_none"), "NOT_FOUND", ["version_id"], "no version"),
        (evaluation_line(9, external_id="x" * 201), "LIMIT_EXCEEDED", ["external_id"], "200"),
    ],
)
def test_invalid_evaluation_is_reported_by_line_and_the_others_load(
    quiet_server: Server, enter: Enter, line: Any, code: str, field: Any, expected: str
) -> None:
    api = enter(quiet_server)
    judge = api.run("CreateJudge", input=JUDGE)["judge"]
    responses = load_lines(api, judge, "evaluations", encode_lines(evaluation_line(1), b"", line, evaluation_line(2)))
    assert get_totals(responses) == (2, 0, 1, True)
    [error] = get_rejections(responses)
    assert (error["line"], error["code"], error["field"]) == (3, code, field)
    assert expected in error["message"]
    assert [line["external_id"] for line in export_all(api, judge, "evaluations")] == ["e1", "e2"]


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"type": "praise"}, "INVALID", ["type"]),
        ({"type": "rating", "rating": 4}, "INVALID", ["corrected_scores"]),
        ({"type": "rating", "corrected_scores": None}, "INVALID", ["rating"]),
        ({"type": "rating", "corrected_scores": None, "rating": 4.5}, "INVALID", ["rating"]),
        ({"type": "rating", "corrected_scores": None, "rating": 10**30}, "INVALID", ["rating"]),
        ({"type": "approval", "corrected_scores": None, "approved": "yes"}, "INVALID", ["approved"]),
        ({"corrected_scores": {"charm": 3}}, "NOT_FOUND", ["corrected_scores", "charm"]),
        ({"evaluation": "e404"}, "NOT_FOUND", ["evaluation"]),
        ({"evaluation": None}, "INVALID", ["evaluation"]),
        ({"evaluation_id": "evl_404", "evaluation": None}, "NOT_FOUND", ["evaluation_id"]),
        ({"evaluation_id": "evl_404"}, "INVALID", ["evaluation_id"]),
        ({"comment": "x" * 10_001}, "LIMIT_EXCEEDED", ["comment"]),
        ({"external_id": "f1"}, "CONFLICT", ["external_id"]),
    ],
)
def test_invalid_feedback_is_reported_by_line_and_the_others_load(
    quiet_server: Server, enter: Enter, changes: Data, code: str, field: list[str]
) -> None:
    api = enter(quiet_server)
    judge = api.run("CreateJudge", input=JUDGE)["judge"]
    load_lines(api, judge, "evaluations", encode_lines(evaluation_line(1), evaluation_line(2)))
    bad = correction_line(2, submitted_by="eve") | changes
    responses = load_lines(api, judge, "feedback", encode_lines(correction_line(1), bad, correction_line(2)))
    assert get_totals(responses) == (2, 0, 1, True)
    assert [(error["line"], error["code"], error["field"]) for error in get_rejections(responses)] == [(2, code, field)]


def test_types_in_any_case_and_integral_ratings_are_accepted(api: Api, judge: Data) -> None:
    load_lines(api, judge, "evaluations", encode_lines(evaluation_line(1)))
    plain = {"evaluation": "e1", "submitted_by": "ann"}
    given = [
        plain | {"type": "RATING", "rating": 4.0},
        plain | {"type": "approval", "approved": False, "rating": None},
        plain | {"type": "Comment", "comment": 'He said: "so": yes'},
    ]
    assert get_totals(load_lines(api, judge, "feedback", encode_lines(*given))) == (3, 0, 0, True)
    assert [line["type"] for line in export_all(api, judge, "feedback")] == ["rating", "approval", "comment"]


def test_line_without_external_id_is_new_each_time_unless_idempotent(api: Api, judge: Data) -> None:
    nameless = {"output": "Text.", "scores": {CLARITY: 3}}
    again = {"scores": {CLARITY: 3.0}, "output": "Text."}  # has the same content
    assert get_totals(load_lines(api, judge, "evaluations", encode_lines(nameless, again))) == (2, 0, 0, True)
    assert get_totals(load_lines(api, judge, "evaluations", encode_lines(nameless, again), idempotent="true")) == (
        1,
        1,
        0,
        True,
    )
    assert get_totals(load_lines(api, judge, "evaluations", encode_lines(nameless), idempotent="true")) == (
        0,
        1,
        0,
        True,
    )


def test_dry_run_checks_everything_and_stores_nothing(api: Api, judge: Data) -> None:
    load_lines(api, judge, "evaluations", encode_lines(evaluation_line(1)))
    given = encode_lines(
        evaluation_line(1),
        evaluation_line(2),
        evaluation_line(1, output="Other."),
        evaluation_line(3, scores={CLARITY: 9}),
    )
    responses = load_lines(api, judge, "evaluations", given, dry_run="true")
    assert get_totals(responses) == (1, 1, 2, True)
    assert [(e["line"], e["code"]) for e in get_rejections(responses)] == [(3, "CONFLICT"), (4, "INVALID")]
    responses = load_lines(
        api, judge, "feedback", encode_lines(correction_line(1), correction_line(2), correction_line(1)), dry_run="1"
    )
    assert get_totals(responses) == (1, 1, 1, True)
    assert len(export_all(api, judge, "evaluations")) == 1
    assert export_all(api, judge, "feedback") == []


def test_id_that_no_database_can_store_is_unknown(api: Api, judge: Data) -> None:
    load_lines(api, judge, "evaluations", encode_lines(evaluation_line(1)))
    bad = correction_line(1, evaluation=None, evaluation_id="evl_\0")
    responses = load_lines(api, judge, "feedback", encode_lines(bad, correction_line(1)))
    assert get_totals(responses) == (1, 0, 1, True)
    assert get_rejections(responses)[0]["code"] == "NOT_FOUND"


def test_revoked_key_ends_an_export(quiet_server: Server, enter: Enter) -> None:
    api = enter(quiet_server)
    judge = make_judge(api)
    load_lines(api, judge, "evaluations", encode_lines(*(evaluation_line(n, output="x" * 90_000) for n in range(400))))
    logged_before = len(quiet_server.log())
    with api.http.stream("GET", f"/judges/{judge['id']}/evaluations") as answer:
        pieces = answer.iter_bytes()
        next(pieces)
        update_key(quiet_server, api.key)
        time.sleep(KEY_RECHECK_SECONDS + 0.2)  # the rest is sent only when the client reads on
        with pytest.raises(httpx.RemoteProtocolError):
            for _ in pieces:
                pass
    assert "unexpected_error" not in quiet_server.log()[logged_before:]


@pytest.mark.parametrize("change", ["revoked_at = 1", "expires_at = 1"], ids=["revoked", "expired"])
def test_revoked_key_ends_a_load_after_the_accepted_lines(quiet_server: Server, enter: Enter, change: str) -> None:
    api = enter(quiet_server)
    judge = api.run("CreateJudge", input=JUDGE)["judge"]
    guest = Api(quiet_server.url, make_key(quiet_server, workspace=_read_workspace_name(api)))
    with _open_stream(guest, judge) as stream:
        stream.send(encode_lines(evaluation_line(1)))
        assert stream.line()["accepted"] == 1
        update_key(quiet_server, guest.key, change)
        time.sleep(KEY_RECHECK_SECONDS + 0.2)
        stream.send(encode_lines(evaluation_line(2)))
        assert stream.line()["code"] == "UNAUTHENTICATED"
        last = stream.line()
        assert (last["accepted"], last["done"], last["complete"]) == (1, True, False)
    guest.http.close()


def _read_workspace_name(api: Api) -> str:
    name: str = api.query("{ viewer { workspace { name } } }")["viewer"]["workspace"]["name"]
    return name


def test_server_stops_although_a_load_is_open(data_dir: Path) -> None:
    with run_server(data_dir, "--no-runner") as started:
        api = Api(started.url, make_key(started, workspace="w"))
        judge = api.run("CreateJudge", input=JUDGE)["judge"]
        with _open_stream(api, judge) as stream:
            stream.send(encode_lines(evaluation_line(1)))
            assert stream.line()["accepted"] == 1
            assert started.terminate() in (0, -15, 143)
        api.http.close()


def test_line_endings_blank_lines_and_byte_order_mark_are_accepted(api: Api, judge: Data) -> None:
    body = (
        b"\xef\xbb\xbf"
        + encode_lines(evaluation_line(1), b"", b"  ").replace(b"\n", b"\r\n")
        + encode_lines(evaluation_line(2)).strip()
    )
    assert get_totals(load_lines(api, judge, "evaluations", body)) == (2, 0, 0, True)


def test_empty_body_is_accepted(api: Api, judge: Data) -> None:
    assert load_lines(api, judge, "evaluations", b"") == [
        {"accepted": 0, "new": 0, "already_there": 0, "refused": 0, "done": True, "complete": True}
    ]


def test_gzip_with_several_members_is_one_body(api: Api, judge: Data) -> None:
    body = b"".join(gzip.compress(encode_lines(evaluation_line(n))) for n in range(5)) + b"\0" * 512
    assert get_totals(load_lines(api, judge, "evaluations", body)) == (5, 0, 0, True)


@pytest.mark.parametrize("kept", [0.5, 0.999])
def test_truncated_gzip_is_reported_and_stores_no_partial_line(api: Api, judge: Data, kept: float) -> None:
    chance = random.Random(1)
    items = [evaluation_line(n, output=f"{chance.random()}" * 3) for n in range(2000)]
    packed = gzip.compress(encode_lines(*items))
    responses = load_lines(api, judge, "evaluations", packed[: int(kept * len(packed))])
    new, _, _, complete = get_totals(responses)
    assert not complete
    assert 0 < new < 2000
    assert "gzip" in get_rejections(responses)[-1]["message"]
    out = export_all(api, judge, "evaluations")
    assert [line["output"] for line in out] == [line["output"] for line in items[:new]]


def test_small_gzip_of_a_huge_line_is_rejected_in_bounded_memory(quiet_server: Server, enter: Enter) -> None:
    api = enter(quiet_server)
    judge = api.run("CreateJudge", input=JUDGE)["judge"]
    packer = zlib.compressobj(9, wbits=31)
    bomb = packer.compress(encode_lines(evaluation_line(1)))
    for _ in range(300):
        bomb += packer.compress(b"x" * 2**20)
    bomb += packer.compress(b"\n" + encode_lines(evaluation_line(2))) + packer.flush()
    before = _read_peak_memory_mib(quiet_server)
    responses = load_lines(api, judge, "evaluations", bomb)
    assert get_totals(responses) == (2, 0, 1, True)
    assert get_rejections(responses)[0]["line"] == 2
    assert _read_peak_memory_mib(quiet_server) - before < 100


def _read_peak_memory_mib(server: Server) -> float:
    with open(f"/proc/{server.process.pid}/status") as status:  # noqa: PTH123
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))


def test_client_that_sends_all_before_reading_gets_every_error(api: Api, judge: Data) -> None:
    bad = encode_lines(*(evaluation_line(n, scores={"charm" * 30: 1}) for n in range(20_000)))
    responses = load_lines(api, judge, "evaluations", bad)
    assert get_totals(responses) == (0, 0, 20_000, True)
    assert [error["line"] for error in get_rejections(responses)] == list(range(1, 20_001))


def test_slow_sender_gets_progress_and_broken_connection_stores_whole_lines(api: Api, judge: Data) -> None:
    with _open_stream(api, judge) as stream:
        stream.send(encode_lines(evaluation_line(1), evaluation_line(2)) + b'{"external_id": "e3", "outp')
        assert stream.line()["accepted"] == 2
        assert len(export_all(api, judge, "evaluations")) == 2
        stream.send(b'ut": "Answer 3.", "scores": {"crit_clarity": 4}}\n{"external_id": "e4", "output": "A')
        assert stream.line()["accepted"] == 3
    time.sleep(0.2)
    assert [line["external_id"] for line in export_all(api, judge, "evaluations")] == ["e1", "e2", "e3"]


def test_other_requests_are_served_while_loads_are_queued(api: Api, judge: Data) -> None:
    streams = [_open_stream(api, judge) for _ in range(6)]
    try:
        for stream in streams:
            stream.send(encode_lines(evaluation_line(1)))
        assert api.run("Judge", id=judge["id"])["id"] == judge["id"]
    finally:
        for stream in streams:
            stream.close()
    assert get_totals(load_lines(api, judge, "evaluations", encode_lines(evaluation_line(1))))[2:] == (0, True)


@pytest.mark.parametrize("kind", ["evaluations", "feedback"])
def test_viewer_may_export_but_not_load_and_other_workspaces_get_404(
    quiet_server: Server, enter: Enter, kind: str
) -> None:
    admin = enter(quiet_server, workspace=f"bulk roles {kind}")
    judge = admin.run("CreateJudge", input=JUDGE)["judge"]
    viewer = enter(quiet_server, workspace=f"bulk roles {kind}", role=Role.VIEWER)
    annotator = enter(quiet_server, workspace=f"bulk roles {kind}", role=Role.ANNOTATOR)
    outsider, anonymous = enter(quiet_server), Api(quiet_server.url, None)
    path = f"/judges/{judge['id']}/{kind}"
    assert [a.http.post(path, content=b"").status_code for a in (annotator, viewer, outsider, anonymous)] == [
        200,
        403,
        404,
        401,
    ]
    assert [a.http.get(path).status_code for a in (annotator, viewer, outsider, anonymous)] == [200, 200, 404, 401]
    unknown = outsider.http.post(f"/judges/jdg_none/{kind}", content=b"").json()
    assert outsider.http.post(path, content=b"").json()["error"] == {
        **unknown["error"],
        "message": unknown["error"]["message"].replace("jdg_none", judge["id"]),
        "details": json.loads(json.dumps(unknown["error"]["details"]).replace("jdg_none", judge["id"])),
    }
    anonymous.http.close()


def test_unknown_encoding_and_invalid_flag_are_rejected(quiet_server: Server, enter: Enter) -> None:
    api = enter(quiet_server)
    judge = api.run("CreateJudge", input=JUDGE)["judge"]
    path = f"/judges/{judge['id']}/evaluations"
    assert api.http.post(path, content=b"", headers={"content-encoding": "br"}).status_code == 415
    assert api.http.post(path, content=b"", params={"dry_run": "perhaps"}).status_code == 422


def test_export_loaded_into_another_judge_exports_the_same(api: Api, judge: Data) -> None:
    scores = [{"criterionId": CLARITY, "score": 3}]
    recorded = record_evaluations(api, judge, [{"output": "Nameless.", "scores": scores}])
    submit_feedback(api, judge, [{"evaluationId": recorded[0]["id"], "type": "RATING", "rating": 5}] * 2)
    load_lines(
        api,
        judge,
        "evaluations",
        encode_lines(*(evaluation_line(n, input="é\u2028\n", rationale="") for n in range(9))),
    )
    load_lines(api, judge, "feedback", encode_lines(*(correction_line(n) for n in range(9))))
    first = {kind: export_all(api, judge, kind) for kind in ("evaluations", "feedback")}

    copy = api.run("CreateJudge", input=JUDGE)["judge"]
    for kind, out in first.items():
        assert get_totals(load_lines(api, copy, kind, encode_lines(*out))) == (len(out), 0, 0, True)
        assert export_all(api, copy, kind) == out
        # Loaded back into the original judge, every line is known.
        assert get_totals(load_lines(api, judge, kind, encode_lines(*out))) == (0, len(out), 0, True)
        assert export_all(api, judge, kind) == out
    assert len(first["feedback"]) == 11


def test_shown_scores_survive_an_export_without_the_version(server: Server, enter: Enter, trained: Trained) -> None:
    api = trained.api
    version = trained.version["id"]
    given = make_item(900)
    shown_to_people = {score["criterionId"]: score["score"] for score in given["scores"]}
    line = {"external_id": "v1", "output": given["output"], "scores": shown_to_people, "version_id": version}
    assert get_totals(load_lines(api, trained.judge, "evaluations", encode_lines(line)))[2:] == (0, True)
    [out] = [line for line in export_all(api, trained.judge, "evaluations") if line["external_id"] == "v1"]
    assert out["version_id"] == version
    assert out["shown_scores"] != out["scores"]

    other = enter(server)
    copy = make_judge(other)
    assert get_totals(load_lines(other, copy, "evaluations", encode_lines(out))) == (1, 0, 0, True)
    without_id = {name: value for name, value in out.items() if name != "version_id"}
    assert export_all(other, copy, "evaluations") == [without_id]
    assert get_totals(load_lines(other, copy, "evaluations", encode_lines(out, without_id))) == (0, 2, 0, True)


class _Stream:
    """Request whose body is sent in pieces while its response is read."""

    def __init__(self, connection: socket.socket, head: bytes) -> None:
        self._connection = connection
        self._connection.sendall(head)
        self._file = connection.makefile("rb")
        self._answers: Iterator[Data] | None = None

    def send(self, data: bytes) -> None:
        self._connection.sendall(b"%x\r\n%b\r\n" % (len(data), data))

    def line(self) -> Data:
        """Return the next response line."""
        if self._answers is None:
            self._answers = self._read()
        return next(self._answers)

    def _read(self) -> Iterator[Data]:
        assert b"200" in self._file.readline()
        while self._file.readline().strip():
            pass
        rest = b""
        while size := int(self._file.readline(), 16):
            rest += self._file.read(size)
            self._file.read(2)
            *whole, rest = rest.split(b"\n")
            yield from map(json.loads, whole)

    def close(self) -> None:
        self._file.close()
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _open_stream(api: Api, judge: Data) -> _Stream:
    host, port = api.url.removeprefix("http://").split(":")
    head = (
        f"POST /judges/{judge['id']}/evaluations HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {api.key}\r\n"
        "Transfer-Encoding: chunked\r\n\r\n"
    )
    return _Stream(socket.create_connection((host, int(port)), timeout=STALLED_SECONDS), head.encode())
