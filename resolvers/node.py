"""Lookup of any object by its id."""

from collections.abc import Callable

from sqlalchemy import Connection

from models.access import User, Workspace
from models.base import Base
from models.evaluation import Evaluation
from models.feedback import Feedback
from models.job import TrainingJob
from models.judge import Judge, JudgeVersion
from resolvers.context import Context
from store import access, evaluations, feedback, jobs, judges
from store.database.rows import Columns

NodeRecord = Judge | JudgeVersion | TrainingJob | Evaluation | Feedback | User | Workspace


_RECORDS = {"jdg": Judge, "ver": JudgeVersion, "job": TrainingJob, "evl": Evaluation, "fb": Feedback}


def _all_columns(_: type[Base]) -> Columns:
    return None


async def find_node(
    ctx: Context, node_id: str, select_columns: Callable[[type[Base]], Columns] = _all_columns
) -> tuple[str, NodeRecord] | None:
    """Return the kind and the record of the object with this id; None if the workspace has none.

    Args:
        ctx: The context of the operation.
        node_id: The id of any object.
        select_columns: Returns the columns to read of a kind of record; None for all.
    """
    prefix, _, rest = node_id.partition("_")
    if not rest:
        return None

    record_type = _RECORDS.get(prefix)
    columns = select_columns(record_type) if record_type is not None else None

    def unit(connection: Connection) -> tuple[str, NodeRecord] | None:
        workspace_id = ctx.workspace_id
        record: NodeRecord | None
        match prefix:
            case "jdg":
                kind, record = "judge", judges.find_judge(connection, workspace_id, node_id, columns)
            case "ver":
                kind, record = "version", judges.find_version(connection, workspace_id, node_id, columns)
            case "job":
                kind, record = "job", jobs.find_job(connection, workspace_id, node_id, columns)
            case "evl":
                kind, record = "evaluation", evaluations.find_evaluation(connection, workspace_id, node_id, columns)
            case "fb":
                kind, record = "feedback", feedback.find_feedback(connection, workspace_id, node_id, columns)
            case "usr":
                kind, record = "user", access.find_user(connection, workspace_id, node_id)
            case "wsp":
                kind, record = "workspace", access.find_workspace(connection, workspace_id, node_id)
            case _:
                return None
        return (kind, record) if record is not None else None

    return await ctx.read(unit)
