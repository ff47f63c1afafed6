"""Errors of the API as the command reports them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

CHECK_KEY_HINT = "Check --key or JUDGESMITH_API_KEY."


class ApiError(Exception):
    """The server could not be reached, or it rejected the request."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code

    @classmethod
    def from_graphql(cls, errors: Sequence[Mapping[str, Any]]) -> Self:
        """Return one error for the `errors` of a GraphQL response, with the code of the first."""
        code = (errors[0].get("extensions") or {}).get("code", "")
        return cls("\n".join(str(error.get("message", error)) for error in errors), code)


@dataclass(frozen=True)
class UserError:
    """One problem of a mutation's input."""

    message: str
    field: tuple[str, ...]
    code: str

    @classmethod
    def from_payload(cls, error: Mapping[str, Any]) -> Self:
        """Return an entry of a payload's `userErrors`."""
        return cls(error["message"], tuple(error.get("field") or ()), error["code"])

    def __str__(self) -> str:
        return with_field_path(self.message, self.field)


class InputRejected(ApiError):
    """A mutation rejected its input."""

    def __init__(self, errors: Sequence[UserError]) -> None:
        super().__init__("\n".join(map(str, errors)), errors[0].code)
        self.errors = tuple(errors)


def with_field_path(message: str, field: Sequence[str] | None) -> str:
    """Return an error message with the path of the input field that it is about, if any."""
    return f"{message} (field: {'.'.join(field)})" if field else message
