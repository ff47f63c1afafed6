"""Tests of `judgesmith import` and `judgesmith export` against real servers, with invalid files and interruptions."""

import gzip
import json
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.app import app
from cli.client import bulk
from cli.client.client import Client
from tests.server.api import Api, Data
from tests.server.bulk.client import CLARITY, correction_line, encode_lines, evaluation_line, export_all, load_lines
from tests.server.conftest import Enter, make_key
from tests.server.processes import PROJECT_ROOT, Server, environment, run_server
from tests.server.processes import run_command as started_command
from tests.waiting import STALLED_SECONDS, wait_until

pytestmark = pytest.mark.usefixtures("true_counters")

JUDGE = {"name": "J", "criteria": [{"name": "Clarity", "key": CLARITY}, {"name": "Depth", "min": 0, "max": 10}]}


@pytest.fixture
def judge(api: Api) -> Data:
    created: Data = api.run("CreateJudge", input=JUDGE)["judge"]
    return created


@pytest.fixture(autouse=True)
def _in_a_separate_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def invoke(api: Api, command: str, *words: object, stdin: bytes | None = None) -> Any:
    """Run a `judgesmith` command in this process.

    Args:
        api: client with the URL and the key to use.
        command: name of the command.
        words: further arguments.
        stdin: content of the standard input.
    """
    options = ["--url", api.url, "--key", api.key or ""]
    return CliRunner().invoke(app, [command, *map(str, words), *options], input=stdin)


def write_file(name: str, content: bytes) -> Path:
    path = Path(name)
    path.write_bytes(content)
    return path


def read_rejections() -> list[Data]:
    return [json.loads(line) for line in Path("import-errors.jsonl").read_text().splitlines()]


def export_ids(api: Api, judge: Data, kind: str = "evaluations") -> list[str]:
    return [line["external_id"] for line in export_all(api, judge, kind)]


def test_repeated_import_of_both_files_stores_each_line_once(api: Api, judge: Data) -> None:
    nameless = {"evaluation": "e1", "type": "rating", "rating": 4}
    files = (
        "--evaluations",
        write_file("e.jsonl", encode_lines(evaluation_line(1), evaluation_line(2))),
        "--feedback",
        write_file("f.jsonl.gz", gzip.compress(encode_lines(correction_line(1), correction_line(2), nameless))),
    )
    first = invoke(api, "import", "--judge", judge["id"], *files)
    assert first.exit_code == 0, first.output
    assert "Evaluations: 2 new, 0 already there, 0 refused" in first.stdout
    assert "Feedback: 3 new, 0 already there, 0 refused" in first.stdout
    again = json.loads(invoke(api, "import", "--judge", judge["id"], *files, "--json").stdout)
    assert again["feedback"] == {"new": 0, "already_there": 3, "refused": 0, "skipped": 0, "updated": 0, "waiting": 0}
    assert export_all(api, judge, "feedback")[:2] == [correction_line(1), correction_line(2)]


def test_identical_lines_without_external_id_are_stored_once(api: Api, judge: Data) -> None:
    invoke(
        api, "import", "--judge", judge["id"], "--evaluations", write_file("e.jsonl", encode_lines(evaluation_line(1)))
    )
    same = {"evaluation": "e1", "type": "rating", "rating": 4}, {"rating": 4.0, "type": "rating", "evaluation": "e1"}
    result = invoke(
        api, "import", "--judge", judge["id"], "--feedback", write_file("f.jsonl", encode_lines(*same, same[0]))
    )
    assert "Feedback: 1 new, 2 already there, 0 refused" in result.stdout


def test_invalid_lines_are_reported_by_number_and_the_others_load(api: Api, judge: Data) -> None:
    given = encode_lines(
        evaluation_line(1), b"", evaluation_line(2, scores={CLARITY: 9, "Depth": 11}), b"{", evaluation_line(3)
    )
    result = invoke(api, "import", "--judge", judge["id"], "--evaluations", write_file("e.jsonl", given))
    assert result.exit_code == 1
    assert "2 new, 0 already there, 2 refused" in result.stdout
    first, second = read_rejections()
    assert (first["file"], first["line"], first["external_id"]) == ("e.jsonl", 3, "e2")
    assert "is 1 to 5, not 9. (field: scores.crit_clarity); " in first["reason"]
    assert (second["line"], second["external_id"]) == (4, None)


