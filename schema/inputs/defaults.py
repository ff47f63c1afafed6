"""Inputs with defaults."""

from dataclasses import MISSING, fields


class Defaults:
    """An input whose fields with a default mean that default also when a client sends null."""

    def __post_init__(self) -> None:
        """Put the default in the place of null."""
        for field in fields(self):  # type: ignore[arg-type]
            if field.default is not MISSING and getattr(self, field.name) is None:
                setattr(self, field.name, field.default)
