"""`judgesmith demo`: from people's ratings to a better judge in a minute, on this machine."""

import signal
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from statistics import fmean
from types import FrameType
from typing import Annotated, Any, NoReturn

import typer
from rich import box
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from cli import console
from cli.client.client import Client
from cli.commands.simulate import write
from cli.demo.data import DemoData, HeldOut, demo_data
from cli.demo.local_server import LocalServer, local_server
from cli.demo.simulation import Simulation
from cli.display.summary import summary_view
from cli.display.watch import watch
from cli.errors import ApiError
from cli.options import friendly_errors
from cli.transfer.importer import Totals, import_files
from cli.transfer.judge_file import Judge, create_or_find

Data = dict[str, Any]

_SHOWN = 6  # held-out items in the table
# Judges to try the API's examples on: their feedback is simulated.
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

    Starts a server of its own on a free port with a fresh data folder, loads people's ratings, trains, and proves what
    it gained. Ends with a status other than 0 if anything fails.
    """
    out = console.stdout()
    for received in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(received, _stop)
    with friendly_errors(when_interrupted="Stopped."), tempfile.TemporaryDirectory(prefix="judgesmith-demo-") as folder:
        _run(Path(folder), out, no_wait=no_wait)


def _stop(received: int, _: FrameType | None) -> NoReturn:
    """End in order, so that the server is not left behind."""
    raise SystemExit(128 + received)


def _run(folder: Path, out: Console, *, no_wait: bool) -> None:
    began = time.monotonic()
    out.print(Panel.fit("Judgesmith turns people's feedback on a judge into a better judge, and proves it."))
    with local_server(folder) as server, Client(server.url, server.key) as client:
        _heading(out, "People's ratings")
        data = demo_data()
        for line in data.story:
            out.print(line)

        note = "" if data.real else " (simulated data)"
        _heading(out, f"Loading them as feedback{note}")
        judge = _load(client, data, folder, out)
        out.print(summary_view(client.run("FeedbackSummary", judgeId=judge["id"])["feedbackSummary"]))

        _heading(out, f"Training a new version{note}")
        job = _train(client, judge, out)

        _heading(out, f"Items it never saw{note}")
        _show_held_out(client, judge, job, data, out)

        _heading(out, "Two judges to try the API on")
        for judge_id, spec in _EXAMPLES.items():
            _load_example(client, judge_id, spec, folder, out)
        out.print(f"{' and '.join(_EXAMPLES)} are made up, with simulated feedback.")

        _heading(out, "How to go on")
        _show_places(server, out)
        out.print(f"Done in {time.monotonic() - began:.0f} seconds.", style="bold green")
        if no_wait:
            out.print("Stopping the server and removing its data; without NO_WAIT it would go on serving.")
        else:
            out.print("The server goes on. Ctrl-C stops it and removes its data.", style="bold")
            server.wait()
            out.print("Stopping.")


def _heading(out: Console, text: str) -> None:
    out.print()
    out.print(text, style="bold cyan")


def _load(client: Client, data: DemoData, folder: Path, out: Console) -> Judge:
    data.write(folder)
    judge = create_or_find(client, folder / "judge.json")
    began = time.monotonic()
    totals = _import(client, judge, folder / "evaluations.jsonl", folder / "feedback.jsonl", out)
    out.print(
        f"{totals.evaluations.new:,} evaluations and {totals.feedback.new:,} corrections in "
        f"{time.monotonic() - began:.1f} s; {len(data.held_out):,} items are held out for the end."
    )
    return judge


def _import(client: Client, judge: Judge, evaluations: Path, feedback: Path, out: Console) -> Totals:
    totals = import_files(client, judge, evaluations, feedback, evaluations.parent / "errors.jsonl", out)
    if totals.refused:
        reasons = (evaluations.parent / "errors.jsonl").read_text(encoding="utf-8").splitlines()
        raise ApiError(f"{totals.refused} lines were refused, the first one: {reasons[0]}")
    return totals


def _train(client: Client, judge: Judge, out: Console) -> Data:
    wanted = {
        "judgeId": judge["id"],
        "trainingType": "FULL_RETRAIN",
        "trainingConfig": {},
        "executionOptions": {"autoDeploy": True},
    }
    job: Data = client.run("CreateTrainingJob", input=wanted)["createTrainingJob"]["trainingJob"]
    job = watch(client, job["id"], out)
    if job["status"] != "COMPLETED":
        raise ApiError(f"The training job ended as {job['status']}.")
    return job


def _show_held_out(client: Client, judge: Judge, job: Data, data: DemoData, out: Console) -> None:
    scored = _score(client, judge, job["resultVersion"]["id"], data.held_out)
    name = judge["criteria"][0]["name"]
    rows = [
        (item.evaluation["output"], item.evaluation["scores"][name], scores[name], item.people[name])
        for item, scores in zip(data.held_out, scored, strict=True)
    ]
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("Item", max_width=60, no_wrap=True, overflow="ellipsis")
    for heading in ("judge", "new version", "people (mean)" if data.real else "simulated people"):
        table.add_column(heading, justify="right", no_wrap=True)
    for text, raw, new, people in rows[:: max(1, len(rows) // _SHOWN)][:_SHOWN]:
        table.add_row(
            " ".join(text.split()),
            f"{raw:.1f}",
            Text(f"{new:.1f}", "green" if abs(new - people) < abs(raw - people) else "red"),
            f"{people:.1f}",
        )
    out.print(table)
    usual = fmean(people for *_, people in rows)
    off = {
        "the judge": _off((raw, people) for _, raw, _, people in rows),
        "the new version": _off((new, people) for _, _, new, people in rows),
        f"always saying {usual:.1f}": _off((usual, people) for *_, people in rows),
    }
    out.print(
        f"Points off what people gave on average in {name}, over all {len(rows)} held-out items: "
        + ", ".join(f"{who} {points:.2f}" for who, points in off.items())
        + "."
    )


def _off(pairs: Iterable[tuple[float, float]]) -> float:
    """The mean distance of scores from people's."""
    return fmean(abs(score - people) for score, people in pairs)


def _score(client: Client, judge: Judge, version_id: str, items: list[HeldOut]) -> list[dict[str, float]]:
    """The new version's scores of items, by criterion's name."""
    ids = {criterion["name"]: criterion["id"] for criterion in judge["criteria"]}
    inputs = [
        {
            "group": item.evaluation["group"],
            "input": item.evaluation["input"],
            "output": item.evaluation["output"],
            "rationale": item.evaluation.get("rationale"),
            "scores": [{"criterionId": ids[name], "score": score} for name, score in item.evaluation["scores"].items()],
        }
        for item in items
    ]
    wanted = {"judgeId": judge["id"], "versionId": version_id, "items": inputs}
    results = client.run("Evaluate", input=wanted)["evaluate"]["results"]
    return [{score["criterion"]["name"]: score["score"] for score in result["scores"]} for result in results]


def _load_example(client: Client, judge_id: str, spec: Simulation, folder: Path, out: Console) -> None:
    target = folder / judge_id
    criteria = [
        {"key": f"crit_{name}", "name": name, "min": spec.low, "max": spec.high, "step": 1} for name in spec.names
    ]
    write(spec, target, id=judge_id, name=f"Example {judge_id} (simulated)", criteria=criteria)
    judge = create_or_find(client, target / "judge.json")
    _import(client, judge, target / "evaluations.jsonl.gz", target / "feedback.jsonl.gz", out)


def _show_places(server: LocalServer, out: Console) -> None:
    """Tell where everything is, and what to type next."""
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
