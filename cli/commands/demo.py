"""`judgesmith demo`: from people's ratings to a better judge in about a minute, on this machine."""

import signal
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from statistics import fmean
from types import FrameType
from typing import Annotated, NoReturn

import typer
from rich import box
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from cli import console
from cli.client import operations
from cli.client.client import Client
from cli.client.inputs import EvaluationInput
from cli.client.responses import Judge, TrainingJob
from cli.demo.data import DemoData, HeldOutItem, load_demo_data
from cli.demo.local_server import LocalServer, local_server
from cli.demo.simulated_files import FILES, write_simulation
from cli.demo.simulation import Simulation
from cli.display.summary import render_summary
from cli.display.watch import watch_job
from cli.errors import ApiError
from cli.import_format import CriterionDescription
from cli.options import report_errors
from cli.transfer.importer import FileImporter, ImportTarget, ImportTotals
from cli.transfer.judge_file import create_or_find_judge

_MAX_ROWS = 6  # held-out items in the table
# Judges of the API's examples; their feedback is simulated.
_EXAMPLES = {
    "jdg_xyz789": Simulation(items=240, criteria=2, seed=1),
    "jdg_new001": Simulation(items=240, criteria=2, seed=2),
}


def demo(
    no_wait: Annotated[
        bool, typer.Option("--no-wait", envvar="NO_WAIT", help="Stop at the end instead of serving until Ctrl-C.")
    ] = False,
) -> None:
    """Show on this machine how feedback makes a judge better.

    Starts its own server on a free port with a new data folder, loads people's ratings, trains, and prints the proof.
    The exit status is not 0 if anything fails.
    """
    out = console.stdout()
    for received in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(received, _exit_on_signal)
    with report_errors(), tempfile.TemporaryDirectory(prefix="judgesmith-demo-") as folder:
        _run(Path(folder), out, no_wait=no_wait)


def _exit_on_signal(received: int, _: FrameType | None) -> NoReturn:
    """Exit in order, so that the server is stopped too."""
    raise SystemExit(128 + received)


def _run(folder: Path, out: Console, *, no_wait: bool) -> None:
    """Run all steps of the demo.

    Args:
        folder: an empty folder for the server's data and the files.
        out: where to print.
        no_wait: stop the server at the end.
    """
    started_at = time.monotonic()
    out.print(Panel.fit("Judgesmith turns people's feedback on a judge into a better judge, and proves it."))
    with local_server(folder) as server, Client(server.url, server.key) as client:
        _heading(out, "People's ratings")
        data = load_demo_data()
        for line in data.introduction:
            out.print(line)

        note = "" if data.is_real else " (simulated data)"
        _heading(out, f"Loading them as feedback{note}")
        judge = _load(client, data, folder, out)
        out.print(render_summary(operations.summarize_feedback(client, judge["id"])))

        _heading(out, f"Training a new version{note}")
        job = _train(client, judge, out)

        _heading(out, f"Held-out items{note}")
        _show_held_out(client, judge, job, data, out)

        _heading(out, "Two judges for the API's examples")
        for judge_id, spec in _EXAMPLES.items():
            _load_example(client, judge_id, spec, folder, out)
        out.print(f"{' and '.join(_EXAMPLES)} are simulated judges with simulated feedback.")

        _heading(out, "Next steps")
        _show_next_steps(server, out)
        out.print(f"Done in {time.monotonic() - started_at:.0f} seconds.", style="bold green")
        if no_wait:
            out.print("Stopping the server and removing its data. Without NO_WAIT it would continue to serve.")
        else:
            out.print("The server is running. Ctrl-C stops it and removes its data.", style="bold")
            server.wait()
            out.print("Stopping.")


def _heading(out: Console, text: str) -> None:
    out.print()
    out.print(text, style="bold cyan")


def _load(client: Client, data: DemoData, folder: Path, out: Console) -> Judge:
    """Create the demo's judge, load its files and return it.

    Args:
        client: the connection.
        data: the data.
        folder: where to write the files.
        out: where to print.
    """
    data.write(folder)
    judge = create_or_find_judge(client, folder / "judge.json")
    started_at = time.monotonic()
    totals = _import_files(client, judge, folder / "evaluations.jsonl", folder / "feedback.jsonl", out)
    out.print(
        f"{totals.evaluations.new:,} evaluations and {totals.feedback.new:,} corrections in "
        f"{time.monotonic() - started_at:.1f} s; {len(data.held_out):,} items are held out for the end."
    )
    return judge


def _import_files(client: Client, judge: Judge, evaluations: Path, feedback: Path, out: Console) -> ImportTotals:
    """Load two files into a judge.

    Args:
        client: the connection.
        judge: the judge.
        evaluations: the evaluations file.
        feedback: the feedback file.
        out: shows the progress.

    Raises:
        ApiError: any line was refused.
    """
    errors = evaluations.parent / "errors.jsonl"
    totals = FileImporter(client, ImportTarget.from_judge(judge), errors, out).run(evaluations, feedback)
    if totals.refused:
        reasons = errors.read_text(encoding="utf-8").splitlines()
        raise ApiError(f"{totals.refused} lines were refused, the first one: {reasons[0]}")
    return totals


