import MP3Encoder

/// An MP3 in memory.
struct MemoryOutput: MP3Output, ~Copyable {
  private(set) var bytes: [UInt8] = []

  mutating func append(_ bytes: Span<UInt8>) throws(Never) {
    for index in bytes.indices { self.bytes.append(bytes[index]) }
  }

  mutating func overwrite(_ bytes: Span<UInt8>, at offset: Int) throws(Never) {
    for index in bytes.indices { self.bytes[offset + index] = bytes[index] }
  }
}

/// A disk that is full after so many bytes.
struct FullOutput: MP3Output, ~Copyable {
  struct Full: Error {}
  var room: Int

  mutating func append(_ bytes: Span<UInt8>) throws(Full) {
    room -= bytes.count
    if room < 0 { throw Full() }
  }

  mutating func overwrite(_ bytes: Span<UInt8>, at offset: Int) throws(Full) {}
}

/// An output that remembers nothing but what passed through.
struct CountingOutput: MP3Output, ~Copyable {
  var count = 0

  mutating func append(_ bytes: Span<UInt8>) throws(Never) { count += bytes.count }
  mutating func overwrite(_ bytes: Span<UInt8>, at offset: Int) throws(Never) {}
}
