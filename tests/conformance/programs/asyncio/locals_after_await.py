import asyncio

total = 0


async def add(amount):
    global total
    for _ in range(amount):
        current = total
        await asyncio.sleep(0)
        total = current + 1


await asyncio.gather(*(add(3) for _ in range(4)))
lost = total
values = [await asyncio.sleep(0, n) for n in range(3)]
mapping = {key: await asyncio.sleep(0, key * 2) for key in "ab"}
result = (lost, values, mapping, (await asyncio.sleep(0, 5)) + 1, f"{await asyncio.sleep(0, 'f')}")
