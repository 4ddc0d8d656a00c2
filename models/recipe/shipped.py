"""Reads a pack that ships: a manifest, and blobs that are named by their SHA-256."""

import hashlib
import json
import shutil

FILES = {"config": "config.json", "tokenizer": "tokenizer.json", "weights": "model.safetensors"}


def unpack(pack, target):
    """Writes the blobs into the folder `target`, under the names that recipe.stored reads.

    # Errors
    `SystemExit` when the manifest cannot be read, or a blob is missing or not what the manifest says.
    """
    try:
        manifest = json.loads((pack / "manifest.json").read_text(encoding="utf-8"))
        hashes = {blob["role"]: blob["sha256"] for blob in manifest["blobs"]}
    except (OSError, ValueError, KeyError) as error:
        raise SystemExit(f"{pack} is no pack: {error}") from None
    if missing := FILES.keys() - hashes.keys():
        raise SystemExit(f"{pack} has no {', '.join(sorted(missing))}")
    for role, name in FILES.items():
        blob = pack / "blobs" / hashes[role]
        if not blob.exists() or hashlib.sha256(blob.read_bytes()).hexdigest() != hashes[role]:
            raise SystemExit(f"{pack}: the {role} is missing or altered")
        shutil.copyfile(blob, target / name)
