# Looks for the system calls that change what a process sees: mounts, roots, namespaces, tracing, raw calls by number.
# ends: completed
# so that: result == []
import ctypes, os

lib = ctypes.CDLL(None)
reached = []
names = """
syscall mount umount umount2 chroot pivot_root unshare setns ptrace process_vm_readv process_vm_writev memfd_create
pidfd_open open_by_handle_at name_to_handle_at bpf io_uring_setup init_module kexec_load reboot swapon userfaultfd
perf_event_open sethostname setdomainname acct quotactl add_key keyctl fanotify_init inotify_init personality iopl
""".split()
for name in names:
    try:
        answer = getattr(lib, name)(0, 0, 0, 0, 0, 0)
    except AttributeError:
        continue
    if answer != -1:
        reached.append((name, answer))
for name in ("chroot", "mount", "unshare", "setns", "memfd_create", "pidfd_open", "sched_setaffinity", "setpriority"):
    if hasattr(os, name):
        try:
            reached.append((name, getattr(os, name)("/")))
        except (OSError, TypeError):
            pass
return reached
