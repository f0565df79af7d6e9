"""Structured logs: one JSON object a line on stderr, never customer text."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

_OWN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}

# Libraries that would log requests or texts.
_QUIET = (
    "chromadb",
    "dbos",
    "openai",
    "httpx",
    "httpx2",
    "httpcore",
    "langchain",
    "uvicorn.access",
)


class JsonFormatter(logging.Formatter):
    """Gives time, level, logger, event and the fields passed as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        """Give one line; of an exception its type and place, not its text."""
        entry: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "event": record.getMessage(),
        }
        entry |= {k: v for k, v in record.__dict__.items() if k not in _OWN}
        if record.exc_info and record.exc_info[0] is not None:
            entry["error"] = record.exc_info[0].__name__
            trace = record.exc_info[2]
            while trace is not None and trace.tb_next is not None:
                trace = trace.tb_next
            if trace is not None:
                entry["where"] = f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}"
        return json.dumps(entry, default=str, ensure_ascii=False)


def set_up_logging(*, verbose: bool = False) -> None:
    """Send everything to stderr as JSON; warnings and errors only unless `verbose`."""
    stream = logging.StreamHandler(sys.stderr)
    stream.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers = [stream]
    root.setLevel(logging.INFO if verbose else logging.WARNING)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.ERROR)
