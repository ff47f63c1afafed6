"""Requests for analyses that take too long for an event loop; a process of its own carries out each.

A request holds everything its result depends on, so that equal requests have equal results and a result can be cached:
the id of the newest evaluation, the watermark of the feedback and the number of items that are in effect.
"""

import msgspec


class CompareRequest(msgspec.Struct, frozen=True, tag=True):
    """Request to compare the verdicts of two versions; None stands for the judge's raw scores."""

    judge_pk: int
    old: str | None
    new: str | None
    first: int
    newest_evaluation: str | None


class LearningCurveRequest(msgspec.Struct, frozen=True, tag=True):
    """Request for the quality of a version at smaller amounts of feedback."""

    judge_pk: int
    watermark: int
    effective_count: int


class SuggestionsRequest(msgspec.Struct, frozen=True, tag=True):
    """Request for the evaluations whose review would improve a version most; None stands for the raw scores."""

    judge_pk: int
    version: str | None
    first: int
    newest_evaluation: str | None
    watermark: int
    effective_count: int


AnalysisRequest = CompareRequest | LearningCurveRequest | SuggestionsRequest


class Envelope(msgspec.Struct, frozen=True):
    """Request together with the address of the database."""

    url: str
    request: AnalysisRequest
