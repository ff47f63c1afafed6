"""Krippendorff's alpha, compared with published values and with its definition."""

import itertools
import random

import pytest

from models.agreement import krippendorff_alpha

# The reliability data of K. Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), part C: twelve units,
# four observers, values missing; published: ordinal alpha .815.
PUBLISHED = [
    [1, 1, 1],
    [2, 2, 3, 2],
    [3, 3, 3, 3],
    [3, 3, 3, 3],
    [2, 2, 2, 2],
    [1, 2, 3, 4],
    [4, 4, 4, 4],
    [1, 1, 2, 1],
    [2, 2, 2, 2],
    [5, 5, 5],
    [1, 1],
    [3],
]


def by_definition(units: list[list[float]]) -> float:
    """Return alpha by its definition: over pairs of values, with the ordinal metric summed rank by rank."""
    pairable = [unit for unit in units if len(unit) > 1]
    counts: dict[float, int] = {}
    for score in itertools.chain(*pairable):
        counts[score] = counts.get(score, 0) + 1

    def delta(c: float, k: float) -> float:
        low, high = sorted((c, k))
        between = sum(count for value, count in counts.items() if low <= value <= high)
        return float(between - (counts[low] + counts[high]) / 2) ** 2

    total = sum(counts.values())
    observed = sum(delta(a, b) / (len(unit) - 1) for unit in pairable for a, b in itertools.permutations(unit, 2))
    everything = list(itertools.chain(*pairable))
    expected = sum(delta(a, b) for a, b in itertools.permutations(everything, 2)) / (total - 1)
    return 1 - observed / expected


def test_the_published_example_gives_the_published_value() -> None:
    assert krippendorff_alpha(PUBLISHED) == pytest.approx(0.815, abs=0.0005)


def test_random_scores_give_the_value_of_the_definition() -> None:
    rng = random.Random(7)
    for _ in range(50):
        units = [[float(rng.randint(1, 7)) for _ in range(rng.randint(1, 4))] for _ in range(rng.randint(2, 12))]
        alpha = krippendorff_alpha(units)
        if alpha is not None:
            assert alpha == pytest.approx(by_definition(units))


def test_two_raters_give_the_value_calculated_by_hand() -> None:
    # Values 1, 1, 2, 2 of which one unit agrees on 1 and one has 1 and 2, with a third that agrees on 2:
    # n1 = n2 = 3, delta = 9; observed 2 * 9 = 18; expected 2 * 3 * 3 * 9 / 5 = 32.4; alpha = 1 - 18 / 32.4.
    assert krippendorff_alpha([[1, 1], [1, 2], [2, 2]]) == pytest.approx(1 - 18 / 32.4)


def test_perfect_agreement_is_one() -> None:
    assert krippendorff_alpha([[1, 1], [3, 3, 3], [5, 5]]) == 1.0


def test_systematic_disagreement_is_below_zero() -> None:
    alpha = krippendorff_alpha([[1, 5], [5, 1], [1, 5]])

    assert alpha is not None
    assert alpha < 0


def test_the_order_of_raters_and_units_does_not_matter() -> None:
    shuffled = [list(reversed(unit)) for unit in reversed(PUBLISHED)]

    assert krippendorff_alpha(shuffled) == pytest.approx(krippendorff_alpha(PUBLISHED))


def test_alpha_depends_on_the_order_of_scores_not_on_distances() -> None:
    stretched = [[10.0**score for score in unit] for unit in PUBLISHED]

    assert krippendorff_alpha(stretched) == pytest.approx(krippendorff_alpha(PUBLISHED))


@pytest.mark.parametrize("units", [[], [[1], [2]], [[3, 3], [3, 3]]], ids=["nothing", "one rater each", "one score"])
def test_alpha_is_none_if_it_is_undefined(units: list[list[float]]) -> None:
    assert krippendorff_alpha(units) is None
