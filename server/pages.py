"""The pages: the dashboard and GraphiQL as built from `web/`, or a page that says how to build them."""

from html import escape
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC: Final = Path(__file__).with_name("static")


def _security(*more: str) -> dict[str, str]:
    """Headers under which everything comes from this server alone, and nothing that a page was made to say runs."""
    policy = (
        "default-src 'none'",
        "script-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "base-uri 'self'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        *more,
    )
    return {
        "Content-Security-Policy": "; ".join(policy),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }


STRICT: Final = _security("style-src 'self'")
# GraphiQL's editor styles itself at run time and starts workers.
EDITOR: Final = _security("style-src 'self' 'unsafe-inline'", "worker-src 'self' blob:", "font-src 'self' data:")
FRESH: Final = "no-cache"
FOREVER: Final = "public, max-age=31536000, immutable"

NOT_BUILT: Final = """\
<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Judgesmith</title>
    <meta name="color-scheme" content="light dark">
    <link rel="icon" href="data:,">
    <style>
      body {{ margin: 3rem auto; max-width: 44rem; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; }}
      pre {{ overflow: auto; padding: .75rem 1rem; background: #8882; }}
    </style>
  </head>
  <body>
    <h1>The pages are not built yet</h1>
    <p>Judgesmith runs; only its pages are missing. In a checkout, with Node 20 or newer, build them and reload:</p>
    <pre>cd web &amp;&amp; npm ci &amp;&amp; npm run build</pre>
    <p>The GraphQL endpoint is <code>{endpoint}</code>:</p>
    <pre>curl {endpoint} \\
  -H 'Authorization: Bearer YOUR_KEY' \\
  -H 'Content-Type: application/json' \\
  -d '{{"query": "{{ judges {{ nodes {{ id name }} }} }}"}}'</pre>
  </body>
</html>
"""


class Static(StaticFiles):
    """The built files; those named by their content never change."""

    async def check_config(self) -> None:
        """A missing folder is no fault: its files are just not found."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Add how long a browser may keep the file."""
        response = await super().get_response(path, scope)
        response.headers.update(EDITOR)  # a worker lives by its own file's rules
        response.headers["Cache-Control"] = FOREVER if path.startswith("assets/") else FRESH
        return response


def dashboard(request: Request) -> Response:
    """Serve the dashboard, which finds the endpoint and GraphiQL relative to this address."""
    return _page(request, "dashboard", STRICT)


def graphiql(request: Request) -> Response:
    """Serve GraphiQL, whose own addresses are all relative to this one."""
    return _page(request, "graphiql", EDITOR)


def _page(request: Request, name: str, security: dict[str, str]) -> Response:
    page = STATIC / f"{name}.html"
    if page.is_file():
        return FileResponse(page, headers=security | {"Cache-Control": FRESH})
    text = NOT_BUILT.format(endpoint=escape(f"{request.base_url}graphql"))
    return HTMLResponse(text, headers=EDITOR | {"Cache-Control": FRESH})  # it holds its own style


def create_routes() -> list[BaseRoute]:
    """The pages and their files."""
    return [
        Route("/", dashboard),
        Route("/graphiql", graphiql),
        Mount("/static", Static(directory=STATIC, check_dir=False), name="static"),
    ]
