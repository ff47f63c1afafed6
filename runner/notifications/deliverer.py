"""Deliverer of the notifications in the outbox.

A failed delivery is tried again after growing delays, for about three days in all.
"""

import asyncio
from datetime import timedelta
from typing import Protocol

import structlog

from models.job import Delivery
from runner.background_loop import BackgroundLoop
from store import outbox
from store.database.signals import Topic
from store.database.store import Store

log = structlog.get_logger(__name__)

RETRY_DELAYS = tuple(
    timedelta(seconds=s) for s in (5, 30, 120, 600, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600, 24 * 3600)
)
"""Delay after each failed attempt. After the last one the delivery is given up."""
MAX_BATCH = 20
"""Deliveries attempted at once."""
CLAIM_DURATION = timedelta(minutes=2)
"""Time for which a deliverer claims a delivery; longer than the time-out of every channel."""


class DeliveryError(Exception):
    """Failure of one attempt; its message gives the reason without secrets.

    ``permanent``: another attempt cannot succeed.
    """

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent


class Channel(Protocol):
    """Channel through which notifications leave the server."""

    async def deliver(self, delivery: Delivery) -> None:
        """Send one notification.

        Raises:
            DeliveryError: The receiver did not accept it.
        """


class Deliverer:
    """Deliverer of this process. Any number may run at once; each delivery is claimed by one of them at a time."""

    def __init__(self, store: Store, channels: dict[str, Channel]) -> None:
        self.store = store
        self.channels = channels
        self._loop = BackgroundLoop(store, Topic.DELIVERIES, "deliverer", self._deliver_due)

    def start(self) -> None:
        """Start to deliver."""
        self._loop.start()

    async def stop(self) -> None:
        """Stop; a delivery that is not finished is tried again later."""
        await self._loop.stop()

    async def _deliver_due(self) -> None:
        while due := await self._take():
            await asyncio.gather(*(self._attempt(delivery) for delivery in due))

    async def _take(self) -> list[Delivery]:
        if not await self.store.read(outbox.has_due):
            return []
        return await self.store.write(lambda connection: outbox.claim_due(connection, MAX_BATCH, CLAIM_DURATION))

    async def _attempt(self, delivery: Delivery) -> None:
        error: str | None = None
        permanent = False
        channel = self.channels.get(delivery.channel)
        try:
            if channel is None:
                raise DeliveryError(f"There is no channel {delivery.channel} on this server.", permanent=True)
            async with asyncio.timeout(CLAIM_DURATION.total_seconds() / 2):
                await channel.deliver(delivery)
        except DeliveryError as failure:
            error, permanent = str(failure), failure.permanent
        except TimeoutError:
            error = "The receiver took too long."
        except Exception as failure:  # counts as an attempt, so that retries end
            log.exception("delivery_failed", delivery=delivery.id)
            error = f"It could not be sent: {type(failure).__name__}."
        given_up = permanent or delivery.attempts >= len(RETRY_DELAYS)
        retry_delay = None if given_up else RETRY_DELAYS[delivery.attempts]
        await self.store.write(lambda connection: outbox.record_attempt(connection, delivery, error, retry_delay))
