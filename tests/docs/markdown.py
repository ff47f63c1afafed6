"""Reader for the project's Markdown: files, fenced blocks, links and headings."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
_EXCLUDED = {"node_modules", "dist", "build", "static", "site-packages", "judgesmith-data"}
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]+`")
_LINK = re.compile(r"\[[^\]]*\]\(([^()\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


class Block(NamedTuple):
    """Fenced block with its language, which may be empty, and its text."""

    language: str
    text: str


def files() -> list[Path]:
    """Return all Markdown files of the project, without third-party and generated ones."""
    found = []
    for path in sorted(ROOT.rglob("*.md")):
        folders = path.relative_to(ROOT).parts[:-1]
        if not any(part in _EXCLUDED or part.startswith(".") for part in folders):
            found.append(path)
    return found


def blocks(text: str) -> list[Block]:
    """Return the fenced blocks in order."""
    return [Block(*match) for match in _FENCE.findall(text)]


def prose(text: str) -> str:
    """Return the text without its fenced blocks."""
    return _FENCE.sub("", text)


def inline_code(text: str) -> Iterator[str]:
    """Yield the inline code of the prose."""
    for code in _CODE.findall(prose(text)):
        yield code.strip("`")


def links(text: str) -> list[str]:
    """Return the targets of links and pictures in the prose."""
    return _LINK.findall(_CODE.sub("", prose(text)))


def anchors(text: str) -> set[str]:
    """Return the anchors of the headings, as GitHub generates them."""
    names = set()
    for heading in _HEADING.findall(prose(text)):
        plain = re.sub(r"[^\w\- ]", "", heading.lower())
        names.add(plain.strip().replace(" ", "-"))
    return names


def between(text: str, marker: str) -> str:
    """Return the text between `<!-- marker -->` and `<!-- end of marker -->`."""
    return text.split(f"<!-- {marker} -->\n")[1].split(f"<!-- end of {marker} -->")[0]
