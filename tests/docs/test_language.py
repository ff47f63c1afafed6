"""Openings of descriptions: no docstring, description, help or UI text begins with a question word.

The rules are in CONTRIBUTING.md, "Language". codespell checks single words with docs/codespell.txt.
"""

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from graphql.language import Node, parse, visit
from graphql.language.visitor import Visitor

from . import generated, markdown
from .markdown import ROOT

OPENING = re.compile(r"(?:(?:What|Who|Whom|Whose|Which|Where|How)(?:ever)?|Whether)\b")
PYTHON_FOLDERS = (
    *("benchmarks", "cli", "docs", "models", "resolvers", "runner", "schema", "server", "store", "tests", "trainer"),
)
UI_FOLDER = ROOT / "web" / "src"
SCHEMA = ROOT / "schema" / "schema.graphql"

Finding = tuple[int, str]
_STRING = re.compile(r"""'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`""")
_JSX_TEXT = re.compile(r">\s*([^<>{}=;()]+?)\s*(?=[<{])")
_BLOCK_COMMENT = re.compile(r"/\*\*?\s*(.*?)\*/", re.DOTALL)


def python_files() -> list[Path]:
    paths = [path for folder in PYTHON_FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    return [path for path in paths if not {"node_modules", "__pycache__"} & set(path.parts)]


def ui_files() -> list[Path]:
    paths = [*UI_FOLDER.rglob("*.ts"), *UI_FOLDER.rglob("*.tsx")]
    return sorted(path for path in paths if "generated" not in path.parts)


def docstrings(source: str) -> Iterator[Finding]:
    """Yield the docstrings of modules, classes, functions and attributes with their lines."""
    for node in ast.walk(ast.parse(source)):
        body = getattr(node, "body", None)
        if not isinstance(body, list):
            continue
        documented = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        for index, statement in enumerate(body):
            after_assignment = index > 0 and isinstance(body[index - 1], ast.Assign | ast.AnnAssign)
            if not (index == 0 and documented) and not after_assignment:
                continue
            match statement:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    yield statement.lineno, text


def schema_descriptions(source: str) -> Iterator[Finding]:
    """Yield every description of a schema with its line."""

    class Collector(Visitor):
        """Visitor that collects descriptions."""

        def __init__(self) -> None:
            super().__init__()
            self.found: list[Finding] = []

        def enter(self, node: Node, *_: object) -> None:
            """Add the description of a definition."""
            if (description := getattr(node, "description", None)) is not None:
                self.found.append((description.loc.start_token.line, description.value))

    collector = Collector()
    visit(parse(source), collector)
    yield from collector.found


def ui_texts(source: str) -> Iterator[Finding]:
    """Yield string literals, texts of JSX elements and block comments with their lines."""
    for pattern in (_STRING, _JSX_TEXT, _BLOCK_COMMENT):
        for match in pattern.finditer(source):
            text = next(group for group in match.groups() if group is not None)
            yield source.count("\n", 0, match.start()) + 1, text


def markdown_titles(source: str) -> Iterator[Finding]:
    """Yield headings and table cells with their lines."""
    in_fence = False
    for number, line in enumerate(source.splitlines(), start=1):
        if line.startswith("```"):
            in_fence = not in_fence
        elif not in_fence and line.startswith("#"):
            yield number, line.lstrip("# ")
        elif not in_fence and line.startswith("|"):
            for cell in line.strip("|").split("|"):
                yield number, cell.strip()


def question_openings(paths: Iterable[Path], extract: Callable[[str], Iterator[Finding]]) -> list[str]:
    """Return the texts of files that begin with a question word, each with its file and line.

    Args:
        paths: files to read.
        extract: yields the texts of a file with their lines.
    """
    return [
        f"{path.relative_to(ROOT)}:{line}: {text.strip().splitlines()[0]}"
        for path in paths
        for line, text in extract(path.read_text(encoding="utf-8"))
        if OPENING.match(text.strip())
    ]


def test_docstrings_begin_with_a_verb_or_noun() -> None:
    assert question_openings(python_files(), docstrings) == []


def test_schema_descriptions_begin_with_a_verb_or_noun() -> None:
    assert question_openings([SCHEMA], schema_descriptions) == []


def test_command_help_begins_with_a_verb_or_noun() -> None:
    texts = [
        text
        for command in generated.commands().values()
        for text in (command.help or "", *(getattr(parameter, "help", None) or "" for parameter in command.params))
    ]
    assert [text for text in texts if OPENING.match(text)] == []


def test_ui_texts_begin_with_a_verb_or_noun() -> None:
    assert question_openings(ui_files(), ui_texts) == []


def test_headings_and_table_cells_begin_with_a_verb_or_noun() -> None:
    assert question_openings(markdown.files(), markdown_titles) == []
