"""What resolving takes for the guest is what the guest says of itself."""

from cellblock_sandbox.image import pins
from cellblock_sandbox.image.fetch import Fetcher
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.packages.target import Target
from cellblock_sandbox.image.progress import SilentProgress

MARKERS = """
import os, platform, sys
return {
    "implementation_name": sys.implementation.name,
    "implementation_version": ".".join(map(str, sys.implementation.version[:3])),
    "os_name": os.name,
    "platform_machine": platform.machine(),
    "platform_python_implementation": platform.python_implementation(),
    "platform_release": platform.release(),
    "platform_system": platform.system(),
    "platform_version": platform.version(),
    "python_full_version": platform.python_version(),
    "python_version": ".".join(platform.python_version_tuple()[:2]),
    "sys_platform": sys.platform,
}
"""
PLATFORM = "import sysconfig; return sysconfig.get_config_var('PYEMSCRIPTEN_PLATFORM_VERSION')"


def _target(home):
    return Target.of(Fetcher(Home(home), SilentProgress()).distribution())


def test_markers_have_the_values_of_the_guest(image_home, sandbox):
    assert sandbox.run(MARKERS).value == _target(image_home).environment


def test_the_abi_is_the_one_the_guest_was_built_for(image_home, sandbox):
    target = _target(image_home)
    assert sandbox.run(PLATFORM).value == target.abi
    assert target.python == pins.python_version()
