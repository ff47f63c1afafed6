"""References of the documentation: linked pages, headings, files and names of the code exist."""

import importlib
import re
from pathlib import Path

import pytest

from . import markdown
from .markdown import ROOT

FILES = markdown.files()
PACKAGES = ("cli", "server", "schema", "resolvers", "runner", "store", "trainer", "models")
FOLDERS = (*PACKAGES, "docs", "tests", "frontend-queries", "web", "benchmarks")
DECISIONS = ROOT / "docs" / "decisions"
_FILE = re.compile(rf"(?:{'|'.join(FOLDERS)})/[\w./-]*")
_NAME = re.compile(rf"(?:{'|'.join(PACKAGES)})(?:\.\w+)+")
# Paths of one machine and placeholders, which no published page may contain.
_PRIVATE = re.compile(r"/(?:work|home|root|Users)/|\bTODO\b|\bTBD\b")


_BUILT = {"server/static/"}  # absent from a fresh checkout


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", FILES, ids=shown)
def test_links_lead_to_existing_pages_and_headings(path: Path) -> None:
    broken = []
    for link in markdown.links(read(path)):
        if "://" in link or link.startswith("mailto:"):
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        if not target.exists() or (anchor and anchor not in markdown.anchors(read(target))):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("path", FILES, ids=shown)
def test_mentioned_files_and_names_exist(path: Path) -> None:
    codes = list(markdown.inline_code(read(path)))
    files = [code for code in codes if _FILE.fullmatch(code)]
    names = [code for code in codes if _NAME.fullmatch(code)]
    assert [code for code in files if code not in _BUILT and not (ROOT / code).exists()] == []
    assert [name for name in names if not exists(name)] == []


@pytest.mark.parametrize("path", FILES, ids=shown)
def test_pages_contain_no_local_paths_or_placeholders(path: Path) -> None:
    assert _PRIVATE.findall(read(path)) == []


def test_all_pages_are_reachable_from_the_readme() -> None:
    reached = set()
    pending = [ROOT / "README.md"]
    while pending:
        path = pending.pop()
        if path in reached:
            continue
        reached.add(path)
        for link in markdown.links(read(path)):
            target = (path.parent / link.partition("#")[0]).resolve()
            if target.suffix == ".md" and target.is_file():
                pending.append(target)
    assert [shown(path) for path in FILES if path not in reached and path.is_relative_to(ROOT / "docs")] == []


def test_decisions_are_listed_by_title_in_order() -> None:
    pages = sorted(DECISIONS.glob("[0-9]*.md"))
    listed = re.findall(r"^\d+\. \[(.+)\]\((.+)\)$", read(DECISIONS / "README.md"), re.MULTILINE)
    assert listed == [(title_of(page), page.name) for page in pages]
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))


@pytest.mark.parametrize("path", sorted(DECISIONS.glob("[0-9]*.md")), ids=lambda path: path.stem)
def test_decision_has_status_date_context_and_consequences(path: Path) -> None:
    text = read(path)
    assert re.search(r"^\*\*Status:\*\* (?:accepted|superseded by \[decision \d+\])", text, re.MULTILINE)
    assert re.search(r"^\*\*Date:\*\* \d{4}-\d\d-\d\d", text, re.MULTILINE)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]


def title_of(page: Path) -> str:
    title = read(page).splitlines()[0]
    number, _, text = title.removeprefix("# ").partition(". ")
    assert int(number) == int(page.name[:4])
    return text


def exists(name: str) -> bool:
    """Return whether a dotted name is a module or an attribute of one."""
    module, _, rest = name, "", ""
    while module:
        try:
            found = importlib.import_module(module)
        except ModuleNotFoundError:
            module, _, last = module.rpartition(".")
            rest = f"{last}.{rest}".strip(".")
            continue
        for part in rest.split(".") if rest else ():
            if hasattr(found, part):
                found = getattr(found, part)
            else:
                return part in getattr(found, "__annotations__", {})
        return True
    return False
