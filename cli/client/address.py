"""Default address of the server."""

DEFAULT_URL = "http://127.0.0.1:8000"
