import asyncio

seen = []
loop = asyncio.get_running_loop()
previous = loop.get_exception_handler()
loop.set_exception_handler(lambda loop, context: seen.append((context["message"], repr(context.get("exception")))))


async def fail():
    raise KeyError("lost")


loop.call_soon(lambda: 1 / 0)
await asyncio.sleep(0.01)
loop.set_exception_handler(previous)
task = asyncio.create_task(fail())
await asyncio.wait([task])
result = (seen, repr(task.exception()))
