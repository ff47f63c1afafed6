"""A judge's criteria by the names that files use for them."""

from collections.abc import Iterator, Sequence

from cli.client.responses import ScaledCriterion
from cli.transfer.mapping.labels import Scale
from cli.transfer.sources.record import fold_name


class CriteriaByName:
    """Criteria by id, key or name, exactly or without regard to case, blanks and underscores.

    Attributes:
        names: all names, for comparing them with those of columns.
    """

    def __init__(self, criteria: Sequence[ScaledCriterion]) -> None:
        self._criteria = criteria
        exact: dict[str, ScaledCriterion] = {}
        for part in ("name", "key", "id"):
            given = [str(one[part]) for one in criteria]
            exact |= {name: one for name, one in zip(given, criteria, strict=True) if given.count(name) == 1}
        folded: dict[str, list[ScaledCriterion]] = {}
        for name, criterion in exact.items():
            known = folded.setdefault(fold_name(name), [])
            if criterion not in known:
                known.append(criterion)
        self._folded = {name: found[0] for name, found in folded.items() if len(found) == 1}
        self._exact = exact
        self.names = frozenset(self._folded) | frozenset(exact)

    def __iter__(self) -> Iterator[ScaledCriterion]:
        return iter(self._criteria)

    def label(self, criterion: ScaledCriterion) -> str:
        """Return a criterion's name, or its key if another criterion has the same name."""
        return criterion["name"] if self._exact.get(criterion["name"]) is criterion else criterion["key"]

    def find(self, name: str) -> ScaledCriterion | None:
        """Return the criterion of a name, or None."""
        found = self._exact.get(name)
        return self._folded.get(fold_name(name)) if found is None else found

    def describe(self) -> str:
        """Return the criteria's names for a message."""
        return ", ".join(one["name"] for one in self._criteria[:20])


def scale_of(criterion: ScaledCriterion) -> Scale:
    """Return a criterion's scale."""
    return Scale(criterion["name"], criterion["min"], criterion["max"])
