"""The GraphQL documents that the command sends: the same ones frontends use."""

from server.documents import FOLDER, load, names

__all__ = ["FOLDER", "load", "names"]
