"""Execution of requests: limits, validation, permissions, errors, time limits and shared results of streams."""
