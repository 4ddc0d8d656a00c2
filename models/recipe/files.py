"""Files that are either old or new, never half written."""

import errno
import os
import sys
from contextlib import contextmanager
from pathlib import Path

FULL = {errno.ENOSPC: "the disk is full", errno.EDQUOT: "the disk quota is used up"}


class CannotWrite(SystemExit):
    """A file could not be written; what stood at its place before is untouched. Ends a command with its message."""


def write_atomically(path, write):
    """Calls `write(binary_file)` on a temporary neighbour and renames it over `path`. Errors as in `replacing`."""
    with replacing(path) as temporary, open(temporary, "wb") as file:
        watched = Watched(file)
        try:
            write(watched)
        except RuntimeError:
            # Writers in C++ report their own error in place of the file's.
            raise watched.error or sys.exception() from None
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def replacing(path):
    """For writers that open their file by themselves: a temporary path, which replaces `path` at the end.

    # Errors
    `CannotWrite`, with the temporary file removed.
    """
    path = Path(path)
    temporary = path.with_name(path.name + ".part")
    try:
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        kept = "; the file from before is untouched" if path.exists() else ""
        why = FULL.get(error.errno, error.strerror or error)
        raise CannotWrite(f"{path} was not written: {why}{kept}. Make room or choose another folder, then run the "
                          "same command again: it goes on from there") from error


class Watched:
    """A binary file that remembers what went wrong."""

    def __init__(self, file):
        self.file, self.error = file, None

    def write(self, content):
        try:
            return self.file.write(content)
        except OSError as error:
            self.error = error
            raise

    def __getattr__(self, name):
        return getattr(self.file, name)
