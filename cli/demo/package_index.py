"""Fetching one file of a package from the index that pip is configured with, without running any of its code."""

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

# pip itself knows best which index, certificates and proxy it would use: files, variables and defaults are all in its
# options. In a process of its own, because pip is no library.
_ASK_PIP = """
import json
from pip._internal.commands import create_command
options, _ = create_command("download").parse_args([])
indexes = [] if options.no_index else [options.index_url, *options.extra_index_urls]
print(json.dumps({"indexes": indexes, "certificates": options.cert, "proxy": options.proxy or None}))
"""
_ACCEPT = "application/vnd.pypi.simple.v1+json, text/html;q=0.1"
_TIMEOUT = httpx.Timeout(5)


class FetchError(Exception):
    """The file could not be had."""


@dataclass(frozen=True)
class Release:
    """One file of one version of a package."""

    package: str
    filename: str
    sha256: str


@dataclass(frozen=True)
class _Indexes:
    urls: list[str]
    certificates: str | None
    proxy: str | None


def fetch(release: Release) -> bytes:
    """The content of a release's file, from the first index that has it."""
    indexes = _ask_pip()
    try:
        with httpx.Client(
            timeout=_TIMEOUT, follow_redirects=True, proxy=indexes.proxy, verify=_certificates(indexes)
        ) as http:
            for index in indexes.urls:
                content = _try(http, index, release)
                if content is not None:
                    return content
    except (OSError, ValueError) as error:  # certificates or a proxy that can't be used
        raise FetchError(f"pip's configuration can't be used: {error}") from error
    raise FetchError(f"No configured package index gave {release.filename}.")


def _certificates(indexes: _Indexes) -> ssl.SSLContext | bool:
    return ssl.create_default_context(cafile=indexes.certificates) if indexes.certificates else True


def _ask_pip() -> _Indexes:
    try:
        answer = subprocess.run(  # noqa: S603 - our own interpreter with our own text
            [sys.executable, "-c", _ASK_PIP], capture_output=True, timeout=10, check=True
        )
        options = json.loads(answer.stdout)
    except (OSError, subprocess.SubprocessError, json.JSONDecodeError) as error:
        raise FetchError("pip, whose configuration says where packages come from, can't be asked.") from error
    return _Indexes(options["indexes"], options["certificates"], options["proxy"])


def _try(http: httpx.Client, index: str, release: Release) -> bytes | None:
    """The file from one index; None where that index does not have it or does not answer."""
    page_url = f"{index.rstrip('/')}/{release.package}/"
    try:
        page_url, page = _get(http, page_url)
        for name, url in _files(page):
            if name == release.filename:
                _, content = _get(http, urljoin(page_url, url))
                return content if hashlib.sha256(content).hexdigest() == release.sha256 else None
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeDecodeError, json.JSONDecodeError, KeyError):
        return None
    return None


def _get(http: httpx.Client, url: str) -> tuple[str, bytes]:
    """The content of an address and the address it came from in the end; an index may also be a folder."""
    if urlsplit(url).scheme == "file":
        path = Path(url2pathname(urlsplit(url).path))
        return url, (path / "index.html" if path.is_dir() else path).read_bytes()
    answer = http.get(url, headers={"accept": _ACCEPT}).raise_for_status()
    return str(answer.url), answer.content


def _files(page: bytes) -> Iterator[tuple[str, str]]:
    """The names and addresses of the files on a package's page, in JSON or in HTML."""
    text = page.decode()
    if text.lstrip().startswith("{"):
        for file in json.loads(text)["files"]:
            yield file["filename"], file["url"]
        return
    parser = _Links()
    parser.feed(text)
    for url in parser.urls:
        yield unquote(urlsplit(url).path.rpartition("/")[2]), url


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the address of a link."""
        self.urls += [value for name, value in attrs if tag == "a" and name == "href" and value]
