"""Where the `judgesmith` command lands first.

The top-level packages carry everyday names, and the package index has others of the same. If one of those is found
instead of ours, nothing would make sense: so this is checked before anything of ours is imported.
"""

import importlib.util
import sys
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
PACKAGES = ("models", "store", "trainer", "runner", "resolvers", "schema", "server", "cli")


def strangers() -> list[str]:
    """The packages of our names that would be imported from elsewhere, with their places."""
    found = []
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        places: list[str | None] = []
        if spec is not None:
            places += spec.submodule_search_locations or [spec.origin]
        if [Path(str(place)).resolve() for place in places] != [HOME / name]:
            found.append(f"{name} ({', '.join(str(place) for place in places) or 'not found'})")
    return found


def main() -> None:
    """Run the command, unless another package stands in the way."""
    sys.path.insert(0, str(HOME))  # ours before those of the same names
    foreign = strangers()
    if foreign:
        sys.exit(
            "judgesmith can't start: other packages stand where its own belong: "
            + "; ".join(foreign)
            + ". Install judgesmith in an environment of its own: python -m venv .venv."
        )
    from cli.main import run

    run()


if __name__ == "__main__":
    main()
