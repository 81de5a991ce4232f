import DurableFiles
import SystemPackage
import Testing

@Suite struct MountTests {
  static let nfs =
    "98 30 0:45 / /srv/mp3\\040spool rw,relatime shared:50 master:3 - nfs4 10.78.0.1:/share rw,vers=4.2,hard,acdirmax=5"

  @Test func aLineOfTheTableIsRead() throws {
    let mount = try #require(Mount(line: Self.nfs))
    #expect((mount.kind, mount.source, mount.point) == ("nfs4", "10.78.0.1:/share", "/srv/mp3 spool"))
    #expect(mount.options == ["rw", "relatime", "vers=4.2", "hard", "acdirmax=5"])
    #expect((mount.value(of: "vers"), mount.value(of: "acdirmax"), mount.value(of: "hard")) == ("4.2", "5", nil))
    #expect(Mount(line: "22 1 8:1 / / rw - ext4 /dev/sda1 rw,errors=remount-ro")?.kind == "ext4")
  }

  @Test(arguments: [
    "", "22 1 8:1 / / rw", "22 1 8:1 / / rw - ext4", "22 1 8:1 / / rw - ext4 /dev/sda1", "- - - - - - - - -",
  ])
  func otherLinesAreNone(line: String) { #expect(Mount(line: line)?.kind != "ext4") }

  @Test func thisHostTellsOfItsMounts() throws {
    #expect(try Files.mount(of: "/proc/self/fd")?.kind == "proc")
    #expect(try Files.mount(of: ".")?.options.contains("rw") == true)
    #expect(throws: FileError.self) { try Files.mount(of: "/nowhere/at/all") }
  }
}
