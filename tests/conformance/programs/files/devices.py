import os

with open("/dev/null", "r+b", buffering=0) as null:
    facts = [null.write(b"gone"), null.read(5)]
with open("/dev/urandom", "rb") as source:
    facts += [len(source.read(16)), source.read(8) != source.read(8)]
facts += [os.path.exists("/dev/stdin"), os.path.exists("/dev/tty"), sorted(set(os.listdir("/dev")) & {"null", "random", "urandom", "stdout"})]
with open("/dev/stdout", "w") as out:
    out.write("through the device\n")
facts.append(len(os.urandom(5)))
os.write(1, b"by descriptor\n")
result = facts
