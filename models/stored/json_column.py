"""JSON columns with typed contents that are decoded when they are first read."""

from collections.abc import Callable, Hashable
from functools import cache
from typing import Any, Generic, TypeVar, cast

import msgspec
import orjson
from sqlalchemy import JSON, Dialect
from sqlalchemy.types import TypeDecorator

T = TypeVar("T")
S = TypeVar("S")


class Stored(Generic[T]):
    """The content of a JSON column: text until ``value`` is read, then also the decoded value.

    Two contents are equal if their decoded values are equal.
    """

    __slots__ = ("_decoder", "_text", "_value")

    def __init__(self, text: str, decoder: "msgspec.json.Decoder[T]") -> None:
        self._text = text
        self._decoder = decoder
        self._value: T | None = None

    @classmethod
    def of(cls, value: T) -> "Stored[T]":
        """Return a value as if it had been read from a column."""
        stored = cls(msgspec.json.encode(value).decode(), msgspec.json.Decoder(type(value)))
        stored._value = value
        return stored

    @property
    def text(self) -> str:
        """The JSON text as it is in the database."""
        return self._text

    @property
    def value(self) -> T:
        """The decoded content; decoded once."""
        if self._value is None:
            self._value = self._decoder.decode(self._text)
        return self._value

    def __eq__(self, other: object) -> bool:
        return self.value == other.value if isinstance(other, Stored) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Stored({self._text})"


class JsonColumn(TypeDecorator[Stored[T]], Generic[T]):
    """A JSON column with contents of one type. It takes such values, or ``Stored`` ones, and returns ``Stored`` ones.

    Engines must pass JSON on as text: see ``keep_json_text``.
    """

    impl = JSON
    cache_ok = True

    def __init__(self, kind: type[T]) -> None:
        super().__init__(none_as_null=True)
        self.kind = kind
        self._decoder: msgspec.json.Decoder[T] = msgspec.json.Decoder(kind)

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Return plain values, which the engine's serializer writes."""
        return msgspec.to_builtins(value.value if isinstance(value, Stored) else value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Stored[T] | None]:
        """Return the function that wraps a column's text."""
        decoder = self._decoder
        return lambda text: None if text is None else Stored(text, decoder)


class StoredVariant:
    """The content of a JSON column whose type another column names: text until it is read as that type.

    Two contents are equal if their texts are equal.
    """

    __slots__ = ("_value", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._value: object = None

    @classmethod
    def of(cls, value: object) -> "StoredVariant":
        """Return a value as if it had been read from a column."""
        return cls(msgspec.json.encode(value).decode())

    def read_as(self, kind: type[S]) -> S:
        """Return the content, decoded as a type; decoded once."""
        if not isinstance(self._value, kind):
            self._value = _decoder_for(cast("Hashable", kind)).decode(self.text)
        return cast("S", self._value)

    def __eq__(self, other: object) -> bool:
        return self.text == other.text if isinstance(other, StoredVariant) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"StoredVariant({self.text})"


@cache
def _decoder_for(kind: Hashable) -> "msgspec.json.Decoder[Any]":
    return msgspec.json.Decoder(kind)


class VariantJsonColumn(TypeDecorator[StoredVariant]):
    """A JSON column whose content's type depends on another column of the row."""

    impl = JSON
    cache_ok = True

    def __init__(self) -> None:
        super().__init__(none_as_null=True)

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Return plain values, which the engine's serializer writes."""
        return msgspec.to_builtins(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], StoredVariant | None]:
        """Return the function that wraps a column's text."""
        return lambda text: None if text is None else StoredVariant(text)


class PlainJson(TypeDecorator[Any]):
    """A JSON column whose small contents are decoded with the row, such as lists of scores."""

    impl = JSON
    cache_ok = True

    def __init__(self) -> None:
        super().__init__(none_as_null=True)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        """Return the function that decodes a column's text."""
        return lambda text: None if text is None else orjson.loads(text)


def keep_json_text(text: S) -> S:
    """Return JSON as it is: the ``json_deserializer`` of every engine, because the columns decode it themselves."""
    return text
