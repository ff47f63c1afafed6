"""Inputs: the arguments of mutations and the filters of lists, each with a method that returns a spec of ``models``."""
