import asyncio

loop = asyncio.new_event_loop()
future = loop.create_future()
loop.call_later(0.01, future.set_result, "set")
try:
    outcome = loop.run_until_complete(future)
finally:
    loop.close()
result = outcome
