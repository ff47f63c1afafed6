"""Selection of estimators and spreads."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.trainer.synthetic_tasks import make_task, run, version_of
from trainer.model.version import RAW, Version


def test_approved_off_grid_scores_do_not_count_in_favour_of_raw_scores() -> None:
    """People on a whole-number scale approve scores less than a point off, which does not make the judge exact."""
    task = make_task(400, seed=4, accurate_judge=True)
    raw = np.clip(task.items.raw + 0.4, 1, 4.9)
    shown = raw[task.labels.item, task.labels.criterion]
    near = np.abs(shown - task.labels.score) < 1
    labels = replace(task.labels, score=np.where(near, shown, task.labels.score), confirmed=near)
    version = version_of(replace(task, items=replace(task.items, raw=raw), labels=labels))
    assert near.mean() > 0.4
    assert not np.any(version.estimator == RAW)


def test_maximizing_agreement_raises_kappa_and_changes_only_verdicts() -> None:
    task = make_task(400)
    noise = np.random.default_rng(5).integers(-2, 3, 400)
    task = replace(task, labels=replace(task.labels, score=np.clip(task.labels.score + noise, 1.0, 5.0)))
    configs = (task.config, replace(task.config, decoding="agreement"))
    plain, seeking = (run(replace(task, config=config))[0] for config in configs)
    before, after = plain.evidence.after, seeking.evidence.after
    assert before is not None
    assert after is not None
    assert after.quadratic_weighted_kappa > before.quadratic_weighted_kappa + 0.02
    assert after.mean_absolute_error == before.mean_absolute_error
    items = make_task(200, seed=9).items
    one, other = (Version.loads(o.version or b"").score(items) for o in (plain, seeking))
    assert np.array_equal(one.point, other.point)
    assert np.array_equal(one.upper, other.upper)
    assert other.verdict.std() > one.verdict.std()
