"""Figures that sum up a judge's feedback."""
