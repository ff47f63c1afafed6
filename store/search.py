"""Full-text search with the database's own index: SQLite's FTS5 and PostgreSQL's tsvector.

A text is indexed in the transaction that writes its row, so the index is never behind. The index refers to a row by its
``seq`` in the judge's order of ingestion, so matches come in that order. Texts never change. Retracted items stay in
the index and are excluded when the rows are read.

This module splits texts into words, so that both databases have the same words. Both indexes hold only which words a
text has. Positions and frequencies would take twice the time and space.
"""

import re
import unicodedata
from typing import Any

from sqlalchemy import BigInteger, Connection, String, and_, bindparam, cast, column, literal, table, text
from sqlalchemy.dialects.postgresql import TSQUERY

from models.evaluation import Evaluation
from models.feedback import Feedback
from models.specs.limits import MAX_TEXT
from store.database.rows import Query

Record = type[Evaluation] | type[Feedback]
IndexedText = tuple[int, int, str]  # the judge's pk, the row's seq, and the words separated by spaces

_TABLES: dict[Record, str] = {Evaluation: "evaluation_texts", Feedback: "feedback_texts"}
_SEQ_BITS = 40  # bits of a row's seq in an FTS5 rowid; the judge's pk is in the bits above
_MAX_WORD_LENGTH = 500  # characters; a longer run of letters is split
_WORD = re.compile(rf"[^\W_]{{1,{_MAX_WORD_LENGTH}}}")
_ASCII_WORDS = {code: chr(code).lower() if chr(code).isalnum() else " " for code in range(128)}
MAX_WORDS = 20  # words of a search; further words are ignored

_INSERT = {
    "sqlite": "INSERT INTO {} (rowid, text) VALUES (? << 40 | ?, ?)",
    "postgresql": (
        "INSERT INTO {} SELECT judge_pk, seq, array_to_tsvector(array_remove(string_to_array(words, ' '), '')) "
        "FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS given (judge_pk, seq, words)"
    ),
}


def extract_words(content: str) -> str:
    """Return the words of a text separated by spaces.

    A word is a run of letters and digits, in lower case and without accents. Only the first 100,000 characters of a
    text are indexed.
    """
    content = content[:MAX_TEXT]
    if content.isascii():
        words = content.translate(_ASCII_WORDS)  # 50 times as fast as the general way below
        if not _has_long_run(words):
            return words
    content = unicodedata.normalize("NFKD", content)
    content = "".join(character for character in content if not unicodedata.combining(character))
    return " ".join(_WORD.findall(content.casefold()[:MAX_TEXT]))


def _has_long_run(words: str) -> bool:
    """Return whether any word is longer than ``_MAX_WORD_LENGTH``. Only a few characters of the text are examined."""
    begin = 0
    while len(words) - begin > _MAX_WORD_LENGTH:
        space = words.rfind(" ", begin, begin + _MAX_WORD_LENGTH + 1)
        if space < 0:
            return True
        begin = space + 1
    return False


def index_texts(connection: Connection, record: Record, texts: list[IndexedText]) -> None:
    """Add texts to the full-text index.

    Args:
        connection: the connection of a writing unit.
        record: the record whose texts these are.
        texts: the texts.
    """
    if not texts:
        return
    statement = _INSERT[connection.dialect.name].format(_TABLES[record])
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(statement, texts)
    else:
        connection.exec_driver_sql(statement, tuple(map(list, zip(*texts, strict=True))))


def match_texts(
    connection: Connection, record: Record, judge_pk: int, words: str, statement: Query
) -> tuple[Query, Any]:
    """Restrict a select to the rows whose text has all words of a search.

    The search is split into words, so nothing in it acts as an operator. A search without any word matches nothing.

    Args:
        connection: the connection whose dialect the select is for.
        record: the record that is searched.
        judge_pk: the judge.
        words: the search.
        statement: a select of the judge's rows.

    Returns:
        The restricted select, and the column by which matches are ordered.
    """
    name, terms = _TABLES[record], extract_words(words).split()[:MAX_WORDS]
    if connection.dialect.name == "sqlite":
        texts = table(name, column("rowid", BigInteger))
        quoted = " ".join(f'"{word}"' for word in terms) or '""'
        first = judge_pk << _SEQ_BITS
        join = and_(record.judge_pk == judge_pk, record.seq == texts.c.rowid.op("&")((1 << _SEQ_BITS) - 1))
        found = text(f"{name} MATCH :words").bindparams(bindparam("words", quoted))
        within = (found, texts.c.rowid > first, texts.c.rowid < first + (1 << _SEQ_BITS))
        return statement.join_from(texts, record, join).where(*within), texts.c.rowid
    texts = table(name, column("judge_pk", BigInteger), column("seq", BigInteger), column("text"))
    join = and_(record.judge_pk == texts.c.judge_pk, record.seq == texts.c.seq)
    query = cast(literal(" & ".join(f"'{word}'" for word in terms), String), TSQUERY)
    return statement.join(texts, join).where(texts.c.judge_pk == judge_pk, texts.c.text.op("@@")(query)), texts.c.seq
