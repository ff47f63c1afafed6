"""Download of one file of a package from the index that pip is configured with, without running any of its code."""

import hashlib
import json
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit
from urllib.request import url2pathname

import httpx

# pip's options combine its configuration files, environment variables and defaults for the index, certificates and
# proxy. They are read in another process, because pip is no library.
_PRINT_PIP_OPTIONS = """
import json
from pip._internal.commands import create_command
options, _ = create_command("download").parse_args([])
indexes = [] if options.no_index else [options.index_url, *options.extra_index_urls]
print(json.dumps({"indexes": indexes, "certificates": options.cert, "proxy": options.proxy or None}))
"""
_ACCEPT = "application/vnd.pypi.simple.v1+json, text/html;q=0.1"
_TIMEOUT = httpx.Timeout(5)  # seconds
_PIP_TIMEOUT_SECONDS = 10


class FetchError(Exception):
    """The file could not be fetched."""


@dataclass(frozen=True)
class Release:
    """One file of one version of a package."""

    package: str
    filename: str
    sha256: str


@dataclass(frozen=True)
class _IndexConfig:
    urls: list[str]
    certificates: str | None
    proxy: str | None


def fetch(release: Release) -> bytes:
    """Return the content of a release's file from the first index that has it.

    Raises:
        FetchError: no index has it, or pip's configuration is unusable.
    """
    config = _read_pip_config()
    try:
        with httpx.Client(
            timeout=_TIMEOUT, follow_redirects=True, proxy=config.proxy, verify=_certificates(config)
        ) as http:
            for index in config.urls:
                content = _fetch_from(http, index, release)
                if content is not None:
                    return content
    except (OSError, ValueError) as error:  # unusable certificates or proxy
        raise FetchError(f"pip's configuration can't be used: {error}") from error
    raise FetchError(f"No configured package index gave {release.filename}.")


def _certificates(config: _IndexConfig) -> ssl.SSLContext | bool:
    return ssl.create_default_context(cafile=config.certificates) if config.certificates else True


def _read_pip_config() -> _IndexConfig:
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter with our own text
            [sys.executable, "-c", _PRINT_PIP_OPTIONS], capture_output=True, timeout=_PIP_TIMEOUT_SECONDS, check=True
        )
        options = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, json.JSONDecodeError) as error:
        raise FetchError("pip, whose configuration names the package index, can't be run.") from error
    return _IndexConfig(options["indexes"], options["certificates"], options["proxy"])


def _fetch_from(http: httpx.Client, index: str, release: Release) -> bytes | None:
    """Return the file from one index, or None if that index does not have it or does not answer.

    Args:
        http: the client.
        index: the address of the index.
        release: the file.
    """
    page_url = f"{index.rstrip('/')}/{release.package}/"
    try:
        page_url, page = _get(http, page_url)
        for name, url in _listed_files(page):
            if name == release.filename:
                _, content = _get(http, urljoin(page_url, url))
                return content if hashlib.sha256(content).hexdigest() == release.sha256 else None
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeDecodeError, json.JSONDecodeError, KeyError):
        return None
    return None


def _get(http: httpx.Client, url: str) -> tuple[str, bytes]:
    """Return the final address after redirects and the content; an index may also be a folder."""
    if urlsplit(url).scheme == "file":
        path = Path(url2pathname(urlsplit(url).path))
        return url, (path / "index.html" if path.is_dir() else path).read_bytes()
    response = http.get(url, headers={"accept": _ACCEPT}).raise_for_status()
    return str(response.url), response.content


def _listed_files(page: bytes) -> Iterator[tuple[str, str]]:
    """Yield the names and addresses of the files on a package's page, which is JSON or HTML."""
    text = page.decode()
    if text.lstrip().startswith("{"):
        for file in json.loads(text)["files"]:
            yield file["filename"], file["url"]
        return
    parser = _LinkParser()
    parser.feed(text)
    for url in parser.urls:
        yield unquote(urlsplit(url).path.rpartition("/")[2]), url


class _LinkParser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Record the address of a link."""
        self.urls += [value for name, value in attrs if tag == "a" and name == "href" and value]
