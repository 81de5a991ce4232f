internal import CLinux
internal import Glibc

/// What a decoder child gives up before it reads the first byte of a file.
struct Jail {
  /// The descriptors that the child keeps.
  let input: CInt
  let output: CInt
  /// The zygote, with which the child dies.
  let parent: pid_t
  let limits: DecodeLimits

  /// Gives it all up, for good. Throws `unavailable` where the system does not let it: then nothing must be decoded.
  func enter() throws(DecodeFailure) {
    clinux_unblock_signals()
    try check(clinux_die_with_parent(parent), "be tied to its parent")
    let size = try addressSpaceInUse()
    try check(clinux_close_all_but(input, output), "close its descriptors")
    try check(clinux_no_new_privileges(), "give up privileges")
    try limit(clinux_limit_core, 0)
    try limit(clinux_limit_file_size, 0)
    try limit(clinux_limit_open_files, 0)
    try limit(clinux_limit_processes, 0)
    try limit(clinux_limit_address_space, size + limits.addressSpace)
    try limit(clinux_limit_cpu_seconds, limits.cpuSeconds)
    _ = nice(5)  // A service that is busy must stay able to answer.
  }

  private func limit(_ which: clinux_limit, _ value: Int) throws(DecodeFailure) {
    try check(clinux_set_limit(which, CUnsignedLongLong(max(0, value))), "be limited")
  }

  private func check(_ result: CInt, _ what: String) throws(DecodeFailure) {
    guard result == 0 else { throw .unavailable("the decoder could not \(what)", errno) }
  }

  /// Bytes of address space: the libraries' code and data. The first number of statm counts pages (proc(5)).
  private func addressSpaceInUse() throws(DecodeFailure) -> Int {
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
