import Foundation
import Glibc
import Testing

/// A spool on a file server that is away: calls wait until it is back, as on a `hard` mount of NFS, and whoever looks after
/// the service is told so.
struct AwaySpoolTests {
  /// Whoever asks for the free space waits for as long as there is the file that AWAY names.
  private static let library = """
    #define _GNU_SOURCE
    #include <dlfcn.h>
    #include <stdlib.h>
    #include <sys/statvfs.h>
    #include <unistd.h>

    static const char *away;
    __attribute__((constructor)) static void begin(void) { away = getenv("AWAY"); }

    int statvfs(const char *path, struct statvfs *answer) {
      int (*real)(const char *, struct statvfs *) = dlsym(RTLD_NEXT, "statvfs");
      while (away && access(away, F_OK) == 0) usleep(20000);
      return real(path, answer);
    }
    """

  @Test func theSpoolIsSaidToBeAwayAndTheServiceLives() async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      try scratch.write("away.c", Self.library.utf8)
      let (library, away, notify) = (scratch.path("away.so"), scratch.path("away"), scratch.path("notify"))
      try await scratch.run("clang", ["-shared", "-fPIC", "-o", library, scratch.path("away.c"), "-ldl"])
      let manager = try await scratch.serviceManager(at: notify)
      let settings = [
        "LD_PRELOAD": library, "AWAY": away, "NOTIFY_SOCKET": notify, "WATCHDOG_USEC": "400000",
      ]
      try await scratch.serve(settings) { service in
        try await eventually("readiness") { try await service.request("/readyz").status == 200 }
        try await eventually("a spool that is there") {
          try await service.request("/metrics").text.contains("\nmp3spool_spool_reachable 1\n")
        }
        try scratch.write("away", [])
        try await withThrowingTaskGroup { group in
          for _ in 0..<40 { group.addTask { try await service.request("/readyz", "-m", "20").status } }
          for try await status in group { #expect(status == 503) }
        }
        // Also the one that is asked for while the other's time still runs, or shortly after.
        for _ in 0..<3 {
          let metrics = try await service.request("/metrics", "-m", "20").text
          #expect(metrics.contains("\nmp3spool_spool_reachable 0\n"))
        }
        // What needs the spool's threads has some, and systemd hears on that the service lives.
        #expect(try await service.request("/hosts", "-m", "20").status == 200)
        let signs = { manager.said.split(separator: "\n").count { $0 == "WATCHDOG=1" } }
        let before = signs()
        try await eventually("further signs of life") { signs() >= before + 3 }

        try FileManager.default.removeItem(atPath: away)
        try await eventually("readiness") { try await service.request("/readyz").status == 200 }
        try await eventually("a spool that is back") {
          try await service.request("/metrics").text.contains("\nmp3spool_spool_reachable 1\n")
        }
      }
      manager.send(SIGKILL)
      _ = await manager.outcome()
    }
  }
}