def encode_utf16(content: bytes) -> bytes:
    return content.decode().encode("utf-16")


MALFORMED: dict[str, tuple[bytes, int, str, list[str]]] = {
    "a gzip that breaks off": (gzip.compress(encode_lines(evaluation_line(1)))[:-4], 2, "is damaged", ["e1"]),
    "a line of 100 MB": (
        encode_lines(evaluation_line(1), b'{"output": "' + b"x" * 100_000_000 + b'"}', evaluation_line(2)),
        1,
        "4 MiB",
        ["e1", "e2"],
    ),
    "NUL bytes": (
        encode_lines(evaluation_line(1)) + b"\0" * 5000 + b"\n" + encode_lines(evaluation_line(2)),
        1,
        "NUL bytes",
        ["e1", "e2"],
    ),
    "UTF-16": (encode_utf16(encode_lines(evaluation_line(1))), 2, "is UTF-16 or UTF-32, not UTF-8", []),
    "Latin-1": (
        encode_lines(evaluation_line(1), '{"output": "Café", "scores": {"Clarity": 1}}'.encode("latin-1")),
        1,
        "not UTF-8",
        ["e1"],
    ),
    "CRLF": (encode_lines(evaluation_line(1), evaluation_line(2)).replace(b"\n", b"\r\n"), 0, "2 new", ["e1", "e2"]),
    "a key twice": (
        encode_lines(evaluation_line(1), b'{"output": "a", "output": "b", "scores": {"Clarity": 1}}'),
        1,
        "output is there twice",
        ["e1"],
    ),
    "NaN": (
        encode_lines(evaluation_line(1), b'{"output": "a", "scores": {"Clarity": NaN}}'),
        1,
        "NaN and Infinity are no numbers",
        ["e1"],
    ),
    "an unknown criterion": (
        encode_lines(evaluation_line(1), evaluation_line(2, scores={"charm": 1})),
        1,
        "no criterion 'charm'; it has crit_clarity, crit_depth",
        ["e1"],
    ),
    "nothing": (b"", 0, "is empty", []),
}


@pytest.mark.parametrize("what", MALFORMED)
def test_malformed_file_is_reported_and_no_partial_line_is_stored(api: Api, judge: Data, what: str) -> None:
    content, status, expected, there = MALFORMED[what]
    path = write_file("evaluations.jsonl", content)
    result = invoke(api, "import", "--judge", judge["id"], "--evaluations", path)
    assert result.exit_code == status, result.output
    output = result.output + (Path("import-errors.jsonl").read_text() if status == 1 else "")
    assert expected in " ".join(output.split())
    assert export_ids(api, judge) == there


def test_directory_is_rejected_before_anything_is_loaded(api: Api, judge: Data) -> None:
    Path("folder").mkdir()
    files = "--evaluations", write_file("e.jsonl", encode_lines(evaluation_line(1))), "--feedback", "folder"
    result = invoke(api, "import", "--judge", judge["id"], *files)
    assert result.exit_code == 2
    assert "folder is a directory" in " ".join(result.stderr.replace("│", " ").split())
    assert export_ids(api, judge) == []


def test_minus_reads_stdin(api: Api, judge: Data) -> None:
    body = gzip.compress(encode_lines(evaluation_line(1)))
    assert invoke(api, "import", "--judge", judge["id"], "--evaluations", "-", stdin=body).exit_code == 0
    assert export_ids(api, judge) == ["e1"]


