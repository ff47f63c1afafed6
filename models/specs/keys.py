"""Specs of API keys."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from models.access import Role
from models.errors import DomainError, Invalid
from models.specs.checks import moment_problems, optional_text_problems, raise_problems
from models.specs.limits import MAX_NAME


@dataclass(frozen=True, slots=True)
class KeySpec:
    """A new API key."""

    role: Role
    user_name: str | None = None
    expires_at: datetime | None = None

    def validated(self) -> Self:
        """Return the spec.

        Raises:
            RequestRejected: the spec has problems; all of them are named.
        """
        raise_problems(self._problems())
        return self

    def _problems(self) -> Iterator[DomainError]:
        problems = [
            *optional_text_problems("user_name", self.user_name, MAX_NAME),
            *moment_problems("expires_at", self.expires_at),
        ]
        yield from problems
        if not problems and self.expires_at is not None and self.expires_at <= datetime.now(UTC):
            yield Invalid("expiresAt is in the past.", ("expires_at",))