def _train(client: Client, judge: Judge, out: Console) -> TrainingJob:
    """Train a version, show the job until it ends, and return it.

    Args:
        client: the connection.
        judge: the judge.
        out: where to print.

    Raises:
        ApiError: the job did not complete.
    """
    created = operations.create_job(
        client,
        {
            "judgeId": judge["id"],
            "trainingType": "FULL_RETRAIN",
            "trainingConfig": {},
            "executionOptions": {"autoDeploy": True},
        },
    )
    job = watch_job(client, created["trainingJob"]["id"], out)
    if job["status"] != "COMPLETED":
        raise ApiError(f"The training job ended as {job['status']}.")
    return job


def _show_held_out(client: Client, judge: Judge, job: TrainingJob, data: DemoData, out: Console) -> None:
    """Print the scores of the held-out items by the judge, the new version and people, and their mean errors.

    Args:
        client: the connection.
        judge: the judge.
        job: the completed training job.
        data: the data.
        out: where to print.
    """
    assert job["resultVersion"] is not None
    scored = _score(client, judge, job["resultVersion"]["id"], data.held_out)
    name = judge["criteria"][0]["name"]
    rows = [
        (item.evaluation["output"], item.evaluation["scores"][name], scores[name], item.human_scores[name])
        for item, scores in zip(data.held_out, scored, strict=True)
    ]
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("Item", max_width=60, no_wrap=True, overflow="ellipsis")
    for heading in ("judge", "new version", "people (mean)" if data.is_real else "simulated people"):
        table.add_column(heading, justify="right", no_wrap=True)
    for text, raw, new, human in rows[:: max(1, len(rows) // _MAX_ROWS)][:_MAX_ROWS]:
        table.add_row(
            " ".join(text.split()),
            f"{raw:.1f}",
            Text(f"{new:.1f}", "green" if abs(new - human) < abs(raw - human) else "red"),
            f"{human:.1f}",
        )
    out.print(table)
    mean = fmean(human for *_, human in rows)
    errors = {
        "the judge": _mean_error((raw, human) for _, raw, _, human in rows),
        "the new version": _mean_error((new, human) for _, _, new, human in rows),
        f"a constant score of {mean:.1f}": _mean_error((mean, human) for *_, human in rows),
    }
    out.print(
        f"Mean distance in points from people's mean scores in {name}, over all {len(rows):,} held-out items: "
        + ", ".join(f"{points:.2f} for {source}" for source, points in errors.items())
        + "."
    )


def _mean_error(pairs: Iterable[tuple[float, float]]) -> float:
    """Return the mean distance of scores from people's scores."""
    return fmean(abs(score - human) for score, human in pairs)


def _score(client: Client, judge: Judge, version_id: str, items: list[HeldOutItem]) -> list[dict[str, float]]:
    """Score items with a version.

    Args:
        client: the connection.
        judge: the judge.
        version_id: the version.
        items: the items.

    Returns:
        The scores of each item by the name of the criterion.
    """
    ids = {criterion["name"]: criterion["id"] for criterion in judge["criteria"]}
    inputs: list[EvaluationInput] = [
        {
            "group": item.evaluation["group"],
            "input": item.evaluation["input"],
            "output": item.evaluation["output"],
            "rationale": item.evaluation.get("rationale"),
            "scores": [{"criterionId": ids[name], "score": score} for name, score in item.evaluation["scores"].items()],
        }
        for item in items
    ]
    results = operations.evaluate(client, {"judgeId": judge["id"], "versionId": version_id, "items": inputs})
    return [{score["criterion"]["name"]: score["score"] for score in result["scores"]} for result in results]


def _load_example(client: Client, judge_id: str, spec: Simulation, folder: Path, out: Console) -> None:
    """Create a simulated judge and load its files.

    Args:
        client: the connection.
        judge_id: the judge's id.
        spec: the properties of its data.
        folder: the folder for a folder with its files.
        out: shows the progress.
    """
    target = folder / judge_id
    criteria: list[CriterionDescription] = [
        {"key": f"crit_{name}", "name": name, "min": spec.low, "max": spec.high, "step": 1} for name in spec.names
    ]
    write_simulation(spec, target, judge_id=judge_id, judge_name=f"Example {judge_id} (simulated)", criteria=criteria)
    judge_file, evaluations, feedback = (target / name for name in FILES)
    _import_files(client, create_or_find_judge(client, judge_file), evaluations, feedback, out)


def _show_next_steps(server: LocalServer, out: Console) -> None:
    """Print the addresses of the server and commands to try."""
    places = Table.grid(padding=(0, 2))
    places.add_row("Dashboard", server.url)
    places.add_row("GraphiQL", f"{server.url}/graphiql")
    places.add_row("API key", f"in {server.key_file}")
    out.print(places)
    out.print(
        f"\n  curl {server.url}/training/jobs -H 'Content-Type: application/json' \\\n"
        f'    -H "Authorization: Bearer $(cat {server.key_file})" \\\n'
        '    -d \'{"judge_id": "jdg_new001", "training_type": "incremental",'
        ' "training_config": {"minimum_feedback_count": 50}}\'\n\n'
        f"  JUDGESMITH_URL={server.url} JUDGESMITH_API_KEY=$(cat {server.key_file}) \\\n"
        "    judgesmith train jdg_xyz789 --type full-retrain --auto-deploy --watch\n",
        soft_wrap=True,
    )
