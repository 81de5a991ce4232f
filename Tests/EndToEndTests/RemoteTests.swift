import Foundation
import Glibc
import Testing

/// The commands that talk to a gateway: login, and what takes --server.
@Suite struct RemoteTests {
  private func environment(_ scratch: Scratch) -> [String: String] { ["XDG_CONFIG_HOME": scratch.path("config")] }

  /// Runs a command for the service from a directory and with a configuration of the test's own.
  private func run(_ service: Service, _ arguments: String..., status: Int32 = 0) async throws -> Outcome {
    let scratch = service.scratch
    let words = arguments + ["--server", service.gateway]
    // The spool is none of a remote command's business.
    let settings = environment(scratch).merging(["MP3SPOOL_SPOOL": scratch.path("no-spool")]) { $1 }
    let outcome = try await scratch.start(words, settings).outcome()
    #expect(outcome.status == status, "\(arguments): \(outcome)")
    return outcome
  }

  private func login(_ service: Service) async throws {
    let script = #""$0" login --server "$1" --user "$2" --password-stdin"#
    let words = [
      "XDG_CONFIG_HOME=\(service.scratch.path("config"))", "bash", "-c", script, Program.path, service.gateway,
    ]
    try await service.scratch.run("env", words + [Accounts.admin], input: Accounts.password + "\n")
  }

  @Test func loginKeepsATokenThatLogoutRevokes() async throws {
    try await withService { service in
      let scratch = service.scratch
      let refused = try await run(service, "jobs", status: 64)
      #expect(refused.errors.contains("mp3spool login --server \(service.gateway)"))
      try await login(service)
      for (path, mode) in [("config/mp3spool", 0o700), ("config/mp3spool/servers.json", 0o600)] {
        let attributes = try FileManager.default.attributesOfItem(atPath: scratch.path(path))
        #expect(attributes[.posixPermissions] as? Int == mode, "\(path)")
      }
      let kept = try String(contentsOfFile: scratch.path("config/mp3spool/servers.json"), encoding: .utf8)
      #expect(!kept.contains(Accounts.password))
      #expect(try await run(service, "jobs").lines.count == 1)
      let tokens = try await scratch.mp3spool("token", "list", Accounts.admin).lines
      #expect(tokens.count == 2 && tokens[1].contains("download,upload"))
      // A second login takes the place of the first.
      try await login(service)
      #expect(try await scratch.mp3spool("token", "list", Accounts.admin).lines.count == 2)
      let token = kept.split(separator: "\"").first { $0.hasPrefix("mp3s_") }.map(String.init)
      #expect(try await service.request("/jobs", token: token).status == 403, "the first token is revoked")
      _ = try await run(service, "logout")
      #expect(try await scratch.mp3spool("token", "list", Accounts.admin).lines.count == 1)
      _ = try await run(service, "jobs", status: 64)
      _ = try await run(service, "logout", status: 64)
    }
  }

