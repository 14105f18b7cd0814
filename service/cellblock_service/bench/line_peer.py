"""Run by `interpreters`: carries out programs, one in each line of stdin, and answers with a line for each.

The line is a JSON string with the text of the program, the answer what it left in `result`, as JSON. Node's pyodide
takes `answer` from here too (line_peer.mjs).
"""

import json
import sys
from typing import Any


def answer(line: str) -> str:
    """Run the program, among names of its own."""
    names: dict[str, Any] = {}
    exec(json.loads(line), names)  # noqa: S102  (the measured work itself)
    return json.dumps(names["result"])


def main() -> None:
    """Answer until there is nothing more to read."""
    for line in sys.stdin:
        sys.stdout.write(answer(line) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
