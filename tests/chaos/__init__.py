"""`make chaos`: real hub processes are killed, paused and cut off by the thousand, under load.

What their clients saw meanwhile is checked (`checker.py`).

    python -m tests.chaos --cycles 1000 --seed 7 --database sqlite

What happens: a kill at each step of the submit path and of the feed, a kill at any moment and during the start,
SIGSTOP, SIGTERM; on SQLite a full disk, and a cut of the power that loses every page the kernel had not yet written
(`powercut.py`); on PostgreSQL, with two hub processes, a crash of the database, and a connection lost on either side of
COMMIT. After every restart everything stored is checked, and the log as the clients know it.

What it cannot do is pull a plug. The nearest: the kernel is asked which pages of the files are not on the disk
(cachestat, Linux 6.5 and newer), the rest is copied, and the hub goes on with the copy. That shows a promise given
before its fsync. It does not show a disk that lies about its own cache, a controller without a battery, or a file
system that loses a rename; of PostgreSQL a crash of all its processes is all that is tried.
"""
