"""Parts that several inputs share: defaults that null stands for, descriptions, and filter arguments."""

from dataclasses import MISSING, fields
from typing import Any

import strawberry


class Defaults:
    """Base of inputs whose fields take their default also if a client sends null."""

    def __post_init__(self) -> None:
        """Replace null by the default of the field."""
        for field in fields(self):  # type: ignore[arg-type]
            if field.default is not MISSING and getattr(self, field.name) is None:
                setattr(self, field.name, field.default)


def external_id_field(noun: str) -> Any:
    """Return the field ``externalId`` of an input.

    Args:
        noun: The kind of object that the id belongs to, such as "evaluation".
    """
    return strawberry.field(
        description=(
            f"The id of the {noun} in your own system, at most 200 characters. Sending the same id and content again "
            f"returns the existing {noun}; the same id with other content is a `CONFLICT`."
        )
    )


def batch_field(noun: str, path: str) -> Any:
    """Return the field for the list of items of an input.

    Args:
        noun: The items in the plural.
        path: The last part of the path of the bulk endpoint for more items.
    """
    return strawberry.field(
        description=(
            f"1 to 500 {noun}. Send more in several calls, or load newline-delimited JSON with "
            f"`POST /judges/{{id}}/{path}`."
        )
    )


def expected_version_field() -> Any:
    """Return the field ``expectedActiveVersionId`` of an input."""
    return strawberry.field(
        description=(
            "The version that you expect to be active. If another version is active, nothing is changed and the error "
            "is `CONFLICT`. Default: not checked."
        )
    )


def reason_field(use: str = "") -> Any:
    """Return the field ``reason`` of an input.

    Args:
        use: What else there is to state about it, as the end of a sentence.
    """
    return strawberry.field(description=f"The reason, for the audit log{use}.")


def filter_argument(noun: str, default: str) -> Any:
    """Return the annotation that publishes a parameter as the argument ``filter``.

    Args:
        noun: The listed objects in the plural.
        default: What is listed without a filter.
    """
    return strawberry.argument(name="filter", description=f"The {noun} to list. Default: {default}.")
