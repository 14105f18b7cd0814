import asyncio


async def remember(log, what):
    await asyncio.sleep(0)
    log.append(what)
    return len(log)


log = []
with asyncio.Runner() as runner:
    lengths = [runner.run(remember(log, what)) for what in "ab"]
result = (log, lengths)
