internal import CLinux
internal import CSeccomp
internal import Glibc
internal import SystemPackage

/// The system calls that decoding needs. Every other one, and every other use of these, ends the process.
///
/// A child's input is descriptor 0 and its pipe descriptor 1; what it must ask the system otherwise is asked before. What
/// is here besides reading the one and writing to the other is memory, locks, clocks and the ways to end.
enum SyscallFilter {
  private struct Rule {
    let call: String
    var conditions: [scmp_arg_cmp] = []
    var action = SCMP_ACT_ALLOW
  }

  private static var rules: [Rule] { memory + locks + others + reportsOfCrashes }

  /// Memory is never executable, and never a file's.
  private static var memory: [Rule] {
    let isNotExecutable = bits(UInt64(PROT_EXEC), of: 2, equal: 0)
    return [
      Rule(
        call: "mmap", conditions: [isNotExecutable, bits(UInt64(MAP_ANONYMOUS), of: 3, equal: UInt64(MAP_ANONYMOUS))]),
      Rule(call: "mprotect", conditions: [isNotExecutable]),
      Rule(call: "brk"), Rule(call: "munmap"), Rule(call: "mremap"), Rule(call: "madvise"),
    ]
  }

  /// FUTEX_WAIT, FUTEX_WAKE and the two with a bit set, private or not (futex(2)). The kernel has had more trouble with
  /// the others.
  private static var locks: [Rule] {
    [0, 1, 9, 10].map { Rule(call: "futex", conditions: [bits(0x7F, of: 1, equal: $0)]) }
  }

  private static var others: [Rule] {
    [
      Rule(call: "pread64", conditions: [argument(0, is: 0)]),
      Rule(call: "fadvise64", conditions: [argument(0, is: 0)]),
      Rule(call: "write", conditions: [argument(0, is: 1)]),
      // Clocks mostly go without a system call (vdso(7)), but not on each machine.
      Rule(call: "clock_gettime"), Rule(call: "gettimeofday"), Rule(call: "time"),
      // malloc's own secret, where a later libc draws another one.
      Rule(call: "getrandom"),
      Rule(call: "restart_syscall"), Rule(call: "exit"), Rule(call: "exit_group"),
    ]
  }

  /// A crash shall be seen as the signal it is: abort(3) needs these, and a message that libc or Swift has for standard
  /// error, which is closed, shall not end the process before. `clinux_signal_only_self` sees to whom tgkill is for.
  private static var reportsOfCrashes: [Rule] {
    let badDescriptor = cseccomp_fail_with(EBADF)
    return [
      Rule(call: "getpid"), Rule(call: "gettid"), Rule(call: "rt_sigprocmask"),
      Rule(call: "tgkill", conditions: [argument(2, is: UInt64(SIGABRT))]),
      Rule(call: "write", conditions: [argument(0, is: 2)], action: badDescriptor),
      Rule(call: "writev", conditions: [argument(0, is: 2)], action: badDescriptor),
    ]
  }

  /// The filter as the kernel takes it, for `clinux_install_filter`.
  static func program() throws(Errno) -> [UInt8] {
    guard let context = unsafe seccomp_init(SCMP_ACT_KILL_PROCESS) else { throw .invalidArgument }
    defer { unsafe seccomp_release(context) }
    try check(unsafe seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS))
    for rule in rules {
      let number = unsafe seccomp_syscall_resolve_name(rule.call)
      guard number != __NR_SCMP_ERROR else { throw .noFunction }
      // Some processors lack calls that others inherited from older times: libseccomp gives those negative numbers.
      guard number >= 0 else { continue }
      let count = CUnsignedInt(rule.conditions.count)
      try check(unsafe seccomp_rule_add_array(context, rule.action, number, count, rule.conditions))
    }
    return try unsafe exported(context)
  }

  private static func exported(_ context: scmp_filter_ctx) throws(Errno) -> [UInt8] {
    let raw = clinux_memory_file()
    guard raw >= 0 else { throw Errno(rawValue: errno) }
    let file = Descriptor(owning: raw)
    try check(unsafe seccomp_export_bpf(context, file.raw))
    var bytes = [UInt8](repeating: 0, count: Int(lseek(file.raw, 0, SEEK_END)))
    let count = unsafe pread(file.raw, &bytes, bytes.count, 0)
    guard count == bytes.count else { throw Errno(rawValue: errno) }
    return bytes
  }

  /// libseccomp's functions return 0 or a negative errno (seccomp_rule_add(3)).
  private static func check(_ result: CInt) throws(Errno) {
    if result < 0 { throw Errno(rawValue: -result) }
  }

  private static func argument(_ index: CUnsignedInt, is value: UInt64) -> scmp_arg_cmp {
    scmp_arg_cmp(arg: index, op: SCMP_CMP_EQ, datum_a: value, datum_b: 0)
  }

  private static func bits(_ mask: UInt64, of index: CUnsignedInt, equal value: UInt64) -> scmp_arg_cmp {
    scmp_arg_cmp(arg: index, op: SCMP_CMP_MASKED_EQ, datum_a: mask, datum_b: value)
  }
}
