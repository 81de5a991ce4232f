import Foundation
import Testing

/// How much of it is wanted; `etc/test hosts` says so.
enum Form: String {
  /// Four hosts, 1,000 jobs, and everything that is singled out.
  case long
  /// Two hosts, 60 jobs: some minutes.
  case short

  static let wanted = ProcessInfo.processInfo.environment["MP3SPOOL_TEST_HOSTS"].flatMap(Form.init)
}

/// A spool on real NFS, shared by hosts with kernels of their own. One lab at a time: each takes the whole machine.
@Suite(.serialized, .enabled(if: Form.wanted != nil, "it takes minutes, and root: etc/test hosts"))
struct HostTests {}
