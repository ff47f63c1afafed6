"""Figures and names as people read them."""

from datetime import datetime

from rich.text import Text

from cli.client.responses import Interval

MISSING = "–"


def format_number(value: float | None, digits: int = 2) -> str:
    """Return a number with a fixed number of decimals, or a dash for None."""
    return MISSING if value is None else f"{value:.{digits}f}"


def format_percent(share: float | None, digits: int = 0) -> str:
    """Return a share (0 to 1) as a percentage, or a dash for None."""
    return MISSING if share is None else f"{share:.{digits}%}"


def format_interval(figure: Interval | None, unit: float = 1, digits: int = 2, *, signed: bool = True) -> str:
    """Return an estimate with its interval, or a dash for None.

    Args:
        figure: the estimate with its ends.
        unit: the factor to multiply with, such as 100 for percentages.
        digits: the number of decimals.
        signed: write a plus sign before positive numbers.
    """
    if figure is None:
        return MISSING
    sign = "+" if signed else ""
    ends = (figure["estimate"], figure["lower"], figure["upper"])
    estimate, lower, upper = (f"{end * unit:{sign}.{digits}f}" for end in ends)
    return f"{estimate} [{lower}, {upper}]"


def format_count(count: int, singular: str, plural: str | None = None) -> str:
    """Return a number with thousands separators and its noun.

    Args:
        count: the number.
        singular: the noun for 1.
        plural: the noun for all other numbers. Default: `singular` with an s.
    """
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def format_enum(name: str) -> str:
    """Return the name of a state or a training type in words."""
    return name.lower().replace("_", " ")


def format_clock(timestamp: str) -> str:
    """Return the time of day of an ISO 8601 timestamp in the local zone with the zone's name."""
    return datetime.fromisoformat(timestamp).astimezone().strftime("%H:%M:%S %Z")


def improvement_verdict(improved: bool) -> Text:
    """Return the verdict of a proof: better, or unproven."""
    return Text("better", "green") if improved else Text("unproven", "yellow")
