"""Specs of judges and their criteria: creation and changes."""

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Self

from models.errors import DomainError, Invalid
from models.specs.checks import (
    optional_text_problems,
    out_of_range,
    quote,
    raise_problems,
    text_problems,
    to_camel_case,
)
from models.specs.limits import MAX_COMMENT, MAX_CRITERIA, MAX_NAME

_MAX_NUMBER = 1e9  # of a scale's bounds, step and weight, in absolute value
_MAX_STEPS = 1e6  # of a scale
_JUDGE_ID = re.compile(r"jdg_[A-Za-z0-9]{1,64}")
_CRITERION_KEY = re.compile(r"crit_[A-Za-z0-9_]{1,64}")


@dataclass(frozen=True, slots=True)
class CriterionSpec:
    """One criterion of a new judge."""

    name: str
    key: str | None = None
    description: str | None = None
    minimum: float = 1.0
    maximum: float = 5.0
    step: float = 1.0
    weight: float = 1.0

    def problems(self) -> Iterator[DomainError]:
        """Yield all problems of the criterion."""
        yield from text_problems("name", self.name, MAX_NAME)
        yield from optional_text_problems("description", self.description, MAX_COMMENT)
        if self.key is not None and not _CRITERION_KEY.fullmatch(self.key):
            yield Invalid(f"A criterion's key looks like crit_clarity, not {quote(self.key)}.", ("key",))
        yield from self._number_problems()

    def _number_problems(self) -> Iterator[DomainError]:
        numbers = {"min": self.minimum, "max": self.maximum, "step": self.step, "weight": self.weight}
        for name, value in numbers.items():
            if not math.isfinite(value) or abs(value) > _MAX_NUMBER:
                yield Invalid(f"{name} must be a number between -1e9 and 1e9, not {value}.", (name,))
                return
        if self.maximum <= self.minimum:
            yield Invalid(f"max must be above min ({self.minimum:g}), not {self.maximum:g}.", ("max",))
            return
        width = self.maximum - self.minimum
        steps = width / self.step if self.step > 0 else 0
        if not 1 - 1e-9 <= steps <= _MAX_STEPS or abs(steps - round(steps)) > 1e-6 * max(1.0, steps):
            yield Invalid(
                f"step must be above 0 and divide the range of {width:g} into whole steps, not {self.step:g}.",
                ("step",),
            )
        if self.weight < 0:
            yield Invalid(f"weight must be 0 or more, not {self.weight:g}.", ("weight",))


@dataclass(frozen=True, slots=True)
class JudgeSpec:
    """A new judge."""

    name: str
    criteria: tuple[CriterionSpec, ...]
    id: str | None = None
    description: str | None = None

    def validated(self) -> Self:
        """Return the spec with every criterion's key filled in.

        Raises:
            RequestRejected: the spec has problems; all of them are named.
        """
        raise_problems(self._problems())
        return replace(self, criteria=assign_keys(self.criteria, set()))

    def _problems(self) -> Iterator[DomainError]:
        problems = list(text_problems("name", self.name, MAX_NAME))
        problems += optional_text_problems("description", self.description, MAX_COMMENT)
        if self.id is not None and not _JUDGE_ID.fullmatch(self.id):
            problems.append(
                Invalid(f"A judge's id is jdg_ and 1 to 64 letters or digits, not {quote(self.id)}.", ("id",))
            )
        if not 1 <= len(self.criteria) <= MAX_CRITERIA:
            problems.append(
                Invalid(f"A judge has 1 to {MAX_CRITERIA} criteria, not {len(self.criteria)}.", ("criteria",))
            )
        for number, criterion in enumerate(self.criteria[:MAX_CRITERIA]):
            problems += (problem.within("criteria", str(number)) for problem in criterion.problems())
        if not any(criterion.weight > 0 for criterion in self.criteria) and not problems:
            problems.append(Invalid("At least one criterion needs a weight above 0.", ("criteria",)))
        yield from problems
        yield from self._repeated_keys()

    def _repeated_keys(self) -> Iterator[DomainError]:
        first: dict[str, int] = {}
        for number, criterion in enumerate(self.criteria):
            if criterion.key is not None and first.setdefault(criterion.key, number) != number:
                yield Invalid(f"The key {criterion.key} is used twice.", ("criteria", str(number), "key"))


@dataclass(frozen=True, slots=True)
class CriterionChange:
    """A change of one criterion, which is named by its id or key; None leaves a field as it is.

    The scale may be repeated but not changed, because scores and versions refer to it.
    """

    criterion: str
    name: str | None = None
    description: str | None = None
    weight: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None

    def problems(self) -> Iterator[DomainError]:
        """Yield the problems that are apparent without the judge's criteria."""
        yield from optional_text_problems("name", self.name, MAX_NAME)
        yield from optional_text_problems("description", self.description, MAX_COMMENT, empty=True)
        if self.weight is not None and not 0 <= self.weight <= _MAX_NUMBER:
            yield out_of_range("weight", self.weight, "a number from 0 to 1e9")


@dataclass(frozen=True, slots=True)
class JudgeChange:
    """A change of a judge; None leaves a field as it is, an empty description removes the description."""

    judge_id: str
    name: str | None = None
    description: str | None = None
    add_criteria: tuple[CriterionSpec, ...] = ()
    update_criteria: tuple[CriterionChange, ...] = ()
    remove_criteria: tuple[str, ...] = ()

    def problems(self) -> Iterator[DomainError]:
        """Yield the problems that are apparent without the judge's criteria."""
        yield from optional_text_problems("name", self.name, MAX_NAME)
        yield from optional_text_problems("description", self.description, MAX_COMMENT, empty=True)
        lists: dict[str, tuple[CriterionSpec | CriterionChange, ...]] = {
            "add_criteria": self.add_criteria,
            "update_criteria": self.update_criteria,
        }
        for field_name, parts in lists.items():
            if len(parts) > MAX_CRITERIA:
                yield Invalid(f"{to_camel_case(field_name)} takes at most {MAX_CRITERIA} criteria.", (field_name,))
            for number, part in enumerate(parts[:MAX_CRITERIA]):
                yield from (problem.within(field_name, str(number)) for problem in part.problems())
        if self.remove_criteria:
            yield Invalid(
                "A criterion can't be removed: evaluations, feedback and versions refer to it. Give it the weight 0 to "
                "leave it out of overall scores.",
                ("remove_criteria",),
            )


def assign_keys(criteria: Sequence[CriterionSpec], used: set[str]) -> tuple[CriterionSpec, ...]:
    """Return the criteria with a key each: their own, or one derived from the name that is not in ``used``."""
    used = used | {criterion.key for criterion in criteria if criterion.key is not None}
    found = []
    for criterion in criteria:
        key = criterion.key or _find_free_key(criterion.name, used)
        used.add(key)
        found.append(replace(criterion, key=key))
    return tuple(found)


def _find_free_key(name: str, used: set[str]) -> str:
    """Return ``crit_`` and the slug of a name, with a number if the slug is empty or taken."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:60]
    if slug and f"crit_{slug}" not in used:
        return f"crit_{slug}"
    number = 1 if not slug else 2
    while (key := f"crit_{slug}_{number}" if slug else f"crit_{number}") in used:
        number += 1
    return key
