"""Write all pages when any was read again, or when a style sheet or a script changed.

Pages show each other's titles and, through `glue`, each other's numbers; Sphinx by itself
writes only those whose own source changed, and it does not look at `_static` at all then.
"""

import hashlib
from pathlib import Path


def setup(app):
    """Connect to Sphinx."""
    read = []
    app.connect("env-before-read-docs", lambda app, env, docnames: read.extend(docnames))

    def updated(app, env):
        static = _digest(Path(app.srcdir, folder) for folder in app.config.html_static_path)
        changed = getattr(env, "static_digest", static) != static
        env.static_digest = static
        return sorted(env.found_docs) if read or changed else []

    app.connect("env-updated", updated)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _digest(folders) -> str:
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                digest.update(path.relative_to(folder).as_posix().encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
