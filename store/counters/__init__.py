"""Counters of feedback: their maintenance, and the figures of a period that are computed from them."""
