"""Byte queue in bounded memory for a client that may not read its response yet."""

from tempfile import SpooledTemporaryFile

_MAX_MEMORY_BYTES = 2**20  # more is written to a temporary file
_PIECE_BYTES = 2**16


class SpooledQueue:
    """First-in, first-out queue of bytes.

    Many clients send their whole request before they read any of the response. Waiting for such a client to read would
    be a deadlock, because it waits for the server to continue reading.
    """

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(_MAX_MEMORY_BYTES)  # noqa: SIM115 - closed with the queue
        self._written = self._read = 0

    def put(self, data: bytes) -> None:
        """Append bytes."""
        self._file.seek(self._written)
        self._written += self._file.write(data)

    def take(self) -> bytes:
        """Remove and return the next bytes; empty if there are none."""
        self._file.seek(self._read)
        data = self._file.read(_PIECE_BYTES)
        self._read += len(data)
        if self._read == self._written:
            self._file.seek(0)
            self._file.truncate()
            self._written = self._read = 0
        return data

    def close(self) -> None:
        """Delete the queue and its file."""
        self._file.close()
