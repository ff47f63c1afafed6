"""Checks shared by all specs: texts, moments, ranges, batch sizes, reasons."""

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

from models.errors import DomainError, Invalid, LimitExceeded, RequestRejected
from models.specs.limits import MAX_BATCH, MAX_COMMENT

_MAX_URL_LENGTH = 2000
_MAX_QUOTED_LENGTH = 60  # characters of a caller's value in an error message


def text_problems(name: str, value: str, limit: int, *, empty: bool = False) -> Iterator[DomainError]:
    """Yield the problem of a text, if it has one.

    Args:
        name: the field, in snake_case.
        value: the text.
        limit: the largest number of characters.
        empty: whether an empty or blank text is allowed.
    """
    if not (empty or value.strip()):
        yield Invalid(f"{to_camel_case(name)} is empty.", (name,))
    elif len(value) > limit:
        yield LimitExceeded(
            f"{to_camel_case(name)} has {len(value):,} characters; at most {limit:,} are taken.", (name,)
        )
    elif "\x00" in value:
        yield Invalid(f"{to_camel_case(name)} holds a NUL character, which no database text may.", (name,))
    elif not is_unicode(value):
        yield Invalid(f"{to_camel_case(name)} {describe_half_pair(value)}", (name,))


def optional_text_problems(name: str, value: str | None, limit: int, *, empty: bool = False) -> Iterator[DomainError]:
    """Yield the problem of a text that may be None.

    Args:
        name: the field, in snake_case.
        value: the text; None has no problem.
        limit: the largest number of characters.
        empty: whether an empty or blank text is allowed.
    """
    if value is not None:
        yield from text_problems(name, value, limit, empty=empty)


def moment_problems(name: str, value: datetime | None) -> Iterator[DomainError]:
    """Yield the problem of a moment: it has no offset, or lies outside the years 1 to 9999 in UTC."""
    if value is None:
        return
    if value.tzinfo is None:
        yield Invalid(f"{to_camel_case(name)} needs an offset from UTC, such as 2026-01-31T12:00:00Z.", (name,))
    else:
        try:
            value.astimezone(UTC)
        except OverflowError:
            yield Invalid(f"{to_camel_case(name)} is no moment of the years 1 to 9999 in UTC.", (name,))


def out_of_range(name: str, value: object, allowed: str) -> Invalid:
    """Return the error for a number outside its range.

    Args:
        name: the field, in snake_case.
        value: the number that was given.
        allowed: the range, in words.
    """
    return Invalid(f"{to_camel_case(name)} must be {allowed}, not {value}.", (name,))


def check_batch_size(name: str, size: int, most: int = MAX_BATCH) -> None:
    """Check the number of items in a call.

    Args:
        name: the list's field.
        size: its number of items.
        most: the largest allowed number.

    Raises:
        RequestRejected: the list is empty or too long.
    """
    if size == 0:
        raise RequestRejected(Invalid(f"{name} is empty: send 1 to {most} items.", (name,)))
    if size > most:
        raise RequestRejected(
            LimitExceeded(f"{name} holds {size} items; a call takes at most {most}. Send several calls.", (name,))
        )


def check_required_reason(value: str) -> None:
    """Check a reason that must be given.

    Raises:
        RequestRejected: the reason is empty, too long, or no valid text.
    """
    raise_problems(text_problems("reason", value, MAX_COMMENT))


def check_reason(value: str | None) -> None:
    """Check an optional reason.

    Raises:
        RequestRejected: the reason is too long or no valid text.
    """
    raise_problems(optional_text_problems("reason", value, MAX_COMMENT, empty=True))


def raise_problems(problems: Iterator[DomainError]) -> None:
    """Raise all problems together.

    Raises:
        RequestRejected: there is at least one.
    """
    found = list(problems)
    if found:
        raise RequestRejected(*found)


def is_unicode(value: str) -> bool:
    """Return whether a text is free of half surrogate pairs."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def describe_half_pair(value: str) -> str:
    """Return the clause that names the first half surrogate pair of a text."""
    position = next(place for place, character in enumerate(value) if "\ud800" <= character <= "\udfff")
    half = f"\\u{ord(value[position]):04x}"
    return (
        f"holds half a surrogate pair, {half}, at character {position + 1}: a character that was cut in two, "
        "such as an emoji."
    )


def is_web_address(value: str) -> bool:
    """Return whether a text is an HTTP or HTTPS address with a host and without credentials."""
    if len(value) > _MAX_URL_LENGTH or any(c.isspace() or not c.isprintable() for c in value):
        return False
    try:
        parts = urlsplit(value)
        port = parts.port
        host = (parts.hostname or "").encode("idna")  # no empty or overlong part
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(host) and "@" not in parts.netloc and port != 0


def quote(value: str) -> str:
    """Return a caller's value for an error message, quoted and shortened."""
    return repr(value if len(value) <= _MAX_QUOTED_LENGTH else value[: _MAX_QUOTED_LENGTH - 3] + "...")


def to_camel_case(name: str) -> str:
    """Return a field's name as GraphQL spells it."""
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)
