import Foundation
import Glibc
import Testing

/// What systemd is told, and what it is told by etc/systemd.
struct ServiceManagerTests {
  @Test(arguments: ["serve", "auth", "gateway", "work"])
  func theServiceManagerHearsOfReadinessLifeAndStop(_ part: String) async throws {
    try await withScratch { scratch in
      try await scratch.makeSpool()
      let path = scratch.path("notify")
      let manager = try await scratch.serviceManager(at: path)
      let settings = ["NOTIFY_SOCKET": path, "WATCHDOG_USEC": "400000"]
      let service = try scratch.start([part], settings)
      try await eventually("two signs of life") {
        manager.said.split(separator: "\n").count { $0 == "WATCHDOG=1" } >= 2
      }
      service.send(SIGHUP)
      try await eventually("the end of a reload") { manager.said.split(separator: "\n").count { $0 == "READY=1" } >= 2 }
      service.send(SIGTERM)
      #expect(await service.outcome().status == 0)
      try await eventually("the stop") { manager.said.contains("STOPPING=1\n") }
      let told = manager.said.split(separator: "\n").filter { $0 != "bound" && $0 != "WATCHDOG=1" }
      let names = told.map { $0.starts(with: "MONOTONIC_USEC=") ? "MONOTONIC_USEC" : String($0) }
      // 30 s of shutdown-grace, 10 s to cancel the rest, and some more: else systemd might be the one who ends it.
      let stop = ["STOPPING=1", "EXTEND_TIMEOUT_USEC=45000000"]
      #expect(names == ["READY=1", "RELOADING=1", "MONOTONIC_USEC", "READY=1"] + stop)
      manager.send(SIGKILL)
      _ = await manager.outcome()
    }
  }

  /// One that has to wait for long was taken for one that does not start, and killed every 90 s.
  @Test func aConverterThatWaitsForItsSpoolIsReadyAndLives() async throws {
    try await withScratch { scratch in
      let path = scratch.path("notify")
      let manager = try await scratch.serviceManager(at: path)
      let work = try scratch.start(["work"], ["NOTIFY_SOCKET": path, "WATCHDOG_USEC": "400000"])
      try await eventually("two signs of life") {
        manager.said.contains("READY=1\n") && manager.said.split(separator: "\n").count { $0 == "WATCHDOG=1" } >= 2
      }
      #expect(!FileManager.default.fileExists(atPath: scratch.spool.path))
      work.send(SIGTERM)
      #expect(await work.outcome().status == 0)
      manager.send(SIGKILL)
      _ = await manager.outcome()
    }
  }

  @Test(.enabled(if: Tool.isThere("systemd-analyze"), "systemd is not installed"))
  func theUnitsAreReadAndLetTheServicesDoLittle() async throws {
    try await withScratch { scratch in
      var units: [String] = []
      for unit in try FileManager.default.contentsOfDirectory(at: Self.units, includingPropertiesForKeys: nil) {
        guard ["service", "timer", "socket"].contains(unit.pathExtension) else { continue }
        // The program and its manual are not installed here.
        let text = try String(contentsOf: unit, encoding: .utf8)
          .replacing("/usr/bin/mp3spool", with: "/bin/true").replacing(/Documentation=.*\n/, with: "")
        units.append(try scratch.write(unit.lastPathComponent, text.utf8))
      }
      #expect(units.count == 9)
      let verdict = try await scratch.launch("systemd-analyze", ["verify"] + units).outcome()
      #expect(verdict.status == 0 && verdict.errors == "", "\(verdict)")
      // In tenths: what systemd-analyze calls the overall exposure level.
      for (unit, most) in ["mp3spool.service": 20, "mp3spool-gateway.service": 20, "mp3spool-work@.service": 15] {
        let words = ["security", "--offline=true", "--threshold=\(most)", Self.units.appending(path: unit).path]
        let exposure = try await scratch.launch("systemd-analyze", words).outcome()
        #expect(exposure.status == 0, "\(exposure)")
      }
    }
  }

  @Test func theServiceManagerWaitsLongerThanAStopTakes() throws {
    for unit in ["mp3spool", "mp3spool-gateway", "mp3spool-auth", "mp3spool-work@"] {
      let text = try String(contentsOf: Self.units.appending(path: "\(unit).service"), encoding: .utf8)
      let limit = try #require(text.firstMatch(of: /\nTimeoutStopSec=(\d+)\n/).flatMap { Int($0.1) })
      // shutdown-grace by default, and what is left after it is cancelled.
      #expect(limit >= 30 + 10 + 5, "\(unit)")
      #expect(text.contains("\nExecReload=/bin/kill -HUP $MAINPID\n"), "\(unit)")
    }
  }

  private static let units = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "etc/systemd")
}

extension Scratch {
  /// A service manager's socket, which says what it is sent, a line each.
  func serviceManager(at path: String) async throws -> Command {
    let script = """
      import socket, sys
      listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
      listener.bind(sys.argv[1])
      print("bound", flush=True)
      while True:
          print(listener.recv(4096).decode(), flush=True)
      """
    let manager = try launch("python3", ["-c", script, path])
    try await eventually("a socket") { manager.said.contains("bound\n") }
    return manager
  }
}
