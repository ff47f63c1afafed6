"""Generic maps: tables and JSON records whose fields and scores have places, in wide and long form."""

from collections.abc import Iterator
from typing import Any

from cli.transfer.mapping.criteria import CriteriaByName
from cli.transfer.mapping.layout import Layout, find_rater_problem
from cli.transfer.mapping.lines import derive_item_id, to_identifier
from cli.transfer.mapping.observations import Answer, Item, Review, Skipped
from cli.transfer.sources.record import NameIndex, Record

_VERDICTS = ("rating", "approved")


class GenericReader:
    """Reader of the observations in records of one layout."""

    def __init__(self, layout: Layout, criteria: CriteriaByName, items: Layout | None = None) -> None:
        """Create the reader.

        Args:
            layout: the layout of the file.
            criteria: the judge's criteria.
            items: the layout of the evaluations, if the same file holds both, so that reviews refer to their items.
        """
        self._layout = layout
        self._criteria = criteria
        self._items = items
        self._index = NameIndex()

    def read_items(self, record: Record) -> Iterator[Item | Skipped]:
        """Yield the item of a record."""
        skipped = self._find_skipped(record)
        if skipped is not None:
            yield skipped
            return
        fields = self._fields(record)
        if "external_id" not in self._layout.fields and self._items is not None:
            fields["external_id"] = derive_item_id(fields.get("input"), fields.get("output"))
        yield Item(fields, list(self._answers(record)))

    def read_reviews(self, record: Record) -> Iterator[Review | Skipped]:
        """Yield the review in a record."""
        skipped = self._find_skipped(record)
        if skipped is not None:
            yield skipped
            return
        fields = self._fields(record)
        comments = [fields.pop("comment", None)]
        answers = [Answer(name, fields.pop(name), self._layout.fields[name]) for name in _VERDICTS if name in fields]
        if "evaluation" not in self._layout.fields and self._items is not None:
            fields["evaluation"] = self._find_item_id(record, self._items)
        yield Review(fields, [*self._answers(record), *answers], comments)

    # Any: values of people's files are of any shape.
    def _fields(self, record: Record) -> dict[str, Any]:
        found = {}
        for name, place in self._layout.fields.items():
            value = self._index.find(record, place)[1]
            if value == "" and name != "output":
                value = None
            if value is not None:
                found[name] = value
        return found

    def _find_item_id(self, record: Record, items: Layout) -> str | None:
        texts = {name: self._index.find(record, place)[1] for name, place in items.fields.items()}
        if "external_id" in items.fields:
            return to_identifier(texts.get("external_id"))
        return derive_item_id(texts.get("input") or None, texts.get("output"))

    def _answers(self, record: Record) -> Iterator[Answer]:
        layout = self._layout
        if layout.criterion is None:
            for name, place in layout.scores.items():
                column, value = self._index.find(record, place)
                yield Answer(name, value, column or place)
            return
        question = to_identifier(self._index.find(record, layout.criterion)[1])
        if question is None:
            return
        criterion = self._criteria.find(question)
        label = self._criteria.label(criterion) if criterion is not None else ""
        places = [layout.scores.get(label), layout.score, *layout.scores.values()]
        place = next(place for place in places if place is not None)
        column, value = self._index.find(record, place)
        yield Answer(question, value, column or place)

    def _find_skipped(self, record: Record) -> Skipped | None:
        """Return the reason to skip a record because of its kind of rater, if there is one."""
        if self._layout.rater_kind is None:
            return None
        value = self._index.find(record, self._layout.rater_kind)[1]
        problem = find_rater_problem(self._layout.kind, value)
        return None if problem is None else Skipped(problem, value)
