"""Clocks and calendar times. The guest's time zone is the sandbox's environment variable TZ, UTC without one.

Bodies follow Emscripten 5.0.3's `src/lib/libcore.js`, with names and rules of zones from the host's zoneinfo where
Emscripten asks JavaScript. There is no call to sleep: in single-threaded Emscripten nanosleep spins on
emscripten_get_now (`system/lib/libc/musl/src/time/clock_nanosleep.c`; 19,000 calls in 50 ms). The guest's Python has to
sleep by `select.select([], [], [], seconds)`, which comes to __syscall_poll and waits there.
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cellblock_sandbox.abi.tables import (
    EINVAL,
    TZNAME_MAX,
    WASI_CLOCKID_MONOTONIC,
    WASI_CLOCKID_PROCESS_CPUTIME_ID,
    WASI_CLOCKID_REALTIME,
    WASI_CLOCKID_THREAD_CPUTIME_ID,
)
from cellblock_sandbox.filesystem.errors import FileSystemError
from cellblock_sandbox.syscalls.host import Host
from cellblock_sandbox.syscalls.registry import syscall, wasi

EPOCH: Final = datetime(1970, 1, 1)
DAY: Final = 86400
INT_MAX: Final = 2**31 - 1

# struct tm up to tm_gmtoff: sec, min, hour, mday, mon, year, wday, yday, isdst, gmtoff; tm_zone is libc's to write.
TM: Final = struct.Struct("<10i")

CPU_CLOCKS: Final = (WASI_CLOCKID_PROCESS_CPUTIME_ID, WASI_CLOCKID_THREAD_CPUTIME_ID)


def zone(host: Host) -> tzinfo:
    """Return the guest's time zone; UTC too if the host doesn't know the name in TZ."""
    name = host.environ.get("TZ", "UTC")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def days_from_civil(year: int, month: int, day: int) -> int:
    """Return the days from 1970-01-01 to a date of the proleptic Gregorian calendar, whose year may be any number.

    Howard Hinnant's algorithm; Python's datetime ends at the years 1 and 9999. `day` may lie outside the month.
    """
    year -= month <= 2
    era = year // 400
    year_of_era = year - era * 400
    day_of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - 719468


def civil_from_days(days: int) -> tuple[int, int, int]:
    """Return year, month and day; the inverse of days_from_civil."""
    days += 719468
    era = days // 146097
    day_of_era = days - era * 146097
    year = (day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096) // 365
    day_of_year = day_of_era - (365 * year + year // 4 - year // 100)
    shifted = (5 * day_of_year + 2) // 153
    month = shifted + (3 if shifted < 10 else -9)
    return year + era * 400 + (month <= 2), month, day_of_year - (153 * shifted + 2) // 5 + 1


def offset_at(where: tzinfo, naive: int, fold: int) -> tuple[int, bool]:
    """Return a zone's UTC offset in seconds, and whether summer time holds, at a local time given as seconds.

    Outside the years that Python's datetime knows there are no zone rules, and both are 0.
    """
    try:
        local = (EPOCH + timedelta(seconds=naive)).replace(tzinfo=where, fold=fold)
        offset, summer = local.utcoffset(), local.dst()
    except OverflowError:
        return 0, False
    return int(offset.total_seconds()) if offset else 0, bool(summer)


def offset_of(where: tzinfo, seconds: int) -> tuple[int, bool]:
    """Return a zone's UTC offset in seconds, and whether summer time holds, at a moment in seconds since 1970."""
    try:
        local = (EPOCH.replace(tzinfo=UTC) + timedelta(seconds=seconds)).astimezone(where)
        offset, summer = local.utcoffset(), local.dst()
    except OverflowError:
        return 0, False
    return int(offset.total_seconds()) if offset else 0, bool(summer)


def write_tm(host: Host, tm: int, naive: int, summer: bool, offset: int) -> None:
    """Write a local time, given as seconds, as struct tm. EFAULT.

    A year beyond 32 bits is cut to the largest: libc takes no error from here, and Python refuses such a year itself.
    """
    days, rest = divmod(naive, DAY)
    year, month, day = civil_from_days(days)
    weekday = (days + 4) % 7
    since_new_year = days - days_from_civil(year, 1, 1)
    year = max(-INT_MAX, min(INT_MAX, year - 1900))
    hours, rest = divmod(rest, 3600)
    minute, second = divmod(rest, 60)
    fields = (second, minute, hours, day, month - 1, year, weekday, since_new_year, summer, offset)
    host.memory.pack(TM, tm, *fields)


