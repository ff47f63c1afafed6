"""Operator endpoints `/healthz`, `/readyz` and `/metrics`. Their responses name no workspace."""

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from models.job import DeliveryStatus
from models.job_status import JobStatus
from server.services import Services
from store import health
from store.counters import totals


async def healthz(_: Request) -> Response:
    """Respond with 200 while the process runs."""
    return PlainTextResponse("ok\n")


async def readyz(request: Request) -> Response:
    """Respond with 200 if the database can be read, else with 503."""
    services: Services = request.app.state.services
    try:
        await services.store.read(health.check_readable)
    except (SQLAlchemyError, OSError):
        return JSONResponse({"ready": False, "reason": "The database cannot be reached."}, 503)
    return JSONResponse({"ready": True})


async def metrics(request: Request) -> Response:
    """Respond with metrics for Prometheus."""
    services: Services = request.app.state.services
    job_counts, delivery_counts = await services.store.read_long(_read_counts)
    registry = CollectorRegistry()
    jobs = Gauge("judgesmith_training_jobs", "Training jobs by status.", ["status"], registry=registry)
    for status in JobStatus:
        jobs.labels(status.value).set(job_counts.get(status, 0))
    deliveries = Gauge("judgesmith_deliveries", "Notification deliveries by status.", ["status"], registry=registry)
    for outcome, number in delivery_counts.items():
        deliveries.labels(outcome.value).set(number)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _read_counts(connection: Connection) -> tuple[dict[JobStatus, int], dict[DeliveryStatus, int]]:
    return totals.count_jobs(connection), totals.count_deliveries(connection)
