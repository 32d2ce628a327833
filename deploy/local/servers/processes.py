"""Child processes that we own: each has a log file, its own way to stop cleanly, and never outlives us."""

import atexit
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, BinaryIO

TETHER = Path(__file__).with_name("tether.py")
LOOPBACK = "127.0.0.1"
PORTS = (20_000, 32_768)
_promised: set[int] = set()
START_WITHIN = 60
"""Seconds that a server may take until it answers; a first start on a busy disk needs some of them."""


class ServerError(Exception):
    """Something local could not start or run; the message is one line for the person who typed `make run`."""


def free_port() -> int:
    """A TCP port on the loopback that nothing listens on now.

    Not one that the kernel gives to outgoing connections: one of those may take it while a server is restarted.
    """
    while True:
        port = random.randrange(*PORTS)
        with socket.socket() as probe:
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
        if port not in _promised:  # Whoever was given it may not listen yet.
            _promised.add(port)
            return port


def check_port(port: int, purpose: str) -> None:
    """ServerError if something listens on the port already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise ServerError(f"port {port}, wanted for {purpose}, can't be used: {error.strerror}") from error


def make_directory(path: Path) -> Path:
    """The directory, made if missing; ServerError unless we can read and write it."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe = path / ".writable"
        probe.touch()
        probe.unlink()
        list(path.iterdir())
    except OSError as error:
        raise ServerError(f"the directory {path} can't be used: {error.strerror}") from error
    return path


class Child:
    """One command as a child process. `stop_signal` asks it to end cleanly, also when this process dies first.

    It leads a process group of its own, so that a Ctrl-C reaches only us, who stop the children in the right order.
    """

    def __init__(self, name: str, log: Path, stop_signal: signal.Signals = signal.SIGTERM) -> None:
        self.name = name
        self.log = log
        self._stop_signal = stop_signal
        self._process: subprocess.Popen[bytes] | None = None
        self._asked = False

    def start(
        self,
        command: Sequence[str | Path],
        *,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        user: str | None = None,
        stdin: IO[bytes] | None = None,
    ) -> None:
        if self.running:
            raise ServerError(f"{self.name} runs already")
        tether = [sys.executable, "-I", "-S", str(TETHER), str(os.getpid()), str(int(self._stop_signal)), user or "-"]
        self._asked = False
        with self._open_log() as log:
            self._process = subprocess.Popen(
                [*tether, *(str(part) for part in command)],
                stdin=stdin or subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                cwd=directory,
                start_new_session=True,
            )
        atexit.register(self.stop)

    def clear_log(self) -> None:
        """Forgets what a start before this one has written."""
        with self._open_log() as log:
            log.truncate(0)

    def _open_log(self) -> BinaryIO:
        """Its log, to write at the end of it; nobody but its owner may read it."""
        log = os.fdopen(os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab")
        os.fchmod(log.fileno(), 0o600)  # One that was there before may be open to everybody.
        return log

    @property
    def pid(self) -> int:
        if self._process is None:
            raise ServerError(f"{self.name} was never started")
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def exit_status(self) -> int | None:
        """How it ended; None while it runs or if it never did."""
        return None if self._process is None else self._process.poll()

    def send(self, number: signal.Signals) -> None:
        """Sends a signal: SIGSTOP, SIGCONT, whatever a test needs."""
        os.kill(self.pid, number)

    def ask_to_stop(self) -> None:
        """Asks it to end, once, without waiting."""
        if self.running and not self._asked:
            self._asked = True
            self.send(self._stop_signal)
            self.send(signal.SIGCONT)

    def stop(self, within: int = 30) -> None:
        """Asks it to end, and ends it with -9 if it has not after `within` seconds. Nothing if it does not run."""
        atexit.unregister(self.stop)
        if self._process is None or not self.running:
            return
        self.ask_to_stop()
        try:
            self._process.wait(within)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """Ends it with -9, as a crash would."""
        atexit.unregister(self.stop)
        if self._process is not None and self.running:
            self._process.kill()
            self._process.wait()

    def await_end(self, within: int) -> bool:
        """Whether it ended by itself within so many seconds."""
        deadline = time.monotonic() + within
        while self.running and time.monotonic() < deadline:
            time.sleep(0.02)
        return not self.running

    def tail(self, lines: int = 8) -> str:
        """The last lines of its log."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-lines:])

    @property
    def last_line(self) -> str:
        """Why it ended, as far as its log tells."""
        return self.tail(lines=1) or f"it ended with status {self.exit_status}"
