"""The commands that are clients of the API, in one Typer application."""

import typer

from cli.demo import demo
from cli.deploy_commands import deploy, retry, rollback, versions
from cli.export_command import export_command
from cli.import_command import import_command
from cli.job_commands import cancel, train, watch_job
from cli.learning_commands import learning_curve, suggest
from cli.list_commands import jobs, judges, summary
from cli.simulate import simulate_command
from cli.version_commands import compare, export_version, import_version

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
