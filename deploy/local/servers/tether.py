"""Runs a command that ends when its parent does, as another system user if need be.

Not imported but run: `python -I -S tether.py <parent pid> <signal> <user or -> <command> …`. A process killed with -9
can't end its children, so the kernel is asked to: it sends each child the signal that stops it cleanly. The kernel
watches the thread that started the child, so children are started from the main thread.
"""

import ctypes
import os
import pwd
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, stop_signal: int, user: str, command: list[str]) -> None:
    """Becomes the command; returns only by an exception."""
    if user != "-":
        entry = pwd.getpwnam(user)
        os.initgroups(user, entry.pw_gid)
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)
    if sys.platform == "linux":
        # After the change of user, which would clear it.
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, stop_signal, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the parent ended before its child began")
    os.execv(command[0], command)


if __name__ == "__main__":
    main(int(sys.argv[1]), signal.Signals(int(sys.argv[2])), sys.argv[3], sys.argv[4:])
