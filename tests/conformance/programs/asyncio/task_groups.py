import asyncio

log = []


async def child(name, delay, fail=False):
    try:
        await asyncio.sleep(delay)
        if fail:
            raise ValueError(name)
        log.append(f"{name} done")
        return name
    except asyncio.CancelledError:
        log.append(f"{name} cancelled")
        raise


async with asyncio.TaskGroup() as group:
    tasks = [group.create_task(child(name, 0.001)) for name in "ab"]
try:
    async with asyncio.TaskGroup() as group:
        group.create_task(child("slow", 3))
        group.create_task(child("fails", 0, fail=True))
        group.create_task(child("also", 0, fail=True))
except* ValueError as errors:
    caught = sorted(str(e) for e in errors.exceptions)
try:
    async with asyncio.TaskGroup() as group:
        group.create_task(child("left", 3))
        await asyncio.sleep(0)
        raise KeyError("body")
except* KeyError as errors:
    log.append(repr(errors))
result = ([t.result() for t in tasks], caught, log)
