"""Views of results for terminals and log files."""