  @Test func filesAreUploadedConvertedAndFetched() async throws {
    try await withService { service in
      let scratch = service.scratch
      try await login(service)
      let file = try await scratch.sound("Tür.wav", seconds: 1)
      let broken = try scratch.write("bad.mov", "no movie".utf8)
      let outcome = try await run(service, "submit", file, broken, "--wait", "--preset", "cbr-128", status: 65)
      #expect(outcome.lines.count == 2)
      #expect(outcome.errors.contains("Tür.mp3") && outcome.errors.contains("bad.mov: "))
      #expect(!outcome.errors.contains("\r"))
      let job = try await service.job(outcome.lines[0])
      #expect(abs((job.result?.bitrate ?? 0) - 128_000) < 1000)
      let hash = try await scratch.run("sha256sum", [scratch.path("Tür.mp3")])
      #expect(hash.hasPrefix(job.result?.sha256 ?? "-"))
      // The same bytes again are the same job, and what was fetched before stays.
      let again = try await run(service, "submit", file, "--wait", "--preset", "cbr-128", "--json")
      #expect(again.lines.count == 2 && again.lines[1].contains("Tür (2).mp3"), "\(again)")
      #expect(try await run(service, "show", job.fid).output.contains("128 kbit/s"))
      #expect(try await run(service, "jobs", "--state", "failed").lines.count == 2)
      _ = try await run(service, "cancel", job.fid, status: 65)
      #expect(try await service.job(job.fid).state == "done")
      let failed = outcome.lines[1]
      _ = try await run(service, "retry", failed)
      try await eventually("a second attempt") { try await service.job(failed).attempt == 1 }
      _ = try await run(service, "submit", file, "--preset", "crb-128", status: 64)
      let folder = service.scratch.path("out/new")
      _ = try await run(service, "submit", file, "--wait", "--preset", "cbr-128", "-o", folder)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 1)
      #expect(!FileManager.default.fileExists(atPath: scratch.path("no-spool")))
    }
  }

  @Test(arguments: [
    ("http://127.0.0.1:1", "nothing listens there"), ("http://localhost:1", "nothing listens there"),
    ("http://no-host.invalid", "no address is known for this name"),
  ])
  func whereNobodyListensThatIsSaidAtOnce(_ server: String, _ words: String) async throws {
    try await withScratch { scratch in
      let begin = ContinuousClock.now
      let outcome = try await scratch.mp3spool(
        "jobs", "--server", server, settings: ["MP3SPOOL_TOKEN": "x"], status: 69)
      #expect(outcome.errors.contains(words), "\(outcome)")
      #expect(ContinuousClock.now - begin < .seconds(80), "as long as a patient client asks again")
    }
  }

  @Test func uploadGoesOnWhenTheServiceIsBack() async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      let first = try await Service.start(in: scratch)
      try await login(first)
      let file = try scratch.longSilence("long.wav", minutes: 15)
      let command = try scratch.start(
        ["submit", file, "--server", first.gateway],
        environment(scratch).merging(["MP3SPOOL_SPOOL": scratch.path("no-spool")]) { $1 })
      let uploads = scratch.spool.appending(path: ".state/uploads").path
      try await eventually("bytes of an upload") {
        let names = try FileManager.default.contentsOfDirectory(atPath: uploads)
        return names.contains { name in
          let attributes = try? FileManager.default.attributesOfItem(atPath: "\(uploads)/\(name)/source")
          return attributes?[.size] as? Int ?? 0 > 0
        }
      }
      await first.kill()
      let port = first.port
      let second = try await Service.start(
        in: scratch, ["serve"], ["MP3SPOOL_LISTEN": "127.0.0.1:\(port)", "MP3SPOOL_CONVERTERS": "1"])
      let outcome = await command.outcome()
      #expect(outcome.status == 0, "\(outcome)")
      let jobs = try await second.jobs()
      #expect(jobs.map(\.fid) == outcome.lines)
      #expect(jobs.first?.size == 15 * 60 * 44100 * 4 + 44)
      await second.stop()
    }
  }

  /// A server that answers, keeps the connection, and closes it when it is asked for something again.
  private static let fickleServer = """
    import hashlib, http.server, json, sys, time
    fid, mp3 = '01JZ0000000000000000000001', b'the bytes of an MP3'
    result = {'track': 1, 'sha256': hashlib.sha256(mp3).hexdigest(), 'byteCount': len(mp3), 'duration': 1, 'sampleRate': 44100,
              'channels': 2, 'bitrate': 128000, 'container': 'wav', 'codec': 'pcm_s16le', 'warnings': [], 'copied': False,
              'output': 'a.0/audio.mp3'}
    job = {'fid': fid, 'state': 'done', 'name': 'talk.wav', 'owner': 'ann', 'size': 1, 'options': {}, 'origin': 'upload',
           'attempt': 0, 'submitted': '2026-01-01T00:00:00Z', 'result': result}

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = 'HTTP/1.1'
        count = 0

        def answer(self, status, body=b'', **headers):
            self.rfile.read(int(self.headers.get('Content-Length', 0)))
            self.count += 1
            self.send_response(status)
            for name, value in headers.items(): self.send_header(name.replace('_', '-'), value)
            self.send_header('Content-Length', str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self): self.answer(201, Location='/files/1')
        def do_HEAD(self): self.answer(200, Upload_Offset='0')
        def do_PATCH(self): self.answer(204, Mp3spool_Fid=fid)

        def stall(self):
            self.send_response(200)
            self.send_header('Content-Length', '100000')
            self.end_headers()
            self.wfile.write(mp3)
            time.sleep(600)

        def do_GET(self):
            if self.path.startswith('/download') and 'stall' in sys.argv: return self.stall()
            if self.count:
                print('closed', self.path, flush=True)
                self.close_connection = True
                return
            self.answer(200, mp3 if self.path.startswith('/download') else json.dumps(job).encode())

        def log_message(self, *words): pass

    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()
    """

  /// RFC 9112 §9.3.1: it may be closed at the moment in which it is used again.
  @Test func keptConnectionThatIsClosedCostsNothing() async throws {
    try await withScratch { scratch in
      let server = try scratch.launch("python3", ["-c", Self.fickleServer])
      defer { server.send(SIGKILL) }
      let port = try await eventually("a server that listens") { Int(server.said.split(separator: "\n").first ?? "") }
      let file = try scratch.write("talk.wav", "x".utf8)
      let settings = environment(scratch).merging(["MP3SPOOL_TOKEN": "mp3s_x"]) { $1 }
      let outcome = try await scratch.start(
        ["submit", file, "--wait", "--server", "http://127.0.0.1:\(port)"], settings
      ).outcome()
      #expect(outcome.status == 0, "\(outcome)")
      #expect(try String(contentsOfFile: scratch.path("talk.mp3"), encoding: .utf8) == "the bytes of an MP3")
      // It did close one for each kind of request that is asked once more.
      for path in ["closed /jobs/", "closed /download"] { #expect(server.said.contains(path), "\(server.said)") }
    }
  }

  @Test(arguments: [SIGINT, SIGTERM]) func interruptedFetchLeavesNothing(_ signal: Int32) async throws {
    try await withScratch { scratch in
      let server = try scratch.launch("python3", ["-c", Self.fickleServer, "stall"])
      defer { server.send(SIGKILL) }
      let port = try await eventually("a server that listens") { Int(server.said.split(separator: "\n").first ?? "") }
      let file = try scratch.write("talk.wav", "x".utf8)
      let settings = environment(scratch).merging(["MP3SPOOL_TOKEN": "mp3s_x"]) { $1 }
      let command = try scratch.start(
        ["submit", file, "--wait", "-o", scratch.path("out"), "--server", "http://127.0.0.1:\(port)"], settings)
      func fetched() -> [String] { (try? FileManager.default.contentsOfDirectory(atPath: scratch.path("out"))) ?? [] }
      try await eventually("a part of an MP3") { fetched().contains { $0.hasSuffix(".part") } }
      command.send(signal)
      let outcome = await command.outcome()
      #expect(outcome.status == 128 + signal && outcome.errors.contains("interrupted"), "\(outcome)")
      #expect(fetched() == [])
    }
  }

  @Test func interruptedSubmissionHandsNothingOver() async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      let file = try scratch.write("large.mov", [])
      try FileHandle(forWritingTo: URL(filePath: file)).truncate(atOffset: 8 << 30)
      let command = try scratch.start(["submit", file])
      try await eventually("a part of the file in the spool") { !scratch.names(".state/tmp").isEmpty }
      command.send(SIGINT)
      let outcome = await command.outcome()
      #expect(outcome.status == 130 && outcome.lines.isEmpty, "\(outcome)")
      #expect(scratch.names(".state/tmp").isEmpty && scratch.names("incoming").isEmpty)
    }
  }

  @Test func absentServerIsToldInASentence() async throws {
    try await withScratch { scratch in
      let settings = environment(scratch).merging(["MP3SPOOL_TOKEN": "mp3s_x"]) { $1 }
      let outcome = try await scratch.start(["jobs", "--server", "http://127.0.0.1:1"], settings).outcome()
      #expect(outcome.status == 69)
      #expect(outcome.errors.contains("http://127.0.0.1:1 does not answer: "))
      #expect(!outcome.errors.contains("Error"))
      for url in ["ftp://example.com", "http://", "http://a@b.example.com"] {
        let refused = try await scratch.start(["jobs", "--server", url], settings).outcome()
        #expect(refused.status == 64 && refused.errors.contains("is no server"), "\(url): \(refused)")
      }
    }
  }

  @Test func localJobsAreCopiedWhereThePersonWantsThem() async throws {
    try await withService { service in
      let scratch = service.scratch
      let file = try await scratch.sound("talk.wav", seconds: 1)
      try await scratch.mp3spool("submit", file, "--wait", "-o", scratch.path("out/new"))
      #expect(try await scratch.decodedSamples(scratch.path("out/new/talk.mp3")) == 44100)
      try await scratch.mp3spool("submit", file, "-o", scratch.path("out"), status: 64)
      for other in ["another.mp3", "talk.wav"] {
        let refused = try await scratch.mp3spool("submit", file, "--wait", "-o", scratch.path(other), status: 64)
        #expect(refused.errors.contains("-o names a folder"), "\(refused)")
      }
      let untold = try await scratch.mp3spool("submit", file, "--webhook", "http://127.0.0.1:1/", status: 64)
      #expect(untold.errors.contains("not public"))
    }
  }
}

