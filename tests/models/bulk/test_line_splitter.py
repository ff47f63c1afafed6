"""Bytes are split into numbered lines in bounded memory."""

from hypothesis import given
from hypothesis import strategies as st

from models.bulk.line_splitter import Line, LineSplitter


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
