import os
import select

reader, writer = os.pipe()
before = select.select([reader], [writer], [], 0)
written = os.write(writer, b"through the pipe")
ready = select.select([reader], [], [], 0)
first = os.read(reader, 7)
poll = select.poll()
poll.register(reader, select.POLLIN)
polled = poll.poll(0)
rest = os.read(reader, 100)
os.close(writer)
ended = os.read(reader, 10)
facts = [before == ([], [writer], []), written, ready == ([reader], [], []), first, [event for _, event in polled], rest, ended]
with os.fdopen(reader, "rb") as stream:
    facts.append(stream.read())
try:
    os.lseek(os.pipe()[0], 0, 0)
except OSError as error:
    facts.append(str(error))
result = facts
