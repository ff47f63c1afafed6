"""Deliver what the outbox owes: again with growing pauses until it arrives or three days have passed."""

import asyncio
import contextlib
from datetime import timedelta
from typing import Protocol

import structlog

from models.job import Delivery
from store import outbox
from store.database.errors import describe, is_transient
from store.database.signals import Topic
from store.database.store import Store

log = structlog.get_logger(__name__)

# The pauses after each failed attempt; then the message is given up.
RETRY_DELAYS = tuple(
    timedelta(seconds=s) for s in (5, 30, 120, 600, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600, 24 * 3600)
)
MAX_BATCH = 20
CLAIM_DURATION = timedelta(minutes=2)  # longer than any channel's own time limit


class DeliveryError(Exception):
    """An attempt failed; the message says why, without secrets. ``final``: trying again can't help."""

    def __init__(self, message: str, *, final: bool = False) -> None:
        super().__init__(message)
        self.final = final


class Channel(Protocol):
    """A way to the outside world."""

    async def deliver(self, delivery: Delivery) -> None:
        """Send one message.

        Raises:
            Undeliverable: it did not arrive.
        """


class Deliverer:
    """Sends messages as they become due. Any number may run; a message is held by one at a time."""

    def __init__(self, store: Store, channels: dict[str, Channel]) -> None:
        self.store = store
        self.channels = channels
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to deliver."""
        self._loop = asyncio.create_task(self._run(), name="deliverer")

    async def stop(self) -> None:
        """Stop; what was not delivered stays owed."""
        if self._loop is not None:
            self._loop.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._loop

    async def _run(self) -> None:
        with self.store.signals.listen(Topic.DELIVERIES) as listener:
            while True:
                try:
                    while due := await self._take():
                        await asyncio.gather(*(self._attempt(delivery) for delivery in due))
                except Exception as error:  # it must go on, whatever happened
                    if is_transient(error):
                        log.warning("database_unavailable", reason=describe(error))
                    else:
                        log.exception("deliverer_failed")
                await listener.wait(self.store.safety_interval)

    async def _take(self) -> list[Delivery]:
        if not await self.store.read(outbox.has_due):
            return []
        return await self.store.write(lambda connection: outbox.claim_due(connection, MAX_BATCH, CLAIM_DURATION))

    async def _attempt(self, delivery: Delivery) -> None:
        error: str | None = None
        final = False
        channel = self.channels.get(delivery.channel)
        try:
            if channel is None:
                raise DeliveryError(f"There is no channel {delivery.channel} on this server.", final=True)
            async with asyncio.timeout(CLAIM_DURATION.total_seconds() / 2):
                await channel.deliver(delivery)
        except DeliveryError as failure:
            error, final = str(failure), failure.final
        except TimeoutError:
            error = "The receiver took too long."
        except Exception as failure:  # an attempt all the same, so that the message is given up one day
            log.exception("delivery_failed", delivery=delivery.id)
            error = f"It could not be sent: {type(failure).__name__}."
        given_up = final or delivery.attempts >= len(RETRY_DELAYS)
        again = None if given_up else RETRY_DELAYS[delivery.attempts]
        await self.store.write(lambda connection: outbox.record_attempt(connection, delivery, error, again))
