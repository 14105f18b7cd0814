import datetime

value, width, name = 1234.5678, 12, "Ann"
when = datetime.date(2024, 2, 29)
result = [
    f"{value:{width}.2f}|{value:<{width},.1f}|{value:^+{width}.3e}|{value:_.0f}",
    f"{name!r:>10}{name!a}{name!s:*^7}",
    f"{value=:.1f} {name = } {1 + 1=}",
    f"{when:%d.%m.%y} {when!s}",
    f"{{literal}} {'nested ' + f'{name + "!"}'}",
    f"{[n for n in range(3)]!r} {(lambda x: x * 2)(4)}",
    f"{255:#x} {255:#010b} {255:o} {-5:08d} {10**20:,} {3.0:g} {1e100:g} {0.1 + 0.2} {True:d} {65:c}",
    f"{'ab':.1}{'multi'
    'line'}",
]
