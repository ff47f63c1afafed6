"""Request that a supervisor sends to a training process."""

import msgspec


class TrainingRequest(msgspec.Struct, frozen=True):
    """Job to train and the address of its database. A process receives exactly one request."""

    url: str
    workspace_id: str
    job_id: str
