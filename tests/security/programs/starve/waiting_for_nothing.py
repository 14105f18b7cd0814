# Waits for a future that nobody will complete, and shields it from being cancelled.
# ends: timeout TimeoutError
# with: timeout_s=0.5
import asyncio

while True:
    try:
        await asyncio.shield(asyncio.get_running_loop().create_future())
    except BaseException:
        pass
