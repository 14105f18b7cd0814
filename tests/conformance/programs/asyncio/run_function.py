import asyncio


async def main():
    await asyncio.sleep(0.01)
    return asyncio.get_running_loop() is not None


try:
    outcome = asyncio.run(main())
except RuntimeError as error:
    outcome = str(error)
result = outcome
