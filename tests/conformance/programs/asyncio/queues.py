import asyncio

log = []


async def producer(queue):
    for number in range(5):
        await queue.put(number)
        log.append(f"put {number}")


async def consumer(queue, name):
    while True:
        try:
            number = await queue.get()
        except asyncio.QueueShutDown:
            log.append(f"{name} shut down")
            return
        log.append(f"{name} got {number}")
        await asyncio.sleep(0)
        queue.task_done()


queue = asyncio.Queue(maxsize=2)
workers = [asyncio.create_task(consumer(queue, name)) for name in "ab"]
await producer(queue)
await queue.join()
queue.shutdown()
await asyncio.gather(*workers)
priority, last = asyncio.PriorityQueue(), asyncio.LifoQueue()
for item in (3, 1, 2):
    priority.put_nowait(item)
    last.put_nowait(item)
problems = []
for action in (lambda: asyncio.Queue().get_nowait(), lambda: queue.put_nowait(1)):
    try:
        action()
    except Exception as error:
        problems.append(type(error).__name__)
result = (log, [await priority.get() for _ in range(3)], [last.get_nowait() for _ in range(3)], problems)
