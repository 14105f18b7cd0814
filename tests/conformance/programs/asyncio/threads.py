import asyncio

outcomes = []
for make in (lambda: asyncio.to_thread(len, "abc"), lambda: asyncio.get_running_loop().run_in_executor(None, len, "abc")):
    try:
        outcomes.append(await make())
    except RuntimeError as error:
        outcomes.append(str(error))
result = outcomes
