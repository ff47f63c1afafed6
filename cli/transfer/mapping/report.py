"""Report of everything in the files that was not loaded as it stands there: the reason, the number, sample values."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from cli.transfer.sources.record import show_value

_MAX_SAMPLES = 5
_MAX_LINES = 5
_MAX_REASONS = 200


class Effect(StrEnum):
    """The consequence of an entry for what it is about."""

    REFUSED = "refused"  # it should have been loaded and could not
    SKIPPED = "skipped"  # it is not meant to be loaded, or nothing was given
    CHANGED = "changed"  # it was loaded as something else


@dataclass
class NotLoaded:
    """Records or values of one file that were not loaded for the same reason.

    Attributes:
        file: the file's name.
        kind: `evaluations` or `feedback`.
        effect: the consequence.
        reason: a clause such as "rows by a judge, not a person".
        count: their number.
        samples: some of the values with their numbers.
        lines: the lines of the first of them.
    """

    file: str
    kind: str
    effect: Effect
    reason: str
    count: int = 0
    samples: Counter[str] = field(default_factory=Counter)
    lines: list[int] = field(default_factory=list)

    def describe(self) -> str:
        """Return the entry as a sentence."""
        values = ", ".join(f"{value} x {count:,}" for value, count in self.samples.most_common(_MAX_SAMPLES))
        return f"{self.kind}, {self.file}: {self.count:,} {self.effect.value}: {self.reason}" + (
            f": {values}" if values else ""
        )

    def to_json(self) -> dict[str, object]:
        """Return the entry as the command prints it with `--json`."""
        samples = [{"value": value, "count": count} for value, count in self.samples.most_common(_MAX_SAMPLES)]
        return {
            "file": self.file,
            "kind": self.kind,
            "effect": self.effect.value,
            "reason": self.reason,
            "count": self.count,
            "samples": samples,
            "lines": self.lines,
        }


#: Handles something that was refused: file, line, message, external id.
RefusalHandler = Callable[[str, int, str, str | None], None]


def _ignore(_file: str, _line: int, _message: str, _external_id: str | None) -> None:
    """Ignore a refusal."""


@dataclass
class LoadReport:
    """The entries of one import.

    Attributes:
        on_refused: handles each refusal when it is found.
    """

    on_refused: RefusalHandler = _ignore
    _entries: dict[tuple[str, str, Effect, str], NotLoaded] = field(default_factory=dict)

    @property
    def entries(self) -> list[NotLoaded]:
        """All entries, in the order of their first record."""
        return list(self._entries.values())

    def count(self, effect: Effect, kind: str) -> int:
        """Return the number of records and values of a kind of file with an effect.

        Args:
            effect: the effect.
            kind: `evaluations` or `feedback`.
        """
        entries = self._entries.values()
        return sum(entry.count for entry in entries if entry.effect is effect and entry.kind == kind)

    def add(self, key: tuple[str, str, Effect, str], line: int, value: object = None) -> None:
        """Count something that was not loaded.

        Args:
            key: the file's name, its kind, the consequence, and the reason without the value.
            line: its line.
            value: the value, as a sample.
        """
        if key not in self._entries and len(self._entries) >= _MAX_REASONS:
            key = (*key[:3], "other reasons")
        entry = self._entries.setdefault(key, NotLoaded(*key))
        entry.count += 1
        if value is not None:
            sample = show_value(value)
            if sample in entry.samples or len(entry.samples) < _MAX_SAMPLES * 4:
                entry.samples[sample] += 1
        if len(entry.lines) < _MAX_LINES:
            entry.lines.append(line)


@dataclass(frozen=True)
class FileReport:
    """The part of a report that is about one file."""

    report: LoadReport
    file: str
    kind: str

    def skip(self, reason: str, line: int, value: object = None) -> None:
        """Count a record or value that is not meant to be loaded.

        Args:
            reason: the reason without the value.
            line: its line.
            value: the value, as a sample.
        """
        self.report.add((self.file, self.kind, Effect.SKIPPED, reason), line, value)

    def change(self, reason: str, line: int, value: object = None) -> None:
        """Count a value that was loaded as something else.

        Args:
            reason: the reason without the value.
            line: its line.
            value: the value, as a sample.
        """
        self.report.add((self.file, self.kind, Effect.CHANGED, reason), line, value)

    def refuse(
        self, reason: str, line: int, value: object = None, *, message: str = "", external_id: str | None = None
    ) -> None:
        """Count a record or value that could not be loaded.

        Args:
            reason: the reason without the value.
            line: its line.
            value: the value, as a sample.
            message: the whole message. Default: the reason.
            external_id: the external id of its record.
        """
        self.report.add((self.file, self.kind, Effect.REFUSED, reason), line, value)
        self.report.on_refused(self.file, line, message or reason, external_id)
