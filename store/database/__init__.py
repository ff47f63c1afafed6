"""Database access: engines, units of work, signals between processes, and helpers to build statements."""
