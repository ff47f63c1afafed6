"""Find texts by their words, with the database's own full text: SQLite's FTS5, PostgreSQL's tsvector.

A text is written in the transaction that writes its row, so search never lags. It is known by its row's place in the
judge's order, which keeps matches in that order. Texts never change; what was retracted is left out when rows are read.
What is a word is said here, so it is the same on both databases, and both only keep which words a text has: neither
where they stand, nor how often they are there, which would cost twice the time and room.
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
IndexedText = tuple[int, int, str]  # the judge's key, the row's place, and its words with spaces between

_TABLES: dict[Record, str] = {Evaluation: "evaluation_texts", Feedback: "feedback_texts"}
_SEQ_BITS = 40  # bits of a row's place in an FTS5 rowid; the judge's key stands above them
_MAX_WORD_LENGTH = 500  # characters of a word; a longer run is several
_WORD = re.compile(rf"[^\W_]{{1,{_MAX_WORD_LENGTH}}}")
_ASCII_WORDS = {code: chr(code).lower() if chr(code).isalnum() else " " for code in range(128)}
MAX_WORDS = 20  # of a search; the rest is ignored

_INSERT = {
    "sqlite": "INSERT INTO {} (rowid, text) VALUES (? << 40 | ?, ?)",
    "postgresql": (
        "INSERT INTO {} SELECT judge_pk, seq, array_to_tsvector(array_remove(string_to_array(words, ' '), '')) "
        "FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS given (judge_pk, seq, words)"
    ),
}


def extract_words(content: str) -> str:
    """The words of a text with spaces between: letters and digits in a row, in small letters, without accents.

    Of a longer text only the first 100,000 characters count.
    """
    content = content[:MAX_TEXT]
    if content.isascii():
        words = content.translate(_ASCII_WORDS)  # fifty times as fast as what the rest takes
        if not _has_long_run(words):
            return words
    content = unicodedata.normalize("NFKD", content)
    content = "".join(character for character in content if not unicodedata.combining(character))
    return " ".join(_WORD.findall(content.casefold()[:MAX_TEXT]))


def _has_long_run(words: str) -> bool:
    """Whether any word is longer than the longest: looks at a few characters of a text only."""
    begin = 0
    while len(words) - begin > _MAX_WORD_LENGTH:
        space = words.rfind(" ", begin, begin + _MAX_WORD_LENGTH + 1)
        if space < 0:
            return True
        begin = space + 1
    return False


def index_texts(connection: Connection, record: Record, texts: list[IndexedText]) -> None:
    """Make texts findable by their words."""
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
    """A select of a judge's rows, narrowed to texts that hold all of the words; and the column that orders matches.

    Whatever is asked for is words: nothing in it is taken as an operator. Without any word nothing is found.
    """
    name, wanted = _TABLES[record], extract_words(words).split()[:MAX_WORDS]
    if connection.dialect.name == "sqlite":
        texts = table(name, column("rowid", BigInteger))
        quoted = " ".join(f'"{word}"' for word in wanted) or '""'
        first = judge_pk << _SEQ_BITS
        join = and_(record.judge_pk == judge_pk, record.seq == texts.c.rowid.op("&")((1 << _SEQ_BITS) - 1))
        found = text(f"{name} MATCH :words").bindparams(bindparam("words", quoted))
        within = (found, texts.c.rowid > first, texts.c.rowid < first + (1 << _SEQ_BITS))
        return statement.join_from(texts, record, join).where(*within), texts.c.rowid
    texts = table(name, column("judge_pk", BigInteger), column("seq", BigInteger), column("text"))
    join = and_(record.judge_pk == texts.c.judge_pk, record.seq == texts.c.seq)
    query = cast(literal(" & ".join(f"'{word}'" for word in wanted), String), TSQUERY)
    return statement.join(texts, join).where(texts.c.judge_pk == judge_pk, texts.c.text.op("@@")(query)), texts.c.seq
