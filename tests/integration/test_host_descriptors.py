"""Open files, pipes, devices, mappings and locks: programs that end the same in CPython on Linux."""


def test_flags_of_open(same_as_linux):
    same_as_linux(
        """
    def main():
        def opened(flags, mode=0o644):
            fd = tried(os.open, "f", flags, mode)
            if isinstance(fd, int):
                os.close(fd)
                return "ok"
            return fd
        seen = [opened(os.O_RDONLY), opened(os.O_CREAT | os.O_EXCL), opened(os.O_CREAT | os.O_EXCL | os.O_WRONLY)]
        seen += [opened(os.O_DIRECTORY), opened(os.O_CREAT), opened(os.O_RDWR | os.O_SYNC | os.O_CLOEXEC | os.O_NOCTTY)]
        fd = os.open("f", os.O_WRONLY)
        seen += [tried(os.read, fd, 1), os.write(fd, b"abc")]
        reader = os.open("f", os.O_RDONLY)
        seen += [tried(os.write, reader, b"x"), tried(os.ftruncate, reader, 0), opened(os.O_RDWR | os.O_TRUNC)]
        return [*seen, os.path.getsize("f"), tried(os.close, 999), tried(os.dup, 999), tried(os.fstat, -1)]
        """
    )


def test_appending_through_duplicates(same_as_linux):
    same_as_linux(
        """
    def main():
        one = os.open("f", os.O_RDWR | os.O_CREAT | os.O_APPEND)
        two = os.dup(one)
        other = os.open("f", os.O_RDWR)
        os.write(one, b"ab")
        os.lseek(two, 0, 0)
        os.write(two, b"cd")
        seen = [os.lseek(one, 0, 1), os.write(other, b"X"), os.lseek(other, 0, 1)]
        os.dup2(other, two)
        seen += [os.lseek(two, 0, 1), os.write(two, b"Y"), content("f")]
        os.close(one)
        return [*seen, tried(os.write, one, b"x"), os.write(two, b"Z"), content("f")]
        """
    )


def test_positions_and_vectors(same_as_linux):
    same_as_linux(
        """
    def main():
        fd = os.open("f", os.O_RDWR | os.O_CREAT)
        seen = [os.writev(fd, [b"ab", b"", b"cdef"]), os.pwrite(fd, b"XY", 8), os.lseek(fd, 0, 1)]
        a, b = bytearray(3), bytearray(10)
        seen += [os.preadv(fd, [a, b], 1) if hasattr(os, "preadv") else 9]
        os.lseek(fd, 0, 0)
        seen += [os.readv(fd, [a, b]), a.decode(), b.decode(), os.pread(fd, 3, 4).decode(), os.lseek(fd, 0, 1)]
        return [*seen, tried(os.pread, fd, 1, -1), tried(os.lseek, fd, 0, 99), os.pread(fd, 5, 100).decode()]
        """
    )


def test_files_without_a_name(same_as_linux):
    same_as_linux(
        """
    def main():
        fd = os.open(".", os.O_TMPFILE | os.O_RDWR, 0o600)
        os.write(fd, b"abc")
        os.lseek(fd, 0, 0)
        seen = [os.read(fd, 5).decode(), os.fstat(fd).st_nlink, oct(os.fstat(fd).st_mode), os.listdir(".")]
        return [*seen, tried(os.open, ".", os.O_TMPFILE), tried(os.open, "nope", os.O_TMPFILE | os.O_RDWR)]
        """
    )


def test_pipes(same_as_linux):
    same_as_linux(
        """
    def main():
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        os.set_blocking(writing, False)
        seen = [tried(os.read, reading, 1), os.write(writing, b"x" * 1000), len(os.read(reading, 600))]
        seen += [os.write(writing, b"y"), len(os.read(reading, 10_000)), tried(os.lseek, reading, 0, 0)]
        total = 0
        while isinstance(count := tried(os.write, writing, bytes(4096)), int):
            total += count
        seen += [total, count, tried(os.write, reading, b"x"), stat.S_ISFIFO(os.fstat(reading).st_mode)]
        os.close(writing)
        while chunk := os.read(reading, 1 << 20):
            total -= len(chunk)
        seen += [total, len(os.read(reading, 1))]
        reading, writing = os.pipe()
        os.close(reading)
        return [*seen, tried(os.write, writing, b"x")]
        """
    )


def test_waiting_for_descriptors(same_as_linux):
    same_as_linux(
        """
    def main():
        import select, selectors
        reading, writing = os.pipe()
        put("f", "x")
        file = os.open("f", os.O_RDWR)
        index = {reading: "r", writing: "w", file: "f"}
        def ready():
            lists = select.select([reading, file], [writing, file], [], 0)
            poll = select.poll()
            poll.register(reading, select.POLLIN)
            poll.register(writing, select.POLLOUT)
            return [[index[fd] for fd in each] for each in lists] + [sorted((index[fd], e) for fd, e in poll.poll(0))]
        seen = [ready()]
        os.write(writing, b"x")
        seen.append(ready())
        os.close(writing)
        poll = select.poll()
        poll.register(reading, select.POLLIN)
        seen.append(poll.poll(0)[0][1])
        os.read(reading, 10)
        seen.append(poll.poll(0)[0][1])
        started = time.monotonic()
        select.select([], [], [], 0.05)
        return [*seen, time.monotonic() - started >= 0.05]
        """
    )


