"""What a submission may do, as data. An administrator can read this file in five minutes.

It defines two tiers. *full*: every submission has its own user, pid, mount, network, ipc and
uts namespaces inside an outer wall. *reduced*: for containers that forbid namespaces; no second
process, one folder. Both: Landlock, a system-call allow-list, resource limits, no privileges.
Nothing here acts; `jail` does.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tier:
    """One strength of the sandbox: the layers that it applies, and what follows from them."""

    name: str
    """Its name in settings, reports and messages."""
    layers: tuple[str, ...]
    """The steps that confine a submission, in order; `jail` has their code."""
    isolates: bool = True
    """Whether a submission is isolated at all, by another account and a filter."""
    outer_wall: bool = False
    """Whether bubblewrap mounts the sandbox's copy of Python as `/`."""
    relocates: bool = False
    """Whether Python starts from that copy within the machine's own tree instead."""
    has_processes: bool = False
    """Whether a submission has its own process numbers: then it may start and signal processes."""
    own_folders: bool = False
    """Whether a submission writes to file systems in memory; if not, its folder is watched."""

    def __str__(self) -> str:
        return self.name


FULL = Tier(
    "full",
    ("pids", "namespaces", "folders", "limits", "privileges", "landlock", "seccomp"),
    outer_wall=True,
    has_processes=True,
    own_folders=True,
)
REDUCED = Tier("reduced", ("limits", "privileges", "landlock", "seccomp"), relocates=True)
NONE = Tier("none", ("limits",), isolates=False)

TIERS = {tier.name: tier for tier in (FULL, REDUCED, NONE)}
"""By name, strongest first; the last, without isolation, is used only on explicit request."""

SANDBOXES = tuple(tier for tier in TIERS.values() if tier.isolates)
"""The tiers that isolate, strongest first."""

SPARE_UIDS = range(64_209, 65_209)
"""Account numbers for students' code when the grader is root, one for each sandbox: no student's
processes count against another's, and none may signal another's. The accounts need not exist."""

SPARE_GROUP = 64_208
"""The group that may enter the folder with the copy of Python when root grades in *reduced*."""

HOME = "/home/student"
"""The working folder: in *full*, a file system in memory, empty for each submission."""

DATA = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/usr/share/fontconfig",
    "/etc/fonts",
    "/usr/share/matplotlib",
    "/etc/matplotlibrc",
    "/usr/share/zoneinfo",
    "/etc/localtime",
    "/usr/lib/locale",
    "/usr/share/terminfo",
    "/lib/terminfo",
    "/etc/terminfo",
    "/etc/mime.types",
    "/etc/ld.so.cache",
    "/etc/python3*",
)
"""Data of the machine that Python's libraries look for: fonts, time zones, locales, terminals."""

DATA_OF_PREFIX = ("share/zoneinfo", "share/fonts", "fonts", "etc/fonts", "share/terminfo")
"""The same data where a Python brings its own, below its prefix."""

LIBRARY_FOLDERS = (
    "/lib/*-linux-*",
    "/usr/lib/*-linux-*",
    "/lib64",
    "/usr/lib64",
    "/usr/lib/llvm*/lib",
)
"""Folders of shared libraries; only those that programs and other libraries need are shown."""

LIBRARY_FILES = ("/lib/*.so*", "/usr/lib/*.so*", "/usr/local/lib/*.so*")
"""Shared libraries in folders with other content; Python's own prefix adds its `lib/*.so*`."""

STORES = ("/nix/store", "/gnu/store")
"""Folders that hold every package of a machine, each in its own folder, readable by everybody."""

LIBRARIES = """
    libc.so.6 libm.so.6 libdl.so.2 libpthread.so.0 librt.so.1 libutil.so.1 libresolv.so.2
    libnss_files.so.2 libgcc_s.so.1 libstdc++.so.6 libgomp.so.1 libgfortran.so.5 libquadmath.so.0
    libz.so.1
""".split()
"""Shared libraries that programs open by name while they run, so that no file asks for them."""

