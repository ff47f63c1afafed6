"""Services of a process: the store, and the services that handle requests, run jobs and deliver notifications."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from models.access import Viewer
from models.request_sizes import RequestSizes
from resolvers.context import Context
from runner.analysis.service import AnalysisService
from runner.jobs.manager import JobManager
from runner.notifications.deliverer import Channel, Deliverer
from runner.notifications.email import EmailChannel
from runner.notifications.webhook import WebhookChannel
from runner.versions.scorer import Scorer
from runner.workers.worker import Worker
from server.auth import Authenticator
from server.settings import Settings
from store.database.open import open_store
from store.database.store import Store
from store.event_log.feed import EventFeed


@dataclass(frozen=True, slots=True)
class Services:
    """Services that requests use."""

    store: Store
    feed: EventFeed
    manager: JobManager
    scorer: Scorer
    analysis: AnalysisService
    sizes: RequestSizes
    authenticator: Authenticator

    def create_context(self, viewer: Viewer) -> Context:
        """Return the context of one operation."""
        return Context(viewer, self.store, self.feed, self.manager, self.scorer, self.analysis, self.sizes)


@asynccontextmanager
async def start_services(settings: Settings) -> AsyncIterator[Services]:
    """Start the services, and stop them at the end of the block.

    The worker and the deliverer start too, unless the settings leave jobs to other processes.
    """
    async with open_store(settings.store_url) as store:
        manager = JobManager(store, allow_private_targets=settings.allow_private_targets)
        background: list[Worker | Deliverer] = []
        if settings.runner:
            background = [create_worker(settings, store), create_deliverer(settings, store)]
        for service in background:
            service.start()
        analysis = AnalysisService(store.url)
        feed = EventFeed(store)
        try:
            yield Services(store, feed, manager, Scorer(store), analysis, settings.sizes, Authenticator(store))
        finally:
            await analysis.close()
            for service in background:
                await service.stop()
            await feed.close()


def create_worker(settings: Settings, store: Store) -> Worker:
    """Return the worker that runs training jobs."""
    return Worker(store, settings.leases, settings.slots)


def create_deliverer(settings: Settings, store: Store) -> Deliverer:
    """Return the deliverer of notifications."""
    channels: dict[str, Channel] = {
        "webhook": WebhookChannel(store, allow_private=settings.allow_private_targets),
        "email": EmailChannel(settings.smtp),
    }
    return Deliverer(store, channels)
