"""A workspace with something of everything in it: what strangers and lower roles try to get at."""

from dataclasses import dataclass, replace

from starlette.routing import Route

from models.access import Role
from server.app import create_app
from server.settings import Settings
from tests.server.api import Api, Data
from tests.server.generated_documents import Ids
from tests.server.scenarios import FAIR, OVERRATED, create_job, feedback, item, make_judge, record, submit
from tests.trainer.synthetic_tasks import make_task, version_of

MARK = "zebra"  # in all texts of the workspace that a stranger tries to see
HUSH = "hush"  # in all addresses
ZIP = {"content-type": "application/zip"}
OPEN_TO_ALL = {"/graphql", "/", "/graphiql", "/healthz", "/readyz", "/metrics", "/openapi.json"}


@dataclass(frozen=True)
class Owned:
    """What is in the workspace, a key of each role, and a stranger with a workspace of the same kind."""

    by_role: dict[Role, Api]
    ids: Ids
    stranger: Api
    strangers: Ids

    @property
    def owner(self) -> Api:
        return self.by_role[Role.ADMIN]


def furnish(owner: Api, mark: str, key: str) -> Ids:
    """Put something of everything in a workspace; the ids by the names of the arguments that take them."""
    judge = make_judge(owner, name=f"{mark} judge", description=f"{mark} text")
    texts = {"output": f"{mark} output", "source": f"{mark} s", "input": f"{mark} i", "rationale": f"{mark} r"}
    kept = record(owner, judge, [item(n, group=f"{mark}{n}", externalId=f"{mark}{n}", **texts) for n in range(20)])
    said = [
        feedback(n, "CORRECTION", correctedScores=item(n)["scores"], comment=mark, submittedBy=mark)
        | {"evaluationExternalId": f"{mark}{n}", "externalId": f"{mark}{n}"}
        for n in range(20)
    ]
    items = submit(owner, judge, said)["feedback"]
    told = {"notificationEmail": f"{HUSH}@example.com", "webhookUrl": f"https://{HUSH}.example.com/x"}
    job = create_job(owner, judge, autoStart=False, **told)
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


def doors_of_rest() -> list[tuple[str, str]]:
    """Every method and path that takes a key."""
    return [
        (method, route.path)
        for route in create_app(Settings()).routes
        if isinstance(route, Route) and route.path not in OPEN_TO_ALL
        for method in sorted((route.methods or set()) - {"HEAD"})
    ]
