"""`/healthz`, `/readyz` and `/metrics`: for those who operate a server. None of them names a workspace."""

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from models.job import DeliveryStatus
from models.job_status import JobStatus
from server.services import Services
from store import health


async def healthz(_: Request) -> Response:
    """The process answers."""
    return PlainTextResponse("ok\n")


async def readyz(request: Request) -> Response:
    """The process can reach its database, and read in it."""
    services: Services = request.app.state.services
    try:
        await services.store.read(health.check_readable)
    except (SQLAlchemyError, OSError):
        return JSONResponse({"ready": False, "reason": "The database can't be reached."}, 503)
    return JSONResponse({"ready": True})


async def metrics(request: Request) -> Response:
    """Figures for Prometheus."""
    services: Services = request.app.state.services
    by_status, by_delivery = await services.store.read(_figures)
    registry = CollectorRegistry()
    jobs = Gauge("judgesmith_training_jobs", "Training jobs by status.", ["status"], registry=registry)
    for status in JobStatus:
        jobs.labels(status.value).set(by_status.get(status, 0))
    deliveries = Gauge("judgesmith_deliveries", "Messages to the outside by status.", ["status"], registry=registry)
    for outcome, number in by_delivery.items():
        deliveries.labels(outcome.value).set(number)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _figures(connection: Connection) -> tuple[dict[JobStatus, int], dict[DeliveryStatus, int]]:
    return health.count_jobs(connection), health.count_deliveries(connection)
