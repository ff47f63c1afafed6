"""The database: all sessions and all SQL."""
