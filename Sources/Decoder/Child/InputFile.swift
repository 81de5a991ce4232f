internal import Glibc

/// The file that a child decodes. Its size is asked for before the jail, in which nobody may ask.
struct InputFile {
  let descriptor: CInt
  let size: Int

  /// The file behind a descriptor, which stays open elsewhere.
  init(_ descriptor: CInt) throws(DecodeFailure) {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw .unavailable("the file cannot be read", errno) }
    self.descriptor = descriptor
    size = Int(status.st_size)
  }
}
