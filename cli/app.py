"""Typer application with the commands that are clients of the API."""

from collections.abc import Callable

import typer

from cli.commands.analysis import learning_curve, suggest
from cli.commands.demo import demo
from cli.commands.deployments import deploy, retry, rollback, versions
from cli.commands.export_command import export_command
from cli.commands.import_command import import_command
from cli.commands.jobs import cancel, train, watch_job
from cli.commands.listings import jobs, judges, summary
from cli.commands.simulate import simulate_command
from cli.commands.versions import compare, export_version, import_version
from cli.options import register

# In the order of the help.
_COMMANDS: dict[str, Callable[..., None]] = {
    "import": import_command,
    "export": export_command,
    "train": train,
    "watch": watch_job,
    "cancel": cancel,
    "retry": retry,
    "jobs": jobs,
    "judges": judges,
    "summary": summary,
    "versions": versions,
    "deploy": deploy,
    "rollback": rollback,
    "compare": compare,
    "learning-curve": learning_curve,
    "suggest": suggest,
    "export-version": export_version,
    "import-version": import_version,
    "simulate": simulate_command,
    "demo": demo,
}

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
for _name, _command in _COMMANDS.items():
    register(app, _name, _command)
