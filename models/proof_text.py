"""Conclusion of a proof as sentences for people, the same in the gate, the dashboard, the command and e-mails."""

import math

from models.stored.evidence import AgreementReport, Interval, SelectionEvidence, SelectionVerdict, TrainingEvidence

STANDARD_ERRORS_TO_PROVE = 1.96 + 0.84
"""Standard errors by which a true gain is proven with a power of 80% (Cohen 1988)."""
MAX_GROWTH = 20
"""Largest suggested growth of the feedback; beyond it, collecting more of the same is not worthwhile."""
RECOMMENDED_SAMPLE = 50
"""Scores of random items that people are advised to review if their feedback may be selective."""


def summarize_proof(evidence: TrainingEvidence) -> str:
    """Return the conclusion of a proof with its main figures."""
    change, after = evidence.squared_error_change, evidence.after
    if after is None or (change is None and evidence.mae_change is None):
        return "Too few labels to measure a change." if evidence.held_out_count < 5 else "Nothing was compared."
    if is_selective(evidence):
        return f"Not proven better: {describe_selection(evidence.selection)}"
    if change is None:
        return _summarize_older(evidence)
    figures = f"{_describe_errors(evidence, change, after)} {_describe_points(evidence, after)}"
    guard = evidence.guard_change
    if evidence.improved:
        return f"Proven better: {figures}"
    if guard is not None and guard.lower > 0 and change.upper < 0:
        loss = "share of wrong verdicts" if has_two_levels(evidence) else "mean distance of scores"
        return f"Not proven better: squared error fell, but the {loss} is proven larger ({format_interval(guard)})."
    if change.lower > 0:
        return f"Proven worse: {figures}"
    return f"Not proven better: {figures} {_describe_need(evidence, change)}"


def is_selective(evidence: TrainingEvidence) -> bool:
    """Return whether the feedback was reported because the judge was wrong, so that it proves nothing."""
    return evidence.selection is not None and evidence.selection.verdict is SelectionVerdict.BIASED


def describe_selection(selection: SelectionEvidence | None) -> str:
    """Return what was found about selectively reported feedback, with the remedy."""
    if selection is None or not selection.windows:
        return "It is not known how the feedback was selected."
    remedy = f"Review a random sample of {RECOMMENDED_SAMPLE} scores, or all of the evaluations, right ones included."
    nearest = selection.windows[0]
    counts = (
        f"{nearest.observed:g} of {selection.label_count:,} scores agree with the judge; about {nearest.expected:.0f} "
        "would if people had not selected what they report."
    )
    if selection.verdict is SelectionVerdict.BIASED:
        return f"{counts} The comparison is about the judge's errors only. {remedy}"
    if selection.verdict is SelectionVerdict.UNCERTAIN:
        return f"there are too few labels to tell whether people report mostly the judge's errors. {counts} {remedy}"
    return counts


def has_two_levels(evidence: TrainingEvidence) -> bool:
    """Return whether all criteria are answered by yes or no."""
    matrices = [criterion.before.confusion for criterion in evidence.criteria]
    return bool(matrices) and all(matrix is not None and len(matrix.levels) == 2 for matrix in matrices)


def format_interval(change: Interval | None) -> str:
    """Return a share with its 95% interval."""
    if change is None:
        return "an unknown share"
    return f"{change.estimate:+.1%} ({change.lower:+.1%} to {change.upper:+.1%})"


def _describe_errors(evidence: TrainingEvidence, change: Interval, after: AgreementReport) -> str:
    old, new = evidence.before.root_mean_squared_error or 0.0, after.root_mean_squared_error or 0.0
    sample = f"on {evidence.held_out_count:,} scores of {evidence.group_count:,} groups that were not learned from."
    unit = old**2 or 1.0
    ends = f"{change.estimate / unit:+.0%}, 95% interval {change.lower / unit:+.0%} to {change.upper / unit:+.0%}"
    if has_two_levels(evidence):
        return f"Brier score {old**2:.2f} → {new**2:.2f} ({ends}) {sample}"
    return f"typical error {old:.0%} → {new:.0%} of the range (squared error {ends}) {sample}"


def _describe_points(evidence: TrainingEvidence, after: AgreementReport) -> str:
    before = evidence.before
    if not has_two_levels(evidence):
        errors = before.mean_absolute_error, after.mean_absolute_error
        return f"Mean distance of scores {errors[0]:.1%} → {errors[1]:.1%}."
    return (
        f"Verdicts right {before.exact_agreement:.0%} → {after.exact_agreement:.0%}. A share such as 0.7 errs less "
        "than a hard 0 or 1, even where the verdict stays the same."
    )


def _describe_need(evidence: TrainingEvidence, change: Interval) -> str:
    needed = estimate_needed_scores(evidence.held_out_count, change)
    if needed is None:
        return "A change of 0 is possible; more of the same feedback may not help."
    return f"A change of 0 is possible. If the gain is real, about {needed:,} scores would prove it."


def estimate_needed_scores(count: int, change: Interval) -> int | None:
    """Return how many scores would prove a gain of this size, rounded up; None if more would hardly help.

    Args:
        count: scores that the change was measured on.
        change: change of a loss.
    """
    error = (change.upper - change.lower) / (2 * 1.96)
    if change.estimate >= 0:
        return None
    needed = max(count * (STANDARD_ERRORS_TO_PROVE * error / change.estimate) ** 2, count + 1)
    if needed > MAX_GROWTH * count:
        return None
    unit: int = 10 ** max(0, math.floor(math.log10(needed)) - 1)
    return math.ceil(needed / unit) * unit


def _summarize_older(evidence: TrainingEvidence) -> str:
    """Return the conclusion of evidence from before squared errors were measured."""
    change = format_interval(evidence.mae_change)
    if evidence.improved:
        return f"Proven better: the mean error changed by {change} of the range (95% interval)."
    return (
        f"Not proven better: the mean error changed by {change} of the range (95% interval), and its upper end is not "
        "below 0. More feedback may prove it."
    )
