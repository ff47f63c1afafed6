"""Tests of fetching a file from a package index, without a network."""

import hashlib
import json
from pathlib import Path

import pytest

from cli.demo import package_index
from cli.demo.package_index import FetchError, Release, fetch
from tests.waiting import STALLED_SECONDS

HTML = '<html><a href="blanc-0.3.4.tar.gz#sha256=abc">blanc-0.3.4.tar.gz</a></html>'
JSON = json.dumps({"files": [{"filename": "blanc-0.3.4.tar.gz", "url": "blanc-0.3.4.tar.gz"}]})


def write_index(folder: Path, content: bytes, page: str) -> package_index._IndexConfig:
    """Write a package index to a folder and return the configuration that names it.

    Args:
        folder: the folder.
        content: the content of the package.
        page: the package's page.
    """
    (folder / "blanc").mkdir(parents=True)
    (folder / "blanc" / "index.html").write_text(page, encoding="utf-8")
    (folder / "blanc" / "blanc-0.3.4.tar.gz").write_bytes(content)
    return package_index._IndexConfig([folder.as_uri()], None, None)


def release(content: bytes) -> Release:
    return Release("blanc", "blanc-0.3.4.tar.gz", hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize("page", [HTML, JSON], ids=["html", "json"])
def test_a_file_is_found_on_the_page_of_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str) -> None:
    configured = write_index(tmp_path, b"content", page)
    monkeypatch.setattr(package_index, "_read_pip_config", lambda: configured)
    assert fetch(release(b"content")) == b"content"


def test_a_file_with_another_digest_is_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configured = write_index(tmp_path, b"tampered with", HTML)
    monkeypatch.setattr(package_index, "_read_pip_config", lambda: configured)
    with pytest.raises(FetchError, match="No configured package index"):
        fetch(release(b"content"))


def test_the_index_is_the_one_pip_is_configured_with(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pip", reason="pip is not installed")
    monkeypatch.setattr(package_index, "_PIP_TIMEOUT_SECONDS", STALLED_SECONDS)
    monkeypatch.setenv("PIP_INDEX_URL", "http://index.invalid/simple")
    assert package_index._read_pip_config().urls[0] == "http://index.invalid/simple"
