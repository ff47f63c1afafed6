"""Run a server or a worker until it is told to stop."""

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

GRACE_SECONDS = 4  # for open requests and sockets at the end


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; says when it accepts requests."""
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,  # its lines go the way of all others
        log_level="warning",
        access_log=False,
        lifespan="on",
        ws="websockets-sansio",
        ws_max_size=settings.max_frame_bytes,
        ws_ping_interval=settings.ping_seconds,
        ws_ping_timeout=settings.ping_seconds,
        ws_per_message_deflate=False,  # a compressor a socket would cost more memory than small events are worth
        timeout_graceful_shutdown=GRACE_SECONDS,
        server_header=False,
    )
    _Server(config, at_end=app.state.end_streams).run()


async def run_worker(settings: Settings) -> None:
    """Run training jobs and deliver messages until SIGTERM or SIGINT."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with open_store(settings.store_url) as store:
        parts: list[Worker | Deliverer] = [create_worker(settings, store), create_deliverer(settings, store)]
        for part in parts:
            part.start()
        print("Judgesmith works.", flush=True)
        await stopped.wait()
        for part in parts:
            await part.stop()


def tune_garbage_collector() -> None:
    """Spare the garbage collector what a server keeps for ever: to look it all through takes a tenth of a second.

    All else it looks through only after so many new objects that one large answer does not make it do so.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(2_000, 10, 20)


class _Server(uvicorn.Server):
    """Says when it accepts requests, and ends streams when it ends; uvicorn itself closes the sockets."""

    def __init__(self, config: uvicorn.Config, at_end: Callable[[], None]) -> None:
        super().__init__(config)
        self._at_end = at_end

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._at_end()
        await super().shutdown(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            tune_garbage_collector()
            sys.setswitchinterval(0.001)  # threads that compute let the event loop in five times sooner
            address = self.servers[0].sockets[0].getsockname()
            host = f"[{self.config.host}]" if ":" in self.config.host else self.config.host
            print(f"Judgesmith is ready at http://{host}:{address[1]}", flush=True)
