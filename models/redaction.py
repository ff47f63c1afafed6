"""Descriptions of errors for a server's operator: enough to locate them, without secrets and data."""

import re
import traceback
from collections.abc import Iterator
from typing import Final

OWN_PACKAGES: Final = ("cli", "models", "resolvers", "runner", "schema", "server", "store", "trainer")
MAX_FRAMES: Final = 5  # innermost frames of this program, and errors of a chain
MAX_MESSAGE_LENGTH: Final = 300  # characters of an error's message

_SECRETS: Final = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[^\s\"',;]+"), r"\1 [redacted]"),
    (re.compile(r"\b(jsk|whsec)_[A-Za-z0-9_+/=-]{8,}"), r"\1_[redacted]"),
    (re.compile(r"(?<=://)([^\s:/@]*):[^\s@]+@"), r"\1:[redacted]@"),
)
PATH_PATTERN: Final = re.compile(r"(?<![\w/:.])/(?:[\w.+@-]+/)+[\w.+@-]*")


def redact(text: str) -> str:
    """Return a text without keys, Authorization headers, and passwords in addresses."""
    for secret, instead in _SECRETS:
        text = secret.sub(instead, text)
    return text


def describe_error(error: BaseException) -> str:
    """Return an error and its causes, each as the first line of its message without paths.

    >>> describe_error(KeyError("/srv/data/judge.sqlite"))
    "KeyError: '[path]'"
    """
    parts = []
    for one in _chain(error):
        message = one.strerror if isinstance(one, OSError) else next(iter(str(one).splitlines()), "")
        shown = PATH_PATTERN.sub("[path]", message or "")[:MAX_MESSAGE_LENGTH]
        parts.append(f"{type(one).__name__}: {shown}" if shown else type(one).__name__)
    return " <- ".join(parts)


def code_location(error: BaseException) -> str:
    """Return the innermost frames of this program in an error's traceback, as ``module.function:line``."""
    places = [
        f"{module}.{frame.f_code.co_name}:{line}"
        for frame, line in traceback.walk_tb(error.__traceback__)
        if (module := str(frame.f_globals.get("__name__", ""))).partition(".")[0] in OWN_PACKAGES
    ]
    return " > ".join(places[-MAX_FRAMES:])


def _chain(error: BaseException) -> Iterator[BaseException]:
    one: BaseException | None = error
    for _ in range(MAX_FRAMES):
        if one is None:
            return
        yield one
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
