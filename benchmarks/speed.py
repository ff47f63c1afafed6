"""Speed of one epoch in rows per second, compared with scikit-learn on the same features, and peak memory.

Features are random, as wide as real ones: the speed of training does not depend on their meaning. Each size runs in a
process of its own, so that its peak memory can be measured.
"""

import resource
import subprocess
import sys
import time

import numpy as np

WIDTH, CRITERIA, LEVELS = 543, 4, 5


def speed_table(sizes: tuple[int, ...]) -> str:
    """Return the table of all sizes as Markdown."""
    lines = [
        "## Speed\n",
        f"Rows per second in one epoch over {WIDTH} float32 features, {CRITERIA} criteria; peak memory of the process.",
        "*Adam*: used if a learning rate, epochs or early stopping were given; *L-BFGS*: one evaluation of the loss",
        "and its gradient on all rows, which takes most of the time of an iteration. LogisticRegression is timed by",
        "its iterations, up to 10,000 rows.\n",
        "| Rows | Adam | L-BFGS | SGDRegressor | LogisticRegression | Memory, trainer / SGDRegressor |",
        "|---|---|---|---|---|---|",
    ]
    for rows in sizes:
        ours, theirs = _run("judgesmith", rows), _run("sgd", rows)
        logistic = f"{_run('logistic', rows)[0]:,.0f}" if rows <= 10_000 else "-"
        lines.append(
            f"| {rows:,} | {ours[0]:,.0f} | {ours[1]:,.0f} | {theirs[0]:,.0f} | {logistic} "
            f"| {ours[-1]:,.0f} / {theirs[-1]:,.0f} MB |"
        )
        print(lines[-1], flush=True)
    return "\n".join(lines) + "\n"


def _run(method: str, rows: int) -> list[float]:
    command = [sys.executable, "-m", "benchmarks.speed", method, str(rows)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [float(number) for number in done.stdout.split()]


def _features(rows: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((rows, WIDTH), np.float32)


def judgesmith(rows: int) -> tuple[float, float]:
    """Return the rows per second of Adam and of L-BFGS."""
    from trainer.model.optimizers import Schedule, adam
    from trainer.model.ordinal import Coefficients, LabelRows, Objective, threshold_weight

    rng, x = np.random.default_rng(1), _features(rows)
    level = rng.integers(0, LEVELS, rows)
    steps = np.full(CRITERIA, LEVELS - 1, np.int32)
    target = (level[:, None] > np.arange(LEVELS - 1)).astype(np.float32)
    importance = np.full((rows, LEVELS - 1), threshold_weight(steps)[0], np.float32)
    index = np.arange(rows, dtype=np.int32)
    data = LabelRows(
        x * np.float32(0.05), index, rng.integers(0, CRITERIA, rows).astype(np.int32), np.zeros(rows, np.int32),
        rng.normal(0, 2, rows), target, importance,
    )  # fmt: skip
    objective = Objective(data, Coefficients.identity(CRITERIA, LEVELS - 1, WIDTH, 0), steps)
    epochs = max(3, 200_000 // rows)
    started = time.perf_counter()
    adam(objective, objective.template, Schedule(0.001, epochs, early_stopping=False), seed=[0])
    adam_speed = rows * epochs / (time.perf_counter() - started)
    started = time.perf_counter()
    for _ in range(epochs):
        objective(objective.template.pack())
    return adam_speed, rows * epochs / (time.perf_counter() - started)


def sgd(rows: int) -> tuple[float]:
    """Return the rows per second of SGDRegressor."""
    from sklearn.linear_model import SGDRegressor

    x, y, epochs = _features(rows), np.random.default_rng(1).standard_normal(rows), max(3, 200_000 // rows)
    started = time.perf_counter()
    SGDRegressor(max_iter=epochs, tol=None, random_state=0).fit(x, y)
    return (rows * epochs / (time.perf_counter() - started),)


def logistic(rows: int) -> tuple[float]:
    """Return the rows per second of one iteration of LogisticRegression."""
    import warnings

    from sklearn.linear_model import LogisticRegression

    x, y, epochs = _features(rows), np.random.default_rng(1).integers(0, LEVELS, rows), 10
    started = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        LogisticRegression(max_iter=epochs).fit(x, y)
    return (rows * epochs / (time.perf_counter() - started),)


if __name__ == "__main__":
    numbers = {"judgesmith": judgesmith, "sgd": sgd, "logistic": logistic}[sys.argv[1]](int(sys.argv[2]))
    print(*numbers, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000)
