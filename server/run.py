"""Processes: a server or a worker that runs until it receives SIGTERM or SIGINT."""

import asyncio
import contextlib
import gc
import signal
import socket
import sys
from collections.abc import Callable

import uvicorn

from runner.notifications.deliverer import Deliverer
from runner.workers.worker import Worker
from server.app import create_app
from server.services import create_deliverer, create_worker
from server.settings import Settings
from store.database.open import open_store

SHUTDOWN_GRACE_SECONDS = 4  # for open requests and sockets


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Print a line when the server accepts requests."""
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,  # server.logs formats its lines too
        log_level="warning",
        access_log=False,
        lifespan="on",
        ws="websockets-sansio",
        ws_max_size=settings.max_frame_bytes,
        ws_ping_interval=settings.ping_seconds,
        ws_ping_timeout=settings.ping_seconds,
        ws_per_message_deflate=False,  # a compressor per socket needs more memory than compressing small events saves
        timeout_graceful_shutdown=SHUTDOWN_GRACE_SECONDS,
        server_header=False,
    )
    _Server(config, before_shutdown=app.state.end_streams).run()


async def run_worker(settings: Settings) -> None:
    """Run training jobs and deliver messages until SIGTERM or SIGINT."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with open_store(settings.store_url) as store:
        background: list[Worker | Deliverer] = [create_worker(settings, store), create_deliverer(settings, store)]
        for service in background:
            service.start()
        print("The Judgesmith worker is running.", flush=True)
        await stopped.wait()
        for service in background:
            await service.stop()


def tune_garbage_collector() -> None:
    """Exclude long-lived objects from garbage collection and collect less often.

    Scanning the objects that a server keeps for its lifetime takes about 0.1 seconds. The thresholds are high enough
    that one large response does not start a full collection.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(2_000, 10, 20)


class _Server(uvicorn.Server):
    """Server that prints its address when it is ready and ends streams on shutdown. Uvicorn closes the sockets."""

    def __init__(self, config: uvicorn.Config, before_shutdown: Callable[[], None]) -> None:
        super().__init__(config)
        self._before_shutdown = before_shutdown

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._before_shutdown()
        await super().shutdown(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            tune_garbage_collector()
            sys.setswitchinterval(0.001)  # computing threads yield to the event loop after 1 ms instead of 5 ms
            address = self.servers[0].sockets[0].getsockname()
            host = f"[{self.config.host}]" if ":" in self.config.host else self.config.host
            print(f"Judgesmith is ready at http://{host}:{address[1]}", flush=True)
