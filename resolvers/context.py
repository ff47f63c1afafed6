"""What every operation is given: who asks, the store, and what runs jobs."""

from functools import cached_property

from models.access import Viewer
from models.permissions import required_role
from models.request_sizes import RequestSizes
from resolvers.loaders import Loaders
from runner.analysis.service import AnalysisService
from runner.jobs.manager import JobManager
from runner.versions.scorer import Scorer
from store.database.store import Store
from store.event_log.feed import EventFeed

DEFAULT_SIZES = RequestSizes()


class Context:
    """One request, or one operation of a socket."""

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
        """What reads many rows at once; most sockets never need it."""
        return Loaders(self.store)

    @property
    def workspace_id(self) -> str:
        """The workspace that is acted in; nothing outside it can be seen."""
        return self.viewer.workspace_id

    def require(self, operation: str) -> None:
        """Go on only if the viewer may through a door, as the table in ``models.permissions`` says.

        Raises:
            Forbidden: the viewer may not.
        """
        self.viewer.require(required_role(operation))
