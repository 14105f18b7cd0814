# Starts tasks that start tasks, faster than they end.
# ends: timeout TimeoutError or error MemoryError
# with: timeout_s=0.5
import asyncio


async def more():
    while True:
        asyncio.create_task(more())
        await asyncio.sleep(0)


await more()
