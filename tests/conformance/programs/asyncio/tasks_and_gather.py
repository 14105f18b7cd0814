import asyncio

log = []


async def work(name, delay):
    log.append(f"{name} starts")
    await asyncio.sleep(delay)
    log.append(f"{name} ends")
    if name == "bad":
        raise ValueError(name)
    return name.upper()


first = await asyncio.gather(work("a", 0.02), work("b", 0.01), work("c", 0))
second = await asyncio.gather(work("bad", 0), work("d", 0.01), return_exceptions=True)
try:
    await asyncio.gather(work("bad", 0), work("e", 0.01))
except ValueError as error:
    third = repr(error)
await asyncio.sleep(0.03)
task = asyncio.create_task(work("named", 0), name="the task")
result = (first, second, third, log, task.get_name(), await task, task.done(), task.result())