LINKED = ("/usr/share", "/usr/lib", "/usr/lib64", "/lib", "/lib64", "/etc/alternatives", *STORES)
"""Where a link among Python's packages may lead and is followed; others lead nowhere inside."""

PROGRAMS = """
    bash sh dash env
    arch b2sum base32 base64 basename basenc cat chmod cksum comm cp csplit cut date dd df dir
    dircolors dirname du echo expand expr factor false fmt fold groups head id install join link
    ln logname ls md5sum mkdir mkfifo mktemp mv nice nl nohup nproc numfmt od paste pathchk pr
    printenv printf ptx pwd readlink realpath rm rmdir seq sha1sum sha224sum sha256sum sha384sum
    sha512sum shred shuf sleep sort split stat stdbuf stty sum sync tac tail tee test timeout
    touch tr true truncate tsort tty uname unexpand uniq unlink vdir wc whoami yes [
    awk mawk gawk bc bunzip2 bzcat bzip2 clear cmp column dc diff diff3 egrep fgrep file find
    getconf getopt grep gunzip gzip hexdump hostname iconv kill ldconfig less locale more patch
    rev sdiff sed tar tput tree unxz unzip which xargs xxd xz xzcat zcat zip
""".split()
"""Programs besides Python that `%%bash` and `subprocess` find in *full*."""

PROGRAM_FOLDERS = ("/usr/bin", "/bin", "/usr/sbin", "/sbin")
"""The folders of those programs."""

LEFT_OUT = (
    "test",
    "ensurepip",
    "idlelib",
    "turtledemo",
    "config-*",
    "site-packages",
    "dist-packages",
)
"""Parts of Python's own library that no notebook uses; packages are listed separately."""

LEFT_OUT_PACKAGES = (
    "playwright",
    "jupyterlab",
    "notebook",
    "nbclassic",
    "nbgrader",
    "debugpy",
    "virtualenv",
    "mypy",
    "mypyc",
    "*__mypyc.*.so",
)
"""Packages for writing and grading notebooks, which no notebook needs when it is graded."""

DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty")
"""Devices that are the machine's own even inside *full*."""

ROOT_LINKS = ("bin", "lib", "lib32", "lib64", "sbin")
"""Links from `/` into `/usr`, made where the machine has them."""

HOMES_OF_PEOPLE = range(1000, 60_000)
"""Account numbers of people, whose home folders are private."""

ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": HOME,
    "USER": "student",
    "LOGNAME": "student",
    "LANG": "C.UTF-8",
    "TMPDIR": "/tmp",
    "MPLBACKEND": "agg",
    "MPLCONFIGDIR": "/tmp/matplotlib",
    "IPYTHONDIR": "/tmp/ipython",
    "NBGRADER_EXECUTION": "autograde",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    # joblib's worker processes need /proc, which is empty here; this makes it use one process.
    "JOBLIB_MULTIPROCESSING": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONMALLOC": "malloc",
    # Address space is limited, and an arena for each thread would reserve 64 MiB of it.
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1:glibc.malloc.arena_max=2",
}
"""The whole environment of a submission; single-threaded linear algebra, so that forks are safe.

The last two ask for huge pages behind Python's objects: a fork then copies, and its end frees, a
few large entries in place of twenty thousand small ones, which halves its cost.
"""

RELOCATION = (
    "PYTHONHOME",
    "PYTHONTZPATH",
    "LD_LIBRARY_PATH",
    "AUTOGRADER_PACKAGES",
)
"""Variables that lead Python to the copy in *reduced*; removed before a submission runs."""

LOCALES = "LOCPATH"
"""The variable that leads to the locales there; it stays, since they may be needed at any time."""

