"""Conversion of feedback into the arrays that the trainer learns from."""
