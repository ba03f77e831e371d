"""SQLite's view of simulated disks: one VFS for all of them, the disk named in the path.

    "7|/a.tally"  ──►  disk number 7, file "/a.tally"

Law: whatever the disk does, SQLite is told with the code its own Unix VFS would give.

There are no shared-memory methods, so SQLite keeps its index of the write-ahead log on the heap
and asks for ``locking_mode = EXCLUSIVE``: one connection per file at a time.
"""

from __future__ import annotations

import sys
import time
from itertools import count
from types import SimpleNamespace
from weakref import WeakValueDictionary

import apsw
from tests.disk.sim_disk import DiskFailure, File, SimDisk

NAME = "tallystick-sim"
_ERRORS = {
    "open": apsw.SQLITE_CANTOPEN,
    "access": apsw.SQLITE_IOERR_ACCESS,
    "read": apsw.SQLITE_IOERR_READ,
    "write": apsw.SQLITE_IOERR_WRITE,
    "sync": apsw.SQLITE_IOERR_FSYNC,
    "truncate": apsw.SQLITE_IOERR_TRUNCATE,
    "delete": apsw.SQLITE_IOERR_DELETE,
    "size": apsw.SQLITE_IOERR_FSTAT,
    "lock": apsw.SQLITE_IOERR_LOCK,
}
_SYNCS_FOLDER = (
    apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL | apsw.SQLITE_OPEN_SUPER_JOURNAL
)
"""Of files of these sorts that it may create the Unix VFS syncs the folder at the first sync."""
_disks: WeakValueDictionary[int, SimDisk] = WeakValueDictionary()
_numbers = count(1)


def mounted(disk: SimDisk) -> str:
    """The prefix under which SQLite reaches a disk for as long as somebody holds it."""
    for number, known in _disks.items():
        if known is disk:
            return f"{number}|"
    number = next(_numbers)
    _disks[number] = disk
    return f"{number}|"


def _find(name: str) -> tuple[SimDisk, str]:
    number, _, rest = name.partition("|")
    return _disks[int(number)], rest


def _error(code: int, said: str) -> apsw.Error:
    primary = code & 0xFF
    kinds = {apsw.SQLITE_BUSY: apsw.BusyError, apsw.SQLITE_CANTOPEN: apsw.CantOpenError,
             apsw.SQLITE_FULL: apsw.FullError}  # fmt: skip
    error = kinds.get(primary, apsw.IOError)(said)
    error.result, error.extendedresult = primary, code
    return error


def _told(failure: DiskFailure) -> apsw.Error:
    return _error(apsw.SQLITE_FULL if failure.full else _ERRORS[failure.op], str(failure))


class Quiet:
    """What SQLite does not ask after (failures while it closes) is no news if it was planned."""

    def excepthook(self, kind, error, trace):
        if not isinstance(error, apsw.Error):
            sys.unraisablehook(
                SimpleNamespace(
                    exc_type=kind, exc_value=error, exc_traceback=trace, err_msg=None, object=self
                )
            )


class SimVfs(Quiet, apsw.VFS):
    """All methods of a VFS; nothing is inherited but the clock's resolution."""

    def __init__(self) -> None:
        super().__init__(NAME, maxpathname=1024)

    def xFullPathname(self, name):
        return name

    def xOpen(self, name, flags):
        text = name.filename() if isinstance(name, apsw.URIFilename) else name
        wanted = flags[0]
        if text is None:
            handle = SimFile(SimDisk(), "", File(), folder=False, delete=False)
        else:
            disk, rest = _find(text)
            create = bool(wanted & apsw.SQLITE_OPEN_CREATE)
            try:
                file = disk.open(rest, create=create)
            except DiskFailure as failure:
                raise _told(failure) from None
            if file is None:
                raise _error(apsw.SQLITE_CANTOPEN, f"no file {rest}")
            folder = create and bool(wanted & _SYNCS_FOLDER)
            delete = bool(wanted & apsw.SQLITE_OPEN_DELETEONCLOSE)
            handle = SimFile(disk, rest, file, folder=folder, delete=delete)
        flags[1] = wanted
        return handle

    def xAccess(self, pathname, flags):
        disk, name = _find(pathname)
        try:
            return disk.exists(name)
        except DiskFailure as failure:
            raise _told(failure) from None

    def xDelete(self, filename, syncdir):
        disk, name = _find(filename)
        try:
            there = disk.delete(name, folder=bool(syncdir))
        except DiskFailure as failure:
            raise _told(failure) from None
        if not there:
            raise _error(apsw.SQLITE_IOERR_DELETE_NOENT, f"no file {name}")

    def xRandomness(self, numbytes):
        return bytes(numbytes)

    def xSleep(self, microseconds):
        return microseconds

    def xCurrentTime(self):
        return time.time() / 86_400 + 2_440_587.5

    def xGetLastError(self):
        return (0, "")


class SimFile(Quiet):
    """One open file."""

    def __init__(self, disk, name, file, *, folder, delete) -> None:
        self._disk, self._name, self._file = disk, name, file
        self._folder, self._delete = folder, delete

    def xRead(self, amount, offset):
        return self._do(lambda: self._disk.read(self._name, self._file, offset, amount))

    def xWrite(self, data, offset):
        self._do(lambda: self._disk.write(self._name, self._file, offset, bytes(data)))

    def xSync(self, flags):
        self._do(lambda: self._disk.sync(self._name, self._file, folder=self._folder))
        self._folder = False

    def xTruncate(self, newsize):
        self._do(lambda: self._disk.truncate(self._name, self._file, newsize))

    def xFileSize(self):
        return self._do(lambda: self._disk.size(self._name, self._file))

    def xLock(self, level):
        self._do(lambda: self._disk.lock(self._name))
        others = [held for who, held in self._file.locks.items() if who != id(self)]
        top = max(others, default=0)
        shared = apsw.SQLITE_LOCK_SHARED
        allowed = (
            top < apsw.SQLITE_LOCK_PENDING if level == shared
            else top <= shared if level == apsw.SQLITE_LOCK_RESERVED
            else top == 0
        )  # fmt: skip
        if not allowed:
            raise _error(apsw.SQLITE_BUSY, "locked by another connection")
        self._file.locks[id(self)] = level

    def xUnlock(self, level):
        if level:
            self._file.locks[id(self)] = level
        else:
            self._file.locks.pop(id(self), None)

    def xCheckReservedLock(self):
        return max(self._file.locks.values(), default=0) >= apsw.SQLITE_LOCK_RESERVED

    def xClose(self):
        self.xUnlock(0)
        if self._delete:
            self._disk.remove(self._name)

    def xFileControl(self, op, ptr):
        return False

    def xSectorSize(self):
        return 4096

    def xDeviceCharacteristics(self):
        return apsw.SQLITE_IOCAP_POWERSAFE_OVERWRITE  # as the Unix VFS says

    def _do(self, act):
        try:
            return act()
        except DiskFailure as failure:
            raise _told(failure) from None


VFS = SimVfs()
