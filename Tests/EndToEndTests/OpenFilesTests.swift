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
        def accepted():
            """Its connections; those that wait in the kernel have no inode yet (proc_net_tcp.txt).

            The file is no snapshot: where others come and go while it is read, a line may be there twice.
            """
            rows = [line.split() for line in open(f"/proc/{arguments[0]}/net/tcp").readlines()[1:]]
            return len({row[9] for row in rows if row[1].endswith(f":{port:04X}") and row[3] == "01" and row[9] != "0"})
        clients = [connect() for _ in range(100)]
        while accepted() < 64: time.sleep(0.05)
        time.sleep(1)  # no more of them come
        print(accepted())
        """#, port: service.port, "\(service.processIdentifier)")
      #expect(said == "64\n")
      #expect(await service.stop().status == 0)
    }
  }

  /// Nothing but the wish to accept what cannot be accepted would keep a processor busy.
  @Test func whereNoneIsLeftConnectionsWaitInPeace() async throws {
    try await withService { service in
      let client = try service.scratch.launchPython(
        #"""
        import resource
        process = int(arguments[0])
        def used():
            fields = open(f"/proc/{process}/stat").read().rsplit(")", 1)[1].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        limits = resource.prlimit(process, resource.RLIMIT_NOFILE)
        taken = {int(name) for name in os.listdir(f"/proc/{process}/fd")}
        free = [number for number in range(1000) if number not in taken]  # One that it has inherited may be high.
        resource.prlimit(process, resource.RLIMIT_NOFILE, (free[3], limits[1]))
        clients = [connect() for _ in range(60)]
        while not os.path.exists(arguments[1]): time.sleep(0.05)
        time.sleep(1)
        before = used()
        time.sleep(3)
        print("in peace" if used() - before < 0.8 else f"{used() - before} s")
        resource.prlimit(process, resource.RLIMIT_NOFILE, limits)
        clients[-1].sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        print(said(clients[-1])[0].split("\r\n")[0])
        """#, port: service.port, ["\(service.processIdentifier)", service.scratch.path("go")])
      try await eventually("that they wait") { service.command.log.contains("connections have to wait") }
      _ = try service.scratch.write("go", [])
      let outcome = await client.outcome()
      #expect(outcome.output == "in peace\nHTTP/1.1 200 OK\n", "\(outcome)")
    }
  }
}
