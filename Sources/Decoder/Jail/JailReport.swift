public import SystemPackage

/// What holds a decoder's children, as a child found it that entered the jail.
public struct JailReport: Sendable, Hashable, CustomStringConvertible {
  /// What is with a layer.
  public enum State: Sendable, Hashable {
    case active
    /// It would add nothing.
    case notNeeded
    /// The system does not offer it, for this reason.
    case missing(Errno)
  }

  private var states = [State](repeating: .missing(.noFunction), count: JailLayer.allCases.count)
  /// The version of Landlock's interface; 0 where it is missing. From 4 on it denies TCP too, from 6 on signals.
  public internal(set) var landlockVersion = 0

  init() {}

  /// What is with a layer; one that nobody has tried is missing.
  public internal(set) subscript(layer: JailLayer) -> State {
    get { states[Int(layer.rawValue)] }
    set { states[Int(layer.rawValue)] = newValue }
  }

  /// Notes that a layer holds, or why it does not.
  mutating func note(_ layer: JailLayer, _ failure: Errno?) { self[layer] = failure.map { .missing($0) } ?? .active }

  /// The layers that hold.
  public var active: Set<JailLayer> { Set(JailLayer.allCases.filter { self[$0] == .active }) }

  /// The required layers that are missing.
  public var lacking: [JailLayer] {
    JailLayer.allCases.filter { layer in
      if layer.isRequired, case .missing = self[layer] { true } else { false }
    }
  }

  /// A layer and what is with it, such as `Landlock: active, denies files, TCP and signals (version 7)`.
  public func sentence(of layer: JailLayer) -> String {
    switch self[layer] {
    case .active: "\(layer.name): active\(layer == .landlock ? landlockReach : "")"
    case .notNeeded: "\(layer.name): not needed, since the service is not root"
    case .missing(let errno): "\(layer.name): missing (\(errno))"
    }
  }

  /// All layers' sentences.
  public var description: String { JailLayer.allCases.map(sentence).joined(separator: "; ") }

  /// What each version added: landlock(7).
  private var landlockReach: String {
    let reach =
      switch landlockVersion {
      case ..<4: "files"
      case 4, 5: "files and TCP"
      default: "files, TCP and signals"
      }
    return ", denies \(reach) (version \(landlockVersion))"
  }
}

extension JailReport {
  /// For each layer a state (u8: 1 active, 2 not needed, 3 missing) and an errno (i32); then Landlock's version (u8).
  var bytes: [UInt8] {
    var writer = ByteWriter()
    for layer in JailLayer.allCases {
      switch self[layer] {
      case .active: writer.write(state: 1)
      case .notNeeded: writer.write(state: 2)
      case .missing(let errno): writer.write(state: 3, errno)
      }
    }
    writer.write(UInt8(clamping: landlockVersion))
    return writer.bytes
  }

  static let byteCount = JailLayer.allCases.count * 5 + 1

  /// Nil for what is no report.
  init?(_ bytes: [UInt8]) {
    var reader = ByteReader(bytes)
    for layer in JailLayer.allCases {
      guard let state = reader.number(UInt8.self), let errno = reader.number(CInt.self) else { return nil }
      switch state {
      case 1: self[layer] = .active
      case 2: self[layer] = .notNeeded
      case 3: self[layer] = .missing(Errno(rawValue: errno))
      default: return nil
      }
    }
    guard let version = reader.number(UInt8.self), reader.isAtEnd else { return nil }
    landlockVersion = Int(version)
  }
}

extension JailReport {
  /// Reads a child's report; nil where there is none.
  init?(_ source: inout PipeInput) {
    var bytes = [UInt8](repeating: 0, count: Self.byteCount)
    var span = bytes.mutableSpan
    var raw = unsafe span.mutableBytes  // Each bit pattern is a UInt8.
    guard (try? source.fill(&raw, count: Self.byteCount)) != nil else { return nil }
    self.init(bytes)
  }
}

extension ByteWriter {
  fileprivate mutating func write(state: UInt8, _ errno: Errno = Errno(rawValue: 0)) {
    write(state)
    write(errno.rawValue)
  }
}
