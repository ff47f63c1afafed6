"""Readers of tables, workbooks and JSON that yield raw records with their positions in the file."""
