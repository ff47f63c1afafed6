"""Delivery of notifications by webhook and e-mail."""
