"""Clocks, the process, and what the standard library makes of files: programs that end the same in CPython on Linux."""


def test_temporary_files(same_as_linux):
    same_as_linux(
        """
    def main():
        import tempfile
        tempfile.tempdir = os.getcwd()
        with tempfile.TemporaryFile() as file:
            file.write(b"x" * 100)
            file.seek(50)
            seen = [len(file.read()), os.listdir(".")]
        with tempfile.NamedTemporaryFile(suffix=".t") as file:
            file.write(b"named")
            file.flush()
            seen += [content(file.name), oct(os.stat(file.name).st_mode)]
        with tempfile.SpooledTemporaryFile(max_size=10) as file:
            file.write(b"x" * 20)
            file.seek(0)
            seen.append(len(file.read()))
        with tempfile.TemporaryDirectory() as folder:
            put(folder + "/f")
            seen += [os.listdir(folder), oct(os.stat(folder).st_mode)]
        fd, path = tempfile.mkstemp()
        os.close(fd)
        os.unlink(path)
        return [*seen, os.listdir("."), len({tempfile.mktemp() for _ in range(20)})]
        """
    )


def test_copies_and_trees(same_as_linux):
    same_as_linux(
        """
    def main():
        os.makedirs("src/sub")
        put("src/f", "x" * 100_000)
        put("src/sub/g", "g")
        os.symlink("f", "src/link")
        os.chmod("src/f", 0o640)
        os.utime("src/f", (100, 200))
        shutil.copytree("src", "copy", symlinks=True)
        shutil.move("copy/sub", "moved")
        shutil.copy2("src/f", "f2")
        seen = [os.readlink("copy/link"), os.path.getsize("copy/f"), oct(os.stat("f2").st_mode), os.path.getmtime("f2")]
        seen += [content("moved/g"), shutil.disk_usage(".").free > 0, os.statvfs(".").f_namemax]
        shutil.rmtree("src")
        import filecmp, glob, pathlib
        seen += [filecmp.cmp("copy/f", "f2"), sorted(glob.glob("**", recursive=True))]
        seen += [sorted(str(path) for path in pathlib.Path(".").rglob("*")), pathlib.Path("f2").read_text()[:3]]
        return seen
        """
    )


def test_archives(same_as_linux):
    same_as_linux(
        """
    def main():
        import tarfile, zipfile
        os.makedirs("src/sub")
        put("src/f", "data" * 1000)
        put("src/sub/ü", "umlaut")
        os.symlink("f", "src/link")
        seen = []
        for kind in ("zip", "tar", "gztar", "bztar", "xztar"):
            name = shutil.make_archive("made-" + kind, kind, "src")
            shutil.unpack_archive(name, "out-" + kind, **({} if kind == "zip" else {"filter": "data"}))
            seen.append([os.path.basename(name), len(content(f"out-{kind}/f")), content(f"out-{kind}/sub/ü")])
        with zipfile.ZipFile("z.zip", "a") as archive:
            archive.write("src/f", "one", zipfile.ZIP_LZMA)
            archive.writestr("two", "2")
        with zipfile.ZipFile("z.zip", "a") as archive:
            archive.writestr("three", "3")
            seen += [archive.testzip(), archive.namelist(), archive.read("one")[:4].decode()]
        with tarfile.open("t.tar", "w") as archive:
            archive.add("src", "top")
        with tarfile.open("t.tar") as archive:
            seen += [sorted(archive.getnames()), archive.getmember("top/link").linkname]
        return seen
        """
    )


def test_the_process(same_as_linux):
    same_as_linux(
        """
    def main():
        seen = [os.getpid() > 0, os.cpu_count() > 0, os.get_inheritable(os.open(".", 0)) in (True, False)]
        seen += [os.isatty(0), tried(os.get_terminal_size), tried(os.ttyname, 0), os.path.expanduser("~")[0]]
        seen += [len(os.urandom(1000)), len(set(os.urandom(1000))) > 100, os.getppid() > 0, len(os.times())]
        seen += [os.strerror(errno.ENOENT), os.sysconf("SC_PAGESIZE") >= 4096, os.uname().sysname != ""]
        return [*seen, os.pathconf("/", "PC_NAME_MAX"), os.kill(os.getpid(), 0), len(os.getloadavg())]
        """
    )


