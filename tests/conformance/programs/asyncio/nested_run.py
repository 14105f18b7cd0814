import asyncio


async def inner():
    return "inner"


async def outer():
    coroutine = inner()
    try:
        return asyncio.run(coroutine)
    except RuntimeError as error:
        coroutine.close()
        return str(error)


result = await outer()
