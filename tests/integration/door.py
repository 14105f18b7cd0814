"""What a block says to the door to its flow by itself, past the names that it is given."""

ASK = """
import os
from cellblock_guest import values
def ask(request):
    door = os.open('/dev/cellblock/context', os.O_RDWR)
    os.write(door, request)
    answer = os.read(door, 65536)
    os.close(door)
    return values.unpack(answer)
"""
