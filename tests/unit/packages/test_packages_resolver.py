"""What is chosen, from where, and which error tells why nothing is."""

from __future__ import annotations

import pytest
from cellblock_sandbox.errors import (
    IndexUnavailable,
    PackageDenied,
    PackageUnknown,
    RequirementInvalid,
    VersionConflict,
    WheelInvalid,
    WheelMissing,
)
from packaging.specifiers import SpecifierSet

NATIVE = "cp314-cp314-manylinux_2_28_x86_64"
ABI_TAG = "cp314-cp314-pyemscripten_2026_0_wasm32"


def test_a_package_comes_with_what_it_needs_before_it(shop, index):
    index.add("top", "1.0", requires=("middle>=1", "Low_Level"))
    index.add("middle", "1.0", requires=("low-level<2",))
    index.add("low-level", "1.0")
    index.add("low-level", "2.0")
    assert shop.names("top") == ["low-level 1.0 index", "middle 1.0 index", "top 1.0 index"]
    wheels = {wheel.name: wheel for wheel, _ in shop.get("top")}
    assert wheels["top"].depends == ("low-level", "middle")
    assert wheels["top"].location.endswith("/files/top-1.0-py3-none-any.whl")
    assert wheels["top"].pure


def test_looking_up_what_a_package_would_come_as(shop, index, lock):
    """A name alone: nothing is fetched, and what it needs doesn't matter."""
    lock.add("native", "1.0", tag=ABI_TAG)
    index.add("top", "1.0", requires=("nowhere",))
    index.add("top", "2.0rc1")
    index.add("other", "3.0", tag=ABI_TAG)
    index.add("foreign", "1.0", tag=NATIVE)
    index.add("mild", "1.0")

    def found(name, **rules):
        wheel = shop.look_up(name, **rules)
        return wheel.name, wheel.version, wheel.origin, wheel.pure

    assert found("Native") == ("native", "1.0", "distribution", False)
    assert found("top") == ("top", "1.0", "index", True)
    assert found("other") == ("other", "3.0", "index", False)
    assert found("top", pins={"top": SpecifierSet("==2.0rc1")})[1] == "2.0rc1"
    assert not any("/files/" in path for path in index.asked)
    with pytest.raises(WheelMissing, match="none for WebAssembly"):
        found("foreign")
    with pytest.raises(PackageUnknown, match="Did you mean native"):
        found("nativ")
    with pytest.raises(VersionConflict, match="top==3"):
        found("top", pins={"top": SpecifierSet("==3")})
    for rules in ({"deny": frozenset({"top"})}, {"allow": frozenset({"native"})}):
        with pytest.raises(PackageDenied):
            found("top", **rules)


def test_a_circle_ends(shop, index):
    index.add("egg", "1.0", requires=("hen",))
    index.add("hen", "1.0", requires=("egg",))
    assert sorted(shop.names("egg")) == ["egg 1.0 index", "hen 1.0 index"]


def test_the_newest_is_chosen_and_a_specifier_is_kept(shop, index):
    for version in ("1.9", "1.10", "1.2"):
        index.add("demo", version)
    assert shop.names("demo") == ["demo 1.10 index"]
    assert shop.names("Demo<1.10") == ["demo 1.9 index"]
    assert shop.names("demo==1.2") == ["demo 1.2 index"]


def test_older_versions_are_tried_until_all_fits(shop, index):
    index.add("app", "2.0", requires=("base>=3",))
    index.add("app", "1.0", requires=("base>=2",))
    for version in ("2.0", "3.0"):
        index.add("base", version)
    assert shop.names("app", "base<3") == ["base 2.0 index", "app 1.0 index"]


def test_markers_are_those_of_the_guest(shop, index):
    index.add(
        "top",
        "1.0",
        requires=(
            "wasm-only ; sys_platform == 'emscripten'",
            "linux-only ; sys_platform == 'linux'",
            "old-only ; python_version < '3.14'",
        ),
    )
    index.add("wasm-only", "1.0")
    assert shop.names("top", "absent ; os_name == 'nt'") == ["wasm-only 1.0 index", "top 1.0 index"]


