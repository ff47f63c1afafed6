"""Web server that receives webhooks and gives scripted answers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Request:
    """Received request."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class WebReceiver:
    """Receiver that gives its answers one after another, and the last one to all further requests."""

    answers: list[bytes]
    requests: list[Request] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?a=b"

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in head[1:-1])}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.requests.append(Request(head[0], headers, body))
        writer.write(self.answers[min(len(self.requests), len(self.answers)) - 1])
        await writer.drain()
        writer.close()
        await writer.wait_closed()


def answer(status: int, *headers: str) -> bytes:
    """Return an HTTP response without a body."""
    return "\r\n".join([f"HTTP/1.1 {status} -", *headers, "content-length: 0", "connection: close", "", ""]).encode()


@asynccontextmanager
async def web_receiver(*answers: bytes) -> AsyncIterator[WebReceiver]:
    """Run a web server for as long as the block runs."""
    receiver = WebReceiver(list(answers))
    server = await asyncio.start_server(receiver.handle, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver
