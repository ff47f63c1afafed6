"""The Starlette application: routes, limits, and one shape of errors."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Route, WebSocketRoute

from schema.build import build
from server import errors, health, pages, rest, versions
from server.graphql import GraphQLView
from server.limits import BodyLimit
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
        Route("/versions/{version_id}/file", versions.get_file, methods=["GET"]),
        Route("/judges/{judge_id}/versions", versions.import_version, methods=["POST"]),
        Route("/healthz", health.healthz),
        Route("/readyz", health.readyz),
        Route("/metrics", health.metrics),
        *pages.routes(),
    ]
    return Starlette(
        routes=routes,
        lifespan=lifespan,
        exception_handlers={HTTPException: errors.refused, Exception: errors.unexpected},
        middleware=[Middleware(BodyLimit, max_bytes=settings.max_body_bytes)],
    )
