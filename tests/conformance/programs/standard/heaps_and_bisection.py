import array
import bisect
import graphlib
import heapq
import queue

heap = []
for number in (5, 1, 8, 3, 2):
    heapq.heappush(heap, number)
words = array.array("d", [1.5, 2.5])
words.extend([3.5])
integers = array.array("l", range(3))
bisected = [bisect.bisect_left([1, 3, 3, 5], 3), bisect.bisect([1, 3, 3, 5], 3), bisect.bisect([{"k": 2}, {"k": 5}], 4, key=lambda d: d["k"])]
order = list(graphlib.TopologicalSorter({"d": {"b", "c"}, "b": {"a"}, "c": {"b"}}).static_order())
priorities = queue.PriorityQueue()
for item in ((2, "b"), (1, "a")):
    priorities.put(item)
problems = []
for action in (lambda: array.array("b", [200]), lambda: queue.Queue(1).get_nowait(), lambda: graphlib.TopologicalSorter({1: {2}, 2: {1}}).prepare()):
    try:
        action()
    except Exception as error:
        problems.append(f"{type(error).__name__}: {error}")
result = (heap, heapq.nlargest(2, heap), list(heapq.merge([1, 4], [2, 3], reverse=False)), words.tobytes().hex(), integers.itemsize, integers.typecode, bisected, order, priorities.get(), problems, heapq.heappushpop(heap, 0))
