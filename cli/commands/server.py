"""Commands that run where the server's data is: `serve`, `work`, `migrate`, `check-counters`, `schema` and `keys`."""

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

from cli.options import Json, option_group, register
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

MAX_MISMATCHES_SHOWN = 20
_MAX_NAME_CHARACTERS = 200  # of a workspace or user
_MAX_KEY_DAYS = 36500

Slots = Annotated[
    int | None, typer.Option(help="Number of training jobs at once. Default: JUDGESMITH_SLOTS, or one for each core.")
]
WorkspaceName = Annotated[str, typer.Option(help="Name of the workspace.")]


@option_group
class DatabaseOptions:
    """The options of every command that opens the database."""

    database_url: Annotated[
        str | None,
        typer.Option(
            help="sqlite+aiosqlite:///PATH or postgresql+asyncpg://USER:PASSWORD@HOST/NAME. "
            "Default: JUDGESMITH_DATABASE_URL, or judgesmith.sqlite in the data folder."
        ),
    ] = None
    data_dir: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the embedded database and of the first admin key. Default: JUDGESMITH_DATA_DIR, or "
            "judgesmith-data."
        ),
    ] = None

    def settings(self, **overrides: object) -> Settings:
        """Return the settings of the environment with these options and others in place of them; set up the log.

        Raises:
            typer.Exit: a setting is invalid; each problem was printed to stderr.
        """
        options = {"database_url": self.database_url, "data_dir": self.data_dir} | overrides
        # Any: pydantic checks the types of the values.
        values: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
        try:
            settings = Settings(**values)
        except ValidationError as error:
            for problem in error.errors():
                name = "_".join(str(part) for part in problem["loc"])
                typer.echo(f"judgesmith: the setting {name} (JUDGESMITH_{name.upper()}): {problem['msg']}.", err=True)
            raise typer.Exit(2) from None
        configure_logging(settings.log_level, as_json=settings.log_json)
        return settings


def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on. Default: JUDGESMITH_HOST, or 127.0.0.1.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port to listen on; 0 takes a free one. Default: JUDGESMITH_PORT, or 8000.")
    ] = None,
    *,
    database: DatabaseOptions,
    slots: Slots = None,
    runner: Annotated[bool | None, typer.Option(help="Run training jobs in this process too. Default: yes.")] = None,
    only_persisted: Annotated[
        bool | None, typer.Option("--only-persisted", help="Execute only known GraphQL documents.")
    ] = None,
) -> None:
    """Start the server: dashboard at /, GraphQL at /graphql, GraphiQL at /graphiql, REST at /training/jobs.

    Args:
        host: the address to listen on.
        port: the port to listen on.
        database: the database and the data folder.
        slots: the number of training jobs at once.
        runner: run training jobs in this process too.
        only_persisted: execute only known GraphQL documents.
    """
    settings = database.settings(host=host, port=port, slots=slots, runner=runner, only_persisted=only_persisted)
    for note in _run(prepare_database(settings, first_key=True)):
        print(note, flush=True)
    run.serve(settings)


def work(*, database: DatabaseOptions, slots: Slots = None) -> None:
    """Run training jobs and deliver notifications without an API. Any number of these processes may run."""
    settings = database.settings(slots=slots)
    _run(prepare_database(settings, first_key=False))
    _run(run.run_worker(settings))


def migrate(*, database: DatabaseOptions) -> None:
    """Migrate the database's tables to this version."""
    _run(migrate_database(database.settings()))
    typer.echo("The database is up to date.")


def check_counters(json: Json = False, *, database: DatabaseOptions) -> None:
    """Recount all feedback and compare it with the counters; exit with status 1 if any differs."""
    mismatches = _run(find_counter_mismatches(database.settings()))
    if json:
        typer.echo(orjson.dumps([asdict(mismatch) for mismatch in mismatches], default=str))
        raise typer.Exit(1 if mismatches else 0)
    for mismatch in mismatches[:MAX_MISMATCHES_SHOWN]:
        typer.echo(str(mismatch), err=True)
    if mismatches:
        noun = "counter differs" if len(mismatches) == 1 else "counters differ"
        sys.exit(f"judgesmith: {len(mismatches):,} {noun} from the rows.")
    typer.echo("All counters match the rows.")


def schema() -> None:
    """Print the GraphQL schema."""
    from schema.build import print_sdl

    typer.echo(print_sdl(), nl=False)


