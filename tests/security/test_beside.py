"""A block that looks around while another runs in a worker beside it sees what it sees alone.

How long it takes itself is another matter: who shares a processor can feel that (THREAT_MODEL.md, side channels).
"""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from serving import Service

LOOKS, PAUSE_S = 20, 0.05
SPY = """
import os, shutil, time

def counts():
    # What would count for all, if it were shared: inodes, descriptors, processes, load, disks, memory, folders.
    with open("one", "w") as file:
        numbers = [os.stat("one").st_ino, file.fileno(), os.getpid(), os.getppid(), os.cpu_count()]
    os.unlink("one")
    told = {"load": list(os.getloadavg()), "disk": list(shutil.disk_usage("/")), "numbers": numbers}
    return told | {place: sorted(os.listdir(place)) for place in ("/proc", "/proc/self/fd", "/tmp", "/dev", "/dev/shm")}

def clocks():
    # What counts processor time, in seconds.
    return [time.process_time(), *os.times()[:4], time.clock_gettime(2), time.clock_gettime(3)]  # of process, of thread

before, began, looks = clocks(), time.monotonic(), []
for _ in range(data["looks"]):
    looks.append(counts())
    time.sleep(data["pause_s"])
used = [now - then for now, then in zip(clocks(), before)]
return {"looks": looks, "used": used, "took": time.monotonic() - began}
"""
VICTIM = """
import os, time

kept, end = [], time.monotonic() + data["for_s"]
while time.monotonic() < end:
    kept.append(bytearray(10_000))
    for place in ("/tmp", "/dev/shm", "."):
        with open(f"{place}/{len(kept) % 100}", "w") as file:
            file.write("x" * 1000)
    if len(kept) > 5000:
        kept.clear()
return time.process_time()
"""


@pytest.fixture
def service(image_home):
    service = Service(image_home, CELLBLOCK_WORKERS="2")
    service.wait_ready()
    service.wait_for_metric("cellblock_workers_ready", 2, within_s=60)
    yield service
    service.stop()


def looked(service):
    answer = service.run(SPY, data={"looks": LOOKS, "pause_s": PAUSE_S}, timeout_s=20)
    assert answer["status"] == "completed", answer["error"]
    return answer["result"]


def test_nothing_that_a_block_can_read_moves_with_another(service):
    alone = looked(service)
    with ThreadPoolExecutor(1) as pool:
        victim = pool.submit(service.run, VICTIM, data={"for_s": 8}, timeout_s=30)
        service.wait_for_metric("cellblock_workers_busy", 1)
        beside = looked(service)
        assert not victim.done(), "they ran one after the other"
        assert victim.result()["result"] > 1, "the victim used no processor time"
    assert json.dumps(beside["looks"]) == json.dumps(alone["looks"])
    assert len(beside["looks"]) == LOOKS
    # It slept nearly all the time, so what its clocks had counted besides would be the other's.
    assert max(beside["used"]) < beside["took"] / 2, beside["used"]
