"""The app ends when it is told to, whatever it is doing."""

import signal
import socket
import subprocess
import sys
import time

import psutil


def test_it_ends_while_a_request_is_not_done(own):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "everytouch", "-w", str(own.path), "web", "--port", str(port)]
    with subprocess.Popen(command) as process:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                visitor = socket.create_connection(("127.0.0.1", port), 1)
                break
            except OSError:
                time.sleep(0.1)
        visitor.sendall(b"POST /accounts/login/ HTTP/1.1\r\nHost: localhost\r\n")
        visitor.sendall(b"Content-Length: 1000\r\n\r\nlogin=")  # and the rest never comes
        time.sleep(1)
        serving = psutil.Process(process.pid)
        parts = [serving, *serving.children(True)]
        assert len(parts) > 1
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        finally:
            _, living = psutil.wait_procs(parts, 30)  # what computes ends with what asked
            for one in living:
                one.kill()
    visitor.close()
    assert not living