def test_extras_bring_their_own(shop, index):
    index.add("top", "1.0", requires=("base", "plot ; extra == 'fig'"), extras=("fig",))
    for name in ("base", "plot"):
        index.add(name, "1.0")
    assert shop.names("top") == ["base 1.0 index", "top 1.0 index"]
    assert shop.names("top[Fig]") == ["base 1.0 index", "plot 1.0 index", "top 1.0 index"]
    assert shop.names("top[unheard]") == ["base 1.0 index", "top 1.0 index"]


def test_an_extra_and_its_package_are_of_one_version(shop, index):
    index.add("top", "2.0", requires=("plot>=2 ; extra == 'fig'",), extras=("fig",))
    index.add("top", "1.0", requires=("plot ; extra == 'fig'",), extras=("fig",))
    index.add("plot", "1.0")
    index.add("user", "1.0", requires=("top",))
    assert shop.names("user", "top[fig]") == ["plot 1.0 index", "top 1.0 index", "user 1.0 index"]


def test_an_extra_of_a_package_of_the_distribution_is_read_from_its_wheel(shop, index, lock):
    lock.add("web", "1.0", requires=("tunnel ; extra == 'socks'",), extras=("socks",))
    index.add("tunnel", "1.0")
    assert shop.names("web[socks]") == ["tunnel 1.0 index", "web 1.0 distribution"]
    assert shop.names("web[socks]", installed={"web": "1.0"}) == ["tunnel 1.0 index"]


def test_what_is_installed_comes_first_and_needs_nothing(shop, index, lock):
    lock.add("demo", "1.0", "base")
    index.add("demo", "2.0")
    assert shop.names("demo", installed={"Demo": "1.0"}) == []
    assert index.asked == []


def test_then_the_distribution_then_folders_then_the_index(shop, index, lock, tmp_path, make_wheel):
    lock.add("demo", "2.0", "base")
    lock.add("base", "1.0")
    local = tmp_path / "local"
    local.mkdir()
    shop.folders.append(local)
    (local / "demo-1.0-py3-none-any.whl").write_bytes(make_wheel("demo", "1.0", requires=("base",)))
    (local / "demo-1.1-py3-none-any.whl").write_bytes(make_wheel("demo", "1.1", requires=("base",)))
    for version in ("0.5", "3.0"):
        index.add("demo", version)
    assert shop.names("demo") == ["base 1.0 distribution", "demo 2.0 distribution"]
    assert index.asked == []
    assert shop.names("demo<2") == ["base 1.0 distribution", "demo 1.1 folder"]
    assert shop.names("demo<1") == ["demo 0.5 index"]
    assert shop.names("demo>2") == ["demo 3.0 index"]


def test_of_an_index_the_version_of_the_lock_is_preferred(shop, index, lock):
    lock.add("demo", "1.0", delivered=False)
    for version in ("0.9", "1.0", "1.1"):
        index.add("demo", version)
    assert shop.names("demo") == ["demo 1.0 index"]
    assert shop.names("demo!=1.0") == ["demo 1.1 index"]


def test_a_binary_wheel_of_this_abi_is_chosen(shop, index):
    index.add("fast", "1.0", tag=ABI_TAG, files={"fast/_x.so": b"\0asm\1\0\0\0"})
    index.add("fast", "1.0", tag=NATIVE)
    ((wheel, path),) = shop.get("fast")
    assert (wheel.file.name, wheel.pure) == (f"fast-1.0-{ABI_TAG}.whl", False)
    assert path.name == wheel.file.name


def test_prereleases_have_to_be_asked_for(shop, index):
    index.add("demo", "1.0")
    index.add("demo", "2.0rc1")
    assert shop.names("demo") == ["demo 1.0 index"]
    assert shop.names("demo>=2.0rc1") == ["demo 2.0rc1 index"]
    with pytest.raises(VersionConflict, match=r"demo 2.0rc1 is a pre-release, which has to be asked for"):
        shop.names("demo>1")


def test_yanked_wheels_have_to_be_asked_for_by_version(shop, index):
    index.add("demo", "1.0")
    index.add("demo", "1.1", entry_said={"yanked": "it deletes files"})
    assert shop.names("demo") == ["demo 1.0 index"]
    assert shop.names("demo==1.1") == ["demo 1.1 index"]
    with pytest.raises(VersionConflict, match=r"demo 1.1 was withdrawn"):
        shop.names("demo>1.0")


