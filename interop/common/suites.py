"""Programs of other Debian suites, such as sid, each in a folder of its own with all its libraries. Nothing is installed, so
this needs neither root nor a container."""

import os
import shutil
from datetime import date

from tools import Failure, cached, run

# In seconds.
DOWNLOAD = 600
UNPACK = 120

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

# No package counts as installed, so all libraries are downloaded. As root, apt would download as a user who can't write to a
# folder of root.
SETTINGS = """
Dir::Etc::SourceList "{folder}/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::State "{folder}";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}/cache";
Acquire::Languages "none";
APT::Install-Recommends "false";
APT::Sandbox::User "root";
"""


def folder(suite, packages):
    """A folder with the programs of a package, as it is in this suite in this week. After its name, others that it needs may
    follow, such as those of its modules."""
    package, *_ = packages = packages.split()

    def fill(folder):
        try:
            _remove_older(folder)
            _fill(folder, suite, packages)
        except (Failure, OSError) as error:
            raise Failure(f"{package} of Debian {suite} can't be downloaded: {error}") from error

    return cached(f"debian-{suite}-{package}", f"{date.today():%G-%V}\n{packages}", fill) / "bin"


def _fill(folder, suite, packages):
    # A suite soon removes the packages of older lists.
    lists = cached(f"debian-{suite}-lists", f"{date.today()}", lambda folder: _update(folder, suite))
    archives, root = folder / "archives", folder / "root"
    (archives / "partial").mkdir(parents=True)
    (folder / "bin").mkdir()
    _apt(lists, "-o", f"Dir::Cache::archives={archives}", "install", "-y", "--download-only", *packages)
    for archive in archives.glob("*.deb"):
        run(["dpkg-deb", "--extract", archive, root], UNPACK)
    [archive] = archives.glob(f"{packages[0]}_*.deb")
    for line in run(["dpkg-deb", "--contents", archive], UNPACK).splitlines():
        file = root / line.split()[5]
        if file.parent in (root / "usr/bin", root / "usr/sbin"):
            _write_starter(folder / "bin" / file.name, root, file)
    shutil.rmtree(archives)


def _update(folder, suite):
    """The lists of a suite's packages, from the archive that this machine uses."""
    _remove_older(folder)
    for name in ("lists/partial", "cache"):
        (folder / name).mkdir(parents=True)
    (folder / "status").touch()
    (folder / "apt.conf").write_text(SETTINGS.format(folder=folder))
    (folder / "sources.list").write_text(f"deb [signed-by={KEYRING}] {_archive()} {suite} main\n")
    _apt(folder, "update")


def _archive():
    targets = ["Created-By: Packages", "Origin: Debian", "Label: Debian"]
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI)", *targets]
    archives = run(command, UNPACK).split()
    if not archives:
        # Before its first update, apt does not know whose archives these are.
        run(["apt-get", "-q", "update"], DOWNLOAD)
        archives = run(command, UNPACK).split()
    if not archives:
        raise Failure("apt has no archive of Debian in its sources")
    return archives[0]


def _apt(lists, *arguments):
    run(["apt-get", "-q", *arguments], DOWNLOAD, env={**os.environ, "APT_CONFIG": str(lists / "apt.conf")})


def _remove_older(folder):
    """Removes the folders of the same name with another key, except the last one, whose programs may be running."""
    name = folder.name.rpartition("-")[0]
    others = [other for other in folder.parent.iterdir()
              if other.is_dir() and other != folder and other.name.rpartition("-")[0] == name]
    for other in sorted(others, key=lambda other: other.stat().st_mtime)[:-1]:
        shutil.rmtree(other)


def _write_starter(file, root, program):
    """A script that starts a program with the libraries of its suite."""
    [loader] = root.glob("usr/lib*/ld-*.so.*")
    [libc] = root.glob("usr/lib/*/libc.so.6")
    file.write_text(f'#!/bin/sh\nexec {loader} --library-path {libc.parent} {program} "$@"\n')
    os.chmod(file, 0o755)
