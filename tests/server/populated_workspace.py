"""A workspace with an object of every kind, which other workspaces and lower roles must not read."""

from dataclasses import dataclass, replace

from starlette.routing import Route

from models.access import Role
from server.app import create_app
from server.settings import Settings
from tests.server.api import Api, Data
from tests.server.generated_documents import Ids
from tests.server.scenarios import (
    FAIR,
    OVERRATED,
    create_job,
    make_feedback,
    make_item,
    make_judge,
    record_evaluations,
    submit_feedback,
)
from tests.trainer.synthetic_tasks import make_task, version_of

MARK = "zebra"  # in all texts of the workspace
SECRET_ADDRESS = "hush"  # in all e-mail addresses and URLs of the workspace
ZIP = {"content-type": "application/zip"}
PUBLIC_PATHS = {"/graphql", "/", "/graphiql", "/healthz", "/readyz", "/metrics", "/openapi.json"}


@dataclass(frozen=True)
class TwoWorkspaces:
    """A populated workspace with a client of each role, and another one with a client of its administrator."""

    by_role: dict[Role, Api]
    ids: Ids
    outsider: Api
    outsider_ids: Ids

    @property
    def owner(self) -> Api:
        """Client of the administrator."""
        return self.by_role[Role.ADMIN]


def populate(owner: Api, mark: str, key: str) -> Ids:
    """Create an object of every kind. Return their ids by the names of the arguments that take them.

    Args:
        owner: client of the workspace's administrator.
        mark: word in all texts.
        key: id of an API key of the workspace.
    """
    judge = make_judge(owner, name=f"{mark} judge", description=f"{mark} text")
    texts = {"output": f"{mark} output", "source": f"{mark} s", "input": f"{mark} i", "rationale": f"{mark} r"}
    kept = record_evaluations(
        owner, judge, [make_item(n, group=f"{mark}{n}", externalId=f"{mark}{n}", **texts) for n in range(20)]
    )
    corrections = [
        make_feedback(n, "CORRECTION", correctedScores=make_item(n)["scores"], comment=mark, submittedBy=mark)
        | {"evaluationExternalId": f"{mark}{n}", "externalId": f"{mark}{n}"}
        for n in range(20)
    ]
    items = submit_feedback(owner, judge, corrections)["feedback"]
    targets = {
        "notificationEmail": f"{SECRET_ADDRESS}@example.com",
        "webhookUrl": f"https://{SECRET_ADDRESS}.example.com/x",
    }
    job = create_job(owner, judge, autoStart=False, **targets)
    owner.run("CancelTrainingJob", input={"jobId": job["id"], "reason": mark})
    user = owner.run("Viewer")["user"]["id"]
    version = _import_version(owner, judge)
    criterion = judge["criteria"][0]["id"]
    return {
        "judge.id": judge["id"],
        "node.id": judge["id"],
        "trainingJob.id": job["id"],
        "evaluation.id": kept[0]["id"],
        "judgeId": judge["id"],
        "jobId": job["id"],
        "evaluationId": kept[0]["id"],
        "feedbackId": items[0]["id"],
        "versionId": version,
        "criterionId": criterion,
        "targetCriteria": criterion,
        "keyId": key,
        "userId": user,
        "createdBy": user,
    }


def _import_version(owner: Api, judge: Data) -> str:
    task = make_task(60)
    named = zip(task.scales, (OVERRATED, FAIR), strict=True)
    version = version_of(replace(task, scales=tuple(replace(scale, key=key) for scale, key in named)))
    answer = owner.http.post(f"/judges/{judge['id']}/versions", content=version.dumps(), headers=ZIP)
    return str(answer.json()["version_id"])


def list_rest_endpoints() -> list[tuple[str, str]]:
    """Return every method and path that requires a key."""
    return [
        (method, route.path)
        for route in create_app(Settings()).routes
        if isinstance(route, Route) and route.path not in PUBLIC_PATHS
        for method in sorted((route.methods or set()) - {"HEAD"})
    ]
