"""What can be wrong with a log when it is opened or written; each says what a person can do about it."""


class LogError(Exception):
    """Something is wrong with the log."""


class LogMissing(LogError):
    """There is no log at this address."""


class LogUnavailable(LogError):
    """The database cannot be used now: the disk is full, gone or not ours to write."""


class LogLocked(LogError):
    """Another process has this log open for writing."""


class LogBusy(LogError):
    """The writer's queue is full: this entry was not taken in."""


class LogClosed(LogError):
    """The log or its writer was closed, or failed before and must be opened anew."""


class LogGap(LogError):
    """An entry does not continue the log where it ends."""


class LogOutdated(LogError):
    """The tables were made by another version of this program."""


class BuildDiffers(LogError):
    """The end of the log was decided by another build, and this one decides it otherwise. Nothing is damaged."""

    def __init__(self, number: int, build: str) -> None:
        super().__init__(
            f"record {number} was made by build {build!r}, and this build decides it otherwise: start and stop cleanly "
            f"with build {build!r} first"
        )
        self.number = number
        self.build = build


class LogDamaged(LogError):
    """The log is not what was written. `number` is the first record that is wrong."""

    def __init__(self, number: int, what: str) -> None:
        super().__init__(f"record {number}: {what}")
        self.number = number
        self.what = what
