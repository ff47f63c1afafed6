"""Webhook channel: requests signed by the Standard Webhooks specification (standardwebhooks.com).

Private and loopback addresses are rejected unless the operator permits them.
"""

import asyncio
import contextlib
import ipaddress
import socket
import ssl
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import anyio
import httpcore
from standardwebhooks import Webhook

from models.job import Delivery
from runner.notifications.deliverer import DeliveryError
from store import access
from store.database.store import Store

if TYPE_CHECKING:
    import httpx

TIMEOUT_SECONDS = 20.0
"""Time-out of each step: connecting, writing, reading."""
_FAILURES = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, ssl.SSLError, OSError)


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Network backend that connects to the address it has checked.

    A name therefore cannot resolve to another address between the check and the connection.
    """

    def __init__(self, *, allow_private: bool) -> None:
        self.allow_private = allow_private
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first permitted address of a host that accepts the connection.

        Args:
            host: name or address.
            port: port.
            timeout: seconds per connection attempt.
            local_address: see httpcore.
            socket_options: see httpcore.

        Raises:
            DeliveryError: The host has no address, or only private ones.
        """
        try:
            found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise DeliveryError(f"{host} does not resolve.") from error
        addresses = [str(sockaddr[0]) for *_, sockaddr in found]
        allowed = [address for address in addresses if self.allow_private or is_public(address)]
        if not allowed:
            raise DeliveryError(f"{host} has only private addresses, to which nothing is sent.", permanent=True)
        for address in allowed[:-1]:
            with contextlib.suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
        return await self._network.connect_tcp(allowed[-1], port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        """Sleep; part of httpcore's interface."""
        await anyio.sleep(seconds)


def is_public(address: str) -> bool:
    """Return whether an IP address is global unicast."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return ip.is_global and not ip.is_multicast


class WebhookChannel:
    """Channel that posts a notification to the address that the job names."""

    def __init__(self, store: Store, *, allow_private: bool = False) -> None:
        self.store = store
        self.allow_private = allow_private

    async def deliver(self, delivery: Delivery) -> None:
        """Post the message; redirects are not followed.

        Raises:
            DeliveryError: The receiver cannot be reached or did not answer with a 2xx status.
        """
        secret = await self.store.read(
            lambda connection: access.get_webhook_secret_for_job(connection, delivery.job_id)
        )
        body = delivery.payload.text.encode()
        named = await asyncio.to_thread(
            _parse_target, delivery.target
        )  # converts international names and paths to ASCII
        url = httpcore.URL(scheme=named.raw_scheme, host=named.raw_host, port=named.port, target=named.raw_path)
        moment = datetime.now(UTC)
        headers: dict[bytes | str, bytes | str] = {
            "content-type": "application/json",
            "user-agent": "Judgesmith",
            "webhook-id": delivery.id,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": Webhook(secret).sign(delivery.id, moment, body.decode()),
        }
        network = GuardedNetwork(allow_private=self.allow_private)
        limits = dict.fromkeys(("connect", "read", "write", "pool"), TIMEOUT_SECONDS)
        try:
            async with (
                httpcore.AsyncConnectionPool(ssl_context=ssl.create_default_context(), network_backend=network) as pool,
                pool.stream("POST", url, headers=headers, content=body, extensions={"timeout": limits}) as response,
            ):
                status = response.status
        except _FAILURES as error:
            raise DeliveryError(f"The receiver can't be reached: {type(error).__name__}.") from error
        if not 200 <= status < 300:
            raise DeliveryError(f"The receiver answered {status}.", permanent=status == 410)


def _parse_target(target: str) -> "httpx.URL":
    """Parse an address, with international names and paths in ASCII. An import of httpx would slow every start."""
    import httpx

    return httpx.URL(target)
