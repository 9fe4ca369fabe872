"""Progress with the time left while a workflow runs, and a table of what was made when it ends."""

from __future__ import annotations

import logging
import os
import shutil
import sys
import threading
import time

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from snakemake_logger_plugin_tidings.run import Run
from snakemake_logger_plugin_tidings.summary import summary

PLAIN_PAUSE = 2.0  # s between lines where there is no terminal


class LogHandler(LogHandlerBase):
    """Writes to the terminal what is worth knowing of Snakemake's records."""

    def __post_init__(self) -> None:
        stdout = getattr(self.common_settings, "stdout", False)
        self.stream = sys.stdout if stdout else sys.stderr
        self.live = self.stream.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("CI")
        self.colour = self.live and not os.environ.get("NO_COLOR")
        self.state = Run()
        self.shown, self.last, self.ended = False, 0.0, False
        if self.live:
            threading.Thread(target=self._tick, daemon=True).start()

    writes_to_stream = True
    writes_to_file = False
    has_filter = True
    has_formatter = True
    needs_rulegraph = False

    # ---- records -----------------------------------------------------------------------------------------

    def emit(self, record: logging.LogRecord) -> None:
        """Take one record of Snakemake."""
        event = getattr(record, "event", None)
        if event is None or event == LogEvent.ERROR:
            self._message(record)
        elif event == LogEvent.RUN_INFO:
            self.state.plan(record.stats)
        elif event == LogEvent.JOB_INFO:
            self.state.job(record)
        elif event == LogEvent.JOB_STARTED:
            self.state.start(record.jobs or [])
        elif event == LogEvent.JOB_FINISHED:
            self._finished(record.job_id)
        elif event == LogEvent.JOB_ERROR:
            self.state.fail(record)
            self._say(f"FAILED {self.state.failures[-1]}", "31")
        elif event == LogEvent.PROGRESS and not self.state.planned:
            self.state.total = max(self.state.total, record.total)

    def _message(self, record: logging.LogRecord) -> None:
        """Pass on errors, warnings, and that there is nothing to do; the log file has the rest."""
        text = record.getMessage()
        if record.levelno >= logging.WARNING:
            self._say(text, "31" if record.levelno >= logging.ERROR else "33")
        elif "Nothing to be done" in text:
            self._say(text)

    def _finished(self, number: int) -> None:
        name = self.state.finish(number)
        now = time.monotonic()
        if self.live:
            self._draw()
        elif name and (now - self.last >= PLAIN_PAUSE or self.state.done >= self.state.total):
            self.last = now
            self._say(f"{self.state.counts()}  {name}")

    # ---- the terminal ------------------------------------------------------------------------------------

    def _tick(self) -> None:
        while not self.ended:
            time.sleep(1.0)
            self.acquire()
            try:
                if self.state.running and not self.ended:
                    self._draw()
            finally:
                self.release()

    def _draw(self) -> None:
        width = shutil.get_terminal_size().columns - 1
        self.stream.write(f"\r\x1b[K{self.state.line(width)}")
        self.stream.flush()
        self.shown = True

    def _say(self, text: str, colour: str = "") -> None:
        if self.shown:
            self.stream.write("\r\x1b[K")
        self.shown = False
        self.stream.write(f"\x1b[{colour}m{text}\x1b[0m\n" if colour and self.colour else f"{text}\n")
        self.stream.flush()

    def close(self) -> None:
        """Write the table, once."""
        if not self.ended:
            self.ended = True
            if text := summary(self.state):
                self._say(text)
            self.state.keep()
        super().close()
