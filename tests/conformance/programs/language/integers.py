import sys

values = [7 // -2, -7 // 2, 7 % -2, -7 % 2, divmod(-7, 2), pow(3, -1, 7), pow(2, 200, 1000007), -1 >> 5, 5 & -2, ~0 ^ 5]
big = 3**5000
values += [len(str(big % 10**4000)), big.bit_length(), big.bit_count(), hash(2**61 - 1), hash(2**31 - 1), hash(-1), hash(10**30)]
values += [int("1_000"), int("z", 36), int(" -0x1f ", 16), (1234).to_bytes(4, "little"), int.from_bytes(b"\xff\xfe", signed=True)]
values += [round(25, -1), round(35, -1), int(1e20), int(-2.9), sys.maxsize, sys.int_info.bits_per_digit, (10).as_integer_ratio()]
try:
    int("1" * 4301)
except ValueError as error:
    values.append(str(error))
result = values
