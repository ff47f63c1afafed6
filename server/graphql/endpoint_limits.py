"""On what terms GraphQL requests are taken."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EndpointLimits:
    """What the endpoint takes of one request, socket and key."""

    max_values: int = 200_000
    max_subscriptions: int = 100
    max_key_subscriptions: int = 1_000
    init_seconds: float = 10.0
    allowed_origins: tuple[str, ...] = ()
