"""The way to the simulator: a process of Node on pipes, or a port of this machine. One JSON object a line."""

import atexit
import json
import os
import pathlib
import socket
import subprocess
import threading

SERVE = pathlib.Path(__file__).resolve().parents[2] / "serve.ts"
# npm installs the Node that the repository wants; the machine's own may be too old to run TypeScript
OWN_NODE = pathlib.Path(__file__).resolve().parents[4] / "node_modules" / ".bin" / "node"
LONGEST_WAIT_SECONDS = 600


class Refused(ValueError):
    """A request that was refused. `errors` names each field, the value that was read and what is allowed."""

    def __init__(self, error):
        super().__init__(error["detail"])
        self.code = error["code"]
        self.errors = error["errors"]


class Connection:
    """`Connection()` starts a simulator of its own; `Connection(address="127.0.0.1:9000")` goes to a running one.

    FORESCALE_NODE and FORESCALE_SERVE name another Node (22.18 or newer) and another serve.ts. Requests of several threads take turns.
    """

    def __init__(self, address=None):
        self._lock = threading.Lock()
        self._last_id = 0
        self._process = None
        self._socket = None
        if address is None:
            node = os.environ.get("FORESCALE_NODE") or (str(OWN_NODE) if OWN_NODE.exists() else "node")
            command = [node, os.environ.get("FORESCALE_SERVE", str(SERVE))]
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
            )
            self._write, self._read = self._process.stdin, self._process.stdout
        else:
            host, port = address.rsplit(":", 1)
            self._socket = socket.create_connection((host, int(port)), timeout=LONGEST_WAIT_SECONDS)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._write = self._socket.makefile("w", encoding="utf-8")
            self._read = self._socket.makefile("r", encoding="utf-8")
        self.limits = self.request("hello")["limits"]

    def request(self, method, **params):
        """The result; raises Refused where the request was wrong, ConnectionError where nobody answers."""
        with self._lock:
            self._last_id += 1
            line = json.dumps({"id": self._last_id, "method": method, "params": params}, allow_nan=False)
            try:
                self._write.write(line + "\n")
                self._write.flush()
                answer = self._read.readline()
            except (OSError, ValueError) as error:
                raise ConnectionError(f"the simulator does not answer: {error}") from error
        if not answer:
            raise ConnectionError("the simulator has ended; what it said stands on standard error")
        answer = json.loads(answer)
        if "error" in answer:
            raise Refused(answer["error"])
        return answer["result"]

    def close(self):
        """Ends the simulator that was started, or leaves the one that was running."""
        for stream in (self._write, self._read):
            try:
                stream.close()
            except OSError:
                pass
        if self._process is not None:
            self._process.wait(timeout=10)
        if self._socket is not None:
            self._socket.close()


_own = {}


def shared_connection():
    """One simulator for all environments of this process; a forked process gets its own."""
    pid = os.getpid()
    if pid not in _own:
        _own[pid] = Connection()
        atexit.register(_own[pid].close)
    return _own[pid]