def test_judge_is_created_from_its_file_and_reused(api: Api) -> None:
    path = write_file("judge.json", json.dumps(JUDGE | {"id": "jdg_made"}).encode())
    for new in (1, 0):
        result = invoke(
            api, "import", "--new", path, "--evaluations", write_file("e", encode_lines(evaluation_line(1))), "--json"
        )
        totals = json.loads(result.stdout)
        assert (totals["judge_id"], totals["evaluations"]["new"]) == ("jdg_made", new)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], "Name the judge"),
        (["--judge", "jdg_none"], "There is no judge jdg_none"),
        (["--judge", "jdg_x", "--feedback", "/no/such/file"], "There is no file"),
        (["--judge", "jdg_x", "--feedback", "-", "--evaluations", "-"], "Only one of"),
        (["--judge", "jdg_x", "--field", "output=answer"], "requires --map"),
        (["--judge", "jdg_x", "--evaluations", "-", "--map", "csv", "--field", "output"], "NAME=PLACE"),
    ],
)
def test_command_exits_with_2_if_it_cannot_run(api: Api, words: list[str], expected: str) -> None:
    result = invoke(api, "import", *words)
    assert result.exit_code == 2
    assert expected in " ".join(result.stderr.replace("│", " ").split())


@pytest.mark.parametrize("there", [True, False])
def test_dry_run_reports_the_result_and_stores_nothing(api: Api, there: bool) -> None:
    described = write_file("judge.json", json.dumps(JUDGE | {"id": "jdg_tried"}).encode())
    if there:
        assert invoke(api, "import", "--new", described).exit_code == 0
    files = (
        "--evaluations",
        write_file("e.jsonl", encode_lines(evaluation_line(1), evaluation_line(2, scores={CLARITY: 9}))),
        "--feedback",
        write_file(
            "f.jsonl",
            encode_lines(
                correction_line(1), correction_line(3), correction_line(1, external_id="other", comment="Hm.")
            ),
        ),
    )
    result = invoke(api, "import", "--new", described, *files, "--dry-run")
    assert result.exit_code == 1, result.output
    assert "Evaluations: 1 new, 0 already there, 1 refused" in result.stdout
    assert "Feedback: 2 new, 0 already there, 1 refused" in result.stdout
    assert [(report["file"], report["line"]) for report in read_rejections()] == [("e.jsonl", 2), ("f.jsonl", 2)]
    found = api.run("Judge", id="jdg_tried")
    assert (found is not None) == there
    if there:
        assert export_ids(api, found) == []


