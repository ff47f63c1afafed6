"""Run a server or a worker until it is told to stop."""

import asyncio
import contextlib
import gc
import signal
import socket
import sys

import uvicorn

from runner.delivery import Deliverer
from runner.worker import Worker
from server.app import create_app
from server.services import deliverer_of, worker_of
from server.settings import Settings
from store.store import open_store

GRACE_SECONDS = 4  # for open requests and sockets at the end


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; says when it accepts requests."""
    config = uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        lifespan="on",
        ws="websockets-sansio",
        ws_max_size=settings.max_frame_bytes,
        ws_per_message_deflate=False,  # a compressor a socket would cost more memory than small events are worth
        timeout_graceful_shutdown=GRACE_SECONDS,
        server_header=False,
    )
    _Server(config).run()


async def work(settings: Settings) -> None:
    """Run training jobs and deliver messages until SIGTERM or SIGINT."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with open_store(settings.store_url) as store:
        parts: list[Worker | Deliverer] = [worker_of(settings, store), deliverer_of(settings, store)]
        for part in parts:
            part.start()
        print("Judgesmith works.", flush=True)
        await stopped.wait()
        for part in parts:
            await part.stop()


class _Server(uvicorn.Server):
    """Says when it accepts requests."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            # What is there from the start stays. To look through all of it again and again, as the collector would
            # while a bulk load makes and drops millions of objects, stops everybody for tens of milliseconds.
            gc.collect()
            gc.freeze()
            sys.setswitchinterval(0.001)  # threads that compute let the event loop in five times sooner
            address = self.servers[0].sockets[0].getsockname()
            host = f"[{self.config.host}]" if ":" in self.config.host else self.config.host
            print(f"Judgesmith is ready at http://{host}:{address[1]}", flush=True)
