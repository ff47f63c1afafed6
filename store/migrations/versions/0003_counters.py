"""Add counters of feedback, full-text search and retraction.

Revision: 0003, after 0001.

The counters of existing rows are computed right after the migrations, by the current rules
(``store.counters.recount``). Judges begin with ``counted`` 0, which marks their counters as not computed.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0001"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BUCKET = ("width", "start")
PORTION = 5000  # rows per statement


def judge() -> sa.Column[Any]:
    return sa.Column("judge_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False)


def wide(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def text(name: str, length: int) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length=length), nullable=False)


def counters(name: str, keys: tuple[str, ...], *columns: sa.Column[Any]) -> None:
    op.create_table(
        name,
        judge(),
        *columns,
        sa.ForeignKeyConstraint(["judge_pk"], ["judges.pk"], name=op.f(f"fk_{name}_judge_pk")),
        sa.PrimaryKeyConstraint("judge_pk", *keys, name=op.f(f"pk_{name}")),
    )


def upgrade() -> None:
    op.add_column("judges", sa.Column("evaluation_seq", NUMBER, nullable=False, server_default="0"))
    op.add_column("judges", sa.Column("counted", sa.Integer(), nullable=False, server_default="0"))
    _evaluations_in_order()
    _feedback()
    counters(
        "feedback_counters", (*BUCKET, "kind", "criteria"),
        *wide(*BUCKET), text("kind", 16), text("criteria", 64), *wide("value"),
    )  # fmt: skip
    counters(
        "criterion_counters", (*BUCKET, "ordinal"),
        *wide(*BUCKET), sa.Column("ordinal", sa.Integer(), nullable=False),
        *wide("corrections", "compared", "agreeing", "shift", "absolute", "square"),
    )  # fmt: skip
    counters(
        "rater_counters", (*BUCKET, "rater", "criteria"),
        *wide(*BUCKET), text("rater", 200), text("criteria", 32), *wide("value"),
    )  # fmt: skip
    counters("group_counters", ("group", "compared"), text("group", 200), text("compared", 32), *wide("value"))
    counters(
        "coincidences", ("ordinal", "raters", "low", "high"),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("ordinal", "raters")),
        *(sa.Column(name, sa.Double(), nullable=False) for name in ("low", "high")), *wide("value"),
    )  # fmt: skip
    counters("reviews", ("seq",), sa.Column("seq", NUMBER, nullable=False), *wide("created_at"),
             sa.Column("reviewed", sa.Boolean(), nullable=False))  # fmt: skip
    op.create_index(
        op.f("ix_reviews_judge_pk_reviewed_created_at_seq"), "reviews", ["judge_pk", "reviewed", "created_at", "seq"]
    )
    _full_text()


def _evaluations_in_order() -> None:
    """Assign numbers to each judge's evaluations in the order of their recording, which is the order of their ids."""
    op.add_column("evaluations", sa.Column("seq", NUMBER, nullable=False, server_default="0"))
    connection = op.get_bind()
    for pk in connection.execute(sa.text("SELECT pk FROM judges")).scalars().all():
        done, after = 0, ""
        while portion := _next_ids(pk, after):
            numbered = [{"id": name, "seq": done + place} for place, name in enumerate(portion, 1)]
            connection.execute(sa.text("UPDATE evaluations SET seq = :seq WHERE id = :id"), numbered)
            done, after = done + len(portion), portion[-1]
        count = {"pk": pk, "count": done}
        connection.execute(sa.text("UPDATE judges SET evaluation_seq = :count WHERE pk = :pk"), count)
    op.create_index(op.f("ix_evaluations_judge_pk_seq"), "evaluations", ["judge_pk", "seq"], unique=True)
    op.create_index(op.f("ix_evaluations_judge_pk_created_at_seq"), "evaluations", ["judge_pk", "created_at", "seq"])
    op.drop_index(op.f("ix_evaluations_judge_pk_id"), "evaluations")


def _next_ids(judge_pk: int, after: str) -> Sequence[str]:
    """Return the ids of a judge's next evaluations, at most a portion, so that no statement takes long."""
    statement = "SELECT id FROM evaluations WHERE judge_pk = :pk AND id > :after ORDER BY id LIMIT :portion"
    given = {"pk": judge_pk, "after": after, "portion": PORTION}
    return op.get_bind().execute(sa.text(statement), given).scalars().all()


