import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOHTTPTypesHTTP2
import NIOSSL
import NIOTLS

/// How a connection is set up and served. Hummingbird's own channels have no place for what has to see a connection's
/// bytes, and keep the certificate that they started with.
struct WebChannel: HTTPChannelHandler {
  typealias Parts = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

  enum Speech: Sendable {
    case http1(Parts)
    case http2(NIOHTTP2Handler.AsyncStreamMultiplexer<Parts>)
  }

  struct Value: ServerChildChannelValue {
    let channel: any Channel
    /// Known once the handshake is over.
    let speech: EventLoopFuture<Speech>
  }

  let responder: Responder
  /// Of the connections that begin now.
  let limits: @Sendable () -> ClientLimits
  let certificates: @Sendable () -> Certificates?
  let gate: ConnectionGate

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
    channel.eventLoop.makeCompletedFuture {
      let (limits, certificates) = (limits(), certificates())
      guard gate.enter(channel, limit: limits.connectionsPerAddress) else {
        return try refuse(channel, isSecure: certificates != nil)
      }
      try readInLargePieces(channel)
      let speech = try certificates.map { try secure(channel, limits, $0, logger) } ?? plain(channel, limits, logger)
      return Value(channel: channel, speech: speech)
    }
  }

  func handle(value: Value, logger: Logger) async {
    do {
      switch try await value.speech.get() {
      case .http1(let parts): await handleHTTP(asyncChannel: parts, logger: logger)
      case .http2(let streams):
        try await withThrowingDiscardingTaskGroup { group in
          for try await stream in streams.inbound {
            group.addTask { await handleHTTP(asyncChannel: stream, logger: logger) }
          }
        }
      }
    } catch { logger.debug("a connection ended early", metadata: ["error": "\(error)"]) }
  }

  /// A video comes faster in large pieces: each wakes a task. What a reader leaves waiting stays small all the same: one
  /// piece at a time is read, and few are in line (see ``line``).
  private func readInLargePieces(_ channel: any Channel) throws {
    try channel.syncOptions?.setOption(
      .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 4096, maximum: 256 << 10))
    try channel.syncOptions?.setOption(.maxMessagesPerRead, value: 1)
  }

  /// How many parts of requests wait for their reader before no more is read from the connection.
  private static let line = Parts.Configuration(
    backPressureStrategy: .init(lowWatermark: 1, highWatermark: 4), isOutboundHalfClosureEnabled: true)

  /// Over TLS the handshake alone would cost more than the answer is worth.
  private func refuse(_ channel: any Channel, isSecure: Bool) throws -> Value {
    if isSecure {
      channel.eventLoop.execute { channel.close(promise: nil) }
    } else {
      try channel.pipeline.syncOperations.addHandler(FullHouse())
    }
    return Value(channel: channel, speech: channel.eventLoop.makeFailedFuture(TooManyConnections()))
  }

  // MARK: - HTTP/1.1

  private func plain(
    _ channel: any Channel, _ limits: ClientLimits, _ logger: Logger
  ) throws -> EventLoopFuture<Speech> {
    channel.eventLoop.makeSucceededFuture(.http1(try http1(channel, limits, isSecure: false, logger)))
  }

  private func http1(
    _ channel: any Channel, _ limits: ClientLimits, isSecure: Bool, _ logger: Logger
  ) throws -> Parts {
    let exchange = ExchangeHandler(.connection, limits: limits)
    let pipeline = channel.pipeline.syncOperations
    var decoder = NIOHTTPDecoderLimitConfiguration()
    decoder.maxHeaderFieldSize = ClientLimits.headBytes
    decoder.maxHeaderListSize = ClientLimits.headBytes
    decoder.maxHeaderFieldCount = ClientLimits.headFields
    try pipeline.addHandler(ByteTap(exchange))
    // Pipelining is NIOAsyncChannel's matter and errors are ours; Swift's HTTP types check the fields of answers.
    try pipeline.configureHTTPServerPipeline(
      withPipeliningAssistance: false, withErrorHandling: false, withOutboundHeaderValidation: false,
      withEncoderConfiguration: .init(), withDecoderLimitConfiguration: decoder)
    try pipeline.addHandlers([
      HeadGate(exchange), HTTP1ToHTTPServerCodec(secure: isSecure), exchange,
      // It closes idle connections when the server stops.
      HTTPConnectionStateHandler(logger: logger),
    ])
    return try Parts(wrappingChannelSynchronously: channel, configuration: Self.line)
  }

  // MARK: - TLS and HTTP/2

  private func secure(
    _ channel: any Channel, _ limits: ClientLimits, _ certificates: Certificates, _ logger: Logger
  ) throws -> EventLoopFuture<Speech> {
    let pipeline = channel.pipeline.syncOperations
    try pipeline.addHandler(NIOSSLServerHandler(context: certificates.current))
    let negotiation = NIOTypedApplicationProtocolNegotiationHandler<Speech> { result, channel in
      channel.eventLoop.makeCompletedFuture {
        if case .negotiated("h2") = result { return .http2(try http2(channel, limits)) }
        return .http1(try http1(channel, limits, isSecure: true, logger))
      }
    }
    let stop = HeldStop()
    try pipeline.addHandlers([negotiation, stop])
    let tooLate = channel.eventLoop.scheduleTask(in: limits.head) { channel.close(promise: nil) }
    let speech = negotiation.protocolNegotiationResult
    speech.assumeIsolated().whenComplete { _ in
      tooLate.cancel()
      stop.pass()
    }
    return speech
  }

  private func http2(
    _ channel: any Channel, _ limits: ClientLimits
  ) throws -> NIOHTTP2Handler.AsyncStreamMultiplexer<Parts> {
    let (pipeline, session) = (channel.pipeline.syncOperations, HTTP2SessionHandler(limits: limits))
    // It knows how to say goodbye; when is the session's matter.
    let goodbye = NIOHTTP2ServerConnectionManagementHandler(
      eventLoop: channel.eventLoop,
      configuration: .init(maxIdleTime: nil, maxAge: nil, maxGraceTime: nil, keepalive: nil))
    try pipeline.addHandler(HTTP2Tap(session))
    let streams = try pipeline.configureAsyncHTTP2Pipeline(
      mode: .server, streamDelegate: HTTP2StreamCount(session, goodbye, on: channel.eventLoop), frameDelegate: session,
      configuration: Self.http2Limits
    ) { stream in stream.eventLoop.makeCompletedFuture { try http2Stream(stream, limits) } }
    try pipeline.addHandlers([session, goodbye])
    return streams
  }

  private func http2Stream(_ stream: any Channel, _ limits: ClientLimits) throws -> Parts {
    try stream.pipeline.syncOperations.addHandlers([
      HTTP2FramePayloadToHTTPServerCodec(), ExchangeHandler(.stream, limits: limits),
    ])
    return try Parts(wrappingChannelSynchronously: stream)
  }

  /// NIO's own limits for resets, control frames and continuations hold. The windows are what a video needs to come at
  /// 16 MiB/s over a line of 60 ms; a stream takes at most one of them in memory.
  private static let http2Limits: NIOHTTP2Handler.Configuration = {
    var configuration = NIOHTTP2Handler.Configuration()
    configuration.connection.initialSettings = [
      HTTP2Setting(parameter: .maxConcurrentStreams, value: 64),
      HTTP2Setting(parameter: .maxHeaderListSize, value: ClientLimits.headBytes),
      HTTP2Setting(parameter: .initialWindowSize, value: 1 << 20),
    ]
    configuration.connection.targetWindowSize = 1 << 20
    configuration.stream.targetWindowSize = 1 << 20
    configuration.stream.outboundBufferSizeHighWatermark = 128 << 10
    configuration.stream.outboundBufferSizeLowWatermark = 64 << 10
    return configuration
  }()
}

/// A connection beyond the limit of its address.
struct TooManyConnections: Error {}
