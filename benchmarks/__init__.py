"""Benchmarks, each a program of its own; none of them is a test."""
