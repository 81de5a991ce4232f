"""Runs a program as a container engine does: in a root that is read-only, as a user with nothing to its name, under the
filter of system calls that containerd, CRI-O and Docker call RuntimeDefault.

    confine.py --root FOLDER --user UID:GID [--mount FROM:TO]… [--directory DIRECTORY] [--seccomp NAME] [--no-network] -- PROGRAM…

It needs root. The environment is the one that it is given. Of the engines' filter, this has what it refuses to a process
without capabilities (https://docs.docker.com/engine/security/seccomp/), and allows all the rest; no program here needs what
neither list has.
"""

import argparse
import ctypes
import os
import subprocess

EPERM, ENOSYS = 1, 38
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
MASKED_EQUAL = 7  # SCMP_CMP_MASKED_EQ
# linux/sched.h: cgroup, UTS, IPC, user, process and network namespaces, and that of mounts.
NAMESPACES = [0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000, 0x00020000]
REFUSED = """acct add_key bpf chroot clock_adjtime clock_settime delete_module fanotify_init finit_module fsconfig fsmount
    fsopen fspick get_mempolicy init_module io_uring_enter io_uring_register io_uring_setup ioperm iopl kcmp kexec_file_load
    kexec_load keyctl lookup_dcookie mbind mount mount_setattr move_mount move_pages nfsservctl open_by_handle_at open_tree
    perf_event_open pivot_root process_vm_readv process_vm_writev quotactl quotactl_fd reboot request_key set_mempolicy
    setdomainname sethostname setns settimeofday swapoff swapon syslog umount2 unshare userfaultfd vhangup""".split()
LANDLOCK = ["landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"]
# Older engines do not know Landlock, and so refuse it.
FILTERS = {"runtime-default": REFUSED, "runtime-default-without-landlock": REFUSED + LANDLOCK}


class Condition(ctypes.Structure):
    """struct scmp_arg_cmp (seccomp_rule_add(3))."""

    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def install(library, refused):
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(ALLOW)))
    array = ctypes.POINTER(Condition)

    def refuse(call, errno, *conditions):
        number = library.seccomp_syscall_resolve_name(call.encode())
        if number < 0:
            return
        given = (Condition * max(1, len(conditions)))(*conditions)
        result = library.seccomp_rule_add_array(
            context, ctypes.c_uint32(ERRNO | errno), number, len(conditions), ctypes.cast(given, array)
        )
        if result:
            raise OSError(-result, f"seccomp_rule_add({call})")

    for call in refused:
        refuse(call, EPERM)
    for namespace in NAMESPACES:
        refuse("clone", EPERM, Condition(0, MASKED_EQUAL, namespace, namespace))
    # Its flags lie in memory, where a filter cannot look: the C library takes clone instead.
    refuse("clone3", ENOSYS)
    if library.seccomp_load(context):
        raise OSError("seccomp_load failed")


def prctl(option, value):
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), f"prctl({option}, {value})")


def drop_capabilities(last):
    """Nothing can give one back: PR_CAPBSET_DROP of each, and no new privileges (PR_SET_NO_NEW_PRIVS)."""
    for capability in range(last + 1):
        prctl(24, capability)
    prctl(38, 1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", required=True)
    parser.add_argument("--user", required=True)
    parser.add_argument("--mount", action="append", default=[])
    parser.add_argument("--directory", default="/")
    parser.add_argument("--seccomp", choices=FILTERS, default="runtime-default")
    parser.add_argument("--no-network", action="store_true")
    parser.add_argument("program", nargs="+")
    words = parser.parse_args()
    # CLONE_NEWNS, and CLONE_NEWNET.
    if ctypes.CDLL(None).unshare(0x00020000 | (0x40000000 if words.no_network else 0)):
        raise OSError("unshare failed")
    mount("--make-rprivate", "/")
    mount("--rbind", words.root, words.root)
    for pair in words.mount:
        source, target = pair.split(":")
        mount("--bind", source, words.root + target)
    mount("-o", "remount,bind,ro", words.root)
    # This system's, not the root's.
    library = ctypes.CDLL("libseccomp.so.2")
    with open("/proc/sys/kernel/cap_last_cap") as file:
        last = int(file.read())
    os.chroot(words.root)
    os.chdir(words.directory)
    user, group = map(int, words.user.split(":"))
    os.setgroups([])
    drop_capabilities(last)
    os.setresgid(group, group, group)
    os.setresuid(user, user, user)
    install(library, FILTERS[words.seccomp])
    os.execv(words.program[0], words.program)


def mount(*words):
    subprocess.run(["/usr/bin/mount", *words], check=True, env={})


main()
