"""Round trips through a real database: moments and texts are stored exactly."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from models.specs.evaluations import EvaluationSpec
from store.database.store import Store
from store.evaluations import NewEvaluation
from tests.factories import make_world, new_feedback, record, submit


@pytest.mark.parametrize(
    "moment",
    [
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(1, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2026, 3, 29, 2, 30, 0, 123_456, tzinfo=timezone(timedelta(hours=-9, minutes=-30))),
        datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    ],
    ids=str,
)
async def test_moments_are_stored_exactly_to_the_microsecond(store: Store, moment: datetime) -> None:
    world = await make_world(store)
    [evaluation], _ = await record(world, NewEvaluation(EvaluationSpec("o", (), evaluated_at=moment), [1, 2]))
    [feedback], _ = await submit(world, new_feedback(evaluation, rating=5, submitted_at=moment))

    assert evaluation.evaluated_at == moment
    assert feedback.submitted_at == moment
    assert feedback.submitted_at.utcoffset() == timedelta(0)


async def test_texts_and_scores_are_stored_unchanged(store: Store) -> None:
    world = await make_world(store)
    text = 'Zeile 1\nZeile 2\t\x01 🙂 e\u0301 \u202e "quoted" \\ \' ; DROP TABLE judges --' + "x" * 99_000
    spec = EvaluationSpec(text, (), external_id="é/ü?&#", group="g", source="s", input=text, rationale="")
    scores = [0.1 + 0.2, None]

    [kept], _ = await record(world, NewEvaluation(spec, scores, shown=[None, 1e-300]))

    assert (kept.output, kept.input, kept.rationale, kept.external_id) == (text, text, "", "é/ü?&#")
    assert kept.scores == scores
    assert kept.shown == [None, 1e-300]
