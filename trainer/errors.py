"""Errors raised while training."""


class Diverged(Exception):
    """The training loss rose far above its value before training, or is not finite."""
