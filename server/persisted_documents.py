"""Persisted documents: a client sends the SHA-256 of a document in place of its text.

The protocol is that of Apollo's and urql's clients:

1. The client sends the hash. If it is unknown, the response is the error `PersistedQueryNotFound`.
2. The client sends the hash together with the text. From then on the server knows the hash.

A server that allows persisted documents only learns no new ones.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path

import msgspec

from server import documents

MANIFEST = documents.FOLDER / "persisted.json"  # written by the code generator of the pages, if it ran
FORMER_MANIFEST = documents.FOLDER / "persisted-former.json"  # of earlier releases, whose clients still send them
MAX_LEARNED_CHARACTERS = 2_000_000  # total length of the documents learned from clients


class PersistedDocumentError(Exception):
    """The document is unknown, is not allowed, or does not match its hash."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class UnknownHash(PersistedDocumentError):
    """No document has this hash. Clients recognize the message and send the text."""

    def __init__(self) -> None:
        super().__init__("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")


class PersistedDocuments:
    """Documents known by their hash."""

    def __init__(self, known: Mapping[str, str], *, only: bool = False) -> None:
        """Create the collection.

        Args:
            known: texts of the known documents by hash.
            only: reject all other documents.
        """
        self._known = known
        self._only = only
        self._learned: OrderedDict[str, str] = OrderedDict()
        self._size = 0

    def resolve_text(self, query: str | None, extensions: object) -> str | None:
        """Return the text of the document that a request names, or None if it names none.

        Args:
            query: text in the request, if any.
            extensions: extensions of the request, which may hold a hash.

        Raises:
            PersistedDocumentError: the document is unknown, does not match its hash, or is not allowed.
        """
        hash_ = _find_hash(extensions)
        if query:
            if hash_ is not None or self._only:
                self._check(query, hash_)
            return query
        if hash_ is None:
            return query
        text = self._known.get(hash_) or self._learned.get(hash_)
        if text is None:
            raise UnknownHash
        return text

    def _check(self, query: str, hash_: str | None) -> None:
        """Check a document against its hash and the known documents; learn it if that is allowed."""
        actual = digest(query)
        if hash_ is not None and hash_ != actual:
            raise PersistedDocumentError("The SHA-256 in the request is not that of the document.", "BAD_REQUEST")
        if actual in self._known:
            return
        if self._only:
            raise PersistedDocumentError(
                "This server executes known documents only, and this document is unknown. Use one of frontend-queries, "
                "or ask the operator to add it to JUDGESMITH_PERSISTED_DOCUMENTS.",
                "PERSISTED_QUERY_NOT_IN_LIST",
            )
        self._learn(actual, query)

    def _learn(self, hash_: str, query: str) -> None:
        if hash_ not in self._learned and len(query) <= MAX_LEARNED_CHARACTERS:
            self._learned[hash_] = query
            self._size += len(query)
            while self._size > MAX_LEARNED_CHARACTERS:
                self._size -= len(self._learned.popitem(last=False)[1])


def _find_hash(extensions: object) -> str | None:
    persisted = extensions.get("persistedQuery") if isinstance(extensions, Mapping) else None
    hash_ = persisted.get("sha256Hash") if isinstance(persisted, Mapping) else None
    return hash_ if isinstance(hash_, str) else None


def digest(text: str) -> str:
    """Return a document's SHA-256 in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def load_known_documents(more: Path | None = None) -> dict[str, str]:
    """Return by hash the documents of `frontend-queries/`, of the built pages, of earlier releases and of the operator.

    Raises:
        ValueError: the operator's file is invalid; the message states the reason.
    """
    known = {digest(text): text for text in map(documents.load, documents.names())}
    for path in (MANIFEST, FORMER_MANIFEST, more):
        if path is not None and (path == more or path.is_file()):
            known |= _read(path)
    return known


def check_documents_file(path: Path | None) -> Path | None:
    """Return the path of a valid file of persisted documents unchanged.

    Raises:
        ValueError: the file is invalid.
    """
    if path is not None:
        _read(path)
    return path


def _read(path: Path) -> dict[str, str]:
    try:
        texts = msgspec.json.decode(path.read_bytes(), type=dict[str, str])
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not a valid list of persisted documents: {error}") from error
    for hash_, text in texts.items():
        if hash_ != digest(text):
            raise ValueError(f"{path}: {hash_} is not the SHA-256 of its document, which is {digest(text)}.")
    return texts
