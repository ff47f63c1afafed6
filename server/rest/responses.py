"""Bodies of REST responses. The OpenAPI description is generated from these types and uses their names."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, UnsetType

Timestamp = Annotated[str, msgspec.Meta(extra_json_schema={"format": "date-time"})]
Count = Annotated[int, msgspec.Meta(extra_json_schema={"minimum": 0})]


class DateRangeAnswer(msgspec.Struct):
    """Times of the first and the last feedback item; null if there is no feedback."""

    earliest: Timestamp | None
    latest: Timestamp | None


class FeedbackAnswer(msgspec.Struct):
    """Summary of the feedback that was available when the job was created."""

    total_feedback_count: Count
    correction_count: Count
    rating_count: Count
    date_range: DateRangeAnswer


class JobAnswer(msgspec.Struct):
    """A training job."""

    job_id: Annotated[str, msgspec.Meta(description="Id of the job.")]
    judge_id: Annotated[str, msgspec.Meta(description="Id of the judge to train.")]
    training_type: Literal["incremental", "full_retrain", "fine_tune", "validation"]
    status: Literal["created", "queued", "preparing", "training", "validating", "completed", "failed", "cancelled"]
    feedback_data_summary: FeedbackAnswer
    estimated_duration: Annotated[
        int | None, msgspec.Meta(description="Duration in minutes as estimated when the job was created; at least 1.")
    ]
    created_at: Timestamp
    created_by: Annotated[str, msgspec.Meta(description="Id of the user who created the job.")]


class VersionAnswer(msgspec.Struct):
    """A judge version that was imported from a file."""

    version_id: Annotated[str, msgspec.Meta(description="Id of the version.")]
    judge_id: Annotated[str, msgspec.Meta(description="Id of the judge that the version was added to.")]
    number: Annotated[int, msgspec.Meta(description="Number of the version among the judge's versions, from 1.")]
    status: Literal["candidate"]
    file_digest: Annotated[str, msgspec.Meta(description="SHA-256 of the file, in hexadecimal.")]
    created_at: Timestamp


class Problem(msgspec.Struct):
    """One problem of a request."""

    field: Annotated[str | None, msgspec.Meta(description="Path of the field, such as training_config.seed.")]
    message: str
    code: str
    usable_count: Annotated[int, msgspec.Meta(description="Number of usable feedback items.")] | UnsetType = UNSET
    required_count: (
        Annotated[int, msgspec.Meta(description="Number of usable feedback items that the job requires.")] | UnsetType
    ) = UNSET


class ErrorBody(msgspec.Struct):
    """An error for programs and for people."""

    code: Annotated[str, msgspec.Meta(description="Stable code of the error.")]
    message: Annotated[str, msgspec.Meta(description="Problem and remedy in a sentence.")]
    details: Annotated[list[Problem] | None, msgspec.Meta(description="Every problem of the request.")]


class ErrorAnswer(msgspec.Struct):
    """Body of every error response."""

    error: ErrorBody
