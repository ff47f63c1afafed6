"""The Starlette application: routes, limits, and one shape of errors."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute

from schema.build import build
from server import health, pages, rest
from server.graphql import GraphQLView
from server.services import services
from server.settings import Settings


def create_app(settings: Settings) -> Starlette:
    """The application for these settings; its parts start with it."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with services(settings) as parts:
            app.state.services = parts
            yield

    graphql = GraphQLView(
        build(settings.limits),
        max_subscriptions=settings.max_subscriptions,
        allowed_origins=settings.allowed_origins,
    )
    routes = [
        Route("/graphql", graphql),
        WebSocketRoute("/graphql", graphql),
        Route("/training/jobs", rest.create_job, methods=["POST"]),
        Route("/training/jobs/{job_id}", rest.get_job, methods=["GET"]),
        Route("/healthz", health.healthz),
        Route("/readyz", health.readyz),
        Route("/metrics", health.metrics),
        *pages.routes(),
    ]
    return Starlette(
        routes=routes,
        lifespan=lifespan,
        exception_handlers={HTTPException: _refused, Exception: rest.unexpected},
        max_body_size=settings.max_body_bytes,
    )


async def _refused(request: Request, error: Exception) -> Response:
    """A request that no endpoint took, in the shape of all errors."""
    assert isinstance(error, HTTPException)
    message = error.detail
    if error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        message = "The request's body is larger than this server takes; send fewer items a call."
    elif error.status_code == HTTPStatus.NOT_FOUND:
        message = f"There is nothing at {request.url.path}."
    return rest.failure(error.status_code, HTTPStatus(error.status_code).name, message, headers=error.headers)
