"""A service of the test's own, and the sources that it gets."""

import os
import re
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

ADMIN = "admin@example.com"
READER = "reader@example.com"


class Service:
    """`mp3spool serve` in the directory of one test. It keeps its port when it is started again."""

    def __init__(self, program, directory, password):
        self.program, self.directory, self.password = program, Path(directory), password
        self.spool, self.log = self.directory / "spool", self.directory / "service.log"
        self.address, self.process = None, None

    def start(self):
        listen = self.address.removeprefix("http://") if self.address else "127.0.0.1:0"
        environment = dict(
            PATH=os.environ["PATH"], HOME=os.environ.get("HOME", "/"), TZ="UTC", MP3SPOOL_SPOOL=str(self.spool),
            MP3SPOOL_LISTEN=listen, MP3SPOOL_AUTH_LISTEN="127.0.0.1:0")
        begin = self.log.stat().st_size if self.log.exists() else 0
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([self.program, "serve"], env=environment, stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            text = self.log.read_bytes()[begin:].decode(errors="replace")
            found = re.search(r"gateway listens on (http://\S+)\n", text)
            if found:
                self.address = found[1]
                return self
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError(f"the service does not listen:\n{text}")

    def kill(self):
        """Ends it as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError("the service did not end within 30 s")

    def command(self, *words, given=None):
        environment = dict(os.environ, MP3SPOOL_SPOOL=str(self.spool))
        done = subprocess.run(
            [self.program, *words], env=environment, input=given, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, f"{words}: {done.stderr}"
        return done.stdout

    def request(self, method, path, body=None, **headers):
        """A request as another client of the service makes it."""
        request = urllib.request.Request(self.address + path, data=body, method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read()


class Sources:
    """Files to send, made by ffmpeg."""

    def __init__(self, directory):
        self.directory = Path(directory)

    def video(self, name="clip.mp4", seconds=3, tone=440, title="Morning at the harbour"):
        return self._make(
            name, "-f", "lavfi", "-i", f"testsrc=s=160x90:d={seconds}", "-f", "lavfi", "-i", f"sine=f={tone}:d={seconds}",
            "-metadata", f"title={title}", "-metadata", "artist=Ann Example", "-shortest")

    def talk(self, name="talk.mp4", seconds=4):
        """A video with a cover, and a chapter for each half."""
        cover, chapters = self._make("cover.png", "-f", "lavfi", "-i", "mandelbrot=s=300x300", "-frames:v", "1"), self.directory / "chapters"
        chapters.write_text(";FFMETADATA1\ntitle=Evening talk\nalbum=Talks\n" + "".join(
            f"[CHAPTER]\nTIMEBASE=1/1000\nSTART={start}\nEND={start + seconds * 500}\ntitle={title}\n"
            for start, title in [(0, "Greeting"), (seconds * 500, "Questions")]))
        return self._make(
            name, "-f", "lavfi", "-i", f"testsrc=s=160x90:d={seconds}", "-f", "lavfi", "-i", f"sine=f=350:d={seconds}",
            "-i", cover, "-i", str(chapters), "-map", "0", "-map", "1", "-map", "2", "-map_metadata", "3", "-map_chapters", "3",
            "-c:v:1", "png", "-disposition:v:1", "attached_pic")

    def silent(self, name="silent.mp4"):
        return self._make(name, "-f", "lavfi", "-i", "testsrc=s=160x90:d=1")

    def silence(self, name, seconds):
        return self._make(name, "-f", "lavfi", "-i", f"anullsrc=d={seconds}")

    def noise(self, name="noise.wav", megabytes=6):
        """Noise, of which no piece is like another."""
        return self._make(name, "-f", "lavfi", "-i", f"anoisesrc=r=44100:d={megabytes * 1e6 / 176400}", "-ac", "2")

    def _make(self, name, *words):
        path = self.directory / name
        subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *words, str(path)], check=True, timeout=60)
        return str(path)


def duration(path):
    """In seconds, of what ffmpeg takes for an MP3."""
    words = ["ffprobe", "-v", "error", "-f", "mp3", "-show_entries", "format=duration", "-of", "csv=p=0", str(path)]
    return float(subprocess.run(words, check=True, capture_output=True, text=True, timeout=60).stdout)
