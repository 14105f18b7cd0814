import asyncio

outcomes = []


async def forever():
    try:
        await asyncio.sleep(3)
    finally:
        outcomes.append("cleaned up")


try:
    await asyncio.wait_for(forever(), 0.01)
except TimeoutError as error:
    outcomes.append(repr(error))
try:
    async with asyncio.timeout(0.01) as scope:
        await forever()
except TimeoutError:
    outcomes.append(scope.expired())
async with asyncio.timeout(3) as scope:
    scope.reschedule(None)
    outcomes.append((scope.when(), await asyncio.wait_for(asyncio.sleep(0, "quick"), 5)))
done, pending = await asyncio.wait([asyncio.ensure_future(asyncio.sleep(d, d)) for d in (0, 0.01, 3)], timeout=0.1)
for task in pending:
    task.cancel()
outcomes.append((sorted(t.result() for t in done), len(pending)))
order = [await next_one for next_one in asyncio.as_completed([asyncio.sleep(0.02, "late"), asyncio.sleep(0, "soon")])]
result = (outcomes, order)
