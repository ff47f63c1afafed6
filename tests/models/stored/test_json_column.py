"""JSON columns: the text in the database is unchanged, old texts are readable, and nothing is decoded unread."""

from collections.abc import Iterator

import msgspec
import orjson
import pytest
from sqlalchemy import Connection, Integer, create_engine, insert, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from models.stored.events import DeploymentBody, EpochBody, EventBody, NoteBody, StatusBody, VersionBody, WarningBody
from models.stored.evidence import TrainingEvidence
from models.stored.json_column import JsonColumn, PlainJson, Stored, StoredVariant, VariantJsonColumn, keep_json_text
from models.stored.notification import CompletedJob, CompletionMessage
from models.stored.training_job import (
    ChosenSettings,
    DeploymentDecision,
    FeedbackSnapshot,
    JobConfig,
    JobOptions,
    JobProgress,
    Lineage,
)
from tests.factories import evidence

CONFIG = JobConfig(None, 20, None, None, None, None, ["crit_1"], 0)
CONFIG_TEXT = (
    '{"feedback_cutoff_date":null,"minimum_feedback_count":20,"validation_split":null,"learning_rate":null,'
    '"max_epochs":null,"early_stopping":null,"target_criteria":["crit_1"],"seed":0,"decoding":"error"}'
)


class Base(DeclarativeBase):
    """Tables of these tests."""


class Row(Base):
    """A row with a JSON column of each kind."""

    __tablename__ = "rows"

    pk: Mapped[int] = mapped_column(Integer, primary_key=True)
    config: Mapped[Stored[JobConfig] | None] = mapped_column(JsonColumn(JobConfig))
    body: Mapped[StoredVariant | None] = mapped_column(VariantJsonColumn())
    scores: Mapped[list[float | None] | None] = mapped_column(PlainJson())


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine(
        "sqlite://", json_serializer=lambda value: orjson.dumps(value).decode(), json_deserializer=keep_json_text
    )
    Base.metadata.create_all(engine)
    with engine.connect() as connection:
        yield connection


def test_values_are_written_as_plain_json_and_read_back(connection: Connection) -> None:
    connection.execute(insert(Row).values(pk=1, config=CONFIG, body=StatusBody(None, "created"), scores=[1.0, None]))
    row = connection.execute(select(Row)).one()
    texts = connection.execute(text("SELECT config, body, scores FROM rows")).one()

    assert texts == (CONFIG_TEXT, '{"from":null,"to":"created"}', "[1.0,null]")
    assert row.config.value == CONFIG
    assert row.body.read_as(StatusBody) == StatusBody(None, "created")
    assert row.scores == [1.0, None]


def test_none_is_null(connection: Connection) -> None:
    connection.execute(insert(Row).values(pk=1, config=None, body=None, scores=None))

    assert connection.execute(text("SELECT count(*) FROM rows WHERE config IS NULL AND scores IS NULL")).scalar() == 1
    assert tuple(connection.execute(select(Row)).one()) == (1, None, None, None)


def test_a_value_that_was_read_can_be_written_again(connection: Connection) -> None:
    connection.execute(insert(Row).values(pk=1, config=CONFIG))
    row = connection.execute(select(Row)).one()
    connection.execute(insert(Row).values(pk=2, config=row.config))

    assert connection.execute(text("SELECT DISTINCT config FROM rows")).scalars().all() == [CONFIG_TEXT]


def test_a_column_is_decoded_only_when_its_value_is_read(connection: Connection) -> None:
    connection.execute(text("INSERT INTO rows (pk, config, body) VALUES (1, 'no JSON', 'no JSON')"))
    row = connection.execute(select(Row)).one()

    with pytest.raises(msgspec.DecodeError):
        _ = row.config.value
    with pytest.raises(msgspec.DecodeError):
        row.body.read_as(NoteBody)


def test_a_column_is_decoded_once() -> None:
    stored = Stored(CONFIG_TEXT, msgspec.json.Decoder(JobConfig))

    assert stored.value is stored.value


