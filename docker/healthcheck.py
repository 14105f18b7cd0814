#!/usr/bin/env python3
"""Exit with 0 when the service in this container can run blocks, with 1 and the reason when it can't."""

import os
import ssl
import sys
import urllib.error
import urllib.request

scheme = "https" if os.environ.get("CELLBLOCK_TLS_CERTIFICATE") else "http"
url = f"{scheme}://127.0.0.1:{os.environ.get('CELLBLOCK_PORT', '8765')}/readyz"
# The certificate names the address that clients use, not this one, and nothing secret is sent.
context = ssl._create_unverified_context()  # noqa: S323
try:
    with urllib.request.urlopen(url, timeout=4, context=context):  # noqa: S310
        pass
except urllib.error.HTTPError as refusal:
    sys.exit(refusal.read().decode("utf-8", "replace"))
except OSError as error:
    sys.exit(f"{url}: {error}")
