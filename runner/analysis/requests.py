"""Questions that take more thinking than an event loop can spare: a process of their own answers them.

A question holds all that its answer depends on, so that equal questions have equal answers: the id of the newest
evaluation, the watermark of the feedback and how much of it stands are part of it.
"""

import msgspec


class CompareRequest(msgspec.Struct, frozen=True, tag=True):
    """How do the verdicts of two versions differ? None: the judge's raw scores."""

    judge_pk: int
    old: str | None
    new: str | None
    first: int
    newest_evaluation: str | None


class LearningCurveRequest(msgspec.Struct, frozen=True, tag=True):
    """How good would a version be with less feedback?"""

    judge_pk: int
    watermark: int
    effective_count: int


class SuggestionsRequest(msgspec.Struct, frozen=True, tag=True):
    """Which evaluations should people look at next, for a version (None: the raw scores) to learn most?"""

    judge_pk: int
    version: str | None
    first: int
    newest_evaluation: str | None
    watermark: int
    effective_count: int


AnalysisRequest = CompareRequest | LearningCurveRequest | SuggestionsRequest


class Envelope(msgspec.Struct, frozen=True):
    """A question, and the address of the database that holds the answer."""

    url: str
    request: AnalysisRequest
