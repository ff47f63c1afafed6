"""Persisted documents: a client sends the SHA-256 of a document in its place.

As Apollo's and urql's clients have it: a hash that is not known is answered `PersistedQueryNotFound`, the client sends
the text along, and from then on it is known. Where only persisted documents are allowed, nothing is learned.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path

import msgspec

from server import documents

MANIFEST = documents.FOLDER / "persisted.json"  # what the pages' code generator wrote, where it ran
MAX_LEARNED_CHARACTERS = 2_000_000  # characters of documents that are remembered because a client sent them


class PersistedDocumentError(Exception):
    """A document that is not known, or is not the one that its hash says."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class UnknownHash(PersistedDocumentError):
    """No document has this hash; clients take these words as a request for the text."""

    def __init__(self) -> None:
        super().__init__("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")


class PersistedDocuments:
    """The documents that are known by their hash."""

    def __init__(self, known: Mapping[str, str], *, only: bool = False) -> None:
        self._known = known
        self._only = only
        self._learned: OrderedDict[str, str] = OrderedDict()
        self._size = 0

    def resolve_text(self, query: str | None, extensions: object) -> str | None:
        """The document that a request means; None where it names none.

        Raises:
            PersistedDocumentError: the document is unknown, is not what its hash says, or is not one of those allowed.
        """
        asked = extensions.get("persistedQuery") if isinstance(extensions, Mapping) else None
        wanted = asked.get("sha256Hash") if isinstance(asked, Mapping) else None
        if not isinstance(wanted, str):
            wanted = None
        if query:
            if wanted is not None or self._only:
                self._check(query, wanted)
            return query
        if wanted is None:
            return query
        text = self._known.get(wanted) or self._learned.get(wanted)
        if text is None:
            raise UnknownHash
        return text

    def _check(self, query: str, wanted: str | None) -> None:
        found = digest(query)
        if wanted is not None and wanted != found:
            raise PersistedDocumentError("The document's SHA-256 is not the one that came with it.", "BAD_REQUEST")
        if found in self._known:
            return
        if self._only:
            raise PersistedDocumentError(
                "This server executes known documents only, and this is none of them: see frontend-queries, or have "
                "its operator add it to JUDGESMITH_PERSISTED_DOCUMENTS.",
                "PERSISTED_QUERY_NOT_IN_LIST",
            )
        self._learn(found, query)

    def _learn(self, found: str, query: str) -> None:
        if found not in self._learned and len(query) <= MAX_LEARNED_CHARACTERS:
            self._learned[found] = query
            self._size += len(query)
            while self._size > MAX_LEARNED_CHARACTERS:
                self._size -= len(self._learned.popitem(last=False)[1])


def digest(text: str) -> str:
    """A document's SHA-256, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def load_known_documents(more: Path | None = None) -> dict[str, str]:
    """By hash, the documents of `frontend-queries/`, those the pages were built with, and those in a file of ours.

    Raises:
        ValueError: the file is no such list; the message says why.
    """
    known = {digest(text): text for text in map(documents.load, documents.names())}
    for path in (MANIFEST, more):
        if path is not None and (path == more or path.is_file()):
            known |= _read(path)
    return known


def check_documents_file(path: Path | None) -> Path | None:
    """The path of a file of persisted documents, as it is.

    Raises:
        ValueError: it is no such file.
    """
    if path is not None:
        _read(path)
    return path


def _read(path: Path) -> dict[str, str]:
    try:
        found = msgspec.json.decode(path.read_bytes(), type=dict[str, str])
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is no list of persisted documents: {error}") from error
    for hash_, text in found.items():
        if hash_ != digest(text):
            raise ValueError(f"{path}: {hash_} is not the SHA-256 of its document; it would be {digest(text)}.")
    return found
