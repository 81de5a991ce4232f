"""What people do with a service: log in, upload, wait, fetch; by curl, in the network of the service."""

import json

from runner import eventually, expect, run


def sample(path):
    """A video of three seconds."""
    run(
        "ffmpeg",
        "-nostdin",
        "-v",
        "error",
        "-y",
        "-f",
        "lavfi",
        "-i",
        "testsrc=duration=3:size=64x48:rate=10",
        "-f",
        "lavfi",
        "-i",
        "sine=440:duration=3",
        "-c:v",
        "mpeg4",
        "-c:a",
        "aac",
        "-shortest",
        path,
    )
    return path


class Client:
    """Somebody with an account. `network` is a process in whose network the service is; without it, this one."""

    def __init__(self, email, password, gateway="http://127.0.0.1:8080", network=None):
        self.gateway, self.account = gateway, f"{email}:{password}"
        self.enter = ["nsenter", "--target", network, "--net"] if network else []

    def curl(self, path, *words, **options):
        address = path if path.startswith("http") else self.gateway + path
        return run(*self.enter, "curl", "--silent", "--show-error", "--max-time", "60", *words, address, **options)

    def status(self, path):
        """The status of an answer; 0 where nobody answers."""
        done = self.curl(path, "--output", "/dev/null", "--write-out", "%{http_code}", check=False)
        return int(done.stdout or 0)

    def login(self, address=None):
        token = self.curl(
            f"{address or self.gateway}/login", "--fail", "--user", self.account, "--request", "POST"
        ).stdout
        expect(token.count(".") == 2, f"a login gave {token!r}")
        self.authorization = ["--header", f"Authorization: Bearer {token}"]
        return self

    def upload(self, video, name="talk.mp4"):
        """The new job's id."""
        answer = self.curl(
            "/upload?duplicate=convert", "--fail", *self.authorization, "--form", f"file=@{video};filename={name}"
        )
        return json.loads(answer.stdout)["fid"]

    def state(self, fid):
        answer = self.curl(f"/jobs/{fid}?wait=10", *self.authorization)
        return json.loads(answer.stdout)

    def wait(self, fid):
        job = eventually(lambda: f"the end of {self.state(fid)}", lambda: self.ended(fid))
        expect(job["state"] == "done", f"the job ended as {job}")

    def ended(self, fid):
        job = self.state(fid)
        return job.get("state") in ("done", "failed") and job

    def fetch(self, fid, path):
        self.curl(f"/download?fid={fid}", "--fail", *self.authorization, "--output", path)
        seconds = run("ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", path).stdout
        expect(2.9 < float(seconds) < 3.1, f"the MP3 has {seconds} s")

    def convert(self, video, into):
        """The whole way; the job's id."""
        fid = self.upload(video)
        self.wait(fid)
        self.fetch(fid, into)
        return fid
