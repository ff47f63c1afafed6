"""The command's options about places, filters, labels and encodings, parsed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from cli.transfer.mapping.labels import normalize_label
from cli.transfer.sources.record import NameIndex, Record

KINDS = ("evaluations", "feedback")


class OptionError(ValueError):
    """The value of an option has another form."""


@dataclass(frozen=True, slots=True)
class RowFilter:
    """A condition that records must meet to be loaded.

    Attributes:
        place: the column or path.
        values: the allowed values; with `is_negated`, those that are not allowed.
        is_negated: whether the condition is that the value differs.
        is_own: whether the condition was given for this file only, so that records without the place do not meet it.
    """

    place: str
    values: tuple[str, ...]
    is_negated: bool = False
    is_own: bool = True

    def describe(self) -> str:
        """Return the condition as the option states it."""
        return f"{self.place}{'!=' if self.is_negated else '='}{' or '.join(self.values)}"


@dataclass(frozen=True)
class FileOptions:
    """The options that apply to one file.

    Attributes:
        fields: the places of fields and criteria, by their names.
        filters: the conditions of its records.
        meanings: the meanings of labels, see `LabelReader`.
        scales: the file's scales, see `LabelReader`.
        records: the dotted path of the list of records, or the sheet of a workbook.
        encoding: the file's encoding; None if it is detected.
        time_zone: the time zone of times without an offset; None if such times are refused.
    """

    fields: Mapping[str, str] = field(default_factory=dict)
    filters: Sequence[RowFilter] = ()
    meanings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    scales: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    records: str | None = None
    encoding: str | None = None
    time_zone: str | None = None


@dataclass(frozen=True)
class MappingOptions:
    """The options of both files, by kind: `evaluations` or `feedback`."""

    by_kind: Mapping[str, FileOptions] = field(default_factory=dict)

    def of(self, kind: str) -> FileOptions:
        """Return the options of a kind of file."""
        return self.by_kind.get(kind, FileOptions())

    @classmethod
    def with_fields(cls, fields: Mapping[str, str]) -> "MappingOptions":
        """Return options that only name places, the same in both files."""
        return cls({kind: FileOptions(fields=fields) for kind in KINDS})


def parse_fields(texts: Sequence[str]) -> dict[str, str]:
    """Return the values of `--field` by the name of the field.

    Raises:
        OptionError: a value has another form, or a field has two places.
    """
    places: dict[str, str] = {}
    for text in texts:
        name, equals, place = text.partition("=")
        if not (name and equals and place):
            raise OptionError(f"{text!r} is not of the form NAME=PLACE, like output=data.answer.")
        if places.get(name, place) != place:
            raise OptionError(f"{name} has two places, {places[name]!r} and {place!r}.")
        places[name] = place
    return places


def parse_filters(texts: Sequence[str], *, is_own: bool) -> list[RowFilter]:
    """Return the values of `--where`; several values of one place are alternatives.

    Args:
        texts: the values.
        is_own: whether they were given for one file only.

    Raises:
        OptionError: a value has another form.
    """
    filters: dict[tuple[str, bool], RowFilter] = {}
    for text in texts:
        place, equals, value = text.partition("=")
        is_negated = place.endswith("!")
        place = place.removesuffix("!").strip()
        if not (place and equals):
            raise OptionError(f"{text!r} is not of the form PLACE=VALUE or PLACE!=VALUE, like source=ANNOTATION.")
        known = filters.get((place, is_negated), RowFilter(place, (), is_negated, is_own))
        filters[place, is_negated] = replace(known, values=(*known.values, value.strip()))
    return list(filters.values())


def parse_meanings(texts: Sequence[str], criteria: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return the values of `--value` by the criterion's name in lower case, and the normalized label.

    Args:
        texts: the values, such as `quality.Poor=2`.
        criteria: the names of the criteria.

    Raises:
        OptionError: a value has another form, or a label has two meanings.
    """
    meanings: dict[str, dict[str, str]] = {}
    scopes = sorted([*criteria, "rating", "approved"], key=len, reverse=True)
    for text in texts:
        left, equals, meaning = text.rpartition("=")
        if not (left and equals):
            raise OptionError(f"{text!r} is not of the form CRITERION.LABEL=SCORE, like quality.Poor=2.")
        scope = next((name for name in scopes if left.casefold().startswith(f"{name.casefold()}.")), "")
        label = normalize_label(left[len(scope) + 1 :] if scope else left)
        known = meanings.setdefault(scope.casefold(), {})
        if known.get(label, meaning) != meaning:
            raise OptionError(f"The label {label!r} has two meanings, {known[label]!r} and {meaning!r}.")
        known[label] = meaning.strip()
    return meanings


def parse_scales(texts: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Return the values of `--scale` by the criterion's name in lower case.

    Raises:
        OptionError: a value has another form.
    """
    scales = {}
    for text in texts:
        name, equals, bounds = text.rpartition("=")
        low, dash, high = bounds.strip().rpartition("-")
        try:
            minimum, maximum = float(low), float(high)
        except ValueError:
            minimum = maximum = 0.0
        if not (name and equals and dash and minimum < maximum):
            raise OptionError(f"{text!r} is not of the form CRITERION=MIN-MAX, like rating=0-10.")
        scales[name.strip().casefold()] = (minimum, maximum)
    return scales


def check_time_zone(name: str | None) -> None:
    """Check the value of `--time-zone`.

    Raises:
        OptionError: there is no such time zone.
    """
    try:
        ZoneInfo(name or "UTC")
    except (KeyError, OSError, ValueError):
        raise OptionError(f"There is no time zone {name!r}; for example UTC or Europe/Berlin.") from None


class FilterSet:
    """The conditions of a file's records.

    A condition that was given for both files is left out for a file whose first record does not have the place.
    """

    def __init__(self, filters: Sequence[RowFilter], index: NameIndex) -> None:
        self._filters = list(filters)
        self._index = index
        self._is_first = True

    def find_unmet(self, record: Record) -> tuple[RowFilter, object] | None:
        """Return the first condition that a record does not meet with the record's value, or None."""
        if self._is_first:
            self._is_first = False
            self._filters = [one for one in self._filters if one.is_own or self._index.find(record, one.place)[0]]
        for one in self._filters:
            _, value = self._index.find(record, one.place)
            text = _to_word(value)
            if (text in {wanted.casefold() for wanted in one.values}) is one.is_negated:
                return one, value
        return None


def _to_word(value: object) -> str:
    if value is None:
        return ""
    return (str(value).lower() if isinstance(value, bool) else str(value)).strip().casefold()
