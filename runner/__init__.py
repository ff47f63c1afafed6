"""The life of a training job: submit, claim, supervise, deploy, tell."""
