"""A page of somebody else's in a real browser, one that even knows a key: it reads, changes and hears nothing."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.server.processes import Server
from tests.server.scenarios import Trained

# Each gives "no" if the browser or the server stood in its way, and what it got if not.
WAYS = {
    "read GraphQL": "await (await fetch(url + '/graphql', {method: 'POST', headers: json, body: make})).text()",
    "send GraphQL as text": "(await fetch(url + '/graphql', {method: 'POST', mode: 'no-cors', body: make})).type",
    "send GraphQL as a form": "(await fetch(url + '/graphql', {method: 'POST', mode: 'no-cors', "
    "body: new URLSearchParams({query: '{ viewer { id } }'})})).type",
    "read REST": "await (await fetch(url + '/training/jobs/x', {headers: json})).text()",
    "send REST as text": "(await fetch(url + '/training/jobs', {method: 'POST', mode: 'no-cors', body: '{}'})).type",
    "read figures": "await (await fetch(url + '/metrics')).text()",
    "read the dashboard": "await (await fetch(url + '/')).text()",
    "open a socket": "await new Promise((tell) => {const it = new WebSocket(url.replace('http', 'ws') + '/graphql', "
    "'graphql-transport-ws'); it.onopen = () => tell('open'); it.onclose = () => tell('no')})",
    "follow events": "await new Promise((tell) => {const it = new EventSource(url + '/graphql?query={__typename}'); "
    "it.onopen = () => tell('open'); it.onerror = () => {it.close(); tell('no')}})",
    "run the description as a script": "await new Promise((tell) => {const it = document.createElement('script'); "
    "it.src = url + '/openapi.json'; it.onload = () => tell('ran'); it.onerror = () => tell('no'); "
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
        """It is not heard of."""


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    """The address of a page that is not ours."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def foe(context: BrowserContext, elsewhere: str) -> Page:
    """A tab with that page."""
    page = context.new_page()
    page.goto(elsewhere)
    return page


@pytest.mark.parametrize("way", WAYS)
def test_a_foreign_page_gets_nowhere(foe: Page, home: Server, world: Trained, way: str) -> None:
    before = world.api.run("Judges")["totalCount"]
    assert foe.evaluate(TRY.format(way=WAYS[way]), [home.url, home.admin_key]) == "no"
    assert world.api.run("Judges")["totalCount"] == before


def test_our_pages_show_in_no_frame_of_others(foe: Page, home: Server) -> None:
    """Else a person could be made to click on what they do not see."""
    for path in ("/", "/graphiql", "/openapi.json"):
        foe.evaluate(
            "(url) => new Promise((go) => {const it = document.createElement('iframe'); it.src = url; "
            "it.onload = go; document.body.append(it)})",
            home.url + path,
        )
    assert {frame.url for frame in foe.frames[1:]} == {"chrome-error://chromewebdata/"}


def test_a_form_that_a_foreign_page_sends_changes_nothing(foe: Page, home: Server, world: Trained) -> None:
    before = world.api.run("Judges")["totalCount"]
    with foe.expect_navigation():
        foe.evaluate(
            """(url) => {
              const form = document.createElement('form'), field = document.createElement('input');
              Object.assign(form, {method: 'POST', enctype: 'text/plain', action: url + '/graphql'});
              Object.assign(field, {name: '{"query": "{ judges { nodes { id } } }", "a": "', value: '"}'});
              form.append(field); document.body.append(form); form.submit();
            }""",
            home.url,
        )
    assert "UNAUTHENTICATED" in foe.content()
    assert world.api.run("Judges")["totalCount"] == before
