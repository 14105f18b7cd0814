# Awaits itself, and yields from itself.
# ends: error RecursionError
# with: timeout_s=10
import sys

sys.setrecursionlimit(10**9)


async def f():
    await f()


await f()
