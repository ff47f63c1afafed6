"""Splitting of a byte stream into lines, in bounded memory."""

from collections.abc import Iterator

MAX_LINE_BYTES = 4 * 2**20
"""Three texts of maximum length with every character escaped, and the maximum number of scores, fit in."""

Line = tuple[int, bytes | None]
"""The number of a line, from 1, and its content; None if the line exceeds the limit and was skipped."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class LineSplitter:
    """A splitter of a byte stream into numbered lines without their ends. Blank lines are counted but not yielded."""

    def __init__(self, max_line: int = MAX_LINE_BYTES) -> None:
        self.number = 0  # of complete lines so far
        self._max = max_line
        self._rest = b""
        self._skipping = False  # within a line that exceeds the limit

    def feed(self, block: bytes) -> Iterator[Line]:
        """Yield the lines that a block completes."""
        if self._skipping:
            end = block.find(b"\n")
            if end < 0:
                return
            self._skipping = False
            self.number += 1
            yield self.number, None
            block = block[end + 1 :]
        *lines, self._rest = (self._rest + block).split(b"\n")
        for line in lines:
            self.number += 1
            yield from self._line(line)
        if len(self._rest) > self._max:
            self._rest, self._skipping = b"", True

    def finish(self) -> Iterator[Line]:
        """Yield the last line if the stream ends without a line end."""
        if self._skipping:
            self.number += 1
            yield self.number, None
        elif self._rest:
            self.number += 1
            yield from self._line(self._rest)
        self._rest, self._skipping = b"", False

    def _line(self, line: bytes) -> Iterator[Line]:
        if len(line) > self._max:
            yield self.number, None
            return
        text = (line.removeprefix(_BYTE_ORDER_MARK) if self.number == 1 else line).strip()
        if text:
            yield self.number, text
