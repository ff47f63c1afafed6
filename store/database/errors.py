"""Whether an error means that the database can't be reached for now, or that something is wrong for good."""

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, NotSupportedError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

_PERMANENT = (IntegrityError, ProgrammingError, DataError, NotSupportedError)
_TRANSIENT = (DBAPIError, PoolTimeoutError, OSError, TimeoutError)


def is_transient(error: BaseException) -> bool:
    """Whether trying again later can help: a lost connection, a restart, a full disk, a lock held too long."""
    return isinstance(error, _TRANSIENT) and not isinstance(error, _PERMANENT)


def describe(error: BaseException) -> str:
    """The database's own words."""
    return str(getattr(error, "orig", None) or error) or type(error).__name__
