"""A real SLURM of one node on the loopback device, with all its state below one folder.

Nothing is installed and nothing outside the folder is written: the daemons get their own
configuration, key, sockets and ports, so that several may run on one machine.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

DAEMONS = ("munged", "slurmctld", "slurmd")
CLIENTS = ("sbatch", "srun", "squeue", "sinfo", "scancel", "scontrol", "sacct")
# Debian keeps the daemons where only root looks.
SEARCH = f"{os.environ.get('PATH', os.defpath)}{os.pathsep}/usr/sbin{os.pathsep}/sbin"

# Memory is enforced by polling, for want of cgroups in a container; a killed job gets two seconds.
# config_overrides lets the node pretend to have more CPUs than the machine.
# MinJobAge keeps finished jobs visible to squeue, which replaces the accounting database.
CONFIGURATION = """\
ClusterName=loopback
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={control_port}
SlurmdPort={node_port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
SchedulerParameters=sched_interval=1,sched_min_interval=100000,bf_interval=1,batch_sched_delay=0
KillWait=2
MinJobAge=3600
SlurmdParameters=config_overrides
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} State=UNKNOWN
PartitionName=main Nodes={host} Default=YES DefMemPerCPU=500 MaxTime=INFINITE State=UP
PartitionName=other Nodes={host} Default=NO DefMemPerCPU=500 MaxTime=INFINITE State=UP
"""


def missing() -> str | None:
    """Return why SLURM cannot be started here, or nothing."""
    if os.geteuid() != 0:
        return "SLURM's daemons need root"
    absent = [command for command in (*DAEMONS, *CLIENTS) if shutil.which(command, path=SEARCH) is None]
    return f"not installed: {', '.join(absent)} (Debian: slurm-wlm, munge)" if absent else None


@dataclass(frozen=True)
class Job:
    """One job as SLURM remembers it: time in minutes (0 for no limit), memory in MB."""

    number: int
    state: str
    partition: str
    minutes: int
    memory: int
    cpus: int
    comment: str
    folder: Path


@dataclass(frozen=True)
class Slurm:
    """A running SLURM: its folder and the variables that a client needs."""

    folder: Path
    cpus: int
    memory: int

    @property
    def variables(self) -> dict[str, str]:
        """Return the environment of a user of this SLURM, beside whose commands `python` is this one."""
        words = (str(self.folder / "bin"), str(Path(sys.executable).parent), SEARCH)
        return {"PATH": os.pathsep.join(words)}

    def ask(self, *command: str) -> str:
        """Return what a client command prints."""
        environment = {**os.environ, **self.variables}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}\n{self._logs()}")
        return done.stdout

    def jobs(self, folder: Path) -> list[Job]:
        """Return all jobs so far that were submitted in a folder, the first one first."""
        listed = []
        for line in self.ask("scontrol", "--oneliner", "show", "job").splitlines():
            if "JobId=" in line:
                fields = dict(re.findall(r"(\w+)=(\S*)", line))
                listed.append(
                    Job(
                        number=int(fields["JobId"]),
                        state=fields["JobState"],
                        partition=fields["Partition"],
                        minutes=_minutes(fields["TimeLimit"]),
                        memory=_megabytes(fields["MinMemoryNode"]),
                        cpus=int(fields["NumCPUs"]),
                        comment=fields.get("Comment", ""),
                        folder=Path(fields["WorkDir"]),
                    )
                )
        return sorted((job for job in listed if job.folder == folder), key=lambda job: job.number)

    def cancel_all(self) -> None:
        """Cancel every job and wait until none is left, so that one test does not burden the next."""
        self.ask("scancel", "--user=root")
        wait_for(lambda: not self.ask("squeue", "--noheader").strip(), 30, "jobs to end")

    def _logs(self) -> str:
        return "\n".join(
            f"--- {path.name}\n{path.read_text(errors='replace')[-2000:]}"
            for path in sorted(self.folder.glob("*.log"))
        )


def wait_for(condition, seconds: float, what: str):
    """Return what `condition` gives as soon as that is true; fail after a number of seconds."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:g} s for {what}")
        time.sleep(0.05)
    return value


