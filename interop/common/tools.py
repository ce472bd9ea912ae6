"""Runs commands, and installs programs that are missing."""

import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

# In seconds.
INSTALL = 900


class Failure(Exception):
    """Why a script can't go on."""


def run(command, seconds, **more):
    """The standard output of a command, which must succeed in time. All processes that it started end with it."""
    process = None
    try:
        with _sigterm_waits():
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                start_new_session=True, **more,
            )
        out, err = process.communicate(timeout=seconds)
    except OSError as error:
        raise Failure(f"{command[0]} can't be run: {error}") from error
    except subprocess.TimeoutExpired:
        raise Failure(f"not ended after {seconds} s: {' '.join(map(str, command))}") from None
    finally:
        if process is not None:
            # The group is gone if the command has ended and left no processes.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            if process.returncode is None:
                process.communicate()
    if process.returncode:
        raise Failure(f"exit code {process.returncode} from {' '.join(map(str, command))}\n{out}{err}")
    return out


@contextmanager
def _sigterm_waits():
    """Delays SIGTERM until the id of a process that is being started is known."""
    came = []
    handler = signal.signal(signal.SIGTERM, lambda *_: came.append(True))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, handler)
        if came:
            os.kill(os.getpid(), signal.SIGTERM)


def end_well():
    """Turns SIGTERM into a failure, which also ends the processes that were started."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("FAILED: ended by SIGTERM"))


def install(programs):
    """Installs missing programs: `programs` has the Debian package of each. An unavailable one is an error."""
    missing = [programs[program] for program in _missing(programs)]
    # Debian has it in a separate package.
    if importlib.util.find_spec("ensurepip") is None:
        missing.append("python3-venv")
    if missing:
        print("installing", *missing, flush=True)
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        run(["apt-get", "update", "-q"], INSTALL, env=quiet)
        run(["apt-get", "install", "-qy", *missing], INSTALL, env=quiet)
    if _missing(programs):
        raise Failure(f"missing although the package is installed: {', '.join(_missing(programs))}")


def _missing(programs):
    return [program for program in programs if shutil.which(program) is None]


def environment(name, requirements):
    """A folder with the programs of these requirements files, among them Python."""
    key = hashlib.sha256(b"".join(file.read_bytes() for file in requirements)).hexdigest()[:12]
    version = "{}.{}".format(*sys.version_info)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "axum-trailers"
    folder = cache / f"{name}-python{version}-{key}"
    # Written last, so an incomplete folder is rebuilt.
    done = folder / "installed"
    if not done.exists():
        print("installing Python packages", flush=True)
        run([sys.executable, "-m", "venv", "--clear", folder], INSTALL)
        files = [argument for file in requirements for argument in ("-r", str(file))]
        run([folder / "bin/python", "-m", "pip", "install", "--quiet", *files], INSTALL)
        done.touch()
    return folder / "bin"
