public import NIOCore

/// What a client may take of the server before it has said who it is.
public struct ClientLimits: Sendable {
  /// For the head of a request, from its first byte on, and for the handshake of TLS.
  public var head: TimeAmount
  /// Without a byte of a body that is awaited. After so long its average must reach `bodyRate`, too.
  public var body: TimeAmount
  /// Between two requests of a connection.
  public var idle: TimeAmount
  /// Without an end of a portion (at most 128 KiB) of an answer that is being sent.
  public var write: TimeAmount
  /// Connections at the same time.
  public var connections: Int
  /// The same of one address; 0 is no limit.
  public var connectionsPerAddress: Int

  public init(
    head: TimeAmount, body: TimeAmount, idle: TimeAmount, write: TimeAmount, connections: Int,
    connectionsPerAddress: Int
  ) {
    self.head = head
    self.body = body
    self.idle = idle
    self.write = write
    self.connections = connections
    self.connectionsPerAddress = connectionsPerAddress
  }

  /// The least average rate of a body, in bytes per second.
  static let bodyRate: Int64 = 1024
  /// The largest head of a request, in bytes: names and values of its fields and its target.
  static let headBytes = 32 << 10
  /// The most fields of a request's head or of its trailer.
  static let headFields = 100
  /// What is read and thrown away of a body that nobody wants, in bytes.
  static let lingering = 64 << 10
  /// How long a client has to see an answer that ends its connection.
  static let lingeringTime = TimeAmount.seconds(2)
}
