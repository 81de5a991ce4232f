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

  /// Whoever accepts a connection is told that there is no descriptor, for as long as there is the file that SHORTAGE names.
  ///
  /// A real shortage is not the same: where all its threads are busy, libdispatch opens a file once a second to count them, and
  /// ends the process where it cannot.
  private static let library = """
    #define _GNU_SOURCE
    #include <dlfcn.h>
    #include <errno.h>
    #include <stdlib.h>
    #include <sys/socket.h>
    #include <unistd.h>

    static const char *shortage;
    __attribute__((constructor)) static void begin(void) { shortage = getenv("SHORTAGE"); }

    int accept4(int descriptor, struct sockaddr *address, socklen_t *length, int flags) {
      int (*real)(int, struct sockaddr *, socklen_t *, int) = dlsym(RTLD_NEXT, "accept4");
      if (!shortage || access(shortage, F_OK) != 0) return real(descriptor, address, length, flags);
      errno = EMFILE;
      return -1;
    }
    """

  /// Nothing but the wish to accept what cannot be accepted would keep a processor busy.
  @Test(.enabled(if: Tool.isThere("clang"), "the C compiler that comes with Swift is not in the PATH"))
  func whereNoneIsLeftConnectionsWaitInPeace() async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      try scratch.write("shortage.c", Self.library.utf8)
      let (library, shortage) = (scratch.path("shortage.so"), scratch.path("shortage"))
      try await scratch.run("clang", ["-shared", "-fPIC", "-o", library, scratch.path("shortage.c"), "-ldl"])
      try await scratch.serve(["LD_PRELOAD": library, "SHORTAGE": shortage]) { service in
        let client = try scratch.launchPython(
          #"""
          process, shortage, go = arguments
          def used():
              fields = open(f"/proc/{process}/stat").read().rsplit(")", 1)[1].split()
              return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
          open(shortage, "w").close()
          clients = [connect() for _ in range(60)]
          while not os.path.exists(go): time.sleep(0.05)
          time.sleep(1)
          before = used()
          time.sleep(3)
          print("in peace" if used() - before < 0.8 else f"{used() - before} s")
          os.remove(shortage)
          clients[-1].sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
          print(said(clients[-1])[0].split("\r\n")[0])
          """#, port: service.port, ["\(service.processIdentifier)", shortage, scratch.path("go")])
        try await eventually("that they wait") { service.command.log.contains("connections have to wait") }
        try scratch.write("go", [])
        let outcome = await client.outcome()
        #expect(outcome.output == "in peace\nHTTP/1.1 200 OK\n", "\(outcome)")
      }
    }
  }
}