/// Views that are drawn anew every second, at a terminal that python3 makes.
@Suite struct LiveViewTests {
  /// Starts a program at a terminal of its own, types `key` once it has shown `marker`, and says how it ended, whether
  /// the terminal is as before, and all that was shown.
  private static let driver = """
    import os, pty, select, subprocess, sys, termios
    key, marker, command = sys.argv[1], sys.argv[2].encode(), sys.argv[3:]
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (10, 60))
    before = termios.tcgetattr(slave)
    child = subprocess.Popen(['setsid', '-c', *command], stdin=slave, stdout=slave, stderr=slave)
    shown, typed = b'', False
    while child.poll() is None or select.select([master], [], [], 0)[0]:
        if select.select([master], [], [], 0.05)[0]: shown += os.read(master, 65536)
        if marker in shown and not typed:
            typed = True
            os.write(master, bytes([int(key)]))
    sys.stdout.buffer.write(b'%d %d\\n' % (child.returncode, termios.tcgetattr(slave) == before) + shown)
    """

  @Test(arguments: [("jobs --watch", UInt8(ascii: "q")), ("jobs --watch", 3), ("top", UInt8(ascii: "q")), ("top", 3)])
  func viewIsDrawnUntilAKeyAndLeavesTheTerminalAsItWas(command: String, key: UInt8) async throws {
    try await withService { service in
      let scratch = service.scratch
      _ = try await service.upload(try await scratch.sound("a rather long name of a file.wav", seconds: 0.5))
      let words =
        ["env", "MP3SPOOL_SPOOL=\(scratch.spool.path)", Program.path] + command.split(separator: " ").map(String.init)
      let said = try await scratch.run("python3", ["-c", Self.driver, "\(key)", "FID"] + words)
      #expect(said.hasPrefix("0 1\n"), "\(said)")
      #expect(said.contains("\u{1B}[?25l") && said.contains("\u{1B}[?25h"))
      let plain = said.replacing(/\u{1B}\[[0-9;?]*[a-zA-Z]/, with: "")
      #expect(plain.split { $0.isNewline || $0 == "\r" }.allSatisfy { $0.count < 60 }, "\(plain)")
    }
  }

  @Test func withoutATerminalItIsSaidOnce() async throws {
    try await withService { service in
      let scratch = service.scratch
      let fid = try await service.upload(try await scratch.sound("a.wav", seconds: 0.5))
      _ = try await service.ended(fid)
      let jobs = try await scratch.mp3spool("jobs", "--watch")
      #expect(jobs.lines.count == 2 && jobs.lines[1].hasPrefix(fid))
      let top = try await scratch.mp3spool("top")
      #expect(top.lines[0] == "0 waiting, 0 active, 1 done, 0 failed")
      #expect(top.output.contains("alive"))
      #expect(!top.output.contains("\u{1B}"))
    }
  }
}
