"""Dry runs for a judge that a file describes and that does not exist yet.

Apart from the other commands, since it needs the rules themselves, which take a moment to import.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from cli.client.bulk import Answer, Count
from cli.errors import ApiError
from cli.transfer.dry_run import Evaluations
from cli.transfer.judge_file import Judge, read_judge_file
from models.bulk.line_splitter import Line
from models.bulk.lines import CriterionNames
from models.bulk.reader import read_evaluations, read_feedback
from models.errors import RequestRejected
from models.judge import Criterion
from models.specs.judges import CriterionSpec, JudgeSpec

_AT_ONCE = 1_000
_NAMES = {"min": "minimum", "max": "maximum"}


class NewJudge:
    """Checks lines for a judge that a file describes and that does not exist yet."""

    def __init__(self, path: Path) -> None:
        try:
            spec = _spec(path).validated()
        except RequestRejected as refusal:
            raise ApiError(f"{path} does not describe a judge: {refusal}") from None
        self.criteria = [
            Criterion(
                id=made.key,
                ordinal=ordinal,
                key=made.key,
                name=made.name,
                minimum=made.minimum,
                maximum=made.maximum,
                step=made.step,
                weight=made.weight,
            )
            for ordinal, made in enumerate(spec.criteria)
        ]
        self._names = CriterionNames(self.criteria)

    @property
    def judge(self) -> Judge:
        """The judge as the API would show it, but for its id."""
        return {"id": "new", "criteria": [{"key": c.key, "name": c.name} for c in self.criteria]}

    def check(
        self,
        kind: str,
        lines: Iterator[Line],
        count: Count,
        refuse: Callable[[int, bytes | None, list[Answer]], bool],
        known: Evaluations,
    ) -> None:
        """Count what would be loaded; without a server, since it knows nothing of this judge yet."""
        read: Callable[..., Any] = read_evaluations if kind == "evaluations" else read_feedback
        while some := list(islice(lines, _AT_ONCE)):
            texts = dict(some)
            unit = read(some, self._names, idempotent=True)
            errors: dict[int, list[Answer]] = {}
            for refusal in unit.rejected:
                error = refusal.error
                answer = {"message": error.message, "field": list(error.field), "external_id": refusal.external_id}
                errors.setdefault(refusal.line, []).append(answer)
            for item in unit.parsed if kind == "feedback" else ():
                if not known.hold(texts[item.line]):
                    message = "No line of the evaluations file has this external_id."
                    errors[item.line] = [{"message": message, "field": ["evaluation"]}]
            for line, answers in errors.items():
                count.refused += refuse(line, texts[line], answers)
            count.new += len(some) - len(errors)


def _spec(path: Path) -> JudgeSpec:
    described = read_judge_file(path)
    criteria = []
    for criterion in described.criteria:
        given = {name: value for name, value in msgspec.structs.asdict(criterion).items() if value is not None}
        criteria.append(CriterionSpec(**{_NAMES.get(name, name): value for name, value in given.items()}))
    return JudgeSpec(described.name, tuple(criteria), described.id, described.description)
