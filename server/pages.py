"""The pages: GraphiQL as built from `web/`, or a page that says how to build it."""

from html import escape
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC: Final = Path(__file__).with_name("static")

# The editor styles itself at run time and starts workers; everything else comes from this server alone.
CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "base-uri 'self'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
SECURITY: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
FRESH: Final = "no-cache"
FOREVER: Final = "public, max-age=31536000, immutable"

NOT_BUILT: Final = """\
<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Judgesmith</title>
    <link rel="icon" href="data:,">
    <style>
      body {{ margin: 3rem auto; max-width: 44rem; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; }}
      pre {{ overflow: auto; padding: .75rem 1rem; background: #8882; }}
    </style>
  </head>
  <body>
    <h1>The pages are not built yet</h1>
    <p>Judgesmith runs; only GraphiQL is missing. In a checkout, with Node 20 or newer, build it and reload:</p>
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
        response.headers.update(SECURITY)
        response.headers["Cache-Control"] = FOREVER if path.startswith("assets/") else FRESH
        return response


def root(_: Request) -> Response:
    """Lead to GraphiQL; a relative address holds behind any prefix."""
    return RedirectResponse("graphiql")


def graphiql(request: Request) -> Response:
    """Serve GraphiQL, whose own addresses are all relative to this one."""
    headers = SECURITY | {"Cache-Control": FRESH}
    page = STATIC / "graphiql.html"
    if page.is_file():
        return FileResponse(page, headers=headers)
    return HTMLResponse(NOT_BUILT.format(endpoint=escape(f"{request.base_url}graphql")), headers=headers)


def routes() -> list[BaseRoute]:
    """The pages and their files."""
    return [
        Route("/", root),
        Route("/graphiql", graphiql),
        Mount("/static", Static(directory=STATIC, check_dir=False), name="static"),
    ]
