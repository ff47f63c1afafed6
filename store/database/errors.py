"""Classification of database errors: transient ones, after which a retry can succeed, and permanent ones."""

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, NotSupportedError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

_PERMANENT = (IntegrityError, ProgrammingError, DataError, NotSupportedError)
_TRANSIENT = (DBAPIError, PoolTimeoutError, OSError, TimeoutError)


def is_transient(error: BaseException) -> bool:
    """Return whether a retry can succeed, as after a lost connection, a restart, a full disk or a lock time-out."""
    return isinstance(error, _TRANSIENT) and not isinstance(error, _PERMANENT)


def describe(error: BaseException) -> str:
    """Return the database's own message of an error."""
    return str(getattr(error, "orig", None) or error) or type(error).__name__
