"""A package with ratings as the demo downloads it."""

import io
import json
import tarfile
from typing import Any

RECORDS = [
    {"annotators_ids": [1, 2], "scores": [4, 3], "summary": f"A dog met cat {n}.", "text": f"A dog met a cat. {n // 2}"}
    for n in range(20)
]


def build_sdist(records: Any = RECORDS, member: str = "blanc-0.3.4/data/CNN_DailyMail_555.json") -> bytes:
    """Return a source distribution with one file of records."""
    content = json.dumps(records).encode()
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        info = tarfile.TarInfo(member)
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return out.getvalue()
