"""Made-up records and types of fixtures."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from models.access import User
from models.judge import Criterion, Judge

MOMENT = datetime(2026, 1, 31, 12, tzinfo=UTC)
CLARITY = Criterion(
    id="crit_1",
    judge_pk=7,
    ordinal=0,
    key="crit_clarity",
    name="Clarity",
    description=None,
    minimum=1.0,
    maximum=5.0,
    step=1.0,
    weight=1.0,
)
JUDGE = Judge(
    pk=7, id="jdg_a", name="A", description=None, active_version_id=None, created_at=MOMENT, created_by="usr_ann"
)
ANN = User(id="usr_ann", name="ann")

Ask = Callable[..., Awaitable[Any]]
Resolve = Callable[[str, Any], list[tuple[Any, ...]]]


class Known:
    """Loader of a few known records."""

    def __init__(self, records: Mapping[Any, Any]) -> None:
        self.records = records

    async def load(self, key: Any, *_: Any) -> Any:
        return self.records.get(key)

    find = load
