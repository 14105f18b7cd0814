import asyncio
import gc

seen = []
loop = asyncio.get_running_loop()
loop.set_exception_handler(lambda loop, context: seen.append((context["message"], repr(context.get("exception")))))


async def fail():
    raise KeyError("lost")


asyncio.create_task(fail())
await asyncio.sleep(0.01)
gc.collect()
await asyncio.sleep(0)
loop.set_exception_handler(None)
result = seen
