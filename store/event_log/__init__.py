"""Event log of training jobs, and the live feed of its events."""
