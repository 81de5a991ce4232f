/// What the service asks of the zygote: one message of the socket each.
///
/// | kind u8 | rest | descriptors |
/// |---|---|---|
/// | 1 start | job u64, the layers that the jail must have u8, the request | the input, the pipe's write end |
/// | 2 kill | job u64 | |
/// | 3 report | job u64 | any, the pipe's write end |
enum ZygoteOrder: Equatable {
  case start(job: UInt64, DecodeRequest, needed: Set<JailLayer>)
  case kill(job: UInt64)
  /// To have a child enter the jail and write a `JailReport`.
  case report(job: UInt64)

  /// The most bytes that a message has.
  static let largest = 1024

  var bytes: [UInt8] {
    var writer = ByteWriter()
    switch self {
    case .start(let job, let request, let needed):
      writer.write(UInt8(1))
      writer.write(job)
      writer.write(needed.reduce(UInt8(0)) { $0 | 1 << $1.rawValue })
      request.write(to: &writer)
    case .kill(let job):
      writer.write(UInt8(2))
      writer.write(job)
    case .report(let job):
      writer.write(UInt8(3))
      writer.write(job)
    }
    return writer.bytes
  }

  /// Nil for what is no order.
  init?(_ bytes: [UInt8]) {
    var reader = ByteReader(bytes)
    guard let kind = reader.number(UInt8.self), let job = reader.number(UInt64.self) else { return nil }
    switch kind {
    case 1:
      guard let bits = reader.number(UInt8.self), let request = DecodeRequest(&reader) else { return nil }
      self = .start(job: job, request, needed: Set(JailLayer.allCases.filter { bits & 1 << $0.rawValue != 0 }))
    case 2: self = .kill(job: job)
    case 3: self = .report(job: job)
    default: return nil
    }
    guard reader.isAtEnd else { return nil }
  }
}

/// What the zygote reports: kind u8 (1 ended, 2 not started), job u64, wait status or errno i32.
enum ZygoteReport: Equatable {
  /// The job's child was reaped with this wait status.
  case ended(job: UInt64, status: CInt)
  /// The job has no child, for this errno.
  case notStarted(job: UInt64, errno: CInt)

  static let largest = 13

  var bytes: [UInt8] {
    var writer = ByteWriter()
    switch self {
    case .ended(let job, let status):
      writer.write(UInt8(1))
      writer.write(job)
      writer.write(status)
    case .notStarted(let job, let errno):
      writer.write(UInt8(2))
      writer.write(job)
      writer.write(errno)
    }
    return writer.bytes
  }

  /// Nil for what is no report.
  init?(_ bytes: [UInt8]) {
    var reader = ByteReader(bytes)
    guard let kind = reader.number(UInt8.self), let job = reader.number(UInt64.self),
      let value = reader.number(CInt.self), reader.isAtEnd
    else { return nil }
    switch kind {
    case 1: self = .ended(job: job, status: value)
    case 2: self = .notStarted(job: job, errno: value)
    default: return nil
    }
  }
}

extension DecodeRequest {
  fileprivate static let longestLanguage = 64

  fileprivate func write(to writer: inout ByteWriter) {
    writer.write(Int64(track ?? 0))
    writer.write(language ?? "", limit: Self.longestLanguage)
    writer.write(Int64(rate ?? 0))
    writer.write(channels.rawValue)
    writer.write(UInt8(allowsCopy ? 1 : 0))
    for number in [limits.streams, limits.probeBytes, limits.allocation, limits.addressSpace, limits.cpuSeconds] {
      writer.write(Int64(number))
    }
    for duration in [limits.analyzeDuration, limits.maximumDuration, limits.wallClock] { writer.write(duration) }
    for duration in [start, end] { writer.write(duration) }
  }

  fileprivate init?(_ reader: inout ByteReader) {
    self.init()
    guard let track = reader.number(Int64.self), let language = reader.countedText(limit: Self.longestLanguage),
      let rate = reader.number(Int64.self),
      let channels = reader.number(UInt8.self).flatMap(ChannelChoice.init(rawValue:)),
      let allowsCopy = reader.number(UInt8.self), let limits = DecodeLimits(&reader),
      let start = reader.duration(), let end = reader.duration()
    else { return nil }
    self.track = track == 0 ? nil : Int(track)
    self.language = language.isEmpty ? nil : String(decoding: language, as: UTF8.self)
    self.rate = rate == 0 ? nil : Int(rate)
    (self.channels, self.allowsCopy, self.limits) = (channels, allowsCopy == 1, limits)
    (self.start, self.end) = (start, end)
  }
}

extension DecodeLimits {
  fileprivate init?(_ reader: inout ByteReader) {
    guard let streams = reader.number(Int64.self), let probeBytes = reader.number(Int64.self),
      let allocation = reader.number(Int64.self), let addressSpace = reader.number(Int64.self),
      let cpuSeconds = reader.number(Int64.self),
      case .some(.some(let analyze)) = reader.duration(), case .some(.some(let maximum)) = reader.duration(),
      case .some(.some(let wall)) = reader.duration()
    else { return nil }
    (self.streams, self.probeBytes, self.allocation) = (Int(streams), Int(probeBytes), Int(allocation))
    (self.addressSpace, self.cpuSeconds) = (Int(addressSpace), Int(cpuSeconds))
    (analyzeDuration, maximumDuration, wallClock) = (analyze, maximum, wall)
  }
}
