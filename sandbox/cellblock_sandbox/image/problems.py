"""The two ways a source can fail, used between the sources and `fetch.py` only.

They never reach a caller: `fetch.py` collects them and raises one `SourceUnavailable` that lists them all.
"""

from __future__ import annotations

import http.client
import tarfile
import zipfile
import zlib

READ_ERRORS = (OSError, EOFError, http.client.HTTPException, zipfile.BadZipFile, tarfile.TarError, zlib.error)
"""What reading a connection or an archive may raise when it breaks off or is damaged."""


class FileAbsentError(Exception):
    """The source works but doesn't hold this file; the message is the reason."""


class SourceError(Exception):
    """Nothing can be had from this source now; it isn't asked again in the same run."""
