"""Our side as a process: takes files from stdin, runs each in a new sandbox, passes its events on.

python -m tests.numpy_suite.here IMAGE < lines of {path, done}
"""

import json
import sys
from pathlib import Path

from cellblock_sandbox import Image, Limits

INSIDE = Path(__file__).with_name("inside.py").read_text()
# The supervisor watches the time of each test.
_LIMITS = Limits(timeout_s=36_000, memory_mb=4096, output_bytes=1 << 30, file_bytes=1 << 30)


def main(name: str) -> None:
    """Serve until stdin ends. A sandbox that ends itself ends the process, for the supervisor to see."""
    image = Image.open(name, verify=False)
    for line in sys.stdin:
        job = json.loads(line)
        with image.sandbox(_LIMITS) as sandbox:
            ended = sandbox.run(f"{INSIDE}\nreturn run(data['path'], data['done'])", data=job, on_output=_pass_on)
        if ended.error is not None:
            sys.exit(f"{ended.error.type}: {ended.error.message}")
        _pass_on("stdout", f"\n\x1e{json.dumps(['end', job['path']])}\n".encode())


def _pass_on(stream: str, chunk: bytes) -> None:
    if stream == "stdout":
        sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(sys.argv[1])
