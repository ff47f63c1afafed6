"""Tests of the installed wheel: it runs outside the checkout and contains the pages and documents."""

import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from server import pages
from tests.server.processes import PROJECT_ROOT, READY_PREFIX, environment
from tests.waiting import STALLED_SECONDS


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command to its end and return its output."""
    done = subprocess.run(
        command, cwd=cwd, env=environment(), capture_output=True, text=True, timeout=STALLED_SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def fetch(url: str) -> httpx.Response:
    return httpx.get(url, trust_env=False, timeout=STALLED_SECONDS)


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a virtual environment that has the wheel; its dependencies are those of the tests."""
    for name in ("hatchling", "pip"):
        pytest.importorskip(name, reason=f"{name} is not installed: make setup")
    folder = tmp_path_factory.mktemp("installation")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
    run(*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, PROJECT_ROOT, cwd=folder)
    (wheel,) = folder.glob("judgesmith-*.whl")
    venv.create(folder / "env")
    python = folder / "env/bin/python"
    run(*pip, "--python", python, "install", "--no-deps", "--no-index", wheel, cwd=folder)
    site_packages = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip()
    (Path(site_packages) / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return folder


@pytest.fixture(scope="module")
def url(installation: Path) -> Iterator[str]:
    """Yield the address of a server of the installed wheel."""
    command = [installation / "env/bin/judgesmith", "serve", "--port", "0", "--data-dir", "data"]
    with subprocess.Popen(
        command, cwd=installation, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        line = next((line for line in process.stdout if line.startswith(READY_PREFIX)), "")
        yield line.removeprefix(READY_PREFIX).strip()
        process.terminate()


def test_the_installed_code_comes_from_the_wheel(installation: Path) -> None:
    found = run(installation / "env/bin/python", "-c", "import server; print(server.__path__)", cwd=installation)
    assert str(installation) in found


@pytest.mark.parametrize("path", ["/", "/graphiql"])
def test_the_pages_are_served_with_their_scripts(url: str, path: str) -> None:
    if not (pages.STATIC / "dashboard.html").is_file():
        pytest.skip("the pages are not built: make pages")
    script = fetch(url + path).text.split('src="./', 1)[1].split('"', 1)[0]
    assert fetch(f"{url}/static/{script}").status_code == 200


def test_the_installed_command_finds_its_documents(url: str, installation: Path) -> None:
    key = (installation / "data/admin.key").read_text().strip()
    command = (installation / "env/bin/judgesmith", "judges", "--json", "--url", url, "--key", key)
    assert run(*command, cwd=installation) == "[]\n"
    print_folder = "import cli.client.documents as d; print(d.FOLDER)"
    folder = run(installation / "env/bin/python", "-c", print_folder, cwd=installation).strip()
    assert Path(folder, "persisted.json").is_file()
    assert Path(folder).is_relative_to(installation)
