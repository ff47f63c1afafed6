"""Error output of child processes: one useful line without secrets."""

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

# Errors that Python would print with a traceback and the path of a file.
WAYS = {
    "nobody caught it": "int('{key}')",
    "in a thread": "t = __import__('threading').Thread(target=int, args=('{key}',)); t.start(); t.join()",
    "a warning": "__import__('warnings').warn('mind {key} in /srv/data/x.sqlite', stacklevel=1)",
}


def last_line(way: str, **environment: str) -> str:
    """Return the only line on stderr of a process that fails in this way."""
    program = "from runner.processes.error_lines import install_error_hooks; install_error_hooks('test'); "
    done = subprocess.run(
        [sys.executable, "-c", program + WAYS[way].format(key=KEY)],
        capture_output=True, text=True, cwd=HOME, timeout=STALLED_SECONDS, check=False, env=os.environ | environment,
    )  # fmt: skip
    (line,) = done.stderr.splitlines()
    return line


@pytest.mark.parametrize("way", WAYS)
def test_every_error_is_one_line_without_traceback_path_or_key(way: str) -> None:
    line = last_line(way)
    assert line.startswith(("The test failed: ValueError: ", "The test warns: UserWarning: mind "))
    assert "jsk_[redacted]" in line
    assert not any(word in line for word in ("a1B2", "Traceback", "File", ".py", "/srv"))


@pytest.mark.parametrize("way", WAYS)
def test_with_a_json_log_every_line_is_json(way: str) -> None:
    line = last_line(way, JUDGESMITH_LOG_JSON="true")
    line_fields = json.loads(line)
    assert (line_fields["event"], line_fields["level"]) in {("test_failed", "error"), ("test_warns", "warning")}
    assert "jsk_[redacted]" in line_fields["error"]
    assert line_fields["timestamp"].endswith("Z")
    assert not any(word in line for word in ("a1B2", "Traceback", "File", ".py", "/srv"))


@pytest.mark.parametrize("question", ["nonsense", '{"url": "sqlite+aiosqlite:///DATABASE", "request": QUESTION}'])
def test_an_analysis_process_returns_its_error(tmp_path: Path, question: str) -> None:
    database = tmp_path / "judgesmith.sqlite"
    database.write_text("This is no database, however long one looks at it.")
    message = question.replace("DATABASE", str(database)).replace(
        "QUESTION", '{"type": "LearningCurveRequest", "judge_pk": 1, "watermark": 1, "effective_count": 1}'
    )
    with subprocess.Popen(
        [sys.executable, "-m", "runner.analysis.process", str(os.getpid())],
        stdin=PIPE, stdout=PIPE, stderr=PIPE, text=True, cwd=HOME,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(message + "\n")
        process.stdin.flush()  # closing stdin would end the process
        output, errors, code = process.stdout.read(), process.stderr.read(), process.wait(STALLED_SECONDS)
    assert (code, errors) == (1, "")
    assert len(output.splitlines()) == 1
    assert "Error: " in output
    assert not any(word in output for word in ("Traceback", "SELECT", str(tmp_path), ".py"))