ENVIRONMENT_FROM_HOST = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "NVPL_BLAS_DEBUG_CPU_TYPE")
"""Variables that tell the linear algebra library about this processor; no others are passed on."""

MAY_PRELOAD = {
    "networkx",
    "pandas",
    "pytest",
    "scipy",
    "scipy.integrate",
    "scipy.interpolate",
    "scipy.linalg",
    "scipy.optimize",
    "scipy.signal",
    "scipy.stats",
    "seaborn",
    "sympy",
    "unittest",
    "unittest.mock",
}
"""Modules that start no thread when they are loaded, so that a process can fork after it."""

PRELOADED = (
    "numpy",
    "numpy.linalg",
    "numpy.random",
    "numpy.testing",
    "matplotlib.pyplot",
    "matplotlib_inline.backend_inline",
    "IPython.core.interactiveshell",
    "IPython.display",
    "sqlite3",
    "asyncio",
    "concurrent.futures.thread",
    "concurrent.futures.process",
    "multiprocessing.pool",
    "IPython.core.magics",
    "IPython.core.magics.execution",
    "IPython.core.magics.osm",
    "IPython.core.magics.pylab",
    "IPython.core.magics.script",
    "bdb",
    "pdb",
    "doctest",
    "profile",
    "cProfile",
    "pstats",
    "csv",
    "statistics",
    "fractions",
    "decimal",
    "zoneinfo",
    "timeit",
    "unittest.mock",
    "encodings.idna",
)
"""Modules that the warm process loads before it forks, so that no submission waits for them."""

SYSCALLS = """
    read write readv writev pread64 pwrite64 preadv pwritev lseek _llseek open openat openat2
    creat close dup dup2 dup3 fsync fdatasync ftruncate ftruncate64 truncate fallocate
    sync_file_range copy_file_range sendfile stat fstat lstat stat64 fstat64 lstat64 newfstatat
    fstatat64 statx access faccessat faccessat2 readlink readlinkat getdents getdents64 getcwd
    chdir fchdir mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 link linkat
    symlink symlinkat chmod fchmod fchmodat fchmodat2 umask utime utimes utimensat futimesat
    getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr pipe pipe2 poll ppoll select
    pselect6 _newselect epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2
    eventfd eventfd2 signalfd signalfd4 timerfd_create timerfd_settime timerfd_gettime sendmsg
    recvmsg sendto recvfrom shutdown getsockopt setsockopt getsockname mmap mmap2 mprotect
    munmap mremap msync brk membarrier mlock munlock get_mempolicy set_mempolicy mbind nanosleep
    gettimeofday time times timer_settime timer_gettime timer_getoverrun timer_delete alarm
    setitimer getitimer pause rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending
    rt_sigtimedwait rt_sigsuspend sigaltstack sigreturn restart_syscall getpid getppid gettid
    getuid geteuid getgid getegid getresuid getresgid getgroups getpgrp getrlimit ugetrlimit
    setrlimit getrusage sysinfo uname getcpu getrandom sched_yield sched_get_priority_max
    sched_get_priority_min arch_prctl set_tid_address set_robust_list get_robust_list rseq futex
    futex_waitv futex_time64 exit exit_group
""".split()
"""System calls that both tiers allow; any other fails with "not implemented".

Left out on purpose, since they reveal what others do on the machine: inotify and fanotify (who
opens which file), mincore and cachestat (what others have read), statfs (how full the disk is).
"""

SYSCALLS_FULL = """
    fork vfork execve execveat wait4 waitid waitpid setpgid kill tkill tgkill
    rt_sigqueueinfo rt_tgsigqueueinfo pidfd_open pidfd_send_signal setpriority
""".split()
"""System calls that are safe in *full* only, where processes are the submission's own."""

REFUSED = """
    socket connect bind listen accept accept4 ptrace mount umount2 unshare setns chroot
    process_vm_readv process_vm_writev keyctl add_key request_key bpf perf_event_open
    userfaultfd io_uring_setup memfd_create memfd_secret shmget msgget semget kexec_load
    init_module finit_module pivot_root open_by_handle_at name_to_handle_at
""".split()
"""System calls that fail with "not permitted", so that a student reads why."""

