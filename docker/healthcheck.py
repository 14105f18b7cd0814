"""Exit with 0 when the service in this container can run blocks, with 1 and the reason when it can't."""

import os
import sys
import urllib.error
import urllib.request

url = f"http://127.0.0.1:{os.environ.get('CELLBLOCK_PORT', '8765')}/readyz"
try:
    with urllib.request.urlopen(url, timeout=4):
        pass
except urllib.error.HTTPError as refusal:
    sys.exit(refusal.read().decode("utf-8", "replace"))
except OSError as error:
    sys.exit(f"{url}: {error}")
