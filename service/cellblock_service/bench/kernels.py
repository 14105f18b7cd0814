"""Ten small programs of the kind that Python is measured with, each a function without arguments.

The text of this module is run as it is in every interpreter that `speed.py` compares, so it uses the standard library
only, and nothing newer than Python 3.11. What a kernel returns has to be the same everywhere: no order of sets, no
function of libm, and floats rounded to nine digits, since newer Pythons sum more exactly. Each takes 50 to 300 ms in
WebAssembly.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any


def fannkuch() -> Any:
    """Permutations and reversals of short lists: indexing and slices. Gives checksum and most flips."""
    size = 8
    permutation, count = list(range(size)), [0] * size
    most = checksum = permutations = 0
    left = size
    while True:
        while left != 1:
            count[left - 1] = left
            left -= 1
        flips, flipped = 0, permutation[:]
        while first := flipped[0]:
            flipped[: first + 1] = flipped[first::-1]
            flips += 1
        most = max(most, flips)
        checksum += -flips if permutations % 2 else flips
        permutations += 1
        while True:
            if left == size:
                return [checksum, most]
            permutation.insert(left, permutation.pop(0))
            count[left] -= 1
            if count[left] > 0:
                break
            left += 1


def nbody() -> Any:
    """Five bodies that attract each other: float arithmetic on attributes in lists. Gives the energy at the end."""
    bodies = [
        [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 39.5],
        [4.84, -1.16, -0.10, 0.61, 2.81, -0.02, 0.0377],
        [8.34, 4.12, -0.40, -1.01, 1.82, 0.01, 0.0113],
        [12.89, -15.11, -0.22, 1.08, 0.87, -0.01, 0.0017],
        [15.38, -25.92, 0.18, 0.98, 0.59, -0.03, 0.0020],
    ]
    pairs = [(one, other) for position, one in enumerate(bodies) for other in bodies[position + 1 :]]
    step = 0.01
    for _ in range(6000):
        for one, other in pairs:
            dx, dy, dz = one[0] - other[0], one[1] - other[1], one[2] - other[2]
            square = dx * dx + dy * dy + dz * dz
            pull = step / (square * square)
            ours, theirs = one[6] * pull, other[6] * pull
            one[3] -= dx * theirs
            one[4] -= dy * theirs
            one[5] -= dz * theirs
            other[3] += dx * ours
            other[4] += dy * ours
            other[5] += dz * ours
        for body in bodies:
            body[0] += step * body[3]
            body[1] += step * body[4]
            body[2] += step * body[5]
    return round(sum(body[6] * (body[3] * body[3] + body[4] * body[4] + body[5] * body[5]) / 2 for body in bodies), 9)


def spectral_norm() -> Any:
    """Products of a matrix that is never stored: calls and generator expressions. Gives the square of the norm."""

    def element(row: int, column: int) -> float:
        return 1.0 / ((row + column) * (row + column + 1) // 2 + row + 1)

    size = 140
    vector = [1.0] * size
    product = vector
    for _ in range(3):
        half = [sum(element(row, column) * value for column, value in enumerate(vector)) for row in range(size)]
        product = vector
        vector = [sum(element(column, row) * value for column, value in enumerate(half)) for row in range(size)]
    upper = sum(one * other for one, other in zip(vector, product, strict=True))
    return round(upper / sum(value * value for value in product), 9)


class _Task:
    def __init__(self, scheduler: _Scheduler, work: int) -> None:
        self.scheduler, self.work = scheduler, work
        self.inbox: list[int] = []

    @property
    def ready(self) -> bool:
        return bool(self.inbox) and self.work > 0

    def run(self) -> int:
        self.work -= 1
        return self.handle(self.inbox.pop())

    def handle(self, message: int) -> int:
        raise NotImplementedError


class _Worker(_Task):
    def handle(self, message: int) -> int:
        self.scheduler.send(message * 31 + 7)
        return message & 0xFF


class _Device(_Task):
    def __init__(self, scheduler: _Scheduler, work: int, delay: int) -> None:
        super().__init__(scheduler, work)
        self.delay = delay

    def handle(self, message: int) -> int:
        for step in range(self.delay):
            message ^= step << 3
        self.scheduler.send(message % 65521 + 1)
        return -1


class _Scheduler:
    def __init__(self) -> None:
        self.tasks: list[_Task] = []
        self.total = 0

    def send(self, message: int) -> None:
        self.tasks[message % len(self.tasks)].inbox.append(message & 0xFFFFF)

    def run(self) -> int:
        while ready := [task for task in self.tasks if task.ready]:
            for task in ready:
                self.total += task.run()
        return self.total


def objects() -> Any:
    """Tasks that send each other messages: classes, methods, properties, attributes. Gives the sum of what they did."""
    scheduler = _Scheduler()
    for number in range(12):
        scheduler.tasks.append(_Worker(scheduler, 5000) if number % 3 else _Device(scheduler, 5000, number))
    for message in range(200):
        scheduler.send(message)
    return scheduler.run()


def json_round_trip() -> Any:
    """JSON of nested records, written and read again. Gives its length and a sum of what was read."""
    records = [
        {"id": number, "name": f"sensor {number}", "on": number % 2 == 0, "levels": [number / 8, -number, None]}
        for number in range(1000)
    ]
    total = length = 0
    for _ in range(12):
        text = json.dumps(records)
        length += len(text)
        total += sum(record["id"] + len(record["name"]) + record["levels"][0] for record in json.loads(text))
    return [length, total]


def strings() -> Any:
    """Text cut, put together and formatted. Gives a checksum of it."""
    sentence = "the quick brown fox jumps over the lazy dog again and again until evening"
    words, checksum = sentence.split(), 0
    for turn in range(1400):
        line = " ".join(f"{word.capitalize():>10}|{len(word):03d}" for word in words)
        out = ""
        for part in line.replace("|", ":").split(":"):
            out += part.strip().lower()[::-1] + ","
        checksum = (checksum * 31 + sum(map(ord, out)) + out.count("e") + out.find("nev") + turn) % 1_000_003
    return checksum


def dictionaries() -> Any:
    """Dictionaries and sets filled, looked into and emptied. Gives counts and a checksum."""
    total = 0
    counts: dict[str, int] = {}
    for turn in range(14):
        keys = [(number * 7919 + turn) % 4099 for number in range(3000)]
        seen = {key for key in keys if key % 3}
        total += len(seen & set(range(0, 4099, 2))) + len(seen - set(keys[:1000]))
        for key in keys:
            name = f"k{key % 997}"
            counts[name] = counts.get(name, 0) + key
            if key in seen:
                seen.discard(key)
        pairs = {(key, key % 5): key for key in keys}
        total += sum(pairs.values()) + sum(pairs.pop((key, key % 5)) for key in keys[:500])
    return [total, len(counts), sum(counts.values())]


def regular_expressions() -> Any:
    """Patterns with groups, alternatives and repetition over a log. Gives what they found, counted."""
    log = "\n".join(
        f"2026-01-{day % 28 + 1:02d} {day % 24:02d}:{day % 60:02d} [{('info', 'warning', 'error')[day % 3]}] "
        f"sensor-{day * 37 % 101} said level={day * 13 % 97}.{day % 10} to user{day % 7}@example.org"
        for day in range(3500)
    )
    lines = re.compile(r"^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d) \[(error|warning)\] (?:sensor-(\d+)) .*?=(\d+\.\d)", re.M)
    address = re.compile(r"\b[\w.]+@[\w.]+\b")
    found = [match.groups() for match in lines.finditer(log)]
    total = sum(int(groups[2]) + int(groups[6]) for groups in found)
    masked = address.sub(lambda match: "*" * len(match[0]), log)
    return [len(found), total, masked.count("*"), len(re.split(r"\s+|[\[\]=@:]", log))]


def mandelbrot() -> Any:
    """Complex iteration spelt out in floats, a bare loop. Gives the steps taken altogether."""
    size, limit, total = 120, 50, 0
    for row in range(size):
        c_imaginary = 2.0 * row / size - 1.0
        for column in range(size):
            c_real = 3.0 * column / size - 2.0
            real = imaginary = 0.0
            steps = 0
            while steps < limit and real * real + imaginary * imaginary <= 4.0:
                real, imaginary = real * real - imaginary * imaginary + c_real, 2.0 * real * imaginary + c_imaginary
                steps += 1
            total += steps
    return total


def generators() -> Any:
    """Primes out of a chain of generators, and by a sieve of comprehensions. Gives how many and their sums."""

    def without(prime: int, numbers: Iterator[int]) -> Iterator[int]:
        return (number for number in numbers if number % prime)

    def primes(below: int) -> Iterator[int]:
        numbers: Iterator[int] = iter(range(2, below))
        while (prime := next(numbers, None)) is not None:
            yield prime
            if prime * prime < below:
                numbers = without(prime, numbers)

    chained = list(primes(10_000))
    below = 90_000
    marked = {multiple for number in range(2, 301) for multiple in range(number * number, below, number)}
    sieved = [number for number in range(2, below) if number not in marked]
    return [len(chained), sum(chained), len(sieved), sum(sieved)]


KERNELS: dict[str, Callable[[], Any]] = {
    kernel.__name__: kernel
    for kernel in (
        fannkuch,
        nbody,
        spectral_norm,
        objects,
        json_round_trip,
        strings,
        dictionaries,
        regular_expressions,
        mandelbrot,
        generators,
    )
}


def timed(name: str) -> tuple[float, Any]:
    """Run a kernel; the milliseconds it took, and what it gave."""
    kernel = KERNELS[name]
    begun = time.perf_counter()
    value = kernel()
    return (time.perf_counter() - begun) * 1000, value
