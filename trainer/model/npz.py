"""File format of versions and checkpoints: named arrays and a JSON header in one npz archive.

The bytes depend on the content alone, so that equal content has equal digests. The header is the entry `header.json`;
each array is an entry `NAME.npy` in numpy's format 1.0 without pickled objects.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]

_DATE = (1980, 1, 1, 0, 0, 0)
_HEADER = "header.json"


def dumps(header: Mapping[str, object], arrays: Arrays) -> bytes:
    """Return a header and arrays as bytes.

    Equal content gives equal bytes; numpy's own `savez` would store the time.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:

        def write(name: str, content: bytes) -> None:
            info = zipfile.ZipInfo(name, _DATE)
            info.create_system = 3  # the same on every platform
            archive.writestr(info, content, zipfile.ZIP_DEFLATED, compresslevel=6)

        write(_HEADER, json.dumps(header, sort_keys=True, ensure_ascii=False).encode())
        for name in sorted(arrays):
            file = io.BytesIO()
            np.lib.format.write_array(file, np.asarray(arrays[name], order="C"), allow_pickle=False)
            write(f"{name}.npy", file.getvalue())
    return buffer.getvalue()


# The header is JSON that may come from anywhere, so its values have no narrower type than Any.
def loads(data: bytes) -> tuple[dict[str, Any], Arrays]:
    """Return the header and the arrays that `dumps` wrote.

    Raises:
        ValueError: the data is not such a file, or it is damaged.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            header = json.loads(archive.read(_HEADER))
            arrays: Arrays = {}
            for name in archive.namelist():
                if name != _HEADER:
                    content = io.BytesIO(archive.read(name))
                    arrays[name.removesuffix(".npy")] = np.lib.format.read_array(content, allow_pickle=False)
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, EOFError, OSError, NotImplementedError) as error:
        raise ValueError(f"not a readable archive: {error}") from error
    if not isinstance(header, dict):
        raise ValueError("not a readable archive: its header is not an object")
    return header, arrays
