"""Benchmark of training: how much it improves a judge, how much each part contributes, and how fast it is.

usage: python -m benchmarks.training [--data DIR] [--quick]

Needs scikit-learn: pip install -e '.[bench]'. Sets are simulated; --data adds a folder with judge.json,
evaluations.jsonl.gz and feedback.jsonl.gz in the import format. 30% of the groups are held out; a correction is one
random person's score on one criterion of one item; the truth is the mean of all people's scores. The tables and plots
are written to docs/benchmarks/.
"""

import os

os.environ.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import argparse
import platform
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np

from benchmarks import peers
from benchmarks.plot import chart
from benchmarks.sets import FeedbackSet, Split, load, simulated, split
from benchmarks.speed import speed_table
from trainer.evidence.metrics import spearman

OUT = Path(__file__).parent.parent / "docs" / "benchmarks"
Method = Callable[[Split], np.ndarray]


def main() -> None:
    """Run the benchmark and write docs/benchmarks/."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="a folder with a real set, in the import format")
    parser.add_argument("--quick", action="store_true", help="fewer seeds and sizes")
    args = parser.parse_args()
    sets = [simulated("simulated, 1-5", 1, 5, seed=1), simulated("simulated, 0-100", 0, 100, seed=2)]
    if args.data:
        sets.append(load(args.data))
    seeds = 3 if args.quick else 6
    sizes = (50, 200, 1000) if args.quick else (20, 50, 100, 200, 500, 1000, 2000)
    # Speed is measured first, while this process is small: child processes inherit its peak memory.
    speed = speed_table((1_000, 10_000, 100_000) if args.quick else (1_000, 10_000, 100_000, 1_000_000))
    OUT.mkdir(parents=True, exist_ok=True)
    parts = [_heading(seeds)]
    for number, each in enumerate(sets):
        found = _measure(each, sizes, seeds)
        parts.append(_table(each, found, sizes))
        for name, place in (("mae", 0), ("spearman", 1)):
            lines = {
                method: [(n, found[method, n][place]) for n in sizes if (method, n) in found] for method in METHODS
            }
            title = f"{each.name}: {'error against the raw judge, %' if place == 0 else 'change in Spearman'}"
            file = f"{name}-{number}.svg"
            (OUT / file).write_text(chart(title, lines), encoding="utf-8")
            parts.append(f"![{title}]({file})\n")
    parts.append(speed)
    (OUT / "training.md").write_text("\n".join(parts), encoding="utf-8")


METHODS: dict[str, Method] = {
    "judgesmith": peers.judgesmith,
    "score only": peers.score_only,
    "no n-grams": peers.without_ngrams,
    "no sharing": peers.without_sharing,
    "no gate": peers.without_gate,
    "affine": peers.affine,
    "isotonic": peers.isotonic,
    "ridge": peers.ridge,
    "gradient boosting": peers.boosting,
}


def _measure(
    each: FeedbackSet, sizes: tuple[int, ...], seeds: int
) -> dict[tuple[str, int], tuple[float, float, float]]:
    """Measure all methods at all sizes.

    Args:
        each: set to measure on.
        sizes: numbers of corrections.
        seeds: number of splits.

    Returns:
        For each method and size: change of MAE in percent, change of Spearman, and the share of seeds that lost more
        than .01 Spearman.
    """
    found = {}
    for n in sizes:
        splits = [one for seed in range(seeds) if (one := split(each, n, seed)) is not None]
        if not splits:
            continue
        for name, method in METHODS.items():
            rows = np.array([_change(one, method(one)) for one in splits])
            found[name, n] = (*rows.mean(0).tolist(), float(np.mean(rows[:, 1] < -0.01)))
            print(f"{each.name}, n={n}, {name}: {found[name, n]}", flush=True)
    return found


def _change(one: Split, predicted: np.ndarray) -> tuple[float, float]:
    old = new = 0.0
    ranks = []
    for c, scale in enumerate(one.scales):
        known = ~np.isnan(one.truth[:, c])
        truth, raw, after = one.truth[known, c], one.test.raw[known, c], predicted[known, c]
        span = scale.maximum - scale.minimum
        old, new = old + np.abs(raw - truth).mean() / span, new + np.abs(after - truth).mean() / span
        ranks.append((spearman(after, truth) or 0.0) - (spearman(raw, truth) or 0.0))
    return 100 * (new / old - 1), float(np.mean(ranks))


def _heading(seeds: int) -> str:
    return f"""# Benchmark of training

Made by `python -m benchmarks.training` on {datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, {os.cpu_count()} cores \
(one used), Python {platform.python_version()}, numpy {version("numpy")}, scikit-learn {version("scikit-learn")}; \
seeds 0 to {seeds - 1}.

30% of the groups are held out. A correction is one random person's score on one criterion of one item; `n` counts
them. The truth is the mean of all people's scores on the held-out items. Each cell: change of the mean absolute error
against the raw judge (mean over criteria, as a share of the range) / change of Spearman's rank correlation / share of
seeds that lost more than .01 of it. All methods learn from the same corrections. *Score only*: the calibrator without
the residual; *no n-grams*: without bags of words; *no sharing*: each criterion by itself; *no gate*: the residual in
full. Peers from scikit-learn, one model a criterion: least squares and isotonic regression on the judge's score; ridge
(strength by cross-validation) and gradient boosting on the score and the same features. The terms are explained in
[Model and proof](../explanation/how-judges-learn.md).
"""


def _table(each: FeedbackSet, found: dict[tuple[str, int], tuple[float, float, float]], sizes: tuple[int, ...]) -> str:
    known = [n for n in sizes if ("judgesmith", n) in found]
    lines = [f"## {each.name}\n", "| Method | " + " | ".join(f"n={n}" for n in known) + " |"]
    lines.append("|---|" + "---|" * len(known))
    for name in METHODS:
        cells = (found[name, n] for n in known)
        lines.append(f"| {name} | " + " | ".join(f"{e:+.0f}% / {s:+.3f} / {w:.0%}" for e, s, w in cells) + " |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
