"""Uploads a file by tuspy through a proxy that breaks connections: python3 interrupt.py --help.

It lives as long as one life of the service: its last interruption is the service's, which is killed in the middle of a
request. Whoever starts it again, with the same --url file, goes on with the same upload.
"""

import argparse
import os
import random
import signal
import socket
import sys
import threading
from pathlib import Path

from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError, TusUploadFailed


class Proxy:
    """Passes connections on, and cuts all of them once so many bytes have come from the clients."""

    def __init__(self, port: int):
        self.target = ("127.0.0.1", port)
        self.lock, self.budget, self.cut, self.open = threading.Lock(), None, None, set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def cut_after(self, count: int, cut) -> None:
        with self.lock:
            self.budget, self.cut = count, cut

    def accept(self) -> None:
        while True:
            client, _ = self.listener.accept()
            try:
                server = socket.create_connection(self.target)
            except OSError:
                client.close()
                continue
            with self.lock:
                self.open |= {client, server}
            threading.Thread(target=self.pump, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self.pump, args=(server, client, False), daemon=True).start()

    def pump(self, source: socket.socket, target: socket.socket, counts: bool) -> None:
        try:
            while data := source.recv(16384):
                data, cut = self.allow(data) if counts else (data, None)
                target.sendall(data)
                if cut:
                    cut()
            target.shutdown(socket.SHUT_WR)
        except OSError:
            # One end is gone: so is the other.
            for end in (source, target):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def allow(self, data: bytes):
        """What of it may pass, and what is then to be done."""
        with self.lock:
            if self.budget is None:
                return data, None
            data = data[:self.budget]
            self.budget -= len(data)
            if self.budget:
                return data, None
            self.budget, cut = None, self.cut
            return data, cut

    def hang_up(self) -> None:
        """Cuts all connections; some as a client that ends, some as one whose network is gone (RST)."""
        with self.lock:
            connections, self.open = self.open, set()
        reset = random.random() < 0.5
        for connection in connections:
            try:
                if reset:
                    linger = (1).to_bytes(4, sys.byteorder) + (0).to_bytes(4, sys.byteorder)
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                connection.shutdown(socket.SHUT_RDWR)
                connection.close()
            except OSError:
                pass


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True, help="of the gateway")
    parser.add_argument("--service", type=int, required=True, help="the process to kill at the last interruption")
    parser.add_argument("--token", required=True)
    parser.add_argument("--file", type=Path, required=True)
    parser.add_argument("--url", type=Path, required=True, help="where the upload's path is kept between lives")
    parser.add_argument("--interruptions", type=int, required=True, help="in this life; 0 lets the upload end")
    parser.add_argument("--step", type=int, required=True, help="the largest number of bytes between two")
    parser.add_argument("--seed", type=int, required=True)
    return parser.parse_args()


def main() -> None:
    asked = arguments()
    random.seed(asked.seed)
    proxy = Proxy(asked.port)
    base = f"http://127.0.0.1:{proxy.port}"
    client = TusClient(f"{base}/files", headers={"Authorization": f"Bearer {asked.token}"})
    known = asked.url.read_text() if asked.url.exists() else None
    # tuspy asks for the offset itself where it is given a URL.
    uploader = client.uploader(str(asked.file), url=known and base + known, metadata={"filename": asked.file.name})
    if not known:
        uploader.set_url(uploader.create_url())
        asked.url.write_text(uploader.url.removeprefix(base))
    sent = uploader.offset
    for number in range(1, asked.interruptions + 1):
        is_last = number == asked.interruptions
        before = uploader.offset
        cut = (lambda: kill(asked.service, proxy)) if is_last else proxy.hang_up
        count = random.randrange(1, asked.step)
        proxy.cut_after(count, cut)
        try:
            uploader.upload_chunk()
            sys.exit(f"the upload ended at {uploader.offset} in spite of a cut after {count} bytes")
        except (TusCommunicationError, TusUploadFailed) as error:
            proxy.hang_up()
            if is_last:
                print(f"killed after {count} bytes behind {before}")
                return
            uploader.offset = settled(uploader)
            print(f"cut after {count} bytes behind {before}: {uploader.offset} count ({type(error).__name__})")
            # The service may notice late that a connection is gone: what came before may begin to count only now.
            sent = max(sent, before + count)
            if not before <= uploader.offset <= sent:
                sys.exit("what counts is not what came")
    uploader.upload()
    print(f"whole at {uploader.offset}")


def kill(service: int, proxy: Proxy) -> None:
    os.kill(service, signal.SIGKILL)
    proxy.hang_up()


def settled(uploader) -> int:
    """The offset once the service has seen that the connection is gone: it may take a moment until it lets go."""
    offset = uploader.get_offset()
    while True:
        threading.Event().wait(0.05)
        again = uploader.get_offset()
        if again == offset:
            return offset
        offset = again


main()
