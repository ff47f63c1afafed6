"""`judgesmith learning-curve` and `judgesmith suggest`: whether more feedback is worth it, and on what."""

from typing import Annotated, Any

import orjson
import typer
from rich import box
from rich.table import Table

from cli import console
from cli.client.client import Client
from cli.display.evidence import NONE
from cli.errors import ApiError
from cli.options import DEFAULT_URL, Json, JudgeId, Key, Url, friendly_errors

Data = dict[str, Any]


def learning_curve(judge: JudgeId, json: Json = False, url: Url = DEFAULT_URL, key: Key = None) -> None:
    """Show how good a version is with growing amounts of feedback."""
    with friendly_errors(), Client(url, key) as client:
        found = _known(client.run("LearningCurve", judgeId=judge)["learningCurve"], judge)
    if json:
        typer.echo(orjson.dumps(found))
        return
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("Labels", "MAE, % of range [95 %]", "Spearman [95 %]"):
        table.add_column(heading, justify="right")
    for point in found["points"]:
        labels = f"{point['labelCount']:,}" if point["labelCount"] else "none, raw scores"
        table.add_row(labels, _interval(point["meanAbsoluteError"], 100, 1), _interval(point["spearman"], 1, 3))
    console.stdout().print(table if found["points"] else "There is no feedback to learn from yet.")


def suggest(
    judge: JudgeId,
    first: Annotated[int, typer.Option("--first", min=1, max=100, help="How many to show.")] = 10,
    json: Json = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Show the evaluations whose correction would teach most."""
    with friendly_errors(), Client(url, key) as client:
        answer = client.run("SuggestEvaluationsToReview", judgeId=judge, first=first)["suggestEvaluationsToReview"]
        found = _known(answer, judge)
    if json:
        typer.echo(orjson.dumps(found))
        return
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("Evaluation", "Teaches", "Why"):
        table.add_column(heading, overflow="fold")
    for item in found:
        evaluation = item["evaluation"]
        table.add_row(evaluation["externalId"] or evaluation["id"], f"{item['gain']:.2%}", item["reason"])
    console.stdout().print(table if found else "There is nothing to suggest: people told of all evaluations.")


def _known(found: Any, judge: str) -> Any:
    if found is None:
        raise ApiError(f"There is no judge {judge}. `judgesmith judges` lists them.", "NOT_FOUND")
    return found


def _interval(figure: Data | None, unit: float, digits: int) -> str:
    if figure is None:
        return NONE
    middle, low, high = (f"{figure[end] * unit:.{digits}f}" for end in ("estimate", "lower", "upper"))
    return f"{middle} [{low}, {high}]"
