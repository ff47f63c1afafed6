"""Tests of the pages: relative addresses, security headers, and the page without a build."""

import re
from html import unescape
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from server import pages

PAGE = '<!doctype html><base href="static/"><script type="module" src="./assets/graphiql-abc123.js"></script>'
PAGES = {"/": "dashboard", "/graphiql": "graphiql"}


@pytest.fixture(params=["", "/judge"], ids=["root", "prefix"])
def prefix(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def static(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder for the built pages."""
    monkeypatch.setattr(pages, "STATIC", tmp_path / "static")
    return pages.STATIC


@pytest.fixture
def built(static: Path) -> Path:
    """Write pages as the build does."""
    (static / "assets").mkdir(parents=True)
    for name in PAGES.values():
        (static / f"{name}.html").write_text(PAGE.replace("graphiql", name))
        (static / "assets" / f"{name}-abc123.js").write_text("export {};")
    return static


async def get(path: str, prefix: str = "") -> httpx.Response:
    transport = httpx.ASGITransport(Starlette(routes=pages.create_routes()), root_path=prefix)
    async with httpx.AsyncClient(transport=transport, base_url="http://judgesmith.test") as client:
        return await client.get(prefix + path)


def base(page: httpx.Response) -> httpx.URL:
    """Return the URL against which a browser resolves the page's addresses."""
    found = re.search(r'<base href="([^"]*)">', page.text)
    assert found
    return page.url.join(found[1])


async def assert_script_loads(page: httpx.Response, prefix: str) -> None:
    found = re.search(r'<script [^>]*src="([^"]*)"', page.text)
    assert found
    address = base(page).join(found[1])
    assert address.path.startswith(f"{prefix}/static/assets/")
    script = await get(address.path.removeprefix(prefix), prefix)
    assert script.status_code == 200
    assert script.headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize("path", PAGES)
async def test_page_resolves_its_files_and_the_endpoint(built: Path, prefix: str, path: str) -> None:
    page = await get(path, prefix)
    assert page.text == PAGE.replace("graphiql", PAGES[path])
    assert base(page).join("../graphql") == f"http://judgesmith.test{prefix}/graphql"
    await assert_script_loads(page, prefix)


@pytest.mark.parametrize("path", PAGES)
async def test_real_build_resolves_its_files(prefix: str, path: str) -> None:
    if not (pages.STATIC / f"{PAGES[path]}.html").is_file():
        pytest.skip("the pages are not built: make pages")
    await assert_script_loads(await get(path, prefix), prefix)


async def test_dashboard_policy_forbids_inline_styles_and_workers(built: Path) -> None:
    policy = (await get("/")).headers["content-security-policy"]
    assert "style-src 'self';" in f"{policy};"
    assert "unsafe" not in policy
    assert "worker-src" not in policy


@pytest.mark.parametrize("path", ["/", "/graphiql", "/static/graphiql.html", "/static/assets/graphiql-abc123.js"])
async def test_every_response_has_the_security_headers(built: Path, path: str) -> None:
    headers = (await get(path)).headers
    policy = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


async def test_assets_are_immutable_and_pages_are_revalidated(built: Path) -> None:
    assert "immutable" in (await get("/static/assets/graphiql-abc123.js")).headers["cache-control"]
    assert (await get("/static/graphiql.html")).headers["cache-control"] == "no-cache"
    for path in PAGES:
        assert (await get(path)).headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", PAGES)
async def test_page_without_a_build_shows_instructions(static: Path, prefix: str, path: str) -> None:
    page = await get(path, prefix)
    text = unescape(page.text)
    assert page.status_code == 200
    assert "cd web && npm ci && npm run build" in text
    assert f"curl http://judgesmith.test{prefix}/graphql " in text
    assert "content-security-policy" in page.headers
    assert "src=" not in text


async def test_missing_file_is_not_found(static: Path) -> None:
    assert (await get("/static/assets/graphiql-abc123.js")).status_code == 404
