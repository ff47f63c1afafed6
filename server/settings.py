"""Settings, each from a `JUDGESMITH_` environment variable. A command's option of the same name overrides it."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, PositiveFloat, PositiveInt, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from models.request_sizes import RequestSizes
from runner.notifications.email import SmtpServer
from runner.workers.leases import LeasePolicy
from schema.execution.limits import Limits
from server.endpoint_limits import EndpointLimits
from server.http.headers import check_origin
from server.http.rate_limit import check_rate
from server.persisted_documents import check_documents_file
from store.database.open import without_prepared_statements

MIB = 2**20


class Settings(BaseSettings):
    """Settings of a server or worker, fixed at its start. `docs/reference/settings.md` is generated from them."""

    model_config = SettingsConfigDict(env_prefix="JUDGESMITH_", frozen=True, extra="ignore")

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(8000, description="Port to listen on; 0 selects a free port.")
    data_dir: Path = Field(
        Path("judgesmith-data"), description="Folder of the embedded database and of the first admin key."
    )
    database_url: SecretStr | None = Field(
        None,
        description="Database: sqlite+aiosqlite:///PATH or postgresql+asyncpg://USER:PASSWORD@HOST/NAME. "
        "Default: judgesmith.sqlite in the data folder.",
    )
    prepared_statements: bool = Field(
        True,
        description="Keep statements prepared on connections to PostgreSQL. Turn it off behind a pooler that hands "
        "sessions to other clients.",
    )
    runner: bool = Field(True, description="Run training jobs in the server too; `--no-runner` leaves them to workers.")
    slots: PositiveInt | None = Field(None, description="Concurrent training jobs. Default: one per CPU core.")
    lease_seconds: Annotated[float, Field(ge=1, le=3600)] = Field(
        10.0, description="Seconds without a heartbeat after which another worker may take over a job."
    )
    max_body_bytes: PositiveInt = Field(
        16 * MIB, description="Largest request body in bytes; a larger one gets status 413."
    )
    max_frame_bytes: PositiveInt = Field(1 * MIB, description="Largest WebSocket frame in bytes.")
    max_values: PositiveInt = Field(
        200_000, description="Largest number of JSON values in one GraphQL request, including lists."
    )
    max_list: PositiveInt = Field(
        1_000, description="Largest number of items in one list in the variables of a GraphQL request."
    )
    max_batch: Annotated[int, Field(ge=1, le=5_000)] = Field(
        500, description="Largest number of items per call of a batch mutation. The command sends up to 500."
    )
    max_page: Annotated[int, Field(ge=100, le=1_000)] = Field(
        100, description="Largest number of items on one page of a list; 100 to 1,000."
    )
    max_characters: PositiveInt = Field(100_000, description="Largest number of characters of one GraphQL document.")
    max_tokens: PositiveInt = Field(2_000, description="Largest number of tokens in one GraphQL document.")
    max_depth: PositiveInt = Field(15, description="Largest nesting depth of fields in one GraphQL document.")
    max_aliases: PositiveInt = Field(30, description="Largest number of aliases in one GraphQL document.")
    max_directives: PositiveInt = Field(10, description="Largest number of directives in one GraphQL document.")
    max_cost: PositiveInt = Field(
        20_000, description="Largest number of objects that one GraphQL document can request."
    )
    max_query_seconds: PositiveFloat = Field(30.0, description="Seconds after which a GraphQL query is cancelled.")
    max_subscriptions: PositiveInt = Field(100, description="Concurrent operations on one WebSocket.")
    max_key_subscriptions: PositiveInt = Field(
        1_000, description="Concurrent operations of one API key over all its sockets and streams on this server."
    )
    rate_limit: Annotated[str | None, AfterValidator(check_rate)] = Field(
        None,
        description="Requests of one API key to this server, such as 600/minute; further ones get status 429. An "
        "operation on a WebSocket counts as one request. Default: no limit.",
    )
    init_seconds: PositiveFloat = Field(
        10.0, description="Seconds within which a new WebSocket must send `connection_init`."
    )
    ping_seconds: PositiveFloat = Field(
        12.0,
        description="Seconds between pings on a WebSocket. It is closed if a ping is not answered within that time.",
    )
    introspection: bool = Field(True, description="Allow introspection of the GraphQL schema.")
    suggestions: bool = Field(True, description="Suggest similar names in GraphQL errors.")
    only_persisted: bool = Field(False, description="Execute only known GraphQL documents (`--only-persisted`).")
    persisted_documents: Annotated[Path | None, AfterValidator(check_documents_file)] = Field(
        None,
        description="File of further known GraphQL documents: a JSON object that maps the SHA-256 in hexadecimal to "
        "the text. Default: only those of `frontend-queries/` are known.",
    )
    allowed_origins: tuple[Annotated[str, AfterValidator(check_origin)], ...] = Field(
        (),
        description="Web origins, besides the server's own, whose pages may call this server and open sockets, as a "
        'JSON list such as ["https://app.example.com"].',
    )
    allowed_hosts: tuple[str, ...] = Field(
        (),
        description="Accepted names in the Host header, besides IP addresses, localhost and `JUDGESMITH_HOST`, as a "
        "JSON list. *.example.com accepts all names below it, and * any name.",
    )
    allow_private_targets: bool = Field(False, description="Allow webhooks to private and loopback addresses.")
    smtp_host: str | None = Field(None, description="SMTP server for e-mail. Default: no e-mail is sent.")
    smtp_port: Annotated[int, Field(ge=1, le=65535)] = Field(25, description="Port of the SMTP server.")
    smtp_user: str | None = Field(None, description="User name for the SMTP server.")
    smtp_password: SecretStr | None = Field(None, description="Password for the SMTP server.")
    smtp_security: Literal["none", "starttls", "tls"] = Field("none", description="Encryption of the SMTP connection.")
    smtp_sender: str = Field("judgesmith@localhost", description="Sender address of e-mail.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Lowest level of log lines that are written."
    )
    log_json: bool = Field(False, description="Write log lines as JSON.")

    @property
    def store_url(self) -> str:
        """URL of the database."""
        if self.database_url is not None:
            url = self.database_url.get_secret_value()
            return url if self.prepared_statements else without_prepared_statements(url)
        return f"sqlite+aiosqlite:///{self.data_dir / 'judgesmith.sqlite'}"

    @property
    def limits(self) -> Limits:
        """Limits of a GraphQL document."""
        return Limits(
            characters=self.max_characters,
            tokens=self.max_tokens,
            depth=self.max_depth,
            aliases=self.max_aliases,
            directives=self.max_directives,
            cost=self.max_cost,
            page=self.max_page,
            items=self.max_list,
            seconds=self.max_query_seconds,
        )

    @property
    def sizes(self) -> RequestSizes:
        """Limits of pages and batches."""
        return RequestSizes(page=self.max_page, batch=self.max_batch)

    @property
    def endpoint_limits(self) -> EndpointLimits:
        """Limits of the GraphQL endpoint."""
        return EndpointLimits(
            max_values=self.max_values,
            max_subscriptions=self.max_subscriptions,
            max_key_subscriptions=self.max_key_subscriptions,
            init_seconds=self.init_seconds,
            allowed_origins=self.allowed_origins,
        )

    @property
    def leases(self) -> LeasePolicy:
        """Duration of job leases."""
        return LeasePolicy(self.lease_seconds)

    @property
    def smtp(self) -> SmtpServer:
        """SMTP server for outgoing e-mail."""
        password = self.smtp_password.get_secret_value() if self.smtp_password is not None else None
        return SmtpServer(
            self.smtp_host, self.smtp_port, self.smtp_user, password, self.smtp_sender, self.smtp_security
        )