def test_requires_python_is_honoured_on_the_page_and_in_the_wheel(shop, index):
    index.add("demo", "3.0", entry_said={"requires-python": "<3.14"})
    index.add("demo", "2.0", requires_python=">=3.15")
    index.add("demo", "1.0", requires_python=">=3.8")
    assert shop.names("demo") == ["demo 1.0 index"]
    with pytest.raises(VersionConflict, match=r"demo 3.0 needs Python <3.14"):
        shop.names("demo>2")
    with pytest.raises(VersionConflict, match=r"demo 2.0 needs Python >=3.15"):
        shop.names("demo==2.0")


def test_a_conflict_names_both_requirements_and_what_there_is(shop, index):
    index.add("one", "1.0", requires=("base>=2",))
    for version in ("1.0", "1.5", "2.0"):
        index.add("base", version)
    with pytest.raises(VersionConflict) as caught:
        shop.names("one", "base<2")
    error = caught.value
    assert error.name == "base"
    assert set(error.wanted) == {(">=2", "one 1.0"), ("<2", "the requirement 'base<2'")}
    assert error.versions == ("2.0", "1.5", "1.0")
    assert str(error).splitlines() == [
        "No version of base fits all that is asked:",
        *(f"  - base{specifier}: {asker}" for specifier, asker in error.wanted),
        "There are 2.0, 1.5, 1.0 for this guest.",
        "Ask for versions that go together.",
    ]


def test_a_conflict_of_two_packages_names_both(shop, index):
    index.add("one", "1.0", requires=("base>=2",))
    index.add("two", "1.0", requires=("base<2",))
    for version in ("1.0", "2.0"):
        index.add("base", version)
    with pytest.raises(VersionConflict) as caught:
        shop.names("one", "two")
    assert set(caught.value.wanted) == {(">=2", "one 1.0"), ("<2", "two 1.0")}


def test_what_is_installed_and_wont_do_is_no_longer_preferred(shop, index):
    index.add("demo", "2.0")
    assert shop.names("demo>=2", installed={"demo": "1.0"}) == ["demo 2.0 index"]
    with pytest.raises(VersionConflict, match=r"There are 2\.0, 1\.0 for this guest"):
        shop.names("demo>=3", installed={"demo": "1.0"})


def test_a_version_that_doesnt_exist_is_told_with_those_that_do(shop, index):
    for number in range(20):
        index.add("demo", f"1.{number}")
    with pytest.raises(
        VersionConflict, match=r"demo==99: the requirement 'demo==99'(.|\n)*1.19, 1.18.* and older ones"
    ):
        shop.names("demo==99")


def test_an_unknown_package_is_told_with_the_nearest(shop, index, lock):
    lock.add("pandas", "3.0")
    lock.add("scikit-image", "1.0")
    with pytest.raises(
        PackageUnknown, match=r"no package 'pandsa' in Pyodide's 2026_0 distribution, folder .*simple/"
    ) as no:
        shop.names("pandsa")
    assert no.value.nearest == ("pandas",)
    index.add("top", "1.0", requires=("nowhere",))
    with pytest.raises(PackageUnknown, match=r"no package 'nowhere', which top 1\.0 needs, in"):
        shop.names("top")


def test_a_package_that_exists_only_natively_is_told(shop, index):
    for tag in (NATIVE, "cp314-cp314-win_amd64", "cp314-cp314-macosx_11_0_arm64"):
        index.add("fast", "1.33", tag=tag)
    with pytest.raises(WheelMissing) as caught:
        shop.names("fast")
    assert str(caught.value).startswith(
        "fast 1.33 has wheels for linux, macos, windows; none for WebAssembly (cp314-cp314-pyemscripten_2026_0_wasm32)."
    )
    index.add("top", "1.0", requires=("fast",))
    index.add("top", "0.1")
    with pytest.raises(WheelMissing, match=r"fast 1.33, which top 1.0 needs, has wheels"):
        shop.names("top")


def test_a_wheel_for_another_abi_is_told(shop, index):
    index.add("fast", "1.0", tag="cp313-cp313-pyodide_2025_0_wasm32")
    with pytest.raises(
        WheelMissing, match=r"another WebAssembly \(cp313, pyodide_2025_0_wasm32\); none for WebAssembly"
    ):
        shop.names("fast")


