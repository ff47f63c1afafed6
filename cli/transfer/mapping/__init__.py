"""Conversion of records to lines of evaluations and feedback: places of fields, labels, and what is not loaded."""
