"""Find texts by their words, with the database's own full text: SQLite's FTS5, PostgreSQL's tsvector.

A text is written in the transaction that writes its row, so search never lags. It is known by its row's place in the
judge's order, which keeps matches in that order. Texts never change; what was retracted is left out when rows are read.
"""

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Table, and_, bindparam, column, func, literal, table, text

from models.evaluation import Evaluation
from models.feedback import Feedback
from models.spec import MAX_TEXT
from store.rows import Query

Record = type[Evaluation] | type[Feedback]

_TABLES: dict[Record, str] = {Evaluation: "evaluation_texts", Feedback: "feedback_texts"}
_PLACES = 40  # bits of a row's place in an FTS5 rowid; the judge's key stands above them
_WORD = re.compile(r"[^\W_]+")
MAX_WORDS = 20


def index(connection: Connection, record: Record, rows: Sequence[dict[str, Any]]) -> None:
    """Make texts findable: each of ``rows`` has ``judge_pk``, ``seq`` and ``text``, of which MAX_TEXT characters count."""
    if not rows:
        return
    name = _TABLES[record]
    if connection.dialect.name == "sqlite":
        statement = text(f"INSERT INTO {name} (rowid, text) VALUES (:judge_pk << {_PLACES} | :seq, :text)")
    else:
        statement = text(f"INSERT INTO {name} VALUES (:judge_pk, :seq, to_tsvector('simple', :text))")
    connection.execute(statement, [row | {"text": row["text"][:MAX_TEXT]} for row in rows])


def matching(connection: Connection, record: Record, judge_pk: int, words: str, statement: Query) -> tuple[Query, Any]:
    """A select of the record's rows of a judge, narrowed to texts that hold all of the words; and the column that
    orders matches as the index has them.

    Whatever the words are, they are words: nothing in them is taken as an operator.
    """
    name = _TABLES[record]
    if connection.dialect.name == "sqlite":
        texts = table(name, column("rowid", BigInteger))
        quoted = " ".join(f'"{word}"' for word in _WORD.findall(words)[:MAX_WORDS]) or '""'
        first = judge_pk << _PLACES
        join = and_(record.judge_pk == judge_pk, record.seq == texts.c.rowid.op("&")((1 << _PLACES) - 1))
        found = text(f"{name} MATCH :words").bindparams(bindparam("words", quoted))
        within = (found, texts.c.rowid > first, texts.c.rowid < first + (1 << _PLACES))
        return statement.join_from(texts, record, join).where(*within), texts.c.rowid
    texts = table(name, column("judge_pk", BigInteger), column("seq", BigInteger), column("text"))
    join = and_(record.judge_pk == texts.c.judge_pk, record.seq == texts.c.seq)
    query = func.plainto_tsquery(literal("simple"), words)
    return statement.join(texts, join).where(texts.c.judge_pk == judge_pk, texts.c.text.op("@@")(query)), texts.c.seq
