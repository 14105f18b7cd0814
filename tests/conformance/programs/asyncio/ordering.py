import asyncio

log = []
loop = asyncio.get_running_loop()
loop.call_soon(log.append, "soon 1")
loop.call_later(0.02, log.append, "later 20")
loop.call_later(0.01, log.append, "later 10")
handle = loop.call_later(0.005, log.append, "never")
handle.cancel()
loop.call_soon(log.append, "soon 2")
log.append("first")
await asyncio.sleep(0)
log.append("after one turn")
future = loop.create_future()
future.add_done_callback(lambda f: log.append(("done", f.result())))
loop.call_soon(future.set_result, 7)
log.append(await future)
await asyncio.sleep(0.05)
try:
    future.set_result(8)
except asyncio.InvalidStateError as error:
    log.append(type(error).__name__)
result = (log, handle.cancelled(), loop.is_running(), loop.time() > 0, asyncio.current_task() is not None)
