"""The commands that run on the server's side: serve, work, migrate, check-counters, schema, keys."""

import asyncio
import sys
from collections.abc import Coroutine
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, TypeVar

import orjson
import typer
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from cli.options import Json
from models.access import Role
from server import run
from server.bootstrap import (
    DEFAULT_WORKSPACE,
    SetupError,
    create_key,
    find_counter_mismatches,
    list_keys,
    migrate_database,
    prepare_database,
    read_webhook_secret,
    revoke_key,
)
from server.logs import configure_logging
from server.settings import Settings

T = TypeVar("T")

SHOWN = 20  # differences, at most

Host = Annotated[str | None, typer.Option(help="Address to listen on.")]
Port = Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")]
DatabaseUrl = Annotated[
    str | None,
    typer.Option(help="sqlite+aiosqlite:///PATH or postgresql+asyncpg://USER:PASSWORD@HOST/NAME."),
]
DataDir = Annotated[Path | None, typer.Option(help="Folder of the embedded database and of the first admin key.")]
Slots = Annotated[int | None, typer.Option(help="Training jobs at once; left out, one a core.")]


def serve(
    host: Host = None,
    port: Port = None,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
    slots: Slots = None,
    runner: Annotated[bool | None, typer.Option(help="Whether to run training jobs here too.")] = None,
    only_persisted: Annotated[
        bool | None, typer.Option("--only-persisted", help="Execute known GraphQL documents only.")
    ] = None,
) -> None:
    """Start the server: dashboard at /, GraphQL at /graphql, GraphiQL at /graphiql, REST at /training/jobs."""
    settings = _settings(
        host=host,
        port=port,
        database_url=database_url,
        data_dir=data_dir,
        slots=slots,
        runner=runner,
        only_persisted=only_persisted,
    )
    for note in _run(prepare_database(settings, first_key=True)):
        print(note, flush=True)
    run.serve(settings)


def work(database_url: DatabaseUrl = None, data_dir: DataDir = None, slots: Slots = None) -> None:
    """Run training jobs and deliver messages, without an API; any number of these may run."""
    settings = _settings(database_url=database_url, data_dir=data_dir, slots=slots)
    _run(prepare_database(settings, first_key=False))
    _run(run.run_worker(settings))


def migrate(database_url: DatabaseUrl = None, data_dir: DataDir = None) -> None:
    """Bring the database's tables to this version's state."""
    _run(migrate_database(_settings(database_url=database_url, data_dir=data_dir)))
    typer.echo("The database is up to date.")


def check_counters(json: Json = False, database_url: DatabaseUrl = None, data_dir: DataDir = None) -> None:
    """Count all feedback anew and compare with the counters; status 1 when any differs."""
    differences = _run(find_counter_mismatches(_settings(database_url=database_url, data_dir=data_dir)))
    if json:
        typer.echo(orjson.dumps([asdict(difference) for difference in differences], default=str))
        raise typer.Exit(1 if differences else 0)
    for difference in differences[:SHOWN]:
        typer.echo(str(difference), err=True)
    if differences:
        sys.exit(f"judgesmith: {len(differences)} counters do not say what the rows say.")
    typer.echo("All counters say what the rows say.")


def schema() -> None:
    """Print the GraphQL schema."""
    from schema.build import print_sdl

    typer.echo(print_sdl(), nl=False)


app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.command("serve")(serve)
app.command("work")(work)
app.command("migrate")(migrate)
app.command("check-counters")(check_counters)
app.command("schema")(schema)
keys_app = typer.Typer(help="API keys.", no_args_is_help=True, rich_markup_mode=None)


app.add_typer(keys_app, name="keys")


@keys_app.callback()
def _keys() -> None:
    """API keys."""


