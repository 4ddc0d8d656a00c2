"""Reads the xz files of the corpus line by line, and says which line of which file is broken.

A broken line ends the command: a file that is cut off or damaged may lack more than the line that shows it. Steps that
were complete before stay, and the command goes on from there once the file is replaced.
"""

import json
import lzma
from pathlib import Path

WHAT_TO_DO = "Replace the file by a whole copy, or take the line out, and run the same command again"


def lines_of(path):
    """Yields (number from 1, line with its line break)."""
    path, number = Path(path), 0
    if not path.exists():
        raise SystemExit(f"{path}: corpus file is missing; pass the corpus folder with --corpus")
    try:
        with lzma.open(path, "rb") as lines:
            for number, line in enumerate(lines, 1):
                yield number, line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise broken(path, number, f"byte {error.start + 1} is not UTF-8") from None
    except (EOFError, lzma.LZMAError) as error:
        raise broken(path, number + 1, f"the xz data is cut off or damaged ({error})") from None


def records_of(path, fields):
    """Yields the JSON objects of a file, one a line; `fields` are names that every one of them has."""
    for number, line in lines_of(path):
        try:
            record = json.loads(line)
        except ValueError as error:
            raise broken(path, number, f"no JSON ({error})") from None
        missing = [name for name in fields if name not in record] if isinstance(record, dict) else fields
        if missing:
            raise broken(path, number, "a record needs " + ", ".join(missing))
        yield record


def broken(path, number, problem):
    return SystemExit(f"{path}, line {number}: {problem}. {WHAT_TO_DO}")