def test_clocks(same_as_linux):
    same_as_linux(
        """
    def main():
        seen = []
        for name in ("time", "monotonic", "perf_counter", "process_time"):
            info, clock = time.get_clock_info(name), getattr(time, name)
            values = [clock() for _ in range(1000)]
            seen.append([name, info.monotonic, info.adjustable, 0 < info.resolution <= 1e-6, values == sorted(values)])
            exact = [getattr(time, name + "_ns")() for _ in range(1000)]
            seen.append([exact == sorted(exact), abs(exact[-1] / 1e9 - clock()) < 5])
        for name in ("REALTIME", "MONOTONIC", "PROCESS_CPUTIME_ID", "THREAD_CPUTIME_ID"):
            clock = getattr(time, "CLOCK_" + name)
            seen.append([time.clock_gettime(clock) >= 0, time.clock_getres(clock) <= 1e-6])
        used = time.process_time()
        sum(range(2_000_000))
        seen.append(0 < time.process_time() - used < 5)
        for moment in (0, 1_700_000_000, -1, 4_102_444_800, 951_782_400):
            seen.append([list(time.gmtime(moment)), time.strftime("%a %j %U %Y-%m-%dT%H:%M:%S", time.gmtime(moment))])
        return [*seen, time.strptime("2024-02-29", "%Y-%m-%d").tm_yday, tried(time.clock_gettime, 12345)]
        """
    )


def test_local_time(same_as_linux):
    same_as_linux(
        """
    def main():
        import datetime
        moments = (0, 1_700_000_000, 1_720_000_000, 2**31)
        seen = [list(time.localtime(moment)) for moment in moments]
        seen += [time.mktime(time.localtime(moment)) == moment for moment in moments]
        seen += [time.mktime((2024, 14, 35, 25, 61, 61, 0, 0, -1)), time.ctime(0), time.tzname[0], time.timezone]
        seen.append(datetime.datetime.fromtimestamp(86400).isoformat())
        return [*seen, str(datetime.datetime(2024, 1, 1).astimezone())]
        """
    )


def test_databases(same_as_linux):
    same_as_linux(
        """
    def main():
        import sqlite3
        seen = []
        for mode in ("DELETE", "TRUNCATE", "PERSIST", "MEMORY", "OFF", "WAL"):
            path = mode + ".db"
            one = sqlite3.connect(path, timeout=0)
            used = one.execute("pragma journal_mode=" + mode).fetchall()
            one.execute("create table t(a integer primary key, b)")
            one.executemany("insert into t(b) values(?)", [("x" * 100,) for _ in range(2000)])
            one.commit()
            two = sqlite3.connect(path, timeout=0)
            counted = two.execute("select count(*) from t").fetchall()
            one.execute("begin immediate")
            one.execute("delete from t where a > 1000")
            try:
                two.execute("insert into t(b) values('two')")
                refused = None
            except sqlite3.OperationalError as error:
                refused = str(error)
            two.rollback()
            seen_by_two = two.execute("select count(*) from t").fetchall()
            if mode == "OFF":
                one.commit()
            else:
                one.rollback()
            two.execute("insert into t(b) values('two')")
            two.commit()
            one.execute("vacuum")
            checked = one.execute("pragma integrity_check").fetchall()
            rows = one.execute("select count(*), max(a) from t").fetchall()
            one.close()
            two.close()
            left = sorted(name for name in os.listdir(".") if name.startswith(mode + ".db-"))
            again = sqlite3.connect(path)
            seen.append([mode, used, counted, refused, seen_by_two, checked, rows, left])
            seen.append(again.execute("select count(*) from t").fetchall())
            again.close()
        return seen
        """
    )


def test_a_database_cut_off(same_as_linux):
    same_as_linux(
        """
    def main():
        import sqlite3
        seen = []
        for mode in ("DELETE", "WAL"):
            one = sqlite3.connect(mode)
            one.execute("pragma journal_mode=" + mode)
            one.execute("create table t(a)")
            one.executemany("insert into t values(?)", [(n,) for n in range(5000)])
            one.commit()
            one.execute("pragma cache_size=10")
            one.executemany("update t set a=-1 where a=?", [(n,) for n in range(500)])
            journals = sorted(name for name in os.listdir(".") if name.startswith(mode + "-"))
            for name in (mode, *journals):
                shutil.copyfile(name, "left-" + name)
            one.rollback()
            left = sqlite3.connect("left-" + mode)
            seen.append([journals, left.execute("select count(*), min(a), sum(a) from t").fetchall()])
            seen.append(left.execute("pragma integrity_check").fetchall())
        return seen
        """
    )
