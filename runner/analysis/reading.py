"""Bounded reading of a judge's newest evaluations, and loading of versions, for analyses."""

from collections.abc import AsyncIterator, Callable
from functools import partial

from models.evaluation import Evaluation
from store import judges
from store.database.store import Store
from trainer.model.version import Version

ROWS_PER_READ = 200


async def read_newest_blocks(
    store: Store, read: Callable[..., list[Evaluation]], max_evaluations: int, max_characters: int
) -> AsyncIterator[list[Evaluation]]:
    """Yield evaluations from the newest on, at most ``ROWS_PER_READ`` at a time.

    Args:
        store: the database.
        read: unit that takes a connection, ``before`` (the id of the last evaluation read, or None) and ``size``.
        max_evaluations: most evaluations read.
        max_characters: characters of text after which no further block is read; it bounds the time if texts are long.
    """
    before: str | None = None
    count = characters = 0
    while count < max_evaluations and characters < max_characters:
        rows = await store.read(partial(read, before=before, size=min(ROWS_PER_READ, max_evaluations - count)))
        if not rows:
            return
        yield rows
        before, count, characters = rows[-1].id, count + len(rows), characters + sum(map(_count_characters, rows))


async def load_version(store: Store, version_id: str | None) -> Version | None:
    """Load a version; None stands for the judge's raw scores."""
    if version_id is None:
        return None
    return Version.loads(await store.read(lambda connection: judges.read_version_content(connection, version_id)))


def _count_characters(evaluation: Evaluation) -> int:
    return len(evaluation.output) + len(evaluation.input or "") + len(evaluation.rationale or "")
