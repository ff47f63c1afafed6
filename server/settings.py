"""All settings: each has a JUDGESMITH_ variable, and the commands' options of the same name override them."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, PositiveFloat, PositiveInt, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from models.request_sizes import RequestSizes
from runner.notifications.email import SmtpServer
from runner.workers.leases import LeasePolicy
from schema.execution.limits import Limits
from server.graphql.endpoint_limits import EndpointLimits
from server.graphql.persisted_documents import check_documents_file
from server.http.headers import check_origin
from server.http.rate_limit import check_rate

MIB = 2**20


class Settings(BaseSettings):
    """What a server or worker runs with; fixed at its start. `docs/reference/settings.md` is made from this."""

    model_config = SettingsConfigDict(env_prefix="JUDGESMITH_", frozen=True, extra="ignore")

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(8000, description="Port to listen on; 0 takes a free one.")
    data_dir: Path = Field(
        Path("judgesmith-data"), description="Folder of the embedded database and of the first admin key."
    )
    database_url: SecretStr | None = Field(
        None,
        description="Database: sqlite+aiosqlite:///PATH or postgresql+asyncpg://USER:PASSWORD@HOST/NAME. "
        "Left out: judgesmith.sqlite in the data folder.",
    )
    runner: bool = Field(True, description="Whether the server also runs training jobs (`--no-runner`: it does not).")
    slots: PositiveInt | None = Field(None, description="Training jobs at once. Left out: one a core.")
    lease_seconds: Annotated[float, Field(ge=1, le=3600)] = Field(
        10.0, description="How long a worker may be silent before its job is given to another."
    )
    max_body_bytes: PositiveInt = Field(16 * MIB, description="Largest request body, in bytes; more is answered 413.")
    max_frame_bytes: PositiveInt = Field(1 * MIB, description="Largest WebSocket frame, in bytes.")
    max_values: PositiveInt = Field(200_000, description="Values in the JSON of one GraphQL request, lists included.")
    max_list: PositiveInt = Field(1_000, description="Items in one list among the variables of a GraphQL request.")
    max_batch: Annotated[int, Field(ge=1, le=5_000)] = Field(
        500, description="Items in one call of a mutation that takes many. The command sends up to 500."
    )
    max_page: Annotated[int, Field(ge=100, le=1_000)] = Field(
        100, description="Items on one page of a list; 100 to 1,000."
    )
    max_characters: PositiveInt = Field(100_000, description="Characters of one GraphQL document.")
    max_tokens: PositiveInt = Field(2_000, description="Tokens in one GraphQL document.")
    max_depth: PositiveInt = Field(15, description="Levels of nested fields in one GraphQL document.")
    max_aliases: PositiveInt = Field(30, description="Aliases in one GraphQL document.")
    max_directives: PositiveInt = Field(10, description="Directives in one GraphQL document.")
    max_cost: PositiveInt = Field(20_000, description="Objects that one GraphQL document can ask for.")
    max_query_seconds: PositiveFloat = Field(30.0, description="Seconds after which a GraphQL query is ended.")
    max_subscriptions: PositiveInt = Field(100, description="Operations at once on one WebSocket.")
    max_key_subscriptions: PositiveInt = Field(
        1_000, description="Operations at once of one API key, over all its sockets and streams at this server."
    )
    rate_limit: Annotated[str | None, AfterValidator(check_rate)] = Field(
        None,
        description="Requests of one API key at this server, such as 600/minute; more are answered 429. An operation "
        "on a WebSocket counts as one. Left out: no limit.",
    )
    init_seconds: PositiveFloat = Field(10.0, description="Seconds a new WebSocket has to send `connection_init`.")
    ping_seconds: PositiveFloat = Field(
        12.0, description="Seconds between pings on a WebSocket; one that is not answered in as many ends it."
    )
    introspection: bool = Field(True, description="Whether clients may ask for the GraphQL schema.")
    suggestions: bool = Field(True, description="Whether GraphQL errors say which name may have been meant.")
    only_persisted: bool = Field(
        False, description="Whether only known GraphQL documents are executed (`--only-persisted`: only those)."
    )
    persisted_documents: Annotated[Path | None, AfterValidator(check_documents_file)] = Field(
        None,
        description="File of further known GraphQL documents: a JSON object, SHA-256 in hexadecimal to text. Left out: "
        "those of `frontend-queries/` alone.",
    )
    allowed_origins: tuple[Annotated[str, AfterValidator(check_origin)], ...] = Field(
        (),
        description="Web origins besides the server's own whose pages may call this server, sockets included, as a "
        'JSON list such as ["https://app.example.com"].',
    )
    allowed_hosts: tuple[str, ...] = Field(
        (),
        description="Names in the Host header that mean this server, besides addresses, localhost and "
        "`JUDGESMITH_HOST`, as a JSON list. *.example.com: all below it; *: any.",
    )
    allow_private_targets: bool = Field(False, description="Whether webhooks may go to private and loopback addresses.")
    smtp_host: str | None = Field(None, description="SMTP server for e-mail. Left out: no e-mail is sent.")
    smtp_port: Annotated[int, Field(ge=1, le=65535)] = Field(25, description="Port of the SMTP server.")
    smtp_user: str | None = Field(None, description="User name at the SMTP server.")
    smtp_password: SecretStr | None = Field(None, description="Password at the SMTP server.")
    smtp_security: Literal["none", "starttls", "tls"] = Field("none", description="How the SMTP connection is secured.")
    smtp_sender: str = Field("judgesmith@localhost", description="Sender of e-mail.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="What is logged.")
    log_json: bool = Field(False, description="Whether log lines are JSON.")

    @property
    def store_url(self) -> str:
        """The database's address."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite+aiosqlite:///{self.data_dir / 'judgesmith.sqlite'}"

    @property
    def limits(self) -> Limits:
        """What a GraphQL document may hold."""
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
        """How much one call may ask for or bring."""
        return RequestSizes(page=self.max_page, batch=self.max_batch)

    @property
    def endpoint_limits(self) -> EndpointLimits:
        """On what terms GraphQL requests are taken."""
        return EndpointLimits(
            max_values=self.max_values,
            max_subscriptions=self.max_subscriptions,
            max_key_subscriptions=self.max_key_subscriptions,
            init_seconds=self.init_seconds,
            allowed_origins=self.allowed_origins,
        )

    @property
    def leases(self) -> LeasePolicy:
        """How long claims hold."""
        return LeasePolicy(self.lease_seconds)

    @property
    def smtp(self) -> SmtpServer:
        """Where e-mail goes out."""
        password = self.smtp_password.get_secret_value() if self.smtp_password is not None else None
        return SmtpServer(
            self.smtp_host, self.smtp_port, self.smtp_user, password, self.smtp_sender, self.smtp_security
        )
