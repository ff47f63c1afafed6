"""Submission, preflight checks and control of training jobs."""
