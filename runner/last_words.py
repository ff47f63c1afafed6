"""What a child process says of an error: a line as in the server's log, without a stack, a path or a key."""

import sys
import threading
import warnings
from types import TracebackType

from models.telling import redacted, told, where


def words(error: BaseException) -> str:
    """An error in a line: what it says, and where in our code it came from."""
    place = where(error)
    return redacted(f"{told(error)} ({place})" if place else told(error))


def speak_in_lines(who: str) -> None:
    """Tell in a line what Python would print with a stack: what nobody caught, here or in a thread, and warnings."""

    def say(error: BaseException) -> None:
        print(f"The {who} failed: {words(error)}", file=sys.stderr, flush=True)

    def uncaught(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
        say(error)

    def in_a_thread(found: threading.ExceptHookArgs) -> None:
        if found.exc_value is not None:
            say(found.exc_value)

    def warned(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
        said = message if isinstance(message, Warning) else category(message)
        print(f"The {who} warns: {words(said)}", file=sys.stderr, flush=True)

    sys.excepthook = uncaught
    threading.excepthook = in_a_thread
    warnings.showwarning = warned
