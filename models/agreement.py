"""Agreement between raters: Krippendorff's alpha for ordered scores."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

Coincidences = Mapping[tuple[int, float, float], int]
"""By number of raters of an item, lower score and higher score: the number of ordered pairs of raters."""


def count_coincidences(scores: Iterable[float]) -> Coincidences:
    """Return the coincidences of one item's scores, one score a rater. Whole numbers add up exactly."""
    return _coincidences(tuple(sorted(scores)))


@lru_cache(maxsize=4096)  # on a scale of a few points the same scores recur
def _coincidences(scores: tuple[float, ...]) -> Coincidences:
    counts = Counter(scores)
    raters = len(scores)
    found: dict[tuple[int, float, float], int] = {}
    if raters < 2:
        return found
    values = sorted(counts)
    for place, low in enumerate(values):
        if counts[low] > 1:
            found[raters, low, low] = counts[low] * (counts[low] - 1)
        for high in values[place + 1 :]:
            found[raters, low, high] = counts[low] * counts[high]
    return found


def alpha_from_coincidences(pairs: Coincidences) -> float | None:
    """Return Krippendorff's alpha with the ordinal metric, from the coincidences of all items.

    Returns:
        1 for perfect agreement, 0 for agreement by chance, below 0 for systematic disagreement. None if alpha is
        undefined: no item has two raters, or all scores are equal.

    Source: K. Krippendorff, Content Analysis (2004), section 11.3: alpha = 1 - D_o / D_e over the coincidences
    ``o_ck``, with ``delta_ck = (sum of n_g from c to k - (n_c + n_k) / 2) ** 2``.
    """
    totals: defaultdict[float, float] = defaultdict(float)
    for (raters, low, high), count in pairs.items():
        totals[low] += count / (raters - 1)
        if low != high:
            totals[high] += count / (raters - 1)
    if len(totals) < 2:
        return None
    middle: dict[float, float] = {}  # mid-ranks: their difference is the sum in the ordinal metric
    upto = 0.0
    for value in sorted(totals):
        middle[value] = upto + totals[value] / 2
        upto += totals[value]
    observed = sum(
        2 * count / (raters - 1) * (middle[low] - middle[high]) ** 2 for (raters, low, high), count in pairs.items()
    )
    mean = sum(n * middle[value] for value, n in totals.items()) / upto
    spread = sum(n * (middle[value] - mean) ** 2 for value, n in totals.items())
    expected = 2 * upto * spread / (upto - 1)  # the sum over all pairs of values, by the variance's identity
    return None if expected == 0 else 1.0 - observed / expected


def equal_share(pairs: Iterable[Coincidences]) -> float | None:
    """Return the share of the pairs of raters' scores that are equal, over several criteria, or None without pairs."""
    equal = total = 0
    for counts in pairs:
        for (_, low, high), count in counts.items():
            equal += count if low == high else 0
            total += count if low == high else 2 * count
    return equal / total if total else None


def krippendorff_alpha(units: Iterable[Sequence[float]]) -> float | None:
    """Return Krippendorff's alpha with the ordinal metric.

    Args:
        units: for each item the scores of its raters, one a rater.

    Returns:
        See ``alpha_from_coincidences``.
    """
    pairs: Counter[tuple[int, float, float]] = Counter()
    for unit in units:
        pairs.update(count_coincidences(unit))
    return alpha_from_coincidences(pairs)
