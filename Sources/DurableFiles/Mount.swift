internal import Glibc
public import SystemPackage

/// What is mounted at some place of this host's tree of files, as /proc/self/mountinfo has it (proc_pid_mountinfo(5)).
public struct Mount: Sendable, Equatable {
  /// The kernel's number of it.
  let number: String
  /// Such as `ext4`, `nfs4`, `tmpfs`.
  public let kind: String
  /// A device, or `server:/export`.
  public let source: String
  public let point: FilePath
  /// Those of this mount and those of the file system, as the kernel goes by them: `rw`, `hard`, `vers=4.2`.
  public let options: Set<String>

  public init(number: String = "0", kind: String, source: String, point: FilePath, options: Set<String>) {
    (self.number, self.kind, self.source, self.point, self.options) = (number, kind, source, point, options)
  }

  /// One line of the file; nil where it has another form.
  public init?(line: some StringProtocol) {
    let fields = line.split(separator: " " as Character).map { String($0) }
    // A number of optional fields, which differs, is ended by a hyphen.
    guard let hyphen = fields.dropFirst(6).firstIndex(of: "-"), fields.count >= hyphen + 4 else { return nil }
    self.init(
      number: fields[0], kind: fields[hyphen + 1], source: Self.plain(fields[hyphen + 2]),
      point: FilePath(Self.plain(fields[4])),
      options: Set((fields[5] + "," + fields[hyphen + 3]).split(separator: ",").map(String.init)))
  }

  /// What an option is set to; nil where it is not there, or has no value.
  public func value(of option: String) -> String? {
    options.first { $0.hasPrefix("\(option)=") }.map { String($0.dropFirst(option.utf8.count + 1)) }
  }

  /// Spaces and the like stand there as octal numbers: `\040`.
  private static func plain(_ text: String) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      let digits = rest.prefix(3)
      if byte == UInt8(ascii: "\\"), let code = UInt8(String(decoding: digits, as: UTF8.self), radix: 8) {
        bytes.append(code)
        rest = rest.dropFirst(3)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension Files {
  /// The mount that `path` lies on; nil where the kernel does not tell.
  ///
  /// The kernel is asked for its number. Paths do not tell: what was mounted over a folder later hides the mounts below it,
  /// which the table has still.
  public static func mount(of path: FilePath) throws(FileError) -> Mount? {
    guard let number = try mountNumber(of: path) else { return nil }
    let table = String(decoding: try readUnsized("/proc/self/mountinfo"), as: UTF8.self)
    return table.split(separator: "\n").lazy.compactMap { Mount(line: $0) }.first { $0.number == number }
  }

  /// As proc_pid_fdinfo(5) tells it of an open file.
  private static func mountNumber(of path: FilePath) throws(FileError) -> String? {
    let descriptor = try Descriptor(opening: path, O_RDONLY)
    let info = FilePath("/proc/self/fdinfo/\(descriptor.number)")
    let lines = String(decoding: try readUnsized(info), as: UTF8.self).split(separator: "\n")
    return lines.first { $0.hasPrefix("mnt_id:") }?.split(separator: "\t").last.map(String.init)
  }

  /// A file of /proc says that it has no bytes, and has some.
  private static func readUnsized(_ path: FilePath) throws(FileError) -> [UInt8] {
    var file = try SourceFile(reading: path)
    var bytes: [UInt8] = []
    while true {
      let more = try file.read(upTo: 64 << 10)
      if more.isEmpty { return bytes }
      bytes += more
    }
  }

  /// The absolute path without symbolic links (realpath(3)).
  public static func realPath(_ path: FilePath) throws(FileError) -> FilePath {
    guard let real = unsafe path.withPlatformString({ unsafe realpath($0, nil) }) else {
      throw FileError(operation: "find", path: path, errno: .latest)
    }
    defer { unsafe free(real) }
    return unsafe FilePath(platformString: real)
  }

  /// Whose rights this process has.
  public static var effectiveUser: UInt32 { geteuid() }
}
