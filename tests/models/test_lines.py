"""Bytes become lines, lines become specs; in bounded memory, whatever the bytes are."""

import gzip
import json
import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.bulk.gzip_stream import MAX_PIECE_BYTES, CorruptGzipError, Gunzip
from models.bulk.line_splitter import Line, LineSplitter
from models.bulk.lines import CriterionNames, EvaluationLine, LineReader, derive_external_id
from models.errors import RequestRejected
from tests.factories import loose_criteria


def split(blocks: list[bytes], max_line: int = 10) -> list[Line]:
    splitter = LineSplitter(max_line)
    return [*(line for block in blocks for line in splitter.feed(block)), *splitter.finish()]


@given(st.lists(st.text("ab \r", max_size=14).map(str.encode)), st.data())
def test_lines_are_the_same_wherever_their_bytes_are_cut(texts: list[bytes], data: st.DataObject) -> None:
    whole = b"\n".join(texts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=5)))
    blocks = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    expected: list[Line] = [
        (number, None if len(text) > 10 else text.strip())
        for number, text in enumerate(texts, 1)
        if len(text) > 10 or text.strip()
    ]
    assert split(blocks) == expected


def test_a_byte_order_mark_is_no_part_of_the_first_line() -> None:
    assert split([b"\xef\xbb", b"\xbf1\n\xef\xbb\xbf2"]) == [(1, b"1"), (2, b"\xef\xbb\xbf2")]


def test_a_line_that_is_too_long_is_never_held_whole() -> None:
    splitter = LineSplitter(100)
    for _ in range(1000):
        assert list(splitter.feed(b"x" * 100)) == []
        assert len(splitter._rest) <= 100
    assert list(splitter.feed(b"\nshort\n")) == [(1, None), (2, b"short")]


def unpack(packed: bytes, step: int) -> bytes:
    gunzip = Gunzip()
    found = b""
    for start in range(0, len(packed), step):
        for piece in gunzip.feed(packed[start : start + step]):
            assert len(piece) <= MAX_PIECE_BYTES
            found += piece
    return found + gunzip.finish()


@pytest.mark.parametrize("step", [1, 7, 10**9])
def test_gzip_of_any_number_of_members_is_unpacked_and_everything_else_passed_on(step: int) -> None:
    text = random.Random(1).randbytes(500)
    assert unpack(gzip.compress(text) + gzip.compress(b"") + gzip.compress(text) + b"\0\0", step) == text + text
    assert unpack(b"plain", step) == b"plain"
    assert unpack(b"\x1f", step) == b"\x1f"
    assert unpack(b"", step) == b""


def test_what_is_much_comes_in_pieces() -> None:
    assert unpack(gzip.compress(bytes(5 * MAX_PIECE_BYTES)), 10**9) == bytes(5 * MAX_PIECE_BYTES)


PACKED = gzip.compress(b"text", mtime=0)  # named alike in every process that runs the tests


@pytest.mark.parametrize("packed", [PACKED[:-1], PACKED[:4], b"\x1f\x8bnonsense"])
def test_gzip_that_is_damaged_or_breaks_off_is_an_error(packed: bytes) -> None:
    with pytest.raises(CorruptGzipError):
        unpack(packed, 3)


def test_trailing_bytes_that_are_no_gzip_are_an_error() -> None:
    with pytest.raises(CorruptGzipError):
        unpack(gzip.compress(b"text") + b"junk", 10**9)
    assert zlib.decompress(gzip.compress(b"text"), wbits=31) == b"text"


READER = LineReader(EvaluationLine)
KEYS = st.sampled_from(["output", "group", "scores", "a", 'a"', "a\\", ":", '"a": '])


@given(
    st.lists(st.tuples(KEYS, st.sampled_from(["", " ", "\t "]), st.booleans()), max_size=4),
    st.text('a":\\ ', max_size=6),
)
def test_a_key_that_is_there_twice_is_found_however_it_is_written(
    more: list[tuple[str, str, bool]], output: str
) -> None:
    """Compared with a parser that sees every pair."""
    pairs = [("output", json.dumps(output)), ("scores", '{"a": 1}')]
    text = ", ".join(f"{json.dumps(k)}: {v}" for k, v in pairs)
    for key, space, null in more:
        value = '{"b":2}' if key == "scores" else "null" if null else json.dumps(output)
        text += f", {json.dumps(key)}{space}:{value}"
    names = ["output", "scores", *(key for key, _, _ in more)]
    try:
        READER.read(f"{{{text}}}".encode())
    except RequestRejected:
        refused = True
    else:
        refused = False
    known = all(name in EvaluationLine.__struct_fields__ for name in names)
    typed = all(not (null and key == "output") for key, _, null in more)
    assert refused == (not known or not typed or len(set(names)) < len(names))


def test_twins_within_scores_are_found() -> None:
    for scores in ('{"a": 1, "a": 2}', '{"a\\"": 1, "b": 2, "a\\"" : 1}', '{"a\\\\":1,"a\\\\" :1}'):
        with pytest.raises(RequestRejected, match="twice"):
            READER.read(f'{{"output": "x", "scores": {scores}}}'.encode())


def test_a_line_is_known_by_what_it_says_not_by_how_it_is_written() -> None:
    one = READER.read(b'{"output": "x", "scores": {"a": 1, "b": 2}, "group": null}')
    same = READER.read(b'{"scores": {"b": 2.0, "a": 1.0}, "output": "\\u0078"}')
    other = READER.read(b'{"output": "x", "scores": {"a": 1, "b": 2.5}}')
    assert derive_external_id(one) == derive_external_id(same) != derive_external_id(other)


def test_criteria_are_found_by_id_key_and_by_a_name_that_only_one_has() -> None:
    names = CriterionNames(loose_criteria("clarity", "tone", "tone"))
    assert names.arrange_scores({"cri_clarity": 1}, "scores") == ([1, None, None], [])
    assert names.arrange_scores({"clarity": 2}, "scores") == ([2, None, None], [])
    [problem] = names.arrange_scores({"tone": 2}, "scores")[1]
    assert problem.field == ("scores", "tone")
    assert [p.field for p in names.arrange_scores({"clarity": float("nan")}, "scores")[1]] == [("scores", "clarity")]
