"""What a supervisor sends to a training process: which job to train, and where its data is."""

import msgspec


class TrainingRequest(msgspec.Struct, frozen=True):
    """One order a process."""

    url: str
    workspace_id: str
    job_id: str
