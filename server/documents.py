"""The GraphQL documents in `frontend-queries/`, which our own clients send."""

import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "frontend-queries"
_SPREAD = re.compile(r"\.\.\.\s*(?!on\b)([A-Za-z_]\w*)")


def names() -> list[str]:
    """The names of all operations."""
    return sorted(path.stem for path in FOLDER.glob("*.graphql"))


@cache
def load(name: str) -> str:
    """The text of an operation with every fragment it spreads, ready to send."""
    path = FOLDER / f"{name}.graphql"
    if not path.is_file():
        raise LookupError(f"There is no operation named {name!r}; there are: {', '.join(names())}.")
    texts = [path.read_text(encoding="utf-8")]
    seen: set[str] = set()
    for text in texts:  # grows while fragments spread further fragments
        for fragment in _SPREAD.findall(text):
            if fragment not in seen:
                seen.add(fragment)
                texts.append((FOLDER / "fragments" / f"{fragment}.graphql").read_text(encoding="utf-8"))
    return "\n".join(texts)
