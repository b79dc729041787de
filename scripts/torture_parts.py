"""What scripts/torture puts around the built programs: a bad link, sudden ends, wrong clocks."""

import contextlib
import glob
import os
import random
import shutil
import socket
import subprocess
import threading
import time


class Violation(Exception):
    """Something is not as it has to be."""


class Proxy:
    """Stands between devices and the hub; rough or smooth."""

    FAULTS = ["none", "none", "cut", "cut", "garble", "stall", "silence", "repeat", "repeat", "refuse"]

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.lock = threading.Lock()
        self.rough = False
        self.target = 0
        self.count = {}
        self.server = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self.handle, args=(client,), daemon=True).start()

    def draw(self):
        with self.lock:
            if not self.rough:
                return "none", 0, 0
            fault = self.random.choice(self.FAULTS)
            if fault != "none":
                self.count[fault] = self.count.get(fault, 0) + 1
            return fault, int(self.random.expovariate(1 / 900)), self.random.random()

    def handle(self, client):
        fault, place, share = self.draw()
        try:
            if fault == "refuse":
                return
            if fault == "silence":
                time.sleep(0.3 + share)
                return
            hub = socket.create_connection(("127.0.0.1", self.target), timeout=5)
            hub.settimeout(None)
        except OSError:
            client.close()
            return
        finally:
            if fault in ("refuse", "silence"):
                client.close()
        is_answer = share < 0.5
        taken = bytearray()
        there = threading.Thread(
            target=self.pump, args=(client, hub, None if is_answer else fault, place, taken), daemon=True)
        there.start()
        self.pump(hub, client, fault if is_answer else None, place, None)
        there.join(timeout=10)
        for end in (client, hub):
            end.close()
        if fault == "repeat" and taken:
            self.repeat(bytes(taken), share)

    def pump(self, source, sink, fault, place, taken):
        seen = 0
        try:
            while True:
                chunk = source.recv(65536)
                if not chunk:
                    break
                if taken is not None and len(taken) < 1_000_000:
                    taken += chunk
                start, seen = seen, seen + len(chunk)
                if fault == "cut" and seen > place:
                    sink.sendall(chunk[: place - start])
                    break
                if fault == "garble" and start <= place < seen:
                    spoilt = bytearray(chunk)
                    spoilt[place - start] ^= 1 << (place % 8)
                    chunk = bytes(spoilt)
                if fault == "stall" and start <= place < seen:
                    time.sleep(1.0)
                sink.sendall(chunk)
        except OSError:
            pass
        for end, how in ((sink, socket.SHUT_WR), (source, socket.SHUT_RD)):
            try:
                end.shutdown(socket.SHUT_RDWR if fault == "cut" else how)
            except OSError:
                pass

    def repeat(self, taken, share):
        """Sends what a connection carried once more, late; nobody reads the answer."""
        time.sleep(share)
        try:
            with socket.create_connection(("127.0.0.1", self.target), timeout=2) as hub:
                hub.sendall(taken)
                hub.settimeout(1)
                while hub.recv(65536):
                    pass
        except OSError:
            pass


class Programs:
    """The built programs, over one hub's folder."""

    def __init__(self, binaries, folder):
        self.binaries = binaries
        self.folder = folder
        library = next(iter(glob.glob("/usr/lib/*/faketime/libfaketime.so.1")), None)
        self.faketime = library if shutil.which("faketime") else None

    def environment(self):
        return {
            "PATH": "/usr/bin:/bin", "HOME": self.folder, "LANG": "en", "THUAN_OPERATOR": "torture",
            "THUAN_HUB": os.path.join(self.folder, "hub"), "SWIFT_BACKTRACE": "enable=no",
        }

    @contextlib.contextmanager
    def clock(self, days):
        """The environment in which the clock is so many days off.

        The library is told of memory that somebody else has made for it. Else it makes some, and
        moves the environment to say so, beside which Swift looks for its arguments.
        """
        environment = self.environment()
        if not days or not self.faketime:
            yield environment
            return
        # It lets go of the memory itself once its own program has ended.
        holder = subprocess.Popen(
            ["faketime", "-f", "+0d", "sh", "-c", "echo $FAKETIME_SHARED; read end"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            shared = holder.stdout.readline().decode().strip()
            if shared:
                environment.update(
                    LD_PRELOAD=self.faketime, FAKETIME=f"{days:+d}d", NO_FAKE_STAT="1",
                    FAKETIME_DONT_FAKE_MONOTONIC="1", FAKETIME_SHARED=shared)
            yield environment
        finally:
            holder.communicate()

    def start(self, program, *arguments, environment=None, output=subprocess.PIPE):
        return subprocess.Popen(
            [os.path.join(self.binaries, program), *arguments], env=environment or self.environment(),
            stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)

    def run(self, program, *arguments, days=0, kill_after=None):
        """Exit code and output; the code is -9 for what was killed."""
        with self.clock(days) as environment:
            process = self.start(program, *arguments, environment=environment)
            try:
                output, _ = process.communicate(timeout=180 if kill_after is None else kill_after)
            except subprocess.TimeoutExpired:
                process.kill()
                output, _ = process.communicate()
                if kill_after is None:
                    raise Violation(
                        f"{program} {' '.join(arguments)} does not end:\n{output.decode()}")
        code = process.returncode
        if code not in (-9, 0, 2, 3, 4, 64, 65, 69, 75, 77):
            raise Violation(f"{program} {' '.join(arguments)} ended with {code}:\n{output.decode()}")
        return code, output.decode(errors="replace")

    def must(self, program, *arguments):
        code, output = self.run(program, *arguments)
        if code != 0:
            raise Violation(f"{program} {' '.join(arguments)} ended with {code}:\n{output}")
        return output
