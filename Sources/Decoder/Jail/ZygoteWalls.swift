internal import CLinux
internal import Glibc
internal import SystemPackage

/// What the zygote gives up when it starts, for itself and for all its children: a child then has less to do.
///
/// It keeps what it needs to fork and to end children: the socket, and as root the capabilities to make them other users
/// and to signal those.
struct ZygoteWalls {
  /// Character sets that MPEG-TS may name for its programmes (getstr8, libavformat/mpegts.c).
  private static let characterSets =
    ["ISO6937", "UTF-16BE", "KSC_5601", "GB2312", "BIG5", "UTF-8"] + (1...16).map { "ISO-8859-\($0)" }

  /// What has been tried so far.
  private(set) var report = JailReport()
  /// Layers that the children shall do without: those that are tried out one by one.
  let leftOut: Set<JailLayer>
  /// Whether children must become other users.
  let isRoot = geteuid() == 0
  /// Whether they can, and be signalled then.
  let canMakeUsers = clinux_has_capabilities(Self.capabilities)
  /// Bytes of address space: the libraries' code and data.
  private(set) var addressSpace = 0
  /// The children's filter of system calls, or why there is none.
  private(set) var filter: Result<[UInt8], Errno> = .failure(.noFunction)

  /// To be called once everything that children share is loaded. Throws `unavailable` where the process can't even give
  /// up what each process can.
  init(leavingOut leftOut: Set<JailLayer>) throws(DecodeFailure) {
    self.leftOut = leftOut
    prepare()
    addressSpace = try Self.addressSpaceInUse()
    try Self.check(clinux_clear_environment(), "empty its environment")
    try Self.check(clinux_no_new_privileges(), "give up privileges")
    attempt(.emptyNetwork) { clinux_leave_network() }
    try Self.check(clinux_keep_capabilities(isRoot && canMakeUsers ? Self.capabilities : 0), "give up privileges")
    try Self.check(clinux_not_dumpable(), "hide its memory")
    report[.noNewPrivileges] = .active
    // The children do it again, so that they can't signal the zygote either.
    attempt(.landlock) { Self.denyAll() }
    report.landlockVersion = max(0, Int(clinux_landlock_version()))
  }

  /// CAP_KILL, CAP_SETGID and CAP_SETUID (linux/capability.h).
  private static let capabilities: UInt64 = 1 << 5 | 1 << 6 | 1 << 7

  /// Tries a layer, unless it is left out: then the report says what a system without it would.
  mutating func attempt(_ layer: JailLayer, _ enter: () -> CInt) {
    report.note(layer, leftOut.contains(layer) ? .noFunction : enter() == 0 ? nil : Errno(rawValue: errno))
  }

  /// Notes that a layer would add nothing.
  mutating func leave(_ layer: JailLayer) { report[layer] = .notNeeded }

  /// Denies all that Landlock can deny.
  static func denyAll() -> CInt {
    let version = clinux_landlock_version()
    return version < 0 ? -1 : clinux_landlock_deny_all(version)
  }

  static func check(_ result: CInt, _ what: String) throws(DecodeFailure) {
    guard result == 0 else { throw .unavailable("the decoder could not \(what)", errno) }
  }

  private mutating func prepare() {
    var names: [UnsafePointer<CChar>?] = unsafe Self.characterSets.map { unsafe UnsafePointer(strdup($0)) }
    unsafe names.append(nil)
    unsafe clinux_prepare_libc(names)
    do { filter = .success(try SyscallFilter.program()) } catch { filter = .failure(error) }
  }

  /// The first number of statm counts pages (proc(5)).
  private static func addressSpaceInUse() throws(DecodeFailure) -> Int {
    let statm = Descriptor(owning: unsafe open("/proc/self/statm", O_RDONLY | O_CLOEXEC))
    var text = [UInt8](repeating: 0, count: 128)
    let count = unsafe read(statm.raw, &text, text.count)
    let digits = text.prefix(max(0, count)).prefix { $0 != UInt8(ascii: " ") }
    guard let pages = Int(String(decoding: digits, as: UTF8.self)) else {
      throw .unavailable("the decoder could not learn its size", errno)
    }
    return pages * Int(sysconf(CInt(_SC_PAGESIZE)))
  }
}
