"""`/healthz`, `/readyz` and `/metrics`: for those who operate a server. None of them names a workspace."""

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from models.access import Workspace
from models.job import Delivery, TrainingJob
from models.job_status import JobStatus
from server.services import Services


async def healthz(_: Request) -> Response:
    """The process answers."""
    return PlainTextResponse("ok\n")


async def readyz(request: Request) -> Response:
    """The process can reach its database, and read in it."""
    services: Services = request.app.state.services
    try:
        await services.store.read(lambda connection: connection.execute(select(Workspace.id).limit(1)).first())
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
        jobs.labels(status.value).set(by_status.get(status.value, 0))
    deliveries = Gauge("judgesmith_deliveries", "Messages to the outside by status.", ["status"], registry=registry)
    for name, number in by_delivery.items():
        deliveries.labels(name).set(number)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _figures(connection: Connection) -> tuple[dict[str, int], dict[str, int]]:
    jobs = connection.execute(select(TrainingJob.status, func.count()).group_by(TrainingJob.status))
    deliveries = connection.execute(select(Delivery.status, func.count()).group_by(Delivery.status))
    return {status.value: n for status, n in jobs}, {status.value: n for status, n in deliveries}
