"""What a submission may do, as data. An administrator can read this file in five minutes.

Two tiers are made from it. *full*: every submission has its own user, pid, mount, network, ipc and
uts namespaces inside an outer wall. *reduced*: for containers that forbid namespaces; no second
process, one folder. Both: Landlock, a system-call allow-list, resource limits, no privileges.
Nothing here acts; `jail` does.
"""

from __future__ import annotations

FULL, REDUCED, NONE = "full", "reduced", "none"
TIERS = (FULL, REDUCED, NONE)
"""From the strongest to no isolation at all; *none* is used only when it is asked for by name."""

LAYERS = {
    FULL: ("pids", "namespaces", "folders", "limits", "privileges", "landlock", "seccomp"),
    REDUCED: ("limits", "privileges", "landlock", "seccomp"),
    NONE: ("limits",),
}
"""What walls a submission in, by tier, in the order in which it is put on; `jail` says how."""

SPARE_UIDS = range(64_209, 65_209)
"""Account numbers that run students' code when the grader is root, one for each jail: no student's
processes count against another's, and none may signal another's. No such account need exist.
"""

HOME = "/home/student"
"""The working folder: a file system in memory, empty for each submission."""

READ_ONLY = ("/usr",)
"""Folders of the machine that are visible inside the wall, read-only; Python's own come on top."""

READ_ONLY_IF_THERE = (
    "/etc/ld.so.cache",
    "/etc/alternatives",
    "/etc/fonts",
    "/etc/localtime",
    "/etc/mime.types",
)

ROOT_LINKS = ("bin", "lib", "lib32", "lib64", "sbin")
"""Links from `/` into `/usr`, made where the machine has them."""

ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": HOME,
    "LANG": "C.UTF-8",
    "TMPDIR": "/tmp",
    "MPLBACKEND": "agg",
    "MPLCONFIGDIR": "/tmp/matplotlib",
    "IPYTHONDIR": "/tmp/ipython",
    "NBGRADER_EXECUTION": "autograde",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
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

ENVIRONMENT_FROM_HOST = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "NVPL_BLAS_DEBUG_CPU_TYPE")
"""Variables that tell the linear algebra library about this processor; nothing else is let in."""

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
    "bdb",
    "pdb",
    "csv",
    "statistics",
    "fractions",
    "decimal",
    "zoneinfo",
    "timeit",
    "unittest.mock",
    "encodings.idna",
)
"""Modules that the warm process has loaded before it is forked, so that no submission pays."""

SYSCALLS = """
    read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 lseek _llseek open
    openat openat2 creat close close_range dup dup2 dup3 fsync fdatasync ftruncate
    ftruncate64 truncate fallocate fadvise64 sync_file_range copy_file_range sendfile stat fstat
    lstat stat64 fstat64 lstat64 newfstatat fstatat64 statx statfs fstatfs statfs64 access
    faccessat faccessat2 readlink readlinkat getdents getdents64 getcwd chdir fchdir mkdir
    mkdirat rmdir unlink unlinkat rename renameat renameat2 link linkat symlink symlinkat chmod
    fchmod fchmodat fchmodat2 umask utime utimes utimensat futimesat getxattr lgetxattr
    fgetxattr listxattr llistxattr flistxattr pipe pipe2 poll ppoll select pselect6 _newselect
    epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 eventfd eventfd2
    signalfd signalfd4 timerfd_create timerfd_settime timerfd_gettime inotify_init1
    inotify_add_watch inotify_rm_watch sendmsg recvmsg sendto recvfrom shutdown
    getsockopt setsockopt getsockname mmap mmap2 mprotect munmap mremap madvise msync mincore
    brk membarrier mlock munlock get_mempolicy set_mempolicy mbind clock_gettime clock_getres
    clock_nanosleep nanosleep gettimeofday time times clock_gettime64 clock_getres_time64
    clock_nanosleep_time64 timer_create timer_settime timer_gettime timer_getoverrun
    timer_delete alarm setitimer getitimer pause rt_sigaction rt_sigprocmask rt_sigreturn
    rt_sigpending rt_sigtimedwait rt_sigsuspend sigaltstack sigreturn restart_syscall getpid
    getppid gettid getuid geteuid getgid getegid getresuid getresgid getgroups getpgid getpgrp
    getsid getpriority getrlimit ugetrlimit setrlimit getrusage sysinfo uname getcpu getrandom
    sched_yield sched_getaffinity sched_getparam sched_getscheduler sched_get_priority_max
    sched_get_priority_min arch_prctl set_tid_address set_robust_list get_robust_list rseq
    futex futex_waitv futex_time64 exit exit_group
""".split()
"""System calls that both tiers allow; any other is answered «not implemented»."""

SYSCALLS_FULL = """
    fork vfork execve execveat wait4 waitid waitpid setpgid setsid kill tkill tgkill
    rt_sigqueueinfo rt_tgsigqueueinfo pidfd_open pidfd_send_signal setpriority
""".split()
"""System calls that need the walls of the *full* tier: processes and signals of its own."""

REFUSED = """
    socket connect bind listen accept accept4 ptrace mount umount2 unshare setns chroot
    process_vm_readv process_vm_writev keyctl add_key request_key bpf perf_event_open
    userfaultfd io_uring_setup memfd_create memfd_secret shmget msgget semget kexec_load
    init_module finit_module pivot_root open_by_handle_at name_to_handle_at
""".split()
"""System calls that are answered «not permitted», so that a student reads why."""

REFUSED_REDUCED = """
    fork vfork execve execveat kill tkill tgkill setsid
""".split()
"""The same, in the *reduced* tier only."""

CLONE_NAMESPACES = 0x7E020080
"""Flags of clone(2) that make namespaces: never allowed."""

CLONE_THREAD = 0x00010000
"""Flag of clone(2) that makes a thread; without it, only *full* may clone."""

PRETENDED = ("flock",)
"""Calls that are answered with success and not made: a lock on a shared file could be seen by
a neighbour, and nobody needs one in a folder of their own."""

PRETENDED_REDUCED = """
    chmod fchmod fchmodat fchmodat2 utime utimes utimensat futimesat
""".split()
"""The same, in the *reduced* tier only: Landlock does not hold them off from other files."""

FCNTL_ALLOWED = (0, 1, 2, 3, 4, 5, 36, 1030, 1031, 1032)
"""Copies and flags of descriptors and the size of pipes. Not the F_SETOWN family, which aims
signals at other processes."""

FCNTL_PRETENDED = (6, 7, 37, 38)
"""Taking locks, as sqlite does: answered with success and not done, so that nobody sees any."""

PRCTL_ALLOWED = (3, 15, 16, 21, 23, 39, 0x53564D41)
"""Reading what holds, and naming threads and memory; not what ties a process to its parent."""

SOCKETPAIR_TYPE = 1
"""SOCK_STREAM, the only kind of pair: asyncio and multiprocessing use it, and it goes nowhere."""

IOCTL_ALLOWED = (0x5401, 0x540F, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
"""Is it a terminal, how large, how many bytes wait, blocking or not, closed on exec or not."""

PID_ARGUMENT_MUST_BE_ZERO = ("prlimit64", "sched_setaffinity", "sched_setscheduler")
"""Calls that may be aimed at the caller itself only."""
