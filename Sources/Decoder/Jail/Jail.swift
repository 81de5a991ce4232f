internal import CLinux
internal import Glibc
internal import SystemPackage

/// What a decoder's child gives up before it reads the first byte of a file. What the zygote gave up it has not either.
struct Jail {
  /// Where the file and the pipe are for a child in the jail.
  static let input: CInt = 0
  static let output: CInt = 1

  /// The zygote, with which the child dies.
  let parent: pid_t
  let walls: ZygoteWalls
  let limits: DecodeLimits
  /// Layers without which nothing must be decoded.
  let needed: Set<JailLayer>

  /// Gives it all up, for good. The process has no descriptors but `input` and `output` already.
  ///
  /// Throws `unavailable` where a needed layer is missing, or something that each system offers: then nothing must be
  /// decoded.
  func enter() throws(DecodeFailure) -> JailReport {
    clinux_unblock_signals()
    var walls = walls
    walls.attempt(.landlock) { ZygoteWalls.denyAll() }
    becomeAnotherUser(&walls)
    // Whoever becomes another user is no longer tied to its parent (PR_SET_PDEATHSIG(2const)).
    try ZygoteWalls.check(clinux_die_with_parent(parent), "be tied to its parent")
    try ZygoteWalls.check(clinux_not_dumpable(), "hide its memory")
    _ = nice(5)  // A service that is busy must stay able to answer.
    walls.attempt(.limits) { limit() }
    walls.attempt(.seccomp) { filterCalls() }
    try insist(on: walls.report)
    return walls.report
  }

  private func becomeAnotherUser(_ walls: inout ZygoteWalls) {
    guard walls.isRoot else { return walls.leave(.otherUser) }
    guard walls.canMakeUsers else { return walls.attempt(.otherUser) { Self.fail(EPERM) } }
    let number = Self.firstUser + uid_t(truncatingIfNeeded: getpid()) % Self.userCount
    walls.attempt(.otherUser) {
      // Where the system knows no such numbers (user_namespaces(7)), it still knows nobody.
      clinux_become(number, number) == 0 || clinux_become(Self.nobody, Self.nobody) == 0 ? 0 : -1
    }
  }

  /// Users that nobody is: systemd leaves these numbers unused (UIDS-GIDS, systemd.io). One for each process id.
  private static let firstUser: uid_t = 1_879_048_192
  private static let userCount: uid_t = 1 << 22  // PID_MAX_LIMIT, proc_sys_kernel(5)
  private static let nobody: uid_t = 65534

  private func limit() -> CInt {
    let limits: [(clinux_limit, Int)] = [
      (clinux_limit_core, 0), (clinux_limit_file_size, 0), (clinux_limit_open_files, 0), (clinux_limit_processes, 0),
      (clinux_limit_address_space, walls.addressSpace + self.limits.addressSpace),
      (clinux_limit_cpu_seconds, self.limits.cpuSeconds),
    ]
    for (which, value) in limits {
      guard clinux_set_limit(which, CUnsignedLongLong(max(0, value))) == 0 else { return -1 }
    }
    return 0
  }

  private func filterCalls() -> CInt {
    switch walls.filter {
    case .success(let program):
      let isFirst = clinux_signal_only_self() == 0
      return unsafe isFirst ? clinux_install_filter(program, program.count) : -1
    case .failure(let reason): return Self.fail(reason.rawValue)
    }
  }

  private static func fail(_ reason: CInt) -> CInt {
    errno = reason
    return -1
  }

  private func insist(on report: JailReport) throws(DecodeFailure) {
    guard let layer = needed.subtracting(report.active).min(by: { $0.rawValue < $1.rawValue }) else { return }
    throw DecodeFailure(.unavailable, "the decoder's jail is not complete: \(report.sentence(of: layer))")
  }
}
