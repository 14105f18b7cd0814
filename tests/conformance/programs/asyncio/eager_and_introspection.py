import asyncio

log = []


async def quick():
    log.append("quick ran")
    return 1


async def slow():
    await asyncio.sleep(0)
    return 2


loop = asyncio.get_running_loop()
task = asyncio.Task(quick(), loop=loop, eager_start=True)
log.append(task.done())
other = asyncio.create_task(slow(), name="slow one")
names = sorted(t.get_name() for t in asyncio.all_tasks() if t.get_name().startswith("slow"))
result = (log, await task, await other, names, asyncio.iscoroutinefunction(slow) if hasattr(asyncio, "iscoroutinefunction") else None, asyncio.isfuture(other), asyncio.iscoroutine(5))
