"""The training process and the request it receives."""
