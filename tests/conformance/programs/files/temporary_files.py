import os
import tempfile

with tempfile.TemporaryDirectory(prefix="pre-") as folder:
    inside = os.path.join(folder, "f")
    open(inside, "w").close()
    facts = [os.path.isdir(folder), os.path.basename(folder).startswith("pre-"), oct(os.stat(folder).st_mode)]
facts.append(os.path.exists(folder))
with tempfile.NamedTemporaryFile("w+", suffix=".txt") as file:
    file.write("named")
    file.seek(0)
    facts += [file.read(), os.path.exists(file.name), file.name.endswith(".txt"), oct(os.stat(file.name).st_mode)]
facts.append(os.path.exists(file.name))
with tempfile.TemporaryFile() as file:
    file.write(b"anonymous")
    facts += [file.tell(), isinstance(file.name, int)]
spooled = tempfile.SpooledTemporaryFile(max_size=10)
spooled.write(b"x" * 5)
facts.append(spooled._rolled)
spooled.write(b"y" * 10)
spooled.seek(0)
facts += [spooled._rolled, spooled.read(), tempfile.gettempdir(), tempfile.mkstemp()[0] > 2, os.path.basename(tempfile.mkdtemp("-end")).endswith("-end")]
result = facts
