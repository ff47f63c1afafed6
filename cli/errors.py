"""What can go wrong between the command and a server, told for people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self


class ApiError(Exception):
    """The server could not be reached, or refused what was asked."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class UserError:
    """One thing that was wrong with an input."""

    message: str
    field: tuple[str, ...]
    code: str

    @classmethod
    def read(cls, error: Mapping[str, Any]) -> Self:
        """Take over an entry of a payload's `userErrors`."""
        return cls(error["message"], tuple(error.get("field") or ()), error["code"])

    def __str__(self) -> str:
        return f"{self.message} (field: {'.'.join(self.field)})" if self.field else self.message


class UserErrors(ApiError):
    """A mutation refused its input."""

    def __init__(self, errors: Sequence[UserError]) -> None:
        super().__init__("\n".join(map(str, errors)), errors[0].code)
        self.errors = tuple(errors)
