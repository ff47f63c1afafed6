"""Lookup of any object by its id."""

from sqlalchemy import Connection

from models.access import User, Workspace
from models.evaluation import Evaluation
from models.feedback import Feedback
from models.job import TrainingJob
from models.judge import Judge, JudgeVersion
from resolvers.context import Context
from store import access, evaluations, feedback, jobs, judges

NodeRecord = Judge | JudgeVersion | TrainingJob | Evaluation | Feedback | User | Workspace


async def find_node(ctx: Context, node_id: str) -> tuple[str, NodeRecord] | None:
    """Return the kind and the record of the object with this id; None if the workspace has none."""
    prefix, _, rest = node_id.partition("_")
    if not rest:
        return None

    def unit(connection: Connection) -> tuple[str, NodeRecord] | None:
        workspace_id = ctx.workspace_id
        record: NodeRecord | None
        match prefix:
            case "jdg":
                kind, record = "judge", judges.find_judge(connection, workspace_id, node_id)
            case "ver":
                kind, record = "version", judges.find_version(connection, workspace_id, node_id)
            case "job":
                kind, record = "job", jobs.find_job(connection, workspace_id, node_id)
            case "evl":
                kind, record = "evaluation", evaluations.find_evaluation(connection, workspace_id, node_id)
            case "fb":
                kind, record = "feedback", feedback.find_feedback(connection, workspace_id, node_id)
            case "usr":
                kind, record = "user", access.find_user(connection, workspace_id, node_id)
            case "wsp":
                kind, record = "workspace", access.find_workspace(connection, workspace_id, node_id)
            case _:
                return None
        return (kind, record) if record is not None else None

    return await ctx.store.read(unit)
