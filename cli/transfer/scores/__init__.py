"""Export of a version's scores in the formats of evaluation tools."""
