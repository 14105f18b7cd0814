"""Run by `peers`: forks of a process that holds pandas. Prints the milliseconds of each as JSON."""

import json
import os
import sys
import time

import pandas as pd  # noqa: F401  (what the forks find imported)


def main(runs: int, code: str) -> None:
    """Fork, run, and wait, `runs` times."""
    program = compile(code, "block", "exec")
    samples = []
    for _ in range(runs):
        started = time.perf_counter()
        if (child := os.fork()) == 0:
            exec(program, {})  # noqa: S102  (the measured work itself)
            os._exit(0)
        os.waitpid(child, 0)
        samples.append((time.perf_counter() - started) * 1000)
    sys.stdout.write(json.dumps(samples))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
