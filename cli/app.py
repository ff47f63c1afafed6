"""The commands that are clients of the API, in one Typer application."""

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

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

app.command("import")(import_command)
app.command("export")(export_command)
app.command("train")(train)
app.command("watch")(watch_job)
app.command("cancel")(cancel)
app.command("retry")(retry)
app.command("jobs")(jobs)
app.command("judges")(judges)
app.command("summary")(summary)
app.command("versions")(versions)
app.command("deploy")(deploy)
app.command("rollback")(rollback)
app.command("compare")(compare)
app.command("learning-curve")(learning_curve)
app.command("suggest")(suggest)
app.command("export-version")(export_version)
app.command("import-version")(import_version)
app.command("simulate")(simulate_command)
app.command("demo")(demo)
