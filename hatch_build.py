"""Build hook that adds the web pages to the wheel, so that an installed Judgesmith needs no Node."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_PAGES = ("dashboard.html", "graphiql.html")


class PagesBuildHook(BuildHookInterface[Any]):
    """Hook that runs npm in `web/` unless the pages are built already."""

    # Any: hatchling defines the type of build_data.
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the pages. Without npm, the wheel has none and the server explains how to build them."""
        root = Path(self.root)
        is_built = all((root / "server/static" / page).is_file() for page in _PAGES)
        if version == "editable" or is_built:
            return
        npm = shutil.which("npm")
        if npm is None:
            self.app.display_warning("npm was not found: this wheel has no pages.")
            return
        for arguments in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
            subprocess.run([npm, *arguments], cwd=root / "web", check=True)  # noqa: S603
