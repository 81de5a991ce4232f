internal import Glibc

/// How many descriptors this process may have.
public enum OpenFiles {
  /// Raises the soft limit to the hard one (getrlimit(2), RLIMIT_NOFILE): the soft one is small for the sake of select(2),
  /// which nothing here uses.
  ///
  /// - Returns: the limit that holds now.
  public static func raiseLimit() -> Int {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
    let before = limit.rlim_cur
    limit.rlim_cur = limit.rlim_max
    let raised = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
    return Int(clamping: raised ? limit.rlim_cur : before)
  }
}