@contextmanager
def slurm(folder: Path, cpus: int = 2) -> Iterator[Slurm]:
    """Run a SLURM in a folder, which must not exist, and stop it afterwards whatever happens.

    Parameters
    ----------
    folder
        Where everything is written. Its path must be short, for a socket's path has 108 bytes.
    cpus
        Number of CPUs that the node pretends to have.

    Notes
    -----
    Jobs that name no partition go to ``main``; there is another one, ``other``.
    """
    if reason := missing():
        raise RuntimeError(reason)
    folder.mkdir(parents=True)
    for name in ("state", "spool"):
        (folder / name).mkdir()
    memory = _memory_of_machine()
    host = socket.gethostname().split(".")[0]
    control_port, node_port = _free_ports(2)
    text = CONFIGURATION.format(
        folder=folder,
        host=host,
        control_port=control_port,
        node_port=node_port,
        cpus=cpus,
        memory=memory,
    )
    (folder / "slurm.conf").write_text(text)
    server = Slurm(folder, cpus, memory)
    _write_clients(folder)
    environment = {**os.environ, "SLURM_CONF": str(folder / "slurm.conf")}
    with ExitStack() as stack:
        stack.callback(_kill_steps, folder)
        for command in _daemons(folder):
            stack.enter_context(_daemon(command, folder / f"{command[0]}.out", environment))
            if command[0] == "munged":
                wait_for((folder / "munge.socket").exists, 120, f"munged; see {folder}/munged.out")
        wait_for(lambda: _is_idle(server), 300, f"the node; see {folder}/*.log")
        try:
            yield server
        finally:
            # Jobs must not outlive their daemons.
            server.cancel_all()


def _write_clients(folder: Path) -> None:
    """Write client commands that know this SLURM; inside a job the plugin takes SLURM_CONF away."""
    (folder / "bin").mkdir()
    for name in CLIENTS:
        script = folder / "bin" / name
        program = shutil.which(name, path=SEARCH)
        script.write_text(f'#!/bin/sh\nSLURM_CONF={folder}/slurm.conf exec {program} "$@"\n')
        script.chmod(0o755)


def _daemons(folder: Path) -> list[list[str]]:
    """Return the commands of the daemons, in the foreground so that they are our children."""
    key = folder / "munge.key"
    key.write_bytes(secrets.token_bytes(1024))
    key.chmod(0o400)
    names = {"key-file": key, "socket": folder / "munge.socket", "pid-file": folder / "munge.pid"}
    names |= {"log-file": folder / "munge.log", "seed-file": folder / "munge.seed"}
    return [
        # The folder is below one that anyone may write to, which munged dislikes without --force.
        ["munged", "--foreground", "--force", *(f"--{name}={value}" for name, value in names.items())],
        ["slurmctld", "-D", "-c"],
        ["slurmd", "-D"],
    ]


@contextmanager
def _daemon(command: list[str], log: Path, environment: dict[str, str]) -> Iterator[None]:
    program = shutil.which(command[0], path=SEARCH)
    with log.open("w") as out:
        process = subprocess.Popen(
            [program, *command[1:]],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _kill_steps(folder: Path) -> None:
    """Kill the step daemons that a broken-off test may leave, and what they run."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    doomed = {number for number in parents if _is_step_of(folder, number)}
    while children := {number for number, parent in parents.items() if parent in doomed} - doomed:
        doomed |= children
    for number in doomed:
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)


def _is_step_of(folder: Path, number: int) -> bool:
    """Tell whether a process is a step daemon of ours: it writes to our slurmd's log."""
    process = Path("/proc", str(number))
    try:
        if (process / "comm").read_text().strip() != "slurmstepd":
            return False
        return any(os.readlink(file) == str(folder / "slurmd.log") for file in (process / "fd").iterdir())
    except OSError:
        return False


def _is_idle(server: Slurm) -> bool:
    try:
        return "idle" in server.ask("sinfo", "--noheader", "--format=%t")
    except RuntimeError:
        return False


def _free_ports(number: int) -> list[int]:
    """Return ports that are free now; held together so that they differ."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _memory_of_machine() -> int:
    """Return the memory of this machine in MB, a little less than slurmd will find."""
    text = Path("/proc/meminfo").read_text()
    return int(re.search(r"MemTotal:\s+(\d+) kB", text).group(1)) // 1024 - 64


def _megabytes(text: str) -> int:
    """Return a size such as 1000M or 1.50G in MB."""
    number, unit = re.fullmatch(r"([\d.]+)([MGT]?)", text).groups()
    return round(float(number) * {"": 1, "M": 1, "G": 1024, "T": 1024**2}[unit])


def _minutes(text: str) -> int:
    """Return a time such as 01:30:00 or 2-00:00:00 in minutes, 0 for no limit."""
    if text == "UNLIMITED":
        return 0
    days, _, clock = text.rpartition("-")
    hours, minutes, _ = map(int, clock.split(":"))
    return (int(days or 0) * 24 + hours) * 60 + minutes
