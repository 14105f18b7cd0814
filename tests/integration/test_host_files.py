"""Files, directories, links and names: programs that end the same in CPython on Linux."""


def test_create_append_truncate(same_as_linux):
    same_as_linux(
        """
    def main():
        put("f", "one")
        with open("f", "a") as file:
            file.write("two")
        with open("f", "r+") as file:
            file.seek(1)
            file.write("N")
        seen = [content("f")]
        os.truncate("f", 2)
        seen.append(content("f"))
        os.truncate("f", 5)
        seen.append(content("f"))
        with open("f", "r+b") as file:
            seen.append(file.truncate(1))
            file.seek(0, 2)
            seen.append(file.tell())
        seen.append([tried(open, "f", "x"), tried(os.truncate, "f", -1), tried(os.truncate, "nope", 0)])
        with open("f", "w+") as file:
            seen.append(file.read())
        return seen
        """
    )


def test_sparse(same_as_linux):
    same_as_linux(
        """
    def main():
        with open("f", "wb") as file:
            file.seek(300_000)
            file.write(b"end")
        with open("f", "rb") as file:
            head = file.read(10)
            file.seek(-5, 2)
            tail = file.read()
        fd = os.open("f", os.O_RDWR)
        os.ftruncate(fd, 500_000)
        os.lseek(fd, 499_990, 0)
        beyond = [os.read(fd, 100).decode(), os.read(fd, 10).decode(), os.lseek(fd, 10, 2), os.read(fd, 5).decode()]
        return [os.path.getsize("f"), head.decode(), tail.decode(), beyond, tried(os.lseek, fd, -1, 0)]
        """
    )


def test_rename(same_as_linux):
    same_as_linux(
        """
    def main():
        for name in ("a", "e", "full"):
            os.mkdir(name)
        os.makedirs("a/b")
        put("full/x")
        put("f", "f")
        put("g", "g")
        pairs = [("e", "full"), ("a", "a/b/c"), ("f", "e"), ("a", "f"), ("nope", "x"), ("f", "nope/x"), ("f", "f/x"),
                 ("a", "e"), ("f", "g"), ("g", "g"), ("e/b", "top"), (".", "x"), ("e", "e/.")]
        seen = [tried(os.rename, *pair) for pair in pairs]
        os.replace("g", "h")
        return seen, sorted(os.listdir(".")), content("h"), sorted(os.listdir("e")), os.listdir("top")
        """
    )


def test_links(same_as_linux):
    same_as_linux(
        """
    def main():
        os.symlink("target", "link")
        seen = [os.readlink("link"), os.path.exists("link"), os.path.lexists("link"), tried(open, "link")]
        with open("link", "w") as file:
            file.write("through")
        seen += [content("target"), tried(open, "link", "x"), os.lstat("link").st_size]
        os.mkdir("d")
        os.symlink("d", "dl")
        put("dl/inside", "in")
        seen += [os.listdir("dl"), tried(os.rmdir, "dl"), tried(os.unlink, "d") in ("EISDIR", "EPERM")]
        os.symlink("../d/../d/./inside", "d/around")
        seen += [content("dl/around"), os.path.realpath("dl/around").endswith("/d/inside")]
        os.symlink("l2", "l1")
        os.symlink("l1", "l2")
        seen += [tried(os.stat, "l1"), tried(os.mkdir, "l1"), tried(open, "l1", "w"), os.path.islink("l1")]
        seen += [tried(os.symlink, "x", "link"), tried(os.readlink, "target"), tried(os.symlink, "", "empty")]
        os.rename("link", "moved")
        seen += [os.readlink("moved"), os.stat("moved").st_ino == os.stat("target").st_ino, tried(os.rmdir, "moved")]
        os.unlink("moved")
        seen += [content("target"), os.open("target", os.O_NOFOLLOW) > 0, tried(os.open, "dl", os.O_NOFOLLOW)]
        return seen
        """
    )


def test_unlinked_but_open(same_as_linux):
    same_as_linux(
        """
    def main():
        file = open("f", "w+")
        file.write("kept")
        file.flush()
        os.unlink("f")
        file.seek(0)
        seen = [file.read(), os.fstat(file.fileno()).st_nlink, os.path.exists("f")]
        put("f", "another")
        file.seek(0)
        return [*seen, file.read(), content("f"), os.fstat(file.fileno()).st_ino != os.stat("f").st_ino]
        """
    )


def test_directories(same_as_linux):
    same_as_linux(
        """
    def main():
        os.makedirs("a/b/c")
        put("a/f")
        seen = [tried(os.mkdir, "a"), tried(os.rmdir, "a"), tried(os.rmdir, "a/f"), tried(os.mkdir, "a/f/x")]
        seen += [tried(os.mkdir, "no/x"), tried(os.listdir, "a/f"), tried(open, "a"), tried(open, "a", "w")]
        seen += [sorted((e.name, e.is_dir(), e.is_file()) for e in os.scandir("a"))]
        seen += [[sorted(d) + sorted(f) for _, d, f in os.walk("a")], [sorted(f) for _, _, f, _ in os.fwalk("a")]]
        os.chdir("a/b")
        here = os.getcwd()
        os.rename("../../a", "../../z")
        seen += [os.getcwd() == here.replace("/a/b", "/z/b"), os.listdir("..") != []]
        os.rmdir("c")
        os.rmdir("../b")
        seen += [tried(os.getcwd), tried(open, "new", "w"), tried(os.listdir, "."), tried(os.mkdir, "x")]
        return seen
        """
    )


