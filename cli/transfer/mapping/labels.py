"""Labels as people write them, read as scores, ratings and approvals.

A label is read if it has exactly one meaning on the scale in question. Any other label raises `UnreadableLabel`; it is
never guessed and never replaced. The option `--value` gives further labels a meaning, `--scale` another scale.
"""

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from cli.transfer.sources.record import show_value

EMPTY_LABELS = frozenset({"", "-", "--", "–", "—", "n/a", "na", "n.a.", "#n/a", "null"})
YES = frozenset({"yes", "y", "true", "t", "pass", "passed", "thumbs up", "thumbsup", "👍", "✓", "✔", "✅", "☑"})
NO = frozenset({"no", "n", "false", "f", "fail", "failed", "thumbs down", "thumbsdown", "👎", "✗", "✘", "❌", "☒"})

_PLAIN_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?")
_COMMA_NUMBER = re.compile(r"[+-]?\d*,\d+")
_GROUPED_BY_COMMA = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+")
_GROUPED_BY_POINT = re.compile(r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+")
_NUMBER = r"[+-]?\d+(?:[.,]\d+)?"
_FRACTION = re.compile(rf"({_NUMBER})\s*(?:/|of|out of)\s*(\d+(?:[.,]\d+)?)(?:\s*(?:stars?|points?|pts\.?))?")
_PERCENTAGE = re.compile(rf"({_NUMBER})\s*%")
_COUNTED = re.compile(rf"({_NUMBER})\s*(?:stars?|points?|pts\.?|★|⭐)")
_NUMBER_FIRST = re.compile(rf"[(\[]?({_NUMBER})\s*[)\].:=–—-]+\s*(\D*)|({_NUMBER})\s+\((\D*)\)")
_NUMBER_LAST = re.compile(rf"(\D*?)\s*[(\[=:]\s*({_NUMBER})\s*[)\]]?")
_HALF = re.compile(r"(\d*)\s*½")
_STARS = re.compile(r"([★⭐]+)(½|⯪|⯨)?([☆✩]*)")
_VARIATION = re.compile("[\ufe0e\ufe0f\u200d\U0001f3fb-\U0001f3ff]")  # selectors and skin tones of emoji
_MINUS_SIGNS = str.maketrans({"−": "-", "﹣": "-", "－": "-", "٫": ".", "⭐": "★"})


class UnreadableLabel(ValueError):
    """A label has no meaning, or several, on its scale. The message completes "quality: 'Poor' ..."."""


@dataclass(frozen=True, slots=True)
class Scale:
    """The range of a criterion or of ratings.

    Attributes:
        name: the criterion's name, or `rating`.
        minimum: the lowest score.
        maximum: the highest score.
        is_whole: whether only whole numbers are allowed.
    """

    name: str
    minimum: float
    maximum: float
    is_whole: bool = False

    @property
    def is_yes_or_no(self) -> bool:
        """True if yes and no are its ends."""
        return (self.minimum, self.maximum) == (0, 1)

    def describe(self) -> str:
        """Return the allowed scores for a message."""
        return f"{'a whole number from ' if self.is_whole else ''}{self.minimum:g} to {self.maximum:g}"


RATING = Scale("rating", 1, 5, is_whole=True)


@dataclass(frozen=True)
class LabelReader:
    """Reader of the labels of one file.

    Attributes:
        meanings: further labels by the folded name of a criterion (or `rating`, `approved`; empty for all), each with
            the folded label and its replacement.
        source_scales: the scales of the file, by the folded name of a criterion, where they differ from the judge's.
        has_decimal_comma: whether commas in numbers are decimal commas.
    """

    meanings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    source_scales: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    has_decimal_comma: bool = False

    def read_score(self, scale: Scale, value: object) -> float | None:
        """Return a label as a score on a scale, or None if nothing was scored.

        Args:
            scale: the scale.
            value: the label.

        Raises:
            UnreadableLabel: the label is no score of the scale.
        """
        given = self.source_scales.get(scale.name.casefold())
        own = scale if given is None else Scale(scale.name, *given)
        score = self._read(own, self._replace(scale.name, value))
        if score is None:
            return None
        if not own.minimum <= score <= own.maximum:
            raise UnreadableLabel(f"is outside the scale; allowed is {own.describe()}")
        if given is not None:
            score = scale.minimum + (score - own.minimum) / (own.maximum - own.minimum) * (
                scale.maximum - scale.minimum
            )
            score = float(math.floor(score + 0.5)) if scale.is_whole else score
        if scale.is_whole and not score.is_integer():
            raise UnreadableLabel(f"is no rating; allowed is {scale.describe()}")
        return score

    def read_approval(self, value: object) -> bool | None:
        """Return a label as a yes or no, or None if nothing was answered.

        Raises:
            UnreadableLabel: the label is neither yes nor no.
        """
        value = self._replace("approved", value)
        if isinstance(value, str):
            word = normalize_label(value)
            value = {"1": True, "0": False, "1.0": True, "0.0": False}.get(word, value)
            if word in EMPTY_LABELS:
                return None
        elif isinstance(value, int | float) and value in (0, 1):
            return bool(value)
        if value is None:
            return None
        answer = read_yes_or_no(value)
        if answer is None:
            raise UnreadableLabel(
                "is neither yes nor no; allowed is yes or no, true or false, pass or fail, 1 or 0, 👍 or 👎"
            )
        return answer

    def _replace(self, name: str, value: object) -> object:
        """Return the meaning that `--value` gives to a label, or else the label."""
        if not self.meanings or isinstance(value, Mapping | list):
            return value
        label = normalize_label(value if isinstance(value, str) else show_value(value))
        for scope in (name.casefold(), ""):
            meaning = self.meanings.get(scope, {}).get(label)
            if meaning is not None:
                return meaning
        return value

    def _read(self, scale: Scale, value: object) -> float | None:
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if value is None:
            return None
        answer = read_yes_or_no(value)
        if answer is not None:
            if not scale.is_yes_or_no:
                raise UnreadableLabel(f"is a yes or no, but the scale is {scale.describe()}{_suggest(scale, value)}")
            return float(answer)
        if isinstance(value, int | float):
            return _to_finite(value)
        if not isinstance(value, str):
            raise UnreadableLabel("is no score but an object or list")
        return self._read_text(scale, value)

    def _read_text(self, scale: Scale, value: str) -> float | None:
        text = normalize_label(value)
        if text in EMPTY_LABELS:
            return None
        if text in ("nan", "inf", "infinity", "-inf", "-infinity", "+inf"):
            raise UnreadableLabel(f"is no number; leave it empty if nothing was scored, otherwise {scale.describe()}")
        if text.startswith("+") and scale.minimum >= 0:
            raise UnreadableLabel(f"may be a vote or a score; allowed is {scale.describe()}{_suggest(scale, value)}")
        number = self._read_number(text)
        if number is None:
            number = self._read_ratio(scale, text)
        if number is None:
            number = self._read_decorated(text)
        if number is None:
            raise UnreadableLabel(f"is no score; allowed is {scale.describe()}{_suggest(scale, value)}")
        return number

    def _read_number(self, text: str) -> float | None:
        """Return a number, or None if the text is none.

        Raises:
            UnreadableLabel: its separator may be a decimal one or group thousands.
        """
        grouped = _GROUPED_BY_POINT if self.has_decimal_comma else _GROUPED_BY_COMMA
        if grouped.fullmatch(text):
            raise UnreadableLabel("may be thousands or decimals; write it without a separator of thousands")
        if _PLAIN_NUMBER.fullmatch(text):
            return _to_finite(float(text))
        if _COMMA_NUMBER.fullmatch(text):
            return float(text.replace(",", "."))
        if half := _HALF.fullmatch(text):
            return float(half[1] or 0) + 0.5
        return None

    def _read_ratio(self, scale: Scale, text: str) -> float | None:
        """Return a share of the scale: `4/5`, `80%` or stars of which some are empty."""
        if match := _FRACTION.fullmatch(text):
            number, whole = self._read_number(match[1]), self._read_number(match[2])
            if whole != scale.maximum:
                raise UnreadableLabel(
                    f"counts up to {match[2]}, but the scale is {scale.describe()}; name the file's scale with "
                    f"--scale '{scale.name}=1-{match[2]}'"
                )
            return number
        if match := _PERCENTAGE.fullmatch(text):
            number = self._read_number(match[1])
            if scale.minimum != 0:
                raise UnreadableLabel(
                    f"is a share, but the scale is {scale.describe()}; name the file's scale with "
                    f"--scale '{scale.name}=0-100'"
                )
            return None if number is None else number / 100 * scale.maximum
        if match := _STARS.fullmatch(text):
            full, half, empty = len(match[1]), bool(match[2]), len(match[3])
            if empty and full + half + empty != scale.maximum:
                raise UnreadableLabel(f"has {full + half + empty} stars, but the scale is {scale.describe()}")
            return full + half / 2
        return None

    def _read_decorated(self, text: str) -> float | None:
        """Return a number that has a unit or a word beside it, such as `2 - Poor` or `4 stars`."""
        if match := _COUNTED.fullmatch(text):
            return self._read_number(match[1])
        if match := _NUMBER_FIRST.fullmatch(text):
            return self._read_number(match[1] or match[3])
        if match := _NUMBER_LAST.fullmatch(text):
            return self._read_number(match[2]) if match[1].strip() else None
        return None


def normalize_label(text: str) -> str:
    """Return a label trimmed, in lower case, with the digits, signs and blanks of ASCII."""
    if text.isascii():
        return " ".join(text.split()).casefold()
    text = text.replace("½", "\0")
    text = unicodedata.normalize("NFKC", _VARIATION.sub("", text)).replace("\0", "½").translate(_MINUS_SIGNS)
    digits = [str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text]
    return " ".join("".join(digits).split()).casefold()


def read_yes_or_no(value: object) -> bool | None:
    """Return a yes or no as a bool, and None for anything else."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        word = normalize_label(value).replace("_", " ")
        return True if word in YES else False if word in NO else None
    return None


def is_empty(value: object) -> bool:
    """Return whether a value states that there is none."""
    return value is None or (isinstance(value, str) and normalize_label(value) in EMPTY_LABELS)


def _to_finite(value: float) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if math.isnan(number):
        raise UnreadableLabel("is no number")
    if math.isinf(number):
        raise UnreadableLabel("is too large for a number")
    return number


def _suggest(scale: Scale, value: object) -> str:
    label = value if isinstance(value, str) else show_value(value)
    return f"; give the label a meaning with --value '{scale.name}.{label.strip()[:40]}=NUMBER'"
