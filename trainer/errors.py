"""Errors raised while training."""


class Diverged(Exception):
    """The training loss exploded."""
