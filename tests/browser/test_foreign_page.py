"""Foreign web pages in a real browser: even with a valid key they cannot read, change or subscribe."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.server.processes import Server
from tests.server.scenarios import Trained

# JavaScript expressions: "no" if the browser or the server blocks the attempt, otherwise its result.
ATTACKS = {
    "read GraphQL": "await (await fetch(url + '/graphql', {method: 'POST', headers: json, body: make})).text()",
    "send GraphQL as text": "(await fetch(url + '/graphql', {method: 'POST', mode: 'no-cors', body: make})).type",
    "send GraphQL as a form": "(await fetch(url + '/graphql', {method: 'POST', mode: 'no-cors', "
    "body: new URLSearchParams({query: '{ viewer { id } }'})})).type",
    "read REST": "await (await fetch(url + '/training/jobs/x', {headers: json})).text()",
    "send REST as text": "(await fetch(url + '/training/jobs', {method: 'POST', mode: 'no-cors', body: '{}'})).type",
    "read figures": "await (await fetch(url + '/metrics')).text()",
    "read the dashboard": "await (await fetch(url + '/')).text()",
    "open a socket": "await new Promise((resolve) => {const it = new WebSocket(url.replace('http', 'ws') + '/graphql', "
    "'graphql-transport-ws'); it.onopen = () => resolve('open'); it.onclose = () => resolve('no')})",
    "follow events": "await new Promise((resolve) => {const it = new EventSource(url + '/graphql?query={__typename}'); "
    "it.onopen = () => resolve('open'); it.onerror = () => {it.close(); resolve('no')}})",
    "run the description as a script": "await new Promise((resolve) => {const it = document.createElement('script'); "
    "it.src = url + '/openapi.json'; it.onload = () => resolve('ran'); it.onerror = () => resolve('no'); "
    "document.body.append(it)})",
    "hold a window": "await (async () => {const it = window.open(url); await new Promise((go) => setTimeout(go, 500)); "
    "return !it || it.closed ? 'no' : 'held'})()",
}
TRY = """async ([url, key]) => {{
  const json = {{authorization: 'Bearer ' + key, 'content-type': 'application/json'}};
  const query = 'mutation {{ createJudge(input: {{name: "J", criteria: [{{name: "C"}}]}}) {{ judge {{ id }} }} }}';
  const make = JSON.stringify({{query}});
  try {{ return {way} }} catch (error) {{ return error.message === 'Failed to fetch' ? 'no' : error.message }}
}}"""


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Win a prize</title><body></body>")

    def log_message(self, *_: object) -> None:
        """Suppress the log line."""


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    """Return the URL of a page on another origin."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def foreign_page(context: BrowserContext, elsewhere: str) -> Page:
    """Return a tab with the foreign page."""
    page = context.new_page()
    page.goto(elsewhere)
    return page


@pytest.mark.parametrize("attack", ATTACKS)
def test_foreign_page_cannot_access_the_server(foreign_page: Page, home: Server, world: Trained, attack: str) -> None:
    before = world.api.run("Judges")["totalCount"]
    assert foreign_page.evaluate(TRY.format(way=ATTACKS[attack]), [home.url, home.admin_key]) == "no"
    assert world.api.run("Judges")["totalCount"] == before


def test_pages_cannot_be_framed_by_other_origins(foreign_page: Page, home: Server) -> None:
    """Framing would allow clickjacking."""
    for path in ("/", "/graphiql", "/openapi.json"):
        foreign_page.evaluate(
            "(url) => new Promise((go) => {const it = document.createElement('iframe'); it.src = url; "
            "it.onload = go; document.body.append(it)})",
            home.url + path,
        )
    assert {frame.url for frame in foreign_page.frames[1:]} == {"chrome-error://chromewebdata/"}


def test_form_sent_by_a_foreign_page_changes_nothing(foreign_page: Page, home: Server, world: Trained) -> None:
    before = world.api.run("Judges")["totalCount"]
    with foreign_page.expect_navigation():
        foreign_page.evaluate(
            """(url) => {
              const form = document.createElement('form'), field = document.createElement('input');
              Object.assign(form, {method: 'POST', enctype: 'text/plain', action: url + '/graphql'});
              Object.assign(field, {name: '{"query": "{ judges { nodes { id } } }", "a": "', value: '"}'});
              form.append(field); document.body.append(form); form.submit();
            }""",
            home.url,
        )
    assert "UNAUTHENTICATED" in foreign_page.content()
    assert world.api.run("Judges")["totalCount"] == before
