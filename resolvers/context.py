"""What every operation is given: who asks, the store, and what runs jobs."""

from models.access import Role, Viewer
from models.errors import Forbidden
from resolvers.loaders import Loaders
from runner.insight import Insight
from runner.manager import Manager
from runner.scoring import Scorer
from store.store import Store


class Context:
    """One request, or one operation of a socket."""

    def __init__(self, viewer: Viewer, store: Store, manager: Manager, scorer: Scorer, insight: Insight) -> None:
        self.viewer = viewer
        self.store = store
        self.manager = manager
        self.scorer = scorer
        self.insight = insight
        self.loaders = Loaders(store)

    @property
    def workspace_id(self) -> str:
        """The workspace that is acted in; nothing outside it can be seen."""
        return self.viewer.workspace_id

    def require(self, role: Role) -> None:
        """Go on only if the viewer's role covers another.

        Raises:
            Forbidden: it does not.
        """
        if not self.viewer.role.covers(role):
            raise Forbidden(
                f"This needs the role {role.name}; the key has {self.viewer.role.name}. Ask an ADMIN of the workspace "
                f"{self.viewer.workspace_name!r} for another key."
            )