def _feedback() -> None:
    for name, length in (("criteria", 32), ("compared", 32), ("standing", 64)):
        op.add_column("feedback", sa.Column(name, sa.String(length=length), nullable=False, server_default=""))
    op.add_column("feedback", sa.Column("about_at", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("feedback", sa.Column("about_seq", NUMBER, nullable=False, server_default="0"))
    _place_feedback()
    op.add_column("feedback", sa.Column("overtaken_at", sa.BigInteger(), nullable=True))
    with op.batch_alter_table("feedback") as batch:
        batch.add_column(sa.Column("retracted_by", sa.String(length=40), nullable=True))
        batch.add_column(sa.Column("retraction_reason", sa.Text(), nullable=True))
        batch.create_foreign_key(op.f("fk_feedback_retracted_by"), "users", ["retracted_by"], ["id"])
    op.drop_index(op.f("ix_feedback_judge_pk_submitted_at"), "feedback")
    for columns in (
        ("submitted_at", "seq", "about_seq", "retracted_at"),
        ("submitted_by", "submitted_at", "seq"),
        ("type", "criteria", "submitted_at", "seq"),
        ("submitted_by", "about_at", "about_seq"),
        ("type", "criteria", "about_at", "about_seq"),
    ):
        op.create_index(op.f(f"ix_feedback_judge_pk_{'_'.join(columns)}"), "feedback", ["judge_pk", *columns])
    op.create_index(
        "ix_feedback_overtaken",
        "feedback",
        ["judge_pk", "submitted_at", "overtaken_at"],
        sqlite_where=sa.text("overtaken_at IS NOT NULL"),
        postgresql_where=sa.text("overtaken_at IS NOT NULL"),
    )


def _place_feedback() -> None:
    """Copy the time and the number of its evaluation to each item of feedback, in portions."""
    connection = op.get_bind()
    statement = sa.text(
        "UPDATE feedback SET about_at = evaluations.created_at, about_seq = evaluations.seq FROM evaluations "
        "WHERE evaluations.id = feedback.evaluation_id AND feedback.judge_pk = :pk "
        "AND feedback.seq > :after AND feedback.seq <= :upto"
    )
    for pk, last in connection.execute(sa.text("SELECT pk, feedback_seq FROM judges")).all():
        for after in range(0, last, PORTION):
            connection.execute(statement, {"pk": pk, "after": after, "upto": after + PORTION})


def _full_text() -> None:
    """Create and fill the full-text tables, which hold the words of a text and the number of its row."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    if not sqlite:  # compression takes most of the time of writing a row
        for name in ("output", "input", "rationale"):
            op.execute(f"ALTER TABLE evaluations ALTER COLUMN {name} SET STORAGE EXTERNAL")
    for name in ("evaluation_texts", "feedback_texts"):
        if sqlite:
            op.execute(
                f"CREATE VIRTUAL TABLE {name} USING fts5(text, content='', columnsize=0, detail=none, tokenize='ascii')"
            )
        else:
            op.execute(
                f"CREATE TABLE {name} (judge_pk bigint NOT NULL, seq bigint NOT NULL, text tsvector NOT NULL, "
                f"CONSTRAINT pk_{name} PRIMARY KEY (judge_pk, seq))"
            )
            op.execute(
                f"ALTER TABLE {name} ALTER COLUMN text SET STORAGE EXTERNAL"
            )  # compression does not make it smaller
            # size of the pending list in kB: the words of some 4,000 long texts
            op.execute(f"CREATE INDEX ix_{name}_text ON {name} USING gin (text) WITH (gin_pending_list_limit = 32768)")
    _fill("evaluation_texts", "evaluations", "output", "input", "rationale")
    _fill("feedback_texts", "feedback", "comment")


def _fill(name: str, source: str, *texts: str) -> None:
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        insert = sa.text(f"INSERT INTO {name} (rowid, text) VALUES (:judge_pk << 40 | :seq, :text)")  # noqa: S608
    else:
        vector = "array_to_tsvector(string_to_array(:text, ' '))"
        insert = sa.text(f"INSERT INTO {name} VALUES (:judge_pk, :seq, {vector})")  # noqa: S608
    table = sa.table(source, *(sa.column(column) for column in ("judge_pk", "seq", *texts)))
    place = (table.c.judge_pk, table.c.seq)
    after = (0, 0)
    while True:
        page = sa.select(*table.c).where(sa.tuple_(*place) > sa.tuple_(*after)).order_by(*place).limit(1000)
        rows = connection.execute(page).all()
        if not rows:
            return
        after = (rows[-1].judge_pk, rows[-1].seq)
        said = [(row.judge_pk, row.seq, " ".join(part for part in row[2:] if part)) for row in rows]
        words = [{"judge_pk": pk, "seq": seq, "text": _words(text)} for pk, seq, text in said]
        found = [row for row in words if row["text"]]
        if found:
            connection.execute(insert, found)


def _words(content: str) -> str:
    if not content.isascii():
        content = unicodedata.normalize("NFKD", content)
        content = "".join(character for character in content if not unicodedata.combining(character))
    return " ".join(re.findall(r"[^\W_]{1,500}", content.casefold()[:100_000]))


def downgrade() -> None:
    for name in (
        "evaluation_texts",
        "feedback_texts",
        "reviews",
        "coincidences",
        "group_counters",
        "rater_counters",
        "criterion_counters",
        "feedback_counters",
    ):
        op.drop_table(name)
    op.drop_index("ix_feedback_overtaken", "feedback")
    for columns in (
        ("submitted_at", "seq", "about_seq", "retracted_at"),
        ("submitted_by", "submitted_at", "seq"),
        ("type", "criteria", "submitted_at", "seq"),
        ("submitted_by", "about_at", "about_seq"),
        ("type", "criteria", "about_at", "about_seq"),
    ):
        op.drop_index(op.f(f"ix_feedback_judge_pk_{'_'.join(columns)}"), "feedback")
    with op.batch_alter_table("feedback") as batch:
        batch.drop_constraint(op.f("fk_feedback_retracted_by"), type_="foreignkey")
        for name in (
            "criteria",
            "compared",
            "standing",
            "about_at",
            "about_seq",
            "overtaken_at",
            "retracted_by",
            "retraction_reason",
        ):
            batch.drop_column(name)
    op.create_index(op.f("ix_feedback_judge_pk_submitted_at"), "feedback", ["judge_pk", "submitted_at"])
    op.create_index(op.f("ix_evaluations_judge_pk_id"), "evaluations", ["judge_pk", "id"])
    op.drop_index(op.f("ix_evaluations_judge_pk_created_at_seq"), "evaluations")
    op.drop_index(op.f("ix_evaluations_judge_pk_seq"), "evaluations")
    op.drop_column("evaluations", "seq")
    op.drop_column("judges", "counted")
    op.drop_column("judges", "evaluation_seq")
