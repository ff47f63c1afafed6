"""Dashboard and GraphiQL as built from `web/`, or a page with build instructions."""

from html import escape
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC: Final = Path(__file__).with_name("static")


def _security_headers(*directives: str) -> dict[str, str]:
    """Return headers that allow resources of this server only and no inline scripts."""
    policy = (
        "default-src 'none'",
        "script-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "base-uri 'self'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        *directives,
    )
    return {
        "Content-Security-Policy": "; ".join(policy),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }


PAGE_HEADERS: Final = _security_headers("style-src 'self'")
# GraphiQL's editor inserts styles at run time and starts workers.
EDITOR_HEADERS: Final = _security_headers(
    "style-src 'self' 'unsafe-inline'", "worker-src 'self' blob:", "font-src 'self' data:"
)
REVALIDATE: Final = "no-cache"
IMMUTABLE: Final = "public, max-age=31536000, immutable"

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
    <p>Judgesmith is running, but its pages are missing. In a checkout, build them with Node 20 or newer and reload:</p>
    <pre>cd web &amp;&amp; npm ci &amp;&amp; npm run build</pre>
    <p>The GraphQL endpoint is <code>{endpoint}</code>:</p>
    <pre>curl {endpoint} \\
  -H 'Authorization: Bearer YOUR_KEY' \\
  -H 'Content-Type: application/json' \\
  -d '{{"query": "{{ judges {{ nodes {{ id name }} }} }}"}}'</pre>
  </body>
</html>
"""


class StaticAssets(StaticFiles):
    """Built files. Files in `assets/` are named by their content and never change."""

    async def check_config(self) -> None:
        """Accept a missing folder; requests for its files get 404."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file with its security and cache headers."""
        response = await super().get_response(path, scope)
        response.headers.update(EDITOR_HEADERS)  # a worker obeys the policy of its own file
        response.headers["Cache-Control"] = IMMUTABLE if path.startswith("assets/") else REVALIDATE
        return response


def dashboard(request: Request) -> Response:
    """Serve the dashboard, which resolves the endpoint and GraphiQL relative to this address."""
    return _page(request, "dashboard", PAGE_HEADERS)


def graphiql(request: Request) -> Response:
    """Serve GraphiQL, whose addresses are all relative to this one."""
    return _page(request, "graphiql", EDITOR_HEADERS)


def _page(request: Request, name: str, headers: dict[str, str]) -> Response:
    page = STATIC / f"{name}.html"
    if page.is_file():
        return FileResponse(page, headers=headers | {"Cache-Control": REVALIDATE})
    text = NOT_BUILT.format(endpoint=escape(f"{request.base_url}graphql"))
    return HTMLResponse(text, headers=EDITOR_HEADERS | {"Cache-Control": REVALIDATE})  # the page holds inline styles


def create_routes() -> list[BaseRoute]:
    """Return the routes of the pages and their files."""
    return [
        Route("/", dashboard),
        Route("/graphiql", graphiql),
        Mount("/static", StaticAssets(directory=STATIC, check_dir=False), name="static"),
    ]
