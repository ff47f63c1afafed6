"""Loader of the GraphQL documents in `frontend-queries/`, which the command and the pages send."""

import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "frontend-queries"
_SPREAD = re.compile(r"\.\.\.\s*(?!on\b)([A-Za-z_]\w*)")


def names() -> list[str]:
    """Return the names of all operations."""
    return sorted(path.stem for path in FOLDER.glob("*.graphql"))


@cache
def load(name: str) -> str:
    """Return the text of an operation with all fragments that it spreads.

    Raises:
        LookupError: there is no such operation.
    """
    path = FOLDER / f"{name}.graphql"
    if not path.is_file():
        raise LookupError(f"There is no operation named {name!r}. The operations are: {', '.join(names())}.")
    texts = [path.read_text(encoding="utf-8")]
    seen: set[str] = set()
    for text in texts:  # grows while fragments spread further fragments
        for fragment in _SPREAD.findall(text):
            if fragment not in seen:
                seen.add(fragment)
                texts.append((FOLDER / "fragments" / f"{fragment}.graphql").read_text(encoding="utf-8"))
    return "\n".join(texts)
