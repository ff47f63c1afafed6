"""Child processes: start, end and error output."""
