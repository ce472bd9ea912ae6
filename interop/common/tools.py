"""Runs commands, and installs programs that are missing."""

import argparse
import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

# In seconds.
INSTALL = 900
VERSION = 60

# In seconds: another program may be installing.
LOCK = 300


class Failure(Exception):
    """Why a script can't go on."""


def built(text):
    """A program that is built, as an argument."""
    path = Path(text)
    if not (path.is_file() and os.access(path, os.X_OK)):
        raise argparse.ArgumentTypeError(f"not a program: {text!r}")
    return path.resolve()


def run(command, seconds, **more):
    """The standard output of a command, which must succeed in time. All processes that it started end with it."""
    done = finished(command, seconds, **more)
    if done.returncode:
        raise Failure(f"exit code {done.returncode} from {_line(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


def finished(command, seconds, **more):
    """A command that has ended, with its exit code and what it has printed. All processes that it started end with it."""
    process = None
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | more
    try:
        with sigterm_waits():
            process = subprocess.Popen(command, text=True, errors="replace", start_new_session=True, **streams)
        out, err = process.communicate(timeout=seconds)
    except OSError as error:
        raise Failure(f"{command[0]} can't be run: {error}") from error
    except subprocess.TimeoutExpired:
        raise Failure(f"not ended after {seconds} s: {_line(command)}") from None
    finally:
        if process is not None:
            # The group is gone if the command has ended and left no processes.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            if process.returncode is None:
                process.communicate()
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def _line(command):
    return " ".join(map(str, command))


def sigterm_waits():
    """Delays SIGTERM until the id of a process that is being started is known. It arrives in the main thread."""
    return _delayed() if threading.current_thread() is threading.main_thread() else nullcontext()


@contextmanager
def _delayed():
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


def run_main(main):
    """Runs a script with its arguments. A failure ends it with one line, and so does SIGTERM."""
    end_well()
    try:
        main(*sys.argv[1:])
    except Failure as failure:
        sys.exit(f"FAILED: {failure}")


def version(command, pattern=r"\d+\.\d+(?:\.\d+)?"):
    """A program's version, as this command prints it in the repository. A pattern with a group means that group."""
    text = run(["sh", "-c", 'exec "$@" 2>&1', "sh", *command], VERSION, cwd=ROOT)
    found = re.search(pattern, text)
    if not found:
        raise Failure(f"no version in the output of {_line(command)}: {text}")
    return found[found.re.groups]


def package_version(package):
    """The version of an installed Debian package, without what Debian adds."""
    return version(["dpkg-query", "--show", "--showformat", "${Version}", package])


def install(programs):
    """Installs missing programs: `programs` has the Debian package of each. An unavailable one is an error."""
    missing = [programs[program] for program in _missing(programs)]
    # Debian has it in a separate package.
    if importlib.util.find_spec("ensurepip") is None:
        missing.append("python3-venv")
    _install(missing)
    if _missing(programs):
        raise Failure(f"missing although the package is installed: {', '.join(_missing(programs))}")


def install_packages(packages):
    """Installs Debian packages that are missing. An unavailable one is an error."""
    _install([package for package in packages if not _is_installed(package)])


def _install(packages):
    if packages:
        print("installing", *packages, flush=True)
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        apt = ["apt-get", "-o", f"DPkg::Lock::Timeout={LOCK}", "-q"]
        run([*apt, "update"], INSTALL, env=quiet)
        run([*apt, "install", "-y", *packages], INSTALL, env=quiet)


def _missing(programs):
    return [program for program in programs if shutil.which(program) is None]


def _is_installed(package):
    done = finished(["dpkg-query", "--show", "--showformat", "${db:Status-Status}", package], VERSION)
    return done.returncode == 0 and done.stdout == "installed"


def environment(name, requirements):
    """A folder with the programs of these requirements files, among them Python."""
    return python_programs(name, b"".join(file.read_bytes() for file in requirements).decode())


def python_programs(name, requirements):
    """A folder with the programs of these lines of a requirements file, among them Python."""
    version = "{}.{}".format(*sys.version_info)

    def fill(folder):
        run([sys.executable, "-m", "venv", "--clear", folder], INSTALL)
        listed = folder / "requirements.txt"
        listed.write_text(requirements)
        run([folder / "bin/python", "-m", "pip", "install", "--quiet", "-r", listed], INSTALL)

    return cached(f"{name}-python{version}", requirements, fill) / "bin"


def cache():
    """The folder with what is built once."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "axum-trailers"


def cached(name, key, fill):
    """A folder that `fill` has filled once for this key."""
    digest = hashlib.sha256(key.encode()).hexdigest()[:12]
    folder = cache() / f"{name}-{digest}"
    # Written last, so an incomplete folder is rebuilt.
    done = folder / "installed"
    cache().mkdir(parents=True, exist_ok=True)
    with open(f"{folder}.lock", "w") as lock:
        # Others that need the same folder wait.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            print("preparing", name, flush=True)
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            fill(folder)
            done.touch()
    return folder
