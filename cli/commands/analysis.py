"""`judgesmith learning-curve` and `judgesmith suggest`: the value of more feedback, and of which."""

from rich.console import RenderableType

from cli import console
from cli.client import operations
from cli.client.responses import LearningCurve, ReviewSuggestion
from cli.display.figures import format_interval
from cli.options import ClientOptions, First, JudgeId


def learning_curve(judge: JudgeId, *, client_options: ClientOptions) -> None:
    """Show the quality of a version by the number of labels it learns from."""
    with client_options.connect() as client:
        curve = operations.compute_learning_curve(client, judge)
    console.print_result(curve, lambda: _render_curve(curve), as_json=client_options.json)


def suggest(judge: JudgeId, first: First = 10, *, client_options: ClientOptions) -> None:
    """Show the evaluations whose correction would improve the judge most.

    Args:
        judge: the judge's id.
        first: the number of rows.
        client_options: output format and server.
    """
    with client_options.connect() as client:
        suggestions = operations.suggest_reviews(client, judge, first)
    console.print_result(suggestions, lambda: _render_suggestions(suggestions), as_json=client_options.json)


def _render_curve(curve: LearningCurve) -> RenderableType:
    if not curve["points"]:
        return "There is no feedback to learn from yet."
    table = console.new_table(right=("Labels", "MAE, % of range [95%]", "Spearman [95%]"))
    for point in curve["points"]:
        labels = f"{point['labelCount']:,}" if point["labelCount"] else "none, raw scores"
        error = format_interval(point["meanAbsoluteError"], 100, 1, signed=False)
        table.add_row(labels, error, format_interval(point["spearman"], 1, 3, signed=False))
    return table


def _render_suggestions(suggestions: list[ReviewSuggestion]) -> RenderableType:
    if not suggestions:
        return "No suggestions: every evaluation has feedback."
    table = console.new_table("Evaluation", "Gain", "Reason")
    for item in suggestions:
        evaluation = item["evaluation"]
        table.add_row(evaluation["externalId"] or evaluation["id"], f"{item['gain']:.2%}", item["reason"])
    return table
