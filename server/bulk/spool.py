"""What is to be sent to a client that may not listen yet, in bounded memory."""

from tempfile import SpooledTemporaryFile

_MEMORY = 2**20  # bytes; the rest waits on disk
_PIECE = 2**16


class SpooledQueue:
    """A queue of bytes.

    Many clients send all of a request before they read a byte of its answer. To wait for them to read would be to wait
    forever, since they wait for us to go on reading.
    """

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(_MEMORY)  # noqa: SIM115 - closed with the backlog
        self._written = self._read = 0

    def put(self, data: bytes) -> None:
        """Add bytes at the end."""
        self._file.seek(self._written)
        self._written += self._file.write(data)

    def take(self) -> bytes:
        """The next bytes, or none."""
        self._file.seek(self._read)
        data = self._file.read(_PIECE)
        self._read += len(data)
        if self._read == self._written:
            self._file.seek(0)
            self._file.truncate()
            self._written = self._read = 0
        return data

    def close(self) -> None:
        """Let go of it."""
        self._file.close()
