"""The `judgesmith` command: the commands of the server and those that are clients of its API."""