@keys_app.command("create")
def keys_create(
    role: Annotated[str, typer.Option(help="VIEWER, ANNOTATOR, TRAINER or ADMIN.")],
    workspace: Annotated[str, typer.Option(help="The workspace; made if it is not there.")] = DEFAULT_WORKSPACE,
    user: Annotated[str, typer.Option(help="Whose key it is; made if not there.")] = "admin",
    expires: Annotated[float | None, typer.Option(help="Days until the key expires; left out, never.")] = None,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
) -> None:
    """Make an API key and print it, and nothing else; it is shown only this once."""
    if role.upper() not in Role.__members__:
        raise typer.BadParameter(f"{role!r} is no role; the roles are {', '.join(Role.__members__)}.")
    if expires is not None and not 0 < expires <= 36500:
        raise typer.BadParameter("--expires takes days, more than 0 and at most 36500.")
    for name, value in (("--workspace", workspace), ("--user", user)):
        if not value.strip() or len(value) > 200:
            raise typer.BadParameter(f"{name} needs a name of 1 to 200 characters.")
    settings = _settings(database_url=database_url, data_dir=data_dir)
    key = _run(create_key(settings, workspace=workspace, user=user, role=Role[role.upper()], days=expires))
    typer.echo(key.secret)


@keys_app.command("list")
def keys_list(
    workspace: Annotated[str, typer.Option(help="The workspace.")] = DEFAULT_WORKSPACE,
    json: Json = False,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
) -> None:
    """List the workspace's keys that are not revoked: id, first characters, role, user, last use and expiry."""
    keys = _run(list_keys(_settings(database_url=database_url, data_dir=data_dir), workspace))
    if json:
        told = [
            {"id": key.id, "prefix": key.hint, "role": key.role.name, "user": user}
            | {"lastUsedAt": key.last_used_at, "expiresAt": key.expires_at}
            for key, user in keys
        ]
        typer.echo(orjson.dumps(told))
        return
    for key, user in keys:
        used = f"used {key.last_used_at:%Y-%m-%d %H:%M}Z" if key.last_used_at else "never used"
        expires = f"expires {key.expires_at:%Y-%m-%d %H:%M}Z" if key.expires_at else "never expires"
        typer.echo("  ".join((key.id, f"{key.hint}...", f"{key.role.name:9}", f"{user:20}", f"{used:22}", expires)))


@keys_app.command("revoke")
def keys_revoke(
    key_id: Annotated[str, typer.Argument(metavar="KEY_ID", help="The key's id, key_..., as listed.")],
    workspace: Annotated[str, typer.Option(help="The workspace.")] = DEFAULT_WORKSPACE,
    force: Annotated[bool, typer.Option("--force", help="Revoke it even if it is the last ADMIN key.")] = False,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
) -> None:
    """Take a key back for good; running servers refuse it at once."""
    settings = _settings(database_url=database_url, data_dir=data_dir)
    key = _run(revoke_key(settings, workspace, key_id, force=force))
    typer.echo(f"{key.id} opens nothing any more.")


@keys_app.command("webhook-secret")
def keys_webhook_secret(
    workspace: Annotated[str, typer.Option(help="The workspace.")] = DEFAULT_WORKSPACE,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
) -> None:
    """Print the secret with which the workspace's webhooks are signed, and nothing else."""
    typer.echo(_run(read_webhook_secret(_settings(database_url=database_url, data_dir=data_dir), workspace)))


def _settings(**options: Any) -> Settings:
    """The settings with the command's options over the environment's."""
    try:
        settings = Settings(**{name: value for name, value in options.items() if value is not None})
    except ValidationError as error:
        for problem in error.errors():
            name = "_".join(str(part) for part in problem["loc"])
            typer.echo(f"judgesmith: the setting {name} (JUDGESMITH_{name.upper()}): {problem['msg']}.", err=True)
        raise typer.Exit(2) from None
    configure_logging(settings.log_level, as_json=settings.log_json)
    return settings


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end; a database that can't be used ends the command with a sentence."""
    try:
        return asyncio.run(work)
    except (SetupError, ValueError) as error:
        sys.exit(f"judgesmith: {error}")
    except (SQLAlchemyError, OSError) as error:
        cause = getattr(error, "orig", None) or error
        sys.exit(f"judgesmith: the database can't be used: {cause}")
