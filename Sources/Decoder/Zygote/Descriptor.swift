internal import Glibc

/// A file descriptor that one owner has and that closes with it.
struct Descriptor: ~Copyable, Sendable {
  let raw: CInt

  /// Takes over `raw`, which must be open.
  init(owning raw: CInt) { self.raw = raw }

  deinit { close(raw) }
}