def test_a_wheel_for_another_abi_in_a_folder_is_told(shop, tmp_path, make_wheel):
    shop.folders.append(tmp_path / "local")
    shop.folders[0].mkdir()
    (shop.folders[0] / "fast-1.0-cp313-cp313-win_amd64.whl").write_bytes(make_wheel("fast", "1.0"))
    with pytest.raises(WheelMissing, match=r"fast 1.0 has wheels for windows; none"):
        shop.names("fast")


def test_a_package_without_any_wheel_is_told(shop, index, make_entry):
    index.publish("demo", "demo-1.0.tar.gz", make_entry(b"source"))
    with pytest.raises(WheelMissing, match=r"demo 1.0 has no wheel for WebAssembly"):
        shop.names("demo")


def test_an_older_version_with_a_wheel_is_the_nearest(shop, index):
    index.add("fast", "2.0", tag=NATIVE)
    index.add("fast", "1.0", tag=ABI_TAG)
    assert shop.names("fast") == ["fast 1.0 index"]
    with pytest.raises(
        WheelMissing, match=r"fast 2.0 has wheels for linux; none(.|\n)*nearest that exists is fast 1.0"
    ):
        shop.names("fast>=2")


def test_what_older_versions_of_an_asker_need_isnt_told(shop, index):
    for number in (1, 2, 3):
        index.add("frame", f"{number}.0", requires=(f"frame-runtime=={number}.0",))
        index.add("frame-runtime", f"{number}.0", tag=NATIVE)
    index.add("frame-runtime", "0.0")
    with pytest.raises(WheelMissing, match=r"frame-runtime 3.0, which frame 3.0 needs, has wheels for linux"):
        shop.names("frame")


def test_a_version_whose_needs_are_built_gives_way_to_none(shop, index, lock):
    """The lock's version of an asker needs what no source has; a newer one needs what the index has."""
    lock.add("model", "1.0", "core", delivered=False)
    lock.add("core", "1.0", tag=ABI_TAG, delivered=False)
    index.add("model", "1.0", requires=("core==1.0",))
    index.add("model", "2.0", requires=("core==2.0",))
    index.add("core", "1.0", tag=NATIVE)
    index.add("core", "2.0", tag=ABI_TAG)
    assert shop.names("model") == ["core 2.0 index", "model 2.0 index"]


def test_a_wheel_of_the_distribution_that_no_source_gives_is_told(shop, index, lock):
    lock.add("fast", "1.0", tag=ABI_TAG, delivered=False)
    index.add("fast", "1.0", tag=NATIVE)
    with pytest.raises(WheelMissing) as caught:
        shop.names("fast")
    error = caught.value
    assert error.lock_file == f"fast-1.0-{ABI_TAG}.whl"
    assert error.tried == ((f"folder {lock.folder}", "it has no such file"),)
    assert f"which no source could give:\n  - folder {lock.folder}: it has no such file" in str(error)
    assert "CELLBLOCK_SOURCES" in error.todo


def test_a_wheel_of_the_distribution_is_no_way_out_where_another_version_is_wanted(shop, index, lock):
    lock.add("fast", "2.0", tag=ABI_TAG, delivered=False)
    index.add("fast", "1.0", tag=NATIVE)
    index.add("fast", "3.0", tag=ABI_TAG)
    with pytest.raises(WheelMissing) as caught:
        shop.names("fast<2")
    assert (caught.value.what, caught.value.lock_file, caught.value.nearest) == ("fast 1.0", "", "fast 3.0")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("demo @ http://127.0.0.1/demo-1.0-py3-none-any.whl", "names an address"),
        ("http://127.0.0.1/demo-1.0-py3-none-any.whl", "names an address"),
        ("git+https://host/repo", "names an address"),
        ("./demo-1.0-py3-none-any.whl", "names an address"),
        ("/etc/passwd", "names an address"),
        ("--index-url http://x", "names an address"),
        ("demo==", "expected"),
        ("", "expected"),
        ("de\0mo", "expected"),
        ("n" * 4096, "more than 200 characters"),
        ("demo ; python_version", "expected"),
    ],
)
def test_requirements_that_arent_names_are_refused(shop, index, text, why):
    with pytest.raises(RequirementInvalid, match=why) as caught:
        shop.names(text)
    assert len(str(caught.value)) < 700
    assert index.asked == []


