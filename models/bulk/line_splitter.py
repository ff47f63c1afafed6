"""Bytes become lines: any amount of them, in bounded memory."""

from collections.abc import Iterator

# Three texts of the longest kind with every character escaped, and as many scores as a judge can have, fit in.
MAX_LINE_BYTES = 4 * 2**20

Line = tuple[int, bytes | None]  # its number, from 1; None: it is longer than MAX_LINE and was skipped

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class LineSplitter:
    """Cuts a stream of bytes into numbered lines without their ends; blank ones are counted and left out."""

    def __init__(self, max_line: int = MAX_LINE_BYTES) -> None:
        self.number = 0  # lines that are over
        self._max = max_line
        self._rest = b""
        self._skipping = False  # within a line that is too long

    @property
    def held(self) -> bool:
        """Whether a line has begun that is not over."""
        return bool(self._rest) or self._skipping

    def feed(self, block: bytes) -> Iterator[Line]:
        """The lines that a block ends."""
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
        """The last line, where the stream ends without the end of a line."""
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
