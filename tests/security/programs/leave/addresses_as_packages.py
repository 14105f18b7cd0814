# Has the host fetch from an address or a file of the block's choosing, as if it were a package.
# ends: error PackageError
# with: timeout_s=10
import micropip

address = f"http://127.0.0.1:{data['port']}/evil-1.0-py3-none-any.whl"
file = data["file"]
await micropip.install(
    [address, f"evil @ {address}", f"file://{file}", file, f"../..{file}", f"emfs:{file}", f"evil @ git+file://{file}"]
)
