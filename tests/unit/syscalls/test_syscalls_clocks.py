"""Clocks and calendar times."""

import calendar
import struct
import time

import pytest
from cellblock_sandbox.abi import tables
from cellblock_sandbox.abi.tables import EFAULT, EINVAL
from cellblock_sandbox.machine.memory import GuestFault
from cellblock_sandbox.syscalls.clocks import TM, civil_from_days, days_from_civil
from cellblock_sandbox.syscalls.host import SystemClock


def tm(guest, name, seconds):
    pointer = guest.alloc(44)
    assert guest(name, seconds, pointer) is None
    return guest.memory.unpack(TM, pointer)


def make_tm(guest, *fields):
    pointer = guest.alloc(44)
    guest.memory.write(pointer, struct.pack("<11i", *fields, *[0] * (11 - len(fields))))
    return pointer


def test_clocks(guest):
    assert guest("emscripten_get_now") == 5.0
    assert guest("emscripten_date_now") == pytest.approx(1_700_000_000_123.456, abs=0.01)
    buf = guest.alloc(8)
    for clock, expected in ((0, 1_700_000_000_123_456_789), (1, 5_000_000), (2, 7_000), (3, 7_000)):
        assert guest("clock_time_get", clock, 0, buf) == 0
        assert guest.memory.i64(buf) == expected
        assert guest("clock_res_get", clock, buf) == 0
        assert guest.memory.i64(buf) == 1
    assert guest("clock_time_get", 4, 0, buf) == guest("clock_res_get", -1, buf) == EINVAL
    assert guest("clock_time_get", 0, 0, 0x7FFFFFFF) == EFAULT


@pytest.mark.parametrize(
    "seconds", [0, -1, 951_782_400, 1_700_000_000, -62_135_596_800, 253_402_300_799, 4_107_542_400]
)
def test_gmtime_agrees_with_the_host(guest, seconds):
    expected = time.gmtime(seconds)
    fields = tm(guest, "_gmtime_js", seconds)
    assert fields == (
        expected.tm_sec,
        expected.tm_min,
        expected.tm_hour,
        expected.tm_mday,
        expected.tm_mon - 1,
        expected.tm_year - 1900,
        (expected.tm_wday + 1) % 7,
        expected.tm_yday - 1,
        0,
        0,
    )
    assert guest("_timegm_js", make_tm(guest, *fields)) == seconds


@pytest.mark.parametrize("seconds", [-(2**63), 2**63 - 1])
def test_times_beyond_all_years(guest, seconds):
    for name in ("_gmtime_js", "_localtime_js"):
        assert abs(tm(guest, name, seconds)[5]) == 2**31 - 1


def test_civil_dates_round_trip():
    for days in range(-800_000, 800_000, 997):
        assert days_from_civil(*civil_from_days(days)) == days


def test_timegm_puts_fields_in_order(guest):
    pointer = make_tm(guest, 75, 61, 25, 32, 13, 120)
    expected = calendar.timegm((2021, 3, 5, 2, 2, 15))
    assert guest("_timegm_js", pointer) == expected
    assert guest.memory.unpack(TM, pointer)[:6] == (15, 2, 2, 5, 2, 121)


def test_extreme_fields_are_harmless(guest):
    for extreme in (2**31 - 1, -(2**31)):
        for name in ("_timegm_js", "_mktime_js"):
            assert -(2**63) <= guest(name, make_tm(guest, *[extreme] * 10)) < 2**63


def test_local_time_follows_tz(guest):
    guest.host.environ = {"TZ": "Europe/Berlin"}
    summer, winter = 1_720_000_000, 1_700_000_000
    assert tm(guest, "_localtime_js", summer)[8:] == (1, 7200)
    assert tm(guest, "_localtime_js", winter)[8:] == (0, 3600)
    for seconds in (summer, winter):
        fields = tm(guest, "_localtime_js", seconds)
        assert guest("_mktime_js", make_tm(guest, *fields[:8], -1)) == seconds


def test_the_hour_that_comes_twice(guest):
    guest.host.environ = {"TZ": "Europe/Berlin"}
    fields = (0, 30, 2, 27, 9, 124, 0, 0)  # 2024-10-27 02:30
    first, second = (guest("_mktime_js", make_tm(guest, *fields, summer)) for summer in (1, 0))
    assert second - first == 3600


@pytest.mark.parametrize("zone", ["", "Nowhere/Atall", "../../etc/passwd", "/etc/passwd", "a\0b", "x" * 10_000])
def test_a_bad_zone_is_utc(guest, zone):
    guest.host.environ = {"TZ": zone}
    assert tm(guest, "_localtime_js", 1_720_000_000) == tm(guest, "_gmtime_js", 1_720_000_000)


def test_tzset(guest):
    offset, daylight, standard, summer = guest.alloc(4), guest.alloc(4), guest.alloc(17), guest.alloc(17)

    def zone(name):
        guest.host.environ = {"TZ": name} if name else {}
        guest("_tzset_js", offset, daylight, standard, summer)
        memory = guest.memory
        return memory.i32(offset), memory.i32(daylight), memory.cstring(standard), memory.cstring(summer)

    assert zone("") == (0, 0, b"UTC", b"UTC")
    assert zone("Europe/Berlin") == (-3600, 1, b"CET", b"CEST")
    assert zone("Australia/Sydney") == (-36000, 1, b"AEST", b"AEDT")
    assert zone("America/New_York") == (18000, 1, b"EST", b"EDT")
    with pytest.raises(GuestFault):
        guest("_tzset_js", 0x7FFFFFFF, 0, 0, 0)
    assert tables.TZNAME_MAX == 16


def test_the_host_clock():
    clock = SystemClock()
    assert abs(clock.realtime_ns() - time.time_ns()) < 10**10
    assert clock.monotonic_ns() <= clock.monotonic_ns()
    assert 0 <= clock.cpu_ns() < 10**9
