import asyncio

log = []


async def stubborn():
    try:
        await asyncio.sleep(3)
    except asyncio.CancelledError as error:
        log.append(("caught", error.args))
        await asyncio.sleep(0)
        return "survived"


async def protected():
    await asyncio.sleep(0.01)
    log.append("protected finished")
    return 5


task = asyncio.create_task(stubborn())
await asyncio.sleep(0)
requested = task.cancel("please")
survived = (requested, await task, task.cancelled(), task.cancelling())
inner = asyncio.create_task(protected())
outer = asyncio.shield(inner)
outer.cancel()
try:
    await outer
except asyncio.CancelledError:
    log.append("shield cancelled")
value = await inner
never = asyncio.create_task(stubborn())
never.cancel()
try:
    await never
except asyncio.CancelledError as error:
    log.append(("before it began", error.args))
result = (survived, value, log)
