"""The only place with database sessions and SQL."""
