import asyncio
import contextvars

name = contextvars.ContextVar("name", default="nobody")


async def child(value):
    before = name.get()
    name.set(value)
    await asyncio.sleep(0)
    return before, name.get()


name.set("main")
inherited = await asyncio.gather(child("a"), child("b"))
context = contextvars.copy_context()
task = asyncio.create_task(child("c"), context=context)
direct = await child("direct")
seen = []
asyncio.get_running_loop().call_soon(lambda: seen.append(name.get()))
await asyncio.sleep(0)
result = (inherited, direct, name.get(), await task, context[name], seen)
