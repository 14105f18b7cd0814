import asyncio

outcomes = []
for make in (lambda: asyncio.create_subprocess_exec("ls"), lambda: asyncio.open_connection("192.0.2.1", 80)):
    try:
        outcomes.append(await make())
    except (RuntimeError, OSError, NotImplementedError) as error:
        outcomes.append("refused")
result = outcomes
