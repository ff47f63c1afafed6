"""What people install: the wheel, somewhere else, with its pages and documents in it and nothing of the checkout."""

import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from server import pages
from tests.server.processes import HOME, READY, environment


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, env=environment(), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a virtual environment that holds the wheel; what it depends on is lent from ours."""
    pytest.importorskip("hatchling", reason="hatchling is not installed: make setup")
    folder = tmp_path_factory.mktemp("elsewhere")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
    run(*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, HOME, cwd=folder)
    (wheel,) = folder.glob("judgesmith-*.whl")
    venv.create(folder / "env")
    python = folder / "env/bin/python"
    run(*pip, "--python", python, "install", "--no-deps", "--no-index", wheel, cwd=folder)
    own = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip()
    (Path(own) / "lent.pth").write_text(sysconfig.get_path("purelib"))
    return folder


@pytest.fixture(scope="module")
def url(elsewhere: Path) -> Iterator[str]:
    """A server started from there."""
    command = [elsewhere / "env/bin/judgesmith", "serve", "--port", "0", "--data-dir", "data"]
    with subprocess.Popen(
        command, cwd=elsewhere, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        line = next((line for line in process.stdout if line.startswith(READY)), "")
        yield line.removeprefix(READY).strip()
        process.terminate()


def test_the_code_is_the_wheels(elsewhere: Path) -> None:
    found = run(elsewhere / "env/bin/python", "-c", "import server; print(server.__path__)", cwd=elsewhere)
    assert str(elsewhere) in found


@pytest.mark.parametrize("path", ["/", "/graphiql"])
def test_the_pages_are_served_with_their_scripts(url: str, path: str) -> None:
    if not (pages.STATIC / "dashboard.html").is_file():
        pytest.skip("the pages are not built: make pages")
    page = httpx.get(url + path, trust_env=False).text
    script = page.split('src="./', 1)[1].split('"', 1)[0]
    assert httpx.get(f"{url}/static/{script}", trust_env=False).status_code == 200


def test_the_command_there_finds_its_documents(url: str, elsewhere: Path) -> None:
    key = (elsewhere / "data/admin.key").read_text().strip()
    assert (
        run(elsewhere / "env/bin/judgesmith", "judges", "--json", "--url", url, "--key", key, cwd=elsewhere) == "[]\n"
    )
    where = run(
        elsewhere / "env/bin/python", "-c", "import cli.client.documents as d; print(d.FOLDER)", cwd=elsewhere
    ).strip()
    assert Path(where, "persisted.json").is_file()
    assert Path(where).is_relative_to(elsewhere)
