"""Entry point of the `judgesmith` command.

The top-level packages have everyday names, and the package index has other packages of the same names. The entry point
checks that Python would import ours before it imports any of them.
"""

import importlib.util
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("models", "store", "trainer", "runner", "resolvers", "schema", "server", "cli")


def find_foreign_packages() -> list[str]:
    """Return those of our package names that Python would import from elsewhere, each with its locations."""
    found = []
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        locations: list[str | None] = []
        if spec is not None:
            locations += spec.submodule_search_locations or [spec.origin]
        if [Path(str(location)).resolve() for location in locations] != [ROOT / name]:
            found.append(f"{name} ({', '.join(str(location) for location in locations) or 'not found'})")
    return found


def main() -> None:
    """Run the command, or exit with an error if other packages have our names."""
    sys.path.insert(0, str(ROOT))  # before packages of the same names
    foreign = find_foreign_packages()
    if foreign:
        sys.exit(
            "judgesmith can't start: other packages have the names of its own: "
            + "; ".join(foreign)
            + ". Install judgesmith in an environment of its own: python -m venv .venv."
        )
    from cli.main import run

    run()


if __name__ == "__main__":
    main()
