"""Import and export of judges, evaluations and feedback as files."""