REFUSED_REDUCED = """
    fork vfork execve execveat kill tkill tgkill setsid
""".split()
"""The same, in the *reduced* tier only."""

CLONE_NAMESPACES = 0x7E020080
"""Flags of clone(2) that make namespaces: never allowed."""

CLONE_THREAD = 0x00010000
"""Flag of clone(2) that makes a thread; without it, only *full* may clone."""

CLONE_FILES = 0x00000400
"""Flag of clone(2) that every thread must have, so that open files are counted once for all threads
of a process."""

CLOSE_RANGE_UNSHARE = 2
"""Flag of close_range(2) that gives a thread its own descriptors: never allowed."""

PRETENDED = ("flock", "fadvise64")
"""Calls that return success and do nothing. A lock on a shared file would be visible to a
neighbour, and nobody needs one in a folder of their own. Advice on what to keep in memory would
affect a neighbour who reads the same file."""

PRETENDED_FULL = ("setsid",)
"""The same, in the *full* tier only: Linux gives each session its own share of the processors, so a
submission with many sessions would crowd out its watcher and its neighbours."""

PRETENDED_REDUCED = """
    chmod fchmod fchmodat fchmodat2 utime utimes utimensat futimesat
""".split()
"""The same, in the *reduced* tier only: Landlock does not keep them away from other files."""

FCNTL_ALLOWED = (0, 1, 2, 3, 4, 5, 36, 1030)
"""Copies and flags of descriptors. Not the F_SETOWN family, which aims signals at other processes;
not leases and F_NOTIFY, which reveal who opens a file; not the size of pipes, which all processes
of an account share."""

FCNTL_PRETENDED = (6, 7, 37, 38)
"""Taking locks, as sqlite does: it returns success and does nothing, so that nobody sees a lock."""

MADVISE_ALLOWED = (0, 1, 2, 3, 4, 8, 9, 10, 11, 13, 14, 15, 16, 17, 18, 19, 22, 23, 25)
"""Advice on memory. Not 12 (merging equal pages with those of others), nor 20 and 21 (moving out
pages that others read)."""

VECTOR_FLAGS_MUST_BE_ZERO = ("preadv2", "pwritev2")
"""With RWF_NOWAIT, these reveal what others have read; without, they are preadv and pwritev."""

PRCTL_ALLOWED = (3, 15, 16, 21, 23, 39, 0x53564D41)
"""Reading settings, and naming threads and memory; not what ties a process to its parent."""

SOCKETPAIR_TYPE = 1
"""SOCK_STREAM, the only kind of pair: asyncio and multiprocessing need it, and it leads nowhere."""

IOCTL_ALLOWED = (0x5401, 0x540F, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
"""Is it a terminal, how large, how many bytes wait, blocking or not, closed on exec or not."""

PID_ARGUMENT_MUST_BE_ZERO = ("prlimit64", "sched_setaffinity", "sched_setscheduler")
"""Calls that a process may only aim at itself."""

ABOUT_PROCESSES = """
    getpgid getsid getpriority sched_getaffinity sched_getparam sched_getscheduler
""".split()
"""Calls that inform about a process, chosen by number. In *full* only the submission's own exist;
in *reduced* the calls would reach all of the machine's, so the arguments that choose one must be
zero."""

CLOCK_CALLS = """
    clock_gettime clock_getres clock_nanosleep timer_create clock_gettime64 clock_getres_time64
    clock_nanosleep_time64
""".split()
"""Calls with a clock as first argument. In *reduced* it must not be the processor time of another
process, which has a negative number."""

CLOCK_BITS = 0xFFFFFFF0
"""Bits that are zero in the numbers of the clocks that all processes have."""