def test_remote_server_receives_gzip_in_several_requests(
    api: Api, judge: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[bool] = []
    stream = Client.stream

    def watched(self: Client, *arguments: Any, gzipped: bool = False) -> Any:
        sizes.append(gzipped)
        return stream(self, *arguments, gzipped=gzipped)

    monkeypatch.setattr("cli.client.client._is_loopback", lambda _: False)
    monkeypatch.setattr(bulk, "MAX_REQUEST_LINES", 30)
    monkeypatch.setattr(Client, "stream", watched)
    monkeypatch.setenv("NO_PROXY", "*")
    given = [evaluation_line(n) for n in range(100)]
    invoke(api, "import", "--judge", judge["id"], "--evaluations", write_file("e.jsonl", encode_lines(*given)))
    assert sizes == [True] * 4
    assert export_ids(api, judge) == [line["external_id"] for line in given]


def test_import_killed_repeatedly_equals_an_uninterrupted_one(
    postgres_server: Server, enter: Enter, tmp_path: Path
) -> None:
    api = enter(postgres_server)
    one, other = (api.run("CreateJudge", input=JUDGE)["judge"] for _ in range(2))
    chance = random.Random(1)
    items = [evaluation_line(n, input="word " * 300) for n in range(3_000)]
    corrections = [
        correction_line(n % 3_000, external_id=None, submitted_by=f"r{n // 3_000}", comment=str(n))
        for n in range(6_000)
    ]
    files = (
        "--evaluations",
        str(write_file("e.jsonl", encode_lines(*items))),
        "--feedback",
        str(write_file("f.jsonl", encode_lines(*corrections))),
    )
    command = [sys.executable, "-m", "cli.start", "import", "--judge", one["id"], *files]
    settings = environment(url=api.url, api_key=api.key or "") | {"PYTHONPATH": str(PROJECT_ROOT)}
    counts = [0]
    midway = False
    for _ in range(5):
        importing = subprocess.Popen(command, cwd=tmp_path, env=settings)
        before = counts[-1]
        while counts[-1] == before and importing.poll() is None:
            time.sleep(0.03 * chance.random())
            counts.append(_count_rows(api, one))
        time.sleep(0.05 * chance.random())
        importing.send_signal(signal.SIGKILL)
        importing.wait()
        counts.append(_count_rows(api, one))
        midway = midway or 0 < counts[-1] < len(items) + len(corrections)
    assert midway
    assert subprocess.run(command, cwd=tmp_path, env=settings, check=False).returncode == 0
    undisturbed = invoke(api, "import", "--judge", other["id"], *files)
    assert undisturbed.exit_code == 0
    for kind in ("evaluations", "feedback"):
        assert export_all(api, one, kind) == export_all(api, other, kind)
    summaries = [api.run("FeedbackSummary", judgeId=judge["id"]) for judge in (one, other)]
    for summary in summaries:
        for criterion in summary["criteria"]:
            del criterion["criterion"]
    assert summaries[0] == summaries[1]
    finished = started_command("check-counters", database_url=postgres_server.database_url)
    assert finished.returncode == 0, finished.stdout + finished.stderr


def _count_rows(api: Api, judge: Data) -> int:
    """Return the number of rows of a judge."""
    return sum(
        api.http.get(f"/judges/{judge['id']}/{kind}").content.count(b"\n") for kind in ("evaluations", "feedback")
    )


def test_import_continues_after_a_server_restart(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    data, words = tmp_path / "data", ("--no-runner", "--port", port)
    items = [evaluation_line(n, input="word " * 300) for n in range(4_000)]
    path = write_file("e.jsonl", encode_lines(*items))
    with run_server(data, *words) as first:
        api = Api(first.url, make_key(first, workspace="w"))
        judge = api.run("CreateJudge", input=JUDGE)["judge"]
        settings = environment(url=first.url, api_key=api.key or "") | {"PYTHONPATH": str(PROJECT_ROOT)}
        importing = subprocess.Popen(
            [sys.executable, "-m", "cli.start", "import", "--judge", judge["id"], "--evaluations", path, "--json"],
            cwd=tmp_path,
            env=settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        wait_until(lambda: export_all(api, judge, "evaluations"), "the first rows")
        first.process.kill()
        first.process.wait()
        api.http.close()
    with run_server(data, *words) as second:
        out, err = importing.communicate(timeout=2 * STALLED_SECONDS)
        assert importing.returncode == 0, err
        totals = json.loads(out)["evaluations"]
        assert totals["new"] + totals["already_there"] == 4_000
        assert b"Retrying" in err
        api = Api(second.url, api.key)
        assert export_all(api, judge, "evaluations") == [line | {"scores": _scores_as_floats(line)} for line in items]
        api.http.close()


def _scores_as_floats(line: Data) -> dict[str, float]:
    return {name: float(score) for name, score in line["scores"].items()}


@pytest.mark.parametrize("name", ["{}.jsonl", "{}.jsonl.gz"])
def test_export_of_an_imported_export_has_the_same_bytes(
    quiet_server: Server, enter: Enter, api: Api, judge: Data, name: str, tmp_path: Path
) -> None:
    _add_rows_of_every_kind(api, judge)
    first = _export(api, judge["id"], tmp_path / "first", name)
    described = json.loads((tmp_path / "first" / "judge.json").read_text())
    described["id"] = "jdg_copy"
    copied = write_file("copy.json", json.dumps(described).encode())
    words = [word for kind in first for word in (f"--{kind}", tmp_path / "first" / name.format(kind))]
    other = enter(quiet_server)
    assert invoke(other, "import", "--new", copied, *words).exit_code == 0
    assert _export(other, "jdg_copy", tmp_path / "second", name) == first
    summaries = [a.run("FeedbackSummary", judgeId=id_) for a, id_ in ((api, judge["id"]), (other, "jdg_copy"))]
    for summary in summaries:
        for criterion in summary["criteria"]:
            del criterion["criterion"]["id"]
    assert summaries[0] == summaries[1]


def _add_rows_of_every_kind(api: Api, judge: Data) -> None:
    """Add evaluations and feedback of all types, with and without ids, before and after a new criterion."""
    scored = [{"criterionId": CLARITY, "score": 2.25}]
    unnamed = {"judgeId": judge["id"], "evaluations": [{"output": "N", "scores": scored}]}
    (evaluation,) = api.run("RecordEvaluations", input=unnamed)["evaluations"]
    rating = {"evaluationId": evaluation["id"], "type": "RATING", "rating": 2}
    api.run("SubmitFeedback", input={"judgeId": judge["id"], "feedback": [rating, rating]})
    evaluations = encode_lines(*(evaluation_line(n) for n in range(250)))
    invoke(api, "import", "--judge", judge["id"], "--evaluations", write_file("e", evaluations))
    corrections = encode_lines(*(correction_line(n) for n in range(250)))
    invoke(api, "import", "--judge", judge["id"], "--feedback", write_file("f", corrections))

    api.run("UpdateJudge", input={"judgeId": judge["id"], "addCriteria": [{"name": "Tone", "min": 0, "max": 3}]})
    fields = {"group": "g", "source": "writer", "input": "Q?", "rationale": "R."}
    fields |= {"evaluated_at": "2026-01-05T09:00:00Z"}
    scores = {CLARITY: 1, "Depth": 9.5, "Tone": 3}
    later = encode_lines(*(evaluation_line(n, scores=scores, **fields) for n in (300, 301)))
    load_lines(api, judge, "evaluations", later)
    base: Data = {"evaluation": "e300", "submitted_at": "2026-02-01T00:00:00.000001+05:45", "comment": "Why?"}
    feedback = encode_lines(
        base | {"type": "approval", "approved": False, "submitted_by": "eve"},
        base | {"type": "comment", "external_id": "c"},
        base | {"type": "rating", "rating": 5, "submitted_by": "Ünal"},
        base | {"type": "correction", "corrected_scores": {"Tone": 0.5, "Depth": 10}, "submitted_by": "eve"},
    )
    load_lines(api, judge, "feedback", feedback)
    # Retracted feedback is not exported.
    [newest, *_] = api.run("JudgeFeedback", judgeId=judge["id"], first=1)["feedback"]["nodes"]
    api.run("RetractFeedback", input={"feedbackId": newest["id"], "reason": "Mistaken."})


def _export(api: Api, judge_id: str, folder: Path, name: str) -> dict[str, bytes]:
    """Export a judge and all its rows. Return the content of the files by kind.

    Args:
        api: client to use.
        judge_id: id of the judge.
        folder: folder to create.
        name: pattern of the file names.
    """
    folder.mkdir()
    paths = {kind: folder / name.format(kind) for kind in ("evaluations", "feedback")}
    words = [word for kind, path in paths.items() for word in (f"--{kind}", path)]
    result = invoke(api, "export", "--judge", judge_id, "--judge-file", folder / "judge.json", *words)
    assert result.exit_code == 0, result.output
    assert {path.name for path in folder.iterdir()} == {"judge.json", *(path.name for path in paths.values())}
    return {kind: path.read_bytes() for kind, path in paths.items()}


def test_failed_export_keeps_the_existing_file(api: Api, judge: Data) -> None:
    path = write_file("out.jsonl", b"precious")
    run_to = Path("no/such/folder/out.jsonl")
    assert invoke(api, "export", "--judge", "jdg_none", "--feedback", path).exit_code == 1
    result = invoke(api, "export", "--judge", judge["id"], "--feedback", run_to)
    assert result.exit_code == 1
    assert "can't be written" in result.stderr
    assert path.read_bytes() == b"precious"
    assert invoke(api, "export", "--judge", judge["id"]).exit_code == 2


def test_export_to_stdout_works_in_a_pipe(api: Api, judge: Data) -> None:
    invoke(api, "import", "--judge", judge["id"], "--evaluations", write_file("e", encode_lines(evaluation_line(1))))
    result = invoke(api, "export", "--judge", judge["id"], "--evaluations", "-")
    assert json.loads(result.stdout)["external_id"] == "e1"