def test_devices(same_as_linux):
    same_as_linux(
        """
    def main():
        seen = []
        for name in ("null", "zero", "full", "urandom", "random"):
            path = "/dev/" + name
            with open(path, "rb") as device:
                seen.append([len(device.read(100)), stat.S_ISCHR(os.stat(path).st_mode), hex(os.stat(path).st_rdev)])
            fd = os.open(path, os.O_RDWR if name != "random" else os.O_RDONLY)
            seen.append(tried(os.write, fd, b"x" * 10) if name in ("null", "zero", "full") else 0)
        put("f", "through a descriptor")
        with open("f") as file:
            seen += [content(f"/dev/fd/{file.fileno()}"), str(file.fileno()) in os.listdir("/dev/fd")]
        return [*seen, tried(open, "/dev/fd/999"), os.path.isdir("/dev/shm")]
        """
    )


def test_allocation_and_syncing(same_as_linux):
    same_as_linux(
        """
    def main():
        fd = os.open("f", os.O_RDWR | os.O_CREAT)
        os.write(fd, b"abc")
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(fd, 0, 100)
        else:
            os.ftruncate(fd, 100)
        os.fsync(fd)
        os.fdatasync(fd)
        os.sync()
        os.ftruncate(fd, 1000)
        os.ftruncate(fd, 3)
        os.ftruncate(fd, 5)
        return [os.fstat(fd).st_size, content("f"), tried(os.fsync, 999)]
        """
    )


def test_mapped_files(same_as_linux):
    same_as_linux(
        """
    def main():
        import mmap
        page = mmap.ALLOCATIONGRANULARITY
        with open("f", "w+b") as file:
            file.write(b"0123456789" * (page // 5))
            file.flush()
            mapping = mmap.mmap(file.fileno(), 0)
            mapping[0:5] = b"HELLO"
            mapping.flush()
            seen = [content("f")[:10], mapping.find(b"HELLO"), mapping.size() == len(mapping), mapping.tell()]
            mapping[5:10] = b"WORLD"
            mapping.close()
            seen.append(content("f")[:12])
            copy = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
            copy[0:5] = b"XXXXX"
            copy.close()
            view = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            seen += [content("f")[:5], view[:5].decode(), view.readline()[:3].decode()]
            try:
                view[0] = 1
            except TypeError:
                seen.append("read only")
            tail = mmap.mmap(file.fileno(), 10, offset=page)
            tail[:] = b"tail......"
            tail.close()
            seen += [content("f")[page - 2 : page + 6] == ("0123456789" * (page // 5))[page - 2 : page] + "tail.."]
        with open("f", "rb") as file:
            seen.append(tried(mmap.mmap, file.fileno(), 0))
            private = mmap.mmap(file.fileno(), 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE)
            private[0] = 65
            seen.append(private[:5].decode())
        put("empty")
        with open("empty", "r+b") as file:
            try:
                mmap.mmap(file.fileno(), 0)
            except ValueError:
                seen.append("empty")
        anonymous = mmap.mmap(-1, 1_000_000)
        anonymous[999_999] = 7
        return [*seen, anonymous[999_998:].hex(), len(anonymous), anonymous.rfind(b"\\7")]
        """
    )


def test_mappings_side_by_side(same_as_linux):
    same_as_linux(
        """
    def main():
        import mmap
        with open("f", "w+b") as file:
            file.write(bytes(40_000))
            file.flush()
            one, two = mmap.mmap(file.fileno(), 0), mmap.mmap(file.fileno(), 0)
            one[0:3] = b"one"
            two[20_000:20_003] = b"two"
            os.pwrite(file.fileno(), b"file", 30_000)
            two.close()
            one.close()
            return [content("f")[start : start + 5] for start in (0, 20_000, 30_000)]
        """
    )


def test_locks(same_as_linux):
    same_as_linux(
        """
    def main():
        import fcntl, struct
        file, other = open("f", "w+"), open("f", "r+")
        seen = [fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB), fcntl.lockf(other, fcntl.LOCK_EX | fcntl.LOCK_NB)]
        seen += [fcntl.lockf(file, fcntl.LOCK_UN, 10, 5, os.SEEK_CUR), os.lockf(file.fileno(), os.F_TLOCK, 10)]
        seen += [fcntl.flock(file, fcntl.LOCK_SH), fcntl.flock(file, fcntl.LOCK_UN)]
        reader = open("f")
        seen.append(tried(fcntl.lockf, reader, fcntl.LOCK_EX))
        flags = fcntl.fcntl(file, fcntl.F_GETFL)
        fcntl.fcntl(file, fcntl.F_SETFL, flags | os.O_APPEND)
        seen += [bool(fcntl.fcntl(file, fcntl.F_GETFL) & os.O_APPEND), fcntl.fcntl(file, fcntl.F_DUPFD, 100)]
        return [*seen, tried(fcntl.fcntl, 999, fcntl.F_GETFL), tried(fcntl.fcntl, file, 12345)]
        """
    )
