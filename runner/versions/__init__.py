"""Judge versions: deployment, import and scoring."""
