"""What child processes say of errors: a line that helps, and nothing that must not get out."""

import json
import os
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import pytest

from tests.waiting import STALLED_SECONDS

HOME = Path(__file__).resolve().parents[3]
KEY = "jsk_" + "a1B2-_" * 7

# Each ends in another way that Python would print with a stack and the path of a file.
WAYS = {
    "nobody caught it": "int('{key}')",
    "in a thread": "t = __import__('threading').Thread(target=int, args=('{key}',)); t.start(); t.join()",
    "a warning": "__import__('warnings').warn('mind {key} in /srv/data/x.sqlite', stacklevel=1)",
}


def last_line(way: str, **environment: str) -> str:
    """The one line on stderr of a process that ends in this way."""
    program = "from runner.processes.error_lines import install_error_hooks; install_error_hooks('test'); "
    done = subprocess.run(
        [sys.executable, "-c", program + WAYS[way].format(key=KEY)],
        capture_output=True, text=True, cwd=HOME, timeout=STALLED_SECONDS, check=False, env=os.environ | environment,
    )  # fmt: skip
    (line,) = done.stderr.splitlines()
    return line


@pytest.mark.parametrize("way", WAYS)
def test_whatever_goes_wrong_is_told_in_one_line_without_stack_path_or_key(way: str) -> None:
    line = last_line(way)
    assert line.startswith(("The test failed: ValueError: ", "The test warns: UserWarning: mind "))
    assert "jsk_[redacted]" in line
    assert not any(word in line for word in ("a1B2", "Traceback", "File", ".py", "/srv"))


@pytest.mark.parametrize("way", WAYS)
def test_where_the_log_is_json_each_line_is(way: str) -> None:
    line = last_line(way, JUDGESMITH_LOG_JSON="true")
    told = json.loads(line)
    assert (told["event"], told["level"]) in {("test_failed", "error"), ("test_warns", "warning")}
    assert "jsk_[redacted]" in told["error"]
    assert told["timestamp"].endswith("Z")
    assert not any(word in line for word in ("a1B2", "Traceback", "File", ".py", "/srv"))


@pytest.mark.parametrize("question", ["nonsense", '{"url": "sqlite+aiosqlite:///DATABASE", "request": QUESTION}'])
def test_a_process_that_thinks_answers_with_what_went_wrong(tmp_path: Path, question: str) -> None:
    database = tmp_path / "judgesmith.sqlite"
    database.write_text("This is no database, however long one looks at it.")
    asked = question.replace("DATABASE", str(database)).replace(
        "QUESTION", '{"type": "LearningCurveRequest", "judge_pk": 1, "watermark": 1, "effective_count": 1}'
    )
    with subprocess.Popen(
        [sys.executable, "-m", "runner.analysis.process", str(os.getpid())],
        stdin=PIPE, stdout=PIPE, stderr=PIPE, text=True, cwd=HOME,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(asked + "\n")
        process.stdin.flush()  # and not closed: that would tell the process to end
        said, errors, code = process.stdout.read(), process.stderr.read(), process.wait(STALLED_SECONDS)
    assert (code, errors) == (1, "")
    assert len(said.splitlines()) == 1
    assert "Error: " in said
    assert not any(word in said for word in ("Traceback", "SELECT", str(tmp_path), ".py"))