OLD_CONFIG = (
    '{"feedback_cutoff_date":"2026-01-31T12:00:00+00:00","minimum_feedback_count":20,"validation_split":null,'
    '"learning_rate":0.1,"max_epochs":9,"early_stopping":true,"target_criteria":null,"seed":0}'
)
REPORT = (
    '{"mean_absolute_error":0.1,"spearman":null,"quadratic_weighted_kappa":null,"exact_agreement":0.5,'
    '"within_one_agreement":1.0,"bias":0.0,"calibration_error":null}'
)
OLD_EVIDENCE = (
    f'{{"raw":{REPORT},"before":{REPORT},"after":null,"constant_baseline":{REPORT},"mae_change":null,'
    '"spearman_change":null,"improved":false,"held_out_count":3,"group_count":2,"method":"5 folds","criteria":'
    f'[{{"criterion":"cri_1","raw":{REPORT},"before":{REPORT},"after":null,"mae_change":null,"spearman_change":null,'
    '"improved":false,"worsened":false,"held_out_count":3}]}'
)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (JobConfig, OLD_CONFIG),
        (TrainingEvidence, OLD_EVIDENCE),
        (Lineage, '{"imported":true,"file_digest":"ab"}'),
        (Lineage, f'{{"labels":3,"items":2,"feedback_digest":"cd","seed":0,"code":"0.1.0","config":{OLD_CONFIG}}}'),
        (JobProgress, '{"fraction":0.5}'),
        (EpochBody, '{"epoch":1,"loss":0.5}'),
    ],
)
def test_rows_without_newer_keys_are_readable(kind: type, content: str) -> None:
    assert isinstance(msgspec.json.decode(content, type=kind), kind)


@pytest.mark.parametrize(
    ("value", "content"),
    [
        (CONFIG, CONFIG_TEXT),
        (
            JobOptions(),
            (
                '{"priority":"NORMAL","auto_deploy":false,"backup_current_version":true,"notification_email":null,'
                '"webhook_url":null,"auto_start":true}'
            ),
        ),
        (
            ChosenSettings(0.1, 9, True, None),
            '{"learning_rate":0.1,"max_epochs":9,"early_stopping":true,"validation_split":null}',
        ),
        (
            FeedbackSnapshot(3, 2, 1, 3, "2026-01-31T12:00:00+00:00", None),
            '{"total":3,"corrections":2,"ratings":1,"usable":3,"earliest":"2026-01-31T12:00:00+00:00","latest":null}',
        ),
        (JobProgress(fraction=0.0), '{"fraction":0.0}'),
        (JobProgress(0.25, 2, 9, 0.5), '{"fraction":0.25,"epoch":2,"max_epochs":9,"loss":0.5}'),
        (
            DeploymentDecision(True, "Better.", "2026-01-31T12:00:00+00:00"),
            '{"deployed":true,"reason":"Better.","decided_at":"2026-01-31T12:00:00+00:00"}',
        ),
        (Lineage(imported=True, file_digest="ab"), '{"file_digest":"ab","imported":true}'),
        (Lineage(labels=3, seed=0, feedback_after=0), '{"labels":3,"feedback_after":0,"seed":0}'),
        (
            CompletionMessage("training_job.failed", None, CompletedJob("j", "t", "s", None, None, None, None, None)),
            (
                '{"type":"training_job.failed","timestamp":null,"data":{"job_id":"j","training_type":"t","status":"s",'
                '"result_version_id":null,"improved":null,"mae_change":null,"deployment":null,"error":null,"summary":null}}'
            ),
        ),
    ],
)
def test_the_text_in_the_database_keeps_its_keys(value: msgspec.Struct, content: str) -> None:
    assert orjson.dumps(msgspec.to_builtins(value)).decode() == content


@pytest.mark.parametrize(
    ("body", "content"),
    [
        (StatusBody("created", "queued"), '{"from":"created","to":"queued"}'),
        (
            EpochBody(epoch=1, max_epochs=9, loss=0.5),
            '{"epoch":1,"max_epochs":9,"loss":0.5,"validation_loss":null,"mean_absolute_error":null}',
        ),
        (WarningBody("FEW_ITEMS"), '{"code":"FEW_ITEMS"}'),
        (NoteBody(), "{}"),
        (VersionBody("ver_1"), '{"version_id":"ver_1"}'),
        (DeploymentBody(False, "Not proven."), '{"deployed":false,"reason":"Not proven."}'),
    ],
)
def test_event_bodies_keep_their_keys(body: EventBody, content: str) -> None:
    assert orjson.dumps(msgspec.to_builtins(body)).decode() == content


def test_evidence_keeps_the_trainers_keys_in_their_order() -> None:
    keys = list(msgspec.to_builtins(evidence()))
    criterion_keys = list(msgspec.to_builtins(evidence().criteria[0]))

    assert keys == [
        "raw",
        "before",
        "after",
        "constant_baseline",
        "mae_change",
        "spearman_change",
        "improved",
        "held_out_count",
        "group_count",
        "method",
        "criteria",
        "rater_agreement",
        "unseen_sources",
        "squared_error_change",
        "guard_change",
        "selection",
    ]
    assert criterion_keys == [
        "criterion",
        "raw",
        "before",
        "after",
        "constant_baseline",
        "rater_agreement",
        "mae_change",
        "spearman_change",
        "improved",
        "worsened",
        "held_out_count",
        "squared_error_change",
    ]
