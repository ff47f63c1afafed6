"""What REST answers, as the description at /openapi.json tells it."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, UnsetType

Moment = Annotated[str, msgspec.Meta(extra_json_schema={"format": "date-time"})]
Count = Annotated[int, msgspec.Meta(extra_json_schema={"minimum": 0})]


class DateRangeAnswer(msgspec.Struct):
    """When the first and the last item of the feedback were given; null where there is none."""

    earliest: Moment | None
    latest: Moment | None


class FeedbackAnswer(msgspec.Struct):
    """What feedback a job starts from, as it stood when the job was created."""

    total_feedback_count: Count
    correction_count: Count
    rating_count: Count
    date_range: DateRangeAnswer


class JobAnswer(msgspec.Struct):
    """A training job."""

    job_id: Annotated[str, msgspec.Meta(description="The job's id.")]
    judge_id: Annotated[str, msgspec.Meta(description="The judge that learns.")]
    training_type: Literal["incremental", "full_retrain", "fine_tune", "validation"]
    status: Literal["created", "queued", "preparing", "training", "validating", "completed", "failed", "cancelled"]
    feedback_data_summary: FeedbackAnswer
    estimated_duration: Annotated[
        int | None, msgspec.Meta(description="Minutes the job was expected to take when it was created, at least 1.")
    ]
    created_at: Moment
    created_by: Annotated[str, msgspec.Meta(description="The id of the user who created the job.")]


class VersionAnswer(msgspec.Struct):
    """A judge version that was taken from a file."""

    version_id: Annotated[str, msgspec.Meta(description="The version's id.")]
    judge_id: Annotated[str, msgspec.Meta(description="The judge it was added to.")]
    number: Annotated[int, msgspec.Meta(description="Its number among the judge's versions, from 1.")]
    status: Literal["candidate"]
    file_digest: Annotated[str, msgspec.Meta(description="The SHA-256 of the file, in hexadecimal digits.")]
    created_at: Moment


class Problem(msgspec.Struct):
    """One thing that is wrong with a request."""

    field: Annotated[str | None, msgspec.Meta(description="The path of the field, such as training_config.seed.")]
    message: str
    code: str
    usable_count: Annotated[int, msgspec.Meta(description="Usable items there are.")] | UnsetType = UNSET
    required_count: Annotated[int, msgspec.Meta(description="Usable items the job asks for.")] | UnsetType = UNSET


class ErrorBody(msgspec.Struct):
    """What is wrong, for programs and for people."""

    code: Annotated[str, msgspec.Meta(description="What kind of error it is; stable.")]
    message: Annotated[str, msgspec.Meta(description="What is wrong and what to do, in a sentence.")]
    details: Annotated[list[Problem] | None, msgspec.Meta(description="All that is wrong, one by one.")]


class ErrorAnswer(msgspec.Struct):
    """The one shape of every error."""

    error: ErrorBody
