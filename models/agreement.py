"""How far raters agree with each other: Krippendorff's alpha for ordered scores."""

from collections.abc import Iterable, Sequence

import numpy as np


def krippendorff_alpha(units: Iterable[Sequence[float]]) -> float | None:
    """Krippendorff's alpha with the ordinal metric.

    Args:
        units: for each rated thing, the scores its raters gave, one a rater.

    Returns:
        1 for perfect agreement, 0 for what chance gives, below 0 for systematic disagreement; None when no unit has
        two raters, or all scores are the same, so that nothing can be said.

    Source: K. Krippendorff, Content Analysis (2004), section 11.3: alpha = 1 - D_o / D_e over the coincidences
    ``o_ck``, with ``delta_ck = (sum of n_g from c to k - (n_c + n_k) / 2) ** 2``.
    """
    pairable = [unit for unit in units if len(unit) > 1]
    if not pairable:
        return None
    values = sorted({score for unit in pairable for score in unit})
    if len(values) < 2:
        return None
    place = {value: index for index, value in enumerate(values)}
    coincidences = np.zeros((len(values), len(values)))
    for unit in pairable:
        counts = np.zeros(len(values))
        for score in unit:
            counts[place[score]] += 1
        coincidences += (np.outer(counts, counts) - np.diag(counts)) / (len(unit) - 1)
    totals = coincidences.sum(axis=1)
    upto = np.cumsum(totals)
    middle = upto - totals / 2  # mid-ranks: their difference is the ordinal metric's sum
    delta = (middle[:, None] - middle[None, :]) ** 2
    observed = float((coincidences * delta).sum())
    expected = float((np.outer(totals, totals) * delta).sum()) / (totals.sum() - 1)
    return None if expected == 0 else 1.0 - observed / expected
