"""The commands, one function for each."""
