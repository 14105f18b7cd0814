import asyncio

reader = asyncio.StreamReader(limit=50)
lines = []


async def read_all():
    lines.append(await reader.readline())
    lines.append(await reader.readexactly(3))
    lines.append(await reader.readuntil(b";"))
    try:
        await reader.readexactly(100)
    except asyncio.IncompleteReadError as error:
        lines.append((error.partial, error.expected))
    return reader.at_eof()


task = asyncio.create_task(read_all())
await asyncio.sleep(0)
for piece in (b"first ", b"line\nab", b"cde;rest"):
    reader.feed_data(piece)
    await asyncio.sleep(0)
reader.feed_eof()
result = (await task, lines)
