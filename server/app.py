"""Starlette application: routes, middlewares and error handlers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Route, WebSocketRoute

from schema.build import build_schema
from server import errors, health, pages
from server.bulk import endpoints as bulk
from server.bulk import export
from server.graphql.view import GraphQLView
from server.http.body_limit import BodyLimitMiddleware
from server.http.headers import HostCheckMiddleware, SecurityHeadersMiddleware, cors_middleware
from server.http.rate_limit import RateLimiter, RateLimitMiddleware
from server.persisted_documents import PersistedDocuments, load_known_documents
from server.rest import openapi, versions
from server.rest import training_jobs as rest
from server.services import start_services
from server.settings import Settings


def create_app(settings: Settings) -> Starlette:
    """Return the application for these settings. Its lifespan starts and stops the services."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with start_services(settings) as services:
            app.state.services = services
            yield

    limiter = RateLimiter(settings.rate_limit) if settings.rate_limit is not None else None
    graphql = GraphQLView(
        build_schema(settings.limits, introspection=settings.introspection, suggestions=settings.suggestions),
        settings.endpoint_limits,
        persisted=PersistedDocuments(load_known_documents(settings.persisted_documents), only=settings.only_persisted),
        limiter=limiter,
    )
    app = Starlette(
        routes=_create_routes(graphql),
        lifespan=lifespan,
        exception_handlers={HTTPException: errors.handle_http_exception, Exception: errors.handle_unexpected},
        middleware=_create_middleware(settings, limiter),
    )
    app.state.end_streams = graphql.end_streams
    return app


def _create_routes(graphql: GraphQLView) -> list[BaseRoute]:
    routes = [
        Route("/graphql", graphql),
        WebSocketRoute("/graphql", graphql),
        Route("/training/jobs", rest.create_job, methods=["POST"]),
        Route("/training/jobs/{job_id}", rest.get_job, methods=["GET"]),
        Route("/versions/{version_id}/file", versions.get_file, methods=["GET"]),
        Route("/judges/{judge_id}/versions", versions.import_version, methods=["POST"]),
        *bulk.create_routes(),
        *export.create_routes(),
        Route("/healthz", health.healthz),
        Route("/readyz", health.readyz),
        Route("/metrics", health.metrics),
        *pages.create_routes(),
    ]
    return [*routes, openapi.create_route(openapi.build_document(routes))]


def _create_middleware(settings: Settings, limiter: RateLimiter | None) -> list[Middleware]:
    """Return the middlewares from the outermost to the innermost."""
    return [
        Middleware(SecurityHeadersMiddleware),
        Middleware(HostCheckMiddleware, names=(settings.host, *settings.allowed_hosts)),
        *cors_middleware(settings.allowed_origins),
        Middleware(errors.ErrorMaskingMiddleware),
        *([Middleware(RateLimitMiddleware, limiter=limiter)] if limiter is not None else []),
        Middleware(BodyLimitMiddleware, max_bytes=settings.max_body_bytes, is_streamed=bulk.is_streamed),
    ]
