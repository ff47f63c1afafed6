"""The judgesmith command; but for `serve`, `work` and `migrate` a client of the API."""