def read_tm(host: Host, tm: int) -> tuple[int, int]:
    """Return the seconds of the time a struct tm means, and tm_isdst. Fields may be out of range. EFAULT."""
    second, minute, hour, day, month, year, _, _, summer, _ = host.memory.unpack(TM, tm)
    years, month = divmod(month, 12)
    days = days_from_civil(year + 1900 + years, month + 1, 1) + day - 1
    return days * DAY + hour * 3600 + minute * 60 + second, summer


@syscall("emscripten_get_now", "->d")
def emscripten_get_now(host: Host) -> float:
    """Return milliseconds of the monotonic clock."""
    return host.clock.monotonic_ns() / 1e6


@syscall("emscripten_date_now", "->d")
def emscripten_date_now(host: Host) -> float:
    """Return milliseconds since 1970, UTC."""
    return host.clock.realtime_ns() / 1e6


@wasi("clock_time_get", "iji->i", params=("clock", "precision", "time"))
def clock_time_get(host: Host, clock: int, precision: int, time: int) -> None:
    """Write a clock's nanoseconds as i64. EINVAL, EFAULT. See clock_gettime(2)."""
    if clock == WASI_CLOCKID_REALTIME:
        now = host.clock.realtime_ns()
    elif clock == WASI_CLOCKID_MONOTONIC:
        now = host.clock.monotonic_ns()
    elif clock in CPU_CLOCKS:
        now = host.clock.cpu_ns()
    else:
        raise FileSystemError(EINVAL)
    host.memory.set_i64(time, now)


@wasi("clock_res_get", "ii->i", params=("clock", "resolution"))
def clock_res_get(host: Host, clock: int, resolution: int) -> None:
    """Write a clock's resolution, one nanosecond, as i64. EINVAL, EFAULT."""
    if clock not in (WASI_CLOCKID_REALTIME, WASI_CLOCKID_MONOTONIC, *CPU_CLOCKS):
        raise FileSystemError(EINVAL)
    host.memory.set_i64(resolution, 1)


@syscall("_tzset_js", "iiii->", params=("offset", "daylight", "std_name", "dst_name"))
def tzset(host: Host, offset: int, daylight: int, std_name: int, dst_name: int) -> None:
    """Write the zone's seconds west of UTC, whether it has summer time, and both its names of this year.

    The name buffers hold TZNAME_MAX characters and a NUL. EFAULT.
    """
    where = zone(host)
    year = civil_from_days(host.clock.realtime_ns() // (DAY * 1_000_000_000))[0]
    days = [datetime(max(1, min(year, 9999)), month, 1, tzinfo=where) for month in (1, 7)]
    # Ireland calls its winter time the odd one: what has the larger offset is summer, as in Emscripten.
    standard, summer = sorted(days, key=lambda day: day.utcoffset() or timedelta(0))
    gap = standard.utcoffset() or timedelta(0)
    host.memory.set_i32(offset, -int(gap.total_seconds()))
    host.memory.set_i32(daylight, int(standard.utcoffset() != summer.utcoffset()))
    for buffer, day in ((std_name, standard), (dst_name, summer)):
        name = (day.tzname() or "UTC").encode("ascii", "replace")[:TZNAME_MAX]
        host.memory.write(buffer, name + b"\0")


@syscall("_localtime_js", "ji->", params=("time", "tm"))
def localtime(host: Host, time: int, tm: int) -> None:
    """Write seconds since 1970 as struct tm of the guest's time zone. EFAULT. See localtime(3)."""
    offset, summer = offset_of(zone(host), time)
    write_tm(host, tm, time + offset, summer, offset)


@syscall("_gmtime_js", "ji->", params=("time", "tm"))
def gmtime(host: Host, time: int, tm: int) -> None:
    """Write seconds since 1970 as struct tm of UTC. EFAULT. See gmtime(3)."""
    write_tm(host, tm, time, False, 0)


@syscall("_mktime_js", "i->j", params=("tm",))
def mktime(host: Host, tm: int) -> int:
    """Return the seconds since 1970 that a local struct tm means, and put its fields in order. EFAULT. See mktime(3).

    tm_isdst chooses between the two meanings of an hour that comes twice.
    """
    naive, wanted = read_tm(host, tm)
    where = zone(host)
    choices = [offset_at(where, naive, fold) for fold in (0, 1)]
    fitting = [choice for choice in choices if wanted >= 0 and choice[1] == (wanted > 0)]
    time = naive - (fitting or choices)[0][0]
    offset, summer = offset_of(where, time)
    write_tm(host, tm, time + offset, summer, offset)
    return time


@syscall("_timegm_js", "i->j", params=("tm",))
def timegm(host: Host, tm: int) -> int:
    """Return the seconds since 1970 that a struct tm of UTC means, and put its fields in order. EFAULT."""
    time, _ = read_tm(host, tm)
    write_tm(host, tm, time, False, 0)
    return time
