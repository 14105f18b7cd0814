import asyncio

log = []
lock, event, semaphore, condition, barrier = asyncio.Lock(), asyncio.Event(), asyncio.BoundedSemaphore(2), asyncio.Condition(), asyncio.Barrier(3)


async def use(name):
    async with semaphore:
        log.append(f"{name} in")
        await asyncio.sleep(0)
        async with lock:
            log.append(f"{name} locked {lock.locked()}")
    await event.wait()
    async with condition:
        await condition.wait_for(lambda: "go" in log)
    position = await barrier.wait()
    return position


tasks = [asyncio.create_task(use(name)) for name in "abc"]
await asyncio.sleep(0.02)
event.set()
await asyncio.sleep(0)
async with condition:
    log.append("go")
    condition.notify_all()
positions = sorted(await asyncio.gather(*tasks))
try:
    semaphore.release()
except ValueError as error:
    log.append(str(error))
result = (log, positions, event.is_set(), barrier.n_waiting)
