"""Records and rules of judges, evaluations, feedback and training jobs. Nothing here performs input or output."""
