"""Several reading units in one transaction."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from store.database.snapshot import Snapshot, begin_snapshot
from store.database.store import Unit

Outcome = tuple[Any, Exception | None]  # a unit's result, or its error


def run_units(connection: Connection, units: Sequence[Unit[Any]]) -> list[Outcome]:
    """Run units one after another, and return the outcome of each.

    An error of the database ends the transaction. The outcome with that error is then the last one, and the remaining
    units did not run.
    """
    if any(isinstance(unit, Snapshot) for unit in units):
        begin_snapshot(connection)
    outcomes: list[Outcome] = []
    for unit in units:
        run = unit.unit if isinstance(unit, Snapshot) else unit
        try:
            outcomes.append((run(connection), None))
        except DBAPIError as error:
            if error.connection_invalidated:
                raise  # the store may run all units again
            return [*outcomes, (None, error)]
        except Exception as error:
            outcomes.append((None, error))
    return outcomes
