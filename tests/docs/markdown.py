"""Reading the project's Markdown: its files, fenced blocks, links and headings."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
_FOREIGN = {"node_modules", "dist", "build", "static", "site-packages", "judgesmith-data"}
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]+`")
_LINK = re.compile(r"\[[^\]]*\]\(([^()\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


class Block(NamedTuple):
    """A fenced block: its language, which may be empty, and its text."""

    language: str
    text: str


def files() -> list[Path]:
    """All Markdown files of the project, without what others made."""
    found = []
    for path in sorted(ROOT.rglob("*.md")):
        folders = path.relative_to(ROOT).parts[:-1]
        if not any(part in _FOREIGN or part.startswith(".") for part in folders):
            found.append(path)
    return found


def blocks(text: str) -> list[Block]:
    """The fenced blocks in order."""
    return [Block(*match) for match in _FENCE.findall(text)]


def prose(text: str) -> str:
    """The text without its fenced blocks."""
    return _FENCE.sub("", text)


def inline_code(text: str) -> Iterator[str]:
    """What is set in code within the prose."""
    for code in _CODE.findall(prose(text)):
        yield code.strip("`")


def links(text: str) -> list[str]:
    """The targets of links and pictures in the prose."""
    return _LINK.findall(_CODE.sub("", prose(text)))


def anchors(text: str) -> set[str]:
    """The names under which headings can be linked to, as GitHub makes them."""
    names = set()
    for heading in _HEADING.findall(prose(text)):
        plain = re.sub(r"[^\w\- ]", "", heading.lower())
        names.add(plain.strip().replace(" ", "-"))
    return names


def between(text: str, marker: str) -> str:
    """What stands between `<!-- marker -->` and `<!-- end of marker -->`."""
    return text.split(f"<!-- {marker} -->\n")[1].split(f"<!-- end of {marker} -->")[0]
