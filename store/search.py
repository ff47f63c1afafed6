"""Find texts by their words, with the database's own full text: SQLite's FTS5, PostgreSQL's tsvector.

A text is written in the transaction that writes its row, so search never lags. It is known by its row's place in the
judge's order, which keeps matches in that order. Texts never change; what was retracted is left out when rows are read.
What is a word is said here, so it is the same on both databases.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Connection, and_, bindparam, column, func, literal_column, table, text

from models.evaluation import Evaluation
from models.feedback import Feedback
from models.spec import MAX_TEXT
from store.rows import Query

Record = type[Evaluation] | type[Feedback]

_TABLES: dict[Record, str] = {Evaluation: "evaluation_texts", Feedback: "feedback_texts"}
_PLACES = 40  # bits of a row's place in an FTS5 rowid; the judge's key stands above them
_WORD = re.compile(r"[^\W_]{1,500}")
MAX_WORDS = 20  # of a search; the rest is ignored


def words_of(content: str) -> list[str]:
    """The words of a text: letters and digits in a row, in small letters, without accents."""
    if not content.isascii():
        content = unicodedata.normalize("NFKD", content)
        content = "".join(character for character in content if not unicodedata.combining(character))
    return _WORD.findall(content.casefold()[:MAX_TEXT])


def index(connection: Connection, record: Record, rows: Sequence[dict[str, Any]]) -> None:
    """Make texts findable: each row has ``judge_pk``, ``seq`` and ``text``, whose first 100,000 characters count."""
    if not rows:
        return
    name = _TABLES[record]
    if connection.dialect.name == "sqlite":
        statement = f"INSERT INTO {name} (rowid, text) VALUES (:judge_pk << {_PLACES} | :seq, :text)"  # noqa: S608 - ours
    else:
        statement = f"INSERT INTO {name} VALUES (:judge_pk, :seq, to_tsvector('simple', :text))"  # noqa: S608 - ours
    connection.execute(text(statement), [row | {"text": " ".join(words_of(row["text"]))} for row in rows])


def matching(connection: Connection, record: Record, judge_pk: int, words: str, statement: Query) -> tuple[Query, Any]:
    """A select of a judge's rows, narrowed to texts that hold all of the words; and the column that orders matches.

    Whatever is asked for is words: nothing in it is taken as an operator. Without any word nothing is found.
    """
    name, wanted = _TABLES[record], words_of(words)[:MAX_WORDS]
    if connection.dialect.name == "sqlite":
        texts = table(name, column("rowid", BigInteger))
        quoted = " ".join(f'"{word}"' for word in wanted) or '""'
        first = judge_pk << _PLACES
        join = and_(record.judge_pk == judge_pk, record.seq == texts.c.rowid.op("&")((1 << _PLACES) - 1))
        found = text(f"{name} MATCH :words").bindparams(bindparam("words", quoted))
        within = (found, texts.c.rowid > first, texts.c.rowid < first + (1 << _PLACES))
        return statement.join_from(texts, record, join).where(*within), texts.c.rowid
    texts = table(name, column("judge_pk", BigInteger), column("seq", BigInteger), column("text"))
    join = and_(record.judge_pk == texts.c.judge_pk, record.seq == texts.c.seq)
    query = func.plainto_tsquery(literal_column("'simple'::regconfig"), " ".join(wanted))
    return statement.join(texts, join).where(texts.c.judge_pk == judge_pk, texts.c.text.op("@@")(query)), texts.c.seq
