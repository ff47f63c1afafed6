"""The context of an operation: the viewer, the store and the services that run jobs and analyses."""

from functools import cached_property
from typing import TypeVar

from models.access import Viewer
from models.judge import Criterion, Judge
from models.permissions import required_role
from models.request_sizes import RequestSizes
from resolvers.loaders import Loaders
from resolvers.read_batch import ReadBatch
from runner.analysis.service import AnalysisService
from runner.jobs.manager import JobManager
from runner.versions.scorer import Scorer
from store import judges
from store.database.store import Store, Unit
from store.event_log.feed import EventFeed

T = TypeVar("T")

DEFAULT_SIZES = RequestSizes()


class Context:
    """Context of one request, or of one socket."""

    def __init__(
        self,
        viewer: Viewer,
        store: Store,
        feed: EventFeed,
        manager: JobManager,
        scorer: Scorer,
        analysis: AnalysisService,
        sizes: RequestSizes = DEFAULT_SIZES,
    ) -> None:
        self.viewer = viewer
        self.store = store
        self.feed = feed
        self.manager = manager
        self.scorer = scorer
        self.sizes = sizes
        self.analysis = analysis

    @cached_property
    def loaders(self) -> Loaders:
        """Batched loaders, created on first use because most sockets never need them."""
        return Loaders(self._reads)

    @cached_property
    def _reads(self) -> ReadBatch:
        return ReadBatch(self.store)

    async def read(self, unit: Unit[T]) -> T:
        """Run a unit that only reads, in one transaction with the others that the request starts at the same time."""
        return await self._reads.read(unit)

    @property
    def workspace_id(self) -> str:
        """The viewer's workspace. Operations see and change nothing outside it."""
        return self.viewer.workspace_id

    def require(self, operation: str) -> None:
        """Check that the viewer's role permits an operation of the table in ``models.permissions``.

        Raises:
            Forbidden: The role does not permit it.
        """
        self.viewer.require(required_role(operation))

    async def load_judge(self, judge_id: str) -> tuple[Judge, tuple[Criterion, ...]]:
        """Return a judge of the workspace with its criteria.

        Raises:
            NotFound: There is no such judge.
        """
        judge = await self.read(lambda connection: judges.get_judge_or_raise(connection, self.workspace_id, judge_id))
        return judge, await self.loaders.criteria.load(judge.pk)
