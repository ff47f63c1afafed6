"""Typer application with all commands: those that are clients of the API, and those that run where the data is."""

from importlib.metadata import version
from typing import Annotated

import typer

from cli.lazy_commands import CommandSource, lazy_group

# In the order of the help.
COMMANDS = {
    "import": CommandSource("cli.commands.import_command:import_command", "Load evaluations and feedback from files."),
    "export": CommandSource(
        "cli.commands.export_command:export_command",
        "Write a judge, its evaluations and its feedback to files that import loads, or a version's scores for a tool.",
    ),
    "train": CommandSource(
        "cli.commands.jobs:train", "Create a job that trains a new version of a judge on its feedback."
    ),
    "watch": CommandSource("cli.commands.jobs:watch_job", "Show a job live, then its proof."),
    "cancel": CommandSource("cli.commands.jobs:cancel", "Cancel a job that has not ended."),
    "retry": CommandSource(
        "cli.commands.deployments:retry",
        "Create a job that repeats a failed or cancelled one on the feedback there is now.",
    ),
    "jobs": CommandSource("cli.commands.listings:jobs", "List training jobs, newest first."),
    "judges": CommandSource("cli.commands.listings:judges", "List the judges."),
    "summary": CommandSource("cli.commands.listings:summary", "Show the counts of a judge's feedback."),
    "versions": CommandSource(
        "cli.commands.deployments:versions", "List a judge's versions with their proofs, newest first."
    ),
    "deploy": CommandSource(
        "cli.commands.deployments:deploy",
        "Make a version the active one if it is proven better than the one it replaces.",
    ),
    "rollback": CommandSource("cli.commands.deployments:rollback", "Undo a judge's last deployment."),
    "compare": CommandSource(
        "cli.commands.versions:compare",
        "Show how many verdicts another version would change, and on which evaluations most.",
    ),
    "learning-curve": CommandSource(
        "cli.commands.analysis:learning_curve", "Show the quality of a version by the number of labels it learns from."
    ),
    "suggest": CommandSource(
        "cli.commands.analysis:suggest", "Show the evaluations whose correction would improve the judge most."
    ),
    "export-version": CommandSource(
        "cli.commands.versions:export_version",
        "Write a judge version to a file that another judge or the offline scorer can read.",
    ),
    "import-version": CommandSource(
        "cli.commands.versions:import_version",
        "Add the version in a file to a judge with the same criteria, as a candidate without proof.",
    ),
    "simulate": CommandSource(
        "cli.commands.simulate:simulate_command", "Write simulated evaluations and feedback to files."
    ),
    "demo": CommandSource("cli.commands.demo:demo", "Show on this machine how feedback makes a judge better."),
    "serve": CommandSource(
        "cli.commands.server:serve",
        "Start the server: dashboard at /, GraphQL at /graphql, GraphiQL at /graphiql, REST at /training/jobs.",
    ),
    "work": CommandSource(
        "cli.commands.server:work",
        "Run training jobs and deliver notifications without an API. Any number of these processes may run.",
    ),
    "migrate": CommandSource("cli.commands.server:migrate", "Migrate the database's tables to this version."),
    "check-counters": CommandSource(
        "cli.commands.server:check_counters",
        "Recount all feedback and compare it with the counters; exit with status 1 if any differs.",
    ),
    "schema": CommandSource("cli.commands.server:schema", "Print the GraphQL schema."),
    "keys": CommandSource("cli.commands.server:keys_app", "API keys."),
}

app = typer.Typer(cls=lazy_group(COMMANDS), no_args_is_help=True, rich_markup_mode=None)


def _show_version(requested: bool) -> None:
    if requested:
        typer.echo(f"judgesmith {version('judgesmith')}")
        raise typer.Exit


@app.callback()
def judgesmith(
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Turn people's corrections of an automated judge into a better judge, with statistical proof."""