def test_a_dependency_by_address_is_refused(shop, index):
    index.add("top", "1.0", requires=("base @ http://127.0.0.1:9/base-1.0-py3-none-any.whl",))
    index.add("base", "1.0")
    with pytest.raises(VersionConflict, match=r"top 1.0 needs base from an address"):
        shop.names("top")


def test_a_version_whose_metadata_cant_be_read_is_passed_over(shop, index):
    index.add("demo", "2.0", requires=("base >>> 3",))
    index.add("demo", "1.0")
    assert shop.names("demo") == ["demo 1.0 index"]
    with pytest.raises(VersionConflict, match=r"demo 2.0 has a dependency that can't be read"):
        shop.names("demo==2.0")


def test_denied_is_denied_as_a_dependency_too(shop, index):
    index.add("top", "1.0", requires=("base",))
    index.add("base", "1.0")
    with pytest.raises(
        PackageDenied, match=r"base may not be used here \(CELLBLOCK_PACKAGES_DENY names it\)"
    ) as caught:
        shop.names("top", deny=frozenset({"base"}))
    assert caught.value.asked_by == "top 1.0"
    with pytest.raises(PackageDenied, match="asked for by the requirement 'Base>=1'"):
        shop.names("Base>=1", deny=frozenset({"base"}))


def test_allowed_has_to_be_only_what_is_asked_for(shop, index):
    index.add("top", "1.0", requires=("base",))
    index.add("base", "1.0")
    only = frozenset({"top"})
    assert shop.names("top", allow=only) == ["base 1.0 index", "top 1.0 index"]
    with pytest.raises(PackageDenied, match="CELLBLOCK_PACKAGES_ALLOW doesn't name it"):
        shop.names("top", "base", allow=only)
    assert shop.names("base", allow=only, installed={"base": "1.0"}) == []
    with pytest.raises(PackageDenied):
        shop.names("base<1", allow=only, installed={"base": "1.0"})


def test_pins_hold_for_everything(shop, index):
    index.add("top", "1.0", requires=("base",))
    for version in ("1.0", "2.0"):
        index.add("base", version)
    pins = {"base": SpecifierSet("<2")}
    assert shop.names("top", pins=pins) == ["base 1.0 index", "top 1.0 index"]
    assert shop.names("base", pins=pins, installed={"base": "2.0"}) == ["base 1.0 index"]
    with pytest.raises(VersionConflict, match="base<2: CELLBLOCK_PACKAGES_PINS"):
        shop.names("base>=2", pins=pins)


def test_the_first_index_that_knows_a_package_is_the_only_one_asked(shop, index, other_index):
    index.add("private", "1.0")
    other_index.add("private", "99.0")
    other_index.add("public", "1.0")
    both = (index.url, other_index.url)
    assert shop.names("private", "public", indexes=both) == ["private 1.0 index", "public 1.0 index"]
    assert other_index.asked == ["/simple/public/", "/files/public-1.0-py3-none-any.whl"]


def test_an_index_that_is_down_isnt_passed_over_for_the_next(shop, index):
    index.add("private", "99.0")
    with pytest.raises(IndexUnavailable, match=r"127\.0\.0\.1:9"):
        shop.names("private", indexes=("http://127.0.0.1:9/simple/", index.url))


def test_a_bad_wheel_isnt_passed_over_silently(shop, index):
    index.add("demo", "2.0", metadata="Metadata-Version: 2.1\nName: other\nVersion: 1\n")
    index.add("demo", "1.0")
    with pytest.raises(WheelInvalid, match="says it is other 1"):
        shop.names("demo")


def test_the_order_of_requirements_doesnt_matter(shop, index):
    for name in ("a", "b", "c"):
        index.add(name, "1.0", requires=("z>=1",))
    index.add("z", "1.0")
    assert shop.names("a", "b", "c") == shop.names("c", "a", "b", "a")


def test_nothing_asked_for_is_nothing_to_add(shop, index):
    assert shop.names() == []
    assert index.asked == []
