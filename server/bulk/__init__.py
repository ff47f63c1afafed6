"""Bulk loading and export of evaluations and feedback as newline-delimited JSON."""
