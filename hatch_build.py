"""Builds the pages into the wheel, so that an installed Judgesmith needs no Node."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PagesBuildHook(BuildHookInterface[Any]):
    """Runs npm in `web/` unless the pages are there already."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the pages; without Node the wheel comes without them, and the server says how to build them."""
        root = Path(self.root)
        built = all((root / "server/static" / page).is_file() for page in ("dashboard.html", "graphiql.html"))
        if version == "editable" or built:
            return
        npm = shutil.which("npm")
        if npm is None:
            self.app.display_warning("No npm here: this wheel comes without the pages.")
            return
        for arguments in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
            subprocess.run([npm, *arguments], cwd=root / "web", check=True)  # noqa: S603
