"""Limits of the GraphQL endpoint."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EndpointLimits:
    """Limits per request, per socket and per key.

    `max_values` bounds the JSON values of a request or frame, `max_subscriptions` the concurrent operations of a
    socket, `max_key_subscriptions` those of a key, and `init_seconds` the time until a socket must send
    `connection_init`.
    """

    max_values: int = 200_000
    max_subscriptions: int = 100
    max_key_subscriptions: int = 1_000
    init_seconds: float = 10.0
    allowed_origins: tuple[str, ...] = ()
