"""Workers that claim training jobs and supervise their processes."""
