import asyncio


class Ticker:
    def __init__(self, to):
        self.count, self.to = 0, to

    def __aiter__(self):
        return self

    async def __anext__(self):
        if self.count == self.to:
            raise StopAsyncIteration
        self.count += 1
        await asyncio.sleep(0)
        return self.count


async def pipeline(source):
    async for item in source:
        if item % 2:
            yield item * 10


class Awaitable:
    def __await__(self):
        yield from asyncio.sleep(0).__await__()
        return "awaited"


squares = [item async for item in pipeline(Ticker(6))]
generator = pipeline(Ticker(3))
first = await anext(generator)
rest = [await anext(generator), await anext(generator, "default")]
try:
    await generator.athrow(ValueError("thrown"))
except (ValueError, StopAsyncIteration) as error:
    rest.append(repr(error))
result = (squares, first, rest, await Awaitable(), {n: n async for n in Ticker(2)})
