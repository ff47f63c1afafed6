"""External ids that differ only in the zeros that spreadsheets add or remove, for hints in errors."""

from collections.abc import Iterator

import msgspec

from models.bulk.line_splitter import Line

_MAX_IDS = 100_000


class _Named(msgspec.Struct):
    """A line of evaluations, of which only the external id is decoded."""

    external_id: str | None = None


class SimilarIds:
    """The external ids of a file's evaluations that are numbers, at most 100,000."""

    def __init__(self) -> None:
        self._by_number: dict[str, str] = {}
        self._decoder = msgspec.json.Decoder(_Named)

    def record(self, lines: Iterator[Line]) -> Iterator[Line]:
        """Yield lines of evaluations and remember their external ids."""
        for number, text in lines:
            if len(self._by_number) < _MAX_IDS:
                self._add(text)
            yield number, text

    def find_similar(self, external_id: str) -> str | None:
        """Return a known external id that is the same number, such as 001 for 1, or None."""
        found = self._by_number.get(_to_number(external_id))
        return found if found != external_id else None

    def _add(self, text: bytes | None) -> None:
        try:
            external_id = self._decoder.decode(text or b"null").external_id
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return
        number = _to_number(external_id or "")
        if number:
            self._by_number.setdefault(number, external_id or "")


def _to_number(external_id: str) -> str:
    """Return the number that an id is, without zeros that make no difference, or an empty text."""
    whole = external_id.strip().removesuffix(".0")
    return (whole.lstrip("0") or "0") if whole.isdecimal() else ""