def test_descriptors_of_directories(same_as_linux):
    same_as_linux(
        """
    def main():
        d = os.open(".", os.O_RDONLY)
        os.mkdir("sub", dir_fd=d)
        f = os.open("sub/x", os.O_CREAT | os.O_RDWR, dir_fd=d)
        os.write(f, b"1")
        seen = [os.stat("sub/x", dir_fd=d).st_size, os.listdir(d), tried(os.open, "x", 0, dir_fd=f)]
        os.rename("sub/x", "sub/y", src_dir_fd=d, dst_dir_fd=d)
        os.fchdir(os.open("sub", os.O_DIRECTORY, dir_fd=d))
        seen += [os.listdir("."), tried(os.open, "y", os.O_DIRECTORY), tried(os.read, d, 1)]
        os.unlink("sub/y", dir_fd=d)
        os.rmdir("sub", dir_fd=d)
        return seen + [os.listdir(d), tried(os.stat, "x", dir_fd=999)]
        """
    )


def test_a_listing_while_it_changes(same_as_linux):
    same_as_linux(
        """
    def main():
        for number in range(300):
            put(str(number))
        removed = 0
        for entry in os.scandir("."):
            os.unlink(entry.name)
            removed += 1
        return removed, os.listdir(".")
        """
    )


def test_modes_and_umask(same_as_linux):
    same_as_linux(
        """
    def main():
        os.umask(0o027)
        put("f")
        os.mkdir("d", 0o777)
        fd = os.open("g", os.O_CREAT | os.O_RDWR, 0o777)
        seen = [oct(os.stat(name).st_mode) for name in ("f", "d", "g")]
        os.chmod("f", 0o4755)
        os.fchmod(fd, 0o400)
        os.symlink("f", "l")
        os.chmod("l", 0o640)
        seen += [oct(os.stat(name).st_mode) for name in ("f", "g")] + [os.umask(0o022)]
        return [*seen, tried(os.chmod, "nope", 0), os.access("f", os.R_OK), os.access("f", os.X_OK), os.access("no", 0)]
        """
    )


def test_times(same_as_linux):
    same_as_linux(
        """
    def main():
        put("f", "x")
        first = os.stat("f")
        seen = [abs(first.st_mtime - time.time()) < 60]
        time.sleep(0.02)
        put("f", "y")
        seen.append(os.stat("f").st_mtime_ns > first.st_mtime_ns)
        os.utime("f", (1, 2.5))
        seen += [os.stat("f").st_atime, os.stat("f").st_mtime, os.stat("f").st_ctime > 1000]
        os.utime("f", ns=(10**9 + 5000, 3 * 10**18 + 6000))
        seen += [os.stat("f").st_atime_ns, os.stat("f").st_mtime_ns]
        os.utime("f")
        seen.append(abs(os.stat("f").st_mtime - time.time()) < 60)
        os.mkdir("d")
        os.utime("d", (5, 5))
        put("d/x")
        seen.append(os.stat("d").st_mtime > 5)
        os.utime("d", (5, 5))
        put("d/x", "content only")
        seen.append(os.stat("d").st_mtime)
        os.unlink("d/x")
        return [*seen, os.stat("d").st_mtime > 5, tried(os.utime, "nope")]
        """
    )


def test_ways_around_paths(same_as_linux):
    same_as_linux(
        """
    def main():
        os.makedirs("a/b")
        put("a/f", "x")
        ways = ["a/b/../f", "a//f", "./a/./f", "a/b/../../a/f", "/" + "../" * 50 + os.getcwd() + "/a/f"]
        seen = [content(way) for way in ways]
        seen += [tried(open, name) for name in ("", "a/f/", "a/f/.", "a/f/..", "a/", "n" * 256, "x/" * 2100)]
        os.mkdir("n" * 255)
        seen.append([len(name) for name in os.listdir(".") if name[0] == "n"])
        try:
            open("a\\0b")
        except ValueError as error:
            seen.append(str(error))
        return seen
        """
    )


def test_deep_directories(same_as_linux):
    same_as_linux(
        """
    def main():
        top = os.getcwd()
        for _ in range(30):
            os.mkdir("n" * 200)
            os.chdir("n" * 200)
        put("bottom", "here")
        seen = [len(os.getcwd()) - len(top), content("bottom")]
        os.chdir(top)
        seen += [tried(os.stat, "/".join(["n" * 200] * 30))]
        shutil.rmtree("n" * 200)
        return [*seen, os.listdir(".")]
        """
    )


def test_names_that_are_not_text(same_as_linux):
    same_as_linux(
        """
    def main():
        raw = b"bad\\xff\\xfe\\x80name"
        name = os.fsdecode(raw)
        put(name, "content")
        put("größe 名前", "x")
        seen = [os.listdir(".") == os.listdir(os.curdir), raw in os.listdir(b"."), name in os.listdir(".")]
        seen += [content(raw), [e.name for e in os.scandir(".") if e.name.startswith("gr")]]
        os.rename(raw, b"\\xc3\\x28")
        os.symlink(b"\\xff", "link")
        return [*seen, os.fsencode(os.readlink("link")).hex(), sorted(n.hex() for n in os.listdir(b"."))]
        """
    )
