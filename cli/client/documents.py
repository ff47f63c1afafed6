"""The GraphQL documents that the command sends, which are the ones of `frontend-queries/`."""

from server.documents import FOLDER, load, names

__all__ = ["FOLDER", "load", "names"]
