import asyncio


async def step(number):
    await asyncio.sleep(0)
    return 10 // number


async def steps():
    return [await step(number) for number in (2, 1, 0)]


print(await step(5))
print(await steps())