def keys_create(
    role: Annotated[str, typer.Option(help="VIEWER, ANNOTATOR, TRAINER or ADMIN.")],
    workspace: Annotated[
        str, typer.Option(help="Name of the workspace, which is created if there is none of this name.")
    ] = DEFAULT_WORKSPACE,
    user: Annotated[
        str, typer.Option(help="Name of the key's user, who is created if there is none of this name.")
    ] = "admin",
    expires: Annotated[float | None, typer.Option(help="Days until the key expires. Default: never.")] = None,
    *,
    database: DatabaseOptions,
) -> None:
    """Create an API key and print only the key; it is shown only this once.

    Args:
        role: the key's role.
        workspace: the name of its workspace.
        user: the name of its user.
        expires: the days until it expires.
        database: the database and the data folder.
    """
    if role.upper() not in Role.__members__:
        raise typer.BadParameter(f"{role!r} is no role; the roles are {', '.join(Role.__members__)}.")
    if expires is not None and not 0 < expires <= _MAX_KEY_DAYS:
        raise typer.BadParameter(f"--expires takes days, more than 0 and at most {_MAX_KEY_DAYS}.")
    for name, value in (("--workspace", workspace), ("--user", user)):
        if not value.strip() or len(value) > _MAX_NAME_CHARACTERS:
            raise typer.BadParameter(f"{name} needs a name of 1 to {_MAX_NAME_CHARACTERS} characters.")
    settings = database.settings()
    key = _run(create_key(settings, workspace=workspace, user=user, role=Role[role.upper()], days=expires))
    typer.echo(key.secret)


def keys_list(workspace: WorkspaceName = DEFAULT_WORKSPACE, json: Json = False, *, database: DatabaseOptions) -> None:
    """List the workspace's keys that are not revoked: id, first characters, role, user, last use and expiry.

    Args:
        workspace: the name of the workspace.
        json: print JSON.
        database: the database and the data folder.
    """
    keys = _run(list_keys(database.settings(), workspace))
    if json:
        rows = [
            {"id": key.id, "prefix": key.hint, "role": key.role.name, "user": user}
            | {"lastUsedAt": key.last_used_at, "expiresAt": key.expires_at}
            for key, user in keys
        ]
        typer.echo(orjson.dumps(rows))
        return
    for key, user in keys:
        used = f"used {key.last_used_at:%Y-%m-%d %H:%M}Z" if key.last_used_at else "never used"
        expires = f"expires {key.expires_at:%Y-%m-%d %H:%M}Z" if key.expires_at else "never expires"
        typer.echo("  ".join((key.id, f"{key.hint}...", f"{key.role.name:9}", f"{user:20}", f"{used:22}", expires)))


def keys_revoke(
    key_id: Annotated[str, typer.Argument(metavar="KEY_ID", help="The key's id, key_..., as `keys list` prints it.")],
    workspace: WorkspaceName = DEFAULT_WORKSPACE,
    force: Annotated[bool, typer.Option("--force", help="Revoke it even if it is the last ADMIN key.")] = False,
    *,
    database: DatabaseOptions,
) -> None:
    """Revoke a key for good; running servers reject it at once.

    Args:
        key_id: the key's id.
        workspace: the name of its workspace.
        force: revoke it even if it is the last ADMIN key.
        database: the database and the data folder.
    """
    key = _run(revoke_key(database.settings(), workspace, key_id, force=force))
    typer.echo(f"{key.id} is revoked.")


def keys_webhook_secret(workspace: WorkspaceName = DEFAULT_WORKSPACE, *, database: DatabaseOptions) -> None:
    """Print only the secret that signs the workspace's webhooks."""
    typer.echo(_run(read_webhook_secret(database.settings(), workspace)))


keys_app = typer.Typer(help="API keys.", no_args_is_help=True, rich_markup_mode=None, add_completion=False)

# In the order of the help.
register(keys_app, "create", keys_create)
register(keys_app, "list", keys_list)
register(keys_app, "revoke", keys_revoke)
register(keys_app, "webhook-secret", keys_webhook_secret)


@keys_app.callback()
def _keys() -> None:
    """Group the commands for API keys."""


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine and return its result; exit with one line if the database cannot be used."""
    try:
        return asyncio.run(work)
    except (SetupError, ValueError) as error:
        sys.exit(f"judgesmith: {error}")
    except (SQLAlchemyError, OSError) as error:
        cause = getattr(error, "orig", None) or error
        sys.exit(f"judgesmith: the database can't be used: {cause}")
