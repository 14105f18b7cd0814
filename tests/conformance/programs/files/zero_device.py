with open("/dev/zero", "rb") as zero:
    result = zero.read(4)
