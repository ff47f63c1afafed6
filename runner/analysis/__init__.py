"""Analyses that take seconds, each in a process of its own."""
