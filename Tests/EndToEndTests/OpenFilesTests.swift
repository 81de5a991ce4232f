import Foundation
import Glibc
import Testing

/// A process that may have few files open.
@Suite struct OpenFilesTests {
  private static let limited = ["bash", "-c", #"ulimit -n "$0" && exec "$@""#]

  @Test(arguments: [("serve", "64"), ("serve", "575"), ("gateway", "543")])
  func tooFewStopTheStart(_ part: String, _ limit: String) async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      let outcome = try await scratch.mp3spool(part, wrapper: Self.limited + [limit], status: 69)
      #expect(outcome.errors.contains("only \(limit) files may be open"), "\(outcome)")
    }
  }

  /// The gateway has its share of 640, and the auth service has the rest.
  @Test func serversShareThem() async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      let service = try await Service.start(in: scratch, ["serve"], wrapper: Self.limited + ["640"])
      let said = try await scratch.python(
        #"""
        clients = [connect() for _ in range(100)]
        time.sleep(2)
        sockets = [os.readlink(f"/proc/{arguments[0]}/fd/{name}") for name in os.listdir(f"/proc/{arguments[0]}/fd")]
        print(sum(name.startswith("socket:") for name in sockets) < 80)
        """#, port: service.port, "\(service.processIdentifier)")
      #expect(said == "True\n")
      #expect(await service.stop().status == 0)
    }
  }

  /// Nothing but the wish to accept what cannot be accepted would keep a processor busy.
  @Test func whereNoneIsLeftConnectionsWaitInPeace() async throws {
    try await withService { service in
      let said = try await service.scratch.python(
        #"""
        import resource
        process = int(arguments[0])
        def used():
            fields = open(f"/proc/{process}/stat").read().rsplit(")", 1)[1].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        limits = resource.prlimit(process, resource.RLIMIT_NOFILE)
        highest = max(int(name) for name in os.listdir(f"/proc/{process}/fd"))
        resource.prlimit(process, resource.RLIMIT_NOFILE, (highest + 3, limits[1]))
        clients = [connect() for _ in range(60)]
        time.sleep(1)
        before = used()
        time.sleep(3)
        print("in peace" if used() - before < 0.8 else f"{used() - before} s")
        resource.prlimit(process, resource.RLIMIT_NOFILE, limits)
        clients[-1].sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        print(said(clients[-1])[0].split("\r\n")[0])
        """#, port: service.port, "\(service.processIdentifier)")
      #expect(said == "in peace\nHTTP/1.1 200 OK\n")
      #expect(service.command.log.contains("connections have to wait"))
    }
  }
}
