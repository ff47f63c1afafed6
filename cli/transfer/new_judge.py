"""Checker of lines in a dry run for a judge that a file describes and that does not exist yet.

The commands import it only when they need it, because importing the rules takes a moment.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from cli.client.bulk import LineCounts, LineError, RejectHandler
from cli.client.responses import ScaledCriterion
from cli.errors import ApiError
from cli.transfer.dry_run import SeenEvaluations
from cli.transfer.importer import ImportTarget
from cli.transfer.judge_file import read_judge_file
from models.bulk.line_splitter import Line
from models.bulk.lines import CriterionNames
from models.bulk.reader import ParsedBatch, read_evaluations, read_feedback
from models.errors import RequestRejected
from models.judge import Criterion
from models.specs.judges import CriterionSpec, JudgeSpec

_BATCH_LINES = 1_000
_SPEC_NAMES = {"min": "minimum", "max": "maximum"}


class NewJudgeChecker:
    """Checks lines by the server's rules without a server, because that has no such judge yet."""

    def __init__(self, path: Path) -> None:
        try:
            spec = _read_spec(path).validated()
        except RequestRejected as rejection:
            raise ApiError(f"{path} does not describe a judge: {rejection}") from None
        self._name = spec.name
        self._criteria = [
            Criterion(
                id=criterion.key,
                ordinal=ordinal,
                key=criterion.key,
                name=criterion.name,
                minimum=criterion.minimum,
                maximum=criterion.maximum,
                step=criterion.step,
                weight=criterion.weight,
            )
            for ordinal, criterion in enumerate(spec.criteria)
        ]
        self._names = CriterionNames(self._criteria)

    @property
    def target(self) -> ImportTarget:
        """The judge as an import target, with `new` and the criteria's keys in place of ids."""
        criteria: list[ScaledCriterion] = [
            {"id": one.key, "key": one.key, "name": one.name, "min": one.minimum, "max": one.maximum}
            for one in self._criteria
        ]
        return ImportTarget("new", self._name, criteria, self.check)

    def check(
        self,
        kind: str,
        lines: Iterator[Line],
        counts: LineCounts,
        on_rejected: RejectHandler,
        seen: SeenEvaluations,
    ) -> None:
        """Count the lines by the result that an import would give.

        Args:
            kind: `evaluations` or `feedback`.
            lines: the lines.
            counts: the numbers of lines by result, which are updated.
            on_rejected: handles each line that would be refused.
            seen: the evaluations that feedback can be about.
        """
        read: Callable[..., ParsedBatch[Any]] = read_evaluations if kind == "evaluations" else read_feedback
        while some := list(islice(lines, _BATCH_LINES)):
            texts = dict(some)
            batch = read(some, self._names, idempotent=True)
            errors: dict[int, list[LineError]] = {}
            for rejected in batch.rejected:
                error = LineError(
                    rejected.error.message, field=list(rejected.error.field), external_id=rejected.external_id
                )
                errors.setdefault(rejected.line, []).append(error)
            for item in batch.parsed if kind == "feedback" else ():
                if not seen.include_target_of(texts[item.line]):
                    message = "No line of the evaluations file has this external_id."
                    errors[item.line] = [LineError(message, field=["evaluation"])]
            for line, line_errors in errors.items():
                counts.add(on_rejected(line, texts[line], line_errors))
            counts.new += len(some) - len(errors)


def _read_spec(path: Path) -> JudgeSpec:
    described = read_judge_file(path)
    criteria = []
    for criterion in described.criteria:
        given = {name: value for name, value in msgspec.structs.asdict(criterion).items() if value is not None}
        criteria.append(CriterionSpec(**{_SPEC_NAMES.get(name, name): value for name, value in given.items()}))
    return JudgeSpec(described.name, tuple(criteria), described.id, described.description)
