import asyncio


async def numbers(limit):
    try:
        for number in range(limit):
            await asyncio.sleep(0)
            yield number
    finally:
        print("closed after", number)


class Manager:
    async def __aenter__(self):
        return numbers(10)

    async def __aexit__(self, kind, error, trace):
        print("exit", kind and kind.__name__)
        return kind is ValueError


collected = [number * 2 async for number in numbers(5) if number % 2]
async with Manager() as source:
    async for number in source:
        if number == 2:
            await source.aclose()
            raise ValueError("enough")
result = (collected, {key: value async for key, value in aenumerate(numbers(2))} if "aenumerate" in globals() else "none")
