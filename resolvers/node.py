"""Find anything by its id."""

from sqlalchemy import Connection

from models.access import User, Workspace
from models.evaluation import Evaluation
from models.feedback import Feedback
from models.job import TrainingJob
from models.judge import Judge, JudgeVersion
from resolvers.context import Context
from store import access, evaluations, feedback, jobs, judges

Found = Judge | JudgeVersion | TrainingJob | Evaluation | Feedback | User | Workspace


async def find_node(ctx: Context, node_id: str) -> tuple[str, Found] | None:
    """The kind and the record of what has this id in the viewer's workspace."""
    prefix, _, rest = node_id.partition("_")
    if not rest:
        return None

    def unit(connection: Connection) -> tuple[str, Found] | None:
        workspace_id = ctx.workspace_id
        found: Found | None
        match prefix:
            case "jdg":
                kind, found = "judge", judges.find_judge(connection, workspace_id, node_id)
            case "ver":
                kind, found = "version", judges.find_version(connection, workspace_id, node_id)
            case "job":
                kind, found = "job", jobs.find_job(connection, workspace_id, node_id)
            case "evl":
                kind, found = "evaluation", evaluations.find_evaluation(connection, workspace_id, node_id)
            case "fb":
                kind, found = "feedback", feedback.find_feedback(connection, workspace_id, node_id)
            case "usr":
                kind, found = "user", access.find_user(connection, workspace_id, node_id)
            case "wsp":
                kind, found = "workspace", access.find_workspace(connection, workspace_id, node_id)
            case _:
                return None
        return (kind, found) if found is not None else None

    return await ctx.store.read(unit)
