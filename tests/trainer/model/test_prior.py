"""Prior of the weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.trainer.synthetic_tasks import make_task, version_of


def test_the_log_bayes_factor_separates_useful_from_useless_features() -> None:
    task = make_task(300, criteria=1)
    shuffled = np.random.default_rng(1).permutation(len(task.items))
    outputs = [task.items.outputs[i] for i in shuffled]
    useless = replace(task, items=replace(task.items, outputs=outputs))
    factors = [version_of(t).recipe["prior"]["worth"] for t in (task, useless)]
    assert factors[0] > 5
    assert factors[1] < 1
