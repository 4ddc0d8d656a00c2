"""Files that are either old or new, never half written."""

import os
from pathlib import Path


def write_atomically(path, write):
    """Calls `write(binary_file)` on a temporary neighbour and renames it over `path`."""
    path = Path(path)
    temporary = path.with_name(path.name + ".part")
    with open(temporary, "wb") as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
