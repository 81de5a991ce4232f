import Catalog
import NIOCore
import NIOPosix
import NIOSSL
import WireFormats

/// Sends mails through one server, each over a connection of its own.
public struct MailSender: Sendable {
  private let server: MailServer
  private let sender: MailAddress
  private let content: NoticeContent
  private let tls: NIOSSLContext?

  /// So much may one mail take in all.
  private static let patience = TimeAmount.seconds(60)
  private static let connecting = TimeAmount.seconds(10)

  /// - Throws: `MailSettingError` where the server's authorities cannot be read. This reads files: call it at the start.
  public init(_ server: MailServer, from sender: MailAddress, content: NoticeContent) throws {
    (self.server, self.sender, self.content) = (server, sender, content)
    guard server.security != .none else {
      tls = nil
      return
    }
    var configuration = TLSConfiguration.makeClientConfiguration()
    if let file = server.authorities { configuration.trustRoots = .file(file) }
    do { tls = try NIOSSLContext(configuration: configuration) } catch {
      throw MailSettingError("its certificates cannot be used: \(error)")
    }
  }

  func send(_ due: DueDelivery) async -> MailAnswer {
    guard let recipient = MailAddress(due.delivery.target) else { return .refused(nil, "this is no mail address") }
    guard let record = due.record else { return .refused(nil, "there is nothing to tell") }
    let time = due.delivery.createdAt
    let message = MailMessage(record, link: content.download(record, at: time), address: content.address)
    return await send(
      Mail(
        sender: sender, recipient: recipient,
        message: message.bytes(from: sender, to: recipient, id: due.delivery.id, at: time)))
  }

  func send(_ mail: Mail) async -> MailAnswer {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let answer = loop.makePromise(of: MailAnswer.self)
    let timer = loop.scheduleTask(in: Self.patience) {
      answer.succeed(.failed(nil, "the mail server took longer than a minute"))
    }
    let bootstrap = ClientBootstrap(group: loop).connectTimeout(Self.connecting).channelInitializer { channel in
      channel.eventLoop.makeCompletedFuture {
        let pipeline = channel.pipeline.syncOperations
        if server.security == .implicit { try pipeline.addHandler(try secured()) }
        try pipeline.addHandler(
          SMTPHandler(SMTPDialogue(mail, to: server), answer: answer) { try secured() })
      }
    }
    bootstrap.connect(host: server.host, port: server.port).whenComplete { result in
      switch result {
      case .success(let channel): answer.futureResult.whenComplete { _ in channel.close(promise: nil) }
      case .failure: answer.succeed(.failed(nil, "the mail server \(server.host):\(server.port) cannot be reached"))
      }
    }
    return await withTaskCancellationHandler {
      defer { timer.cancel() }
      return (try? await answer.futureResult.get()) ?? .failed(nil, "the mail was not sent")
    } onCancel: {
      answer.succeed(.failed(nil, "the service was stopped"))
    }
  }

  /// TLS to this server, whose certificate must be of its name.
  private func secured() throws -> NIOSSLClientHandler {
    guard let tls else { throw MailSettingError("there is no TLS") }
    return try NIOSSLClientHandler(
      context: tls, serverHostname: IPAddress(server.host) == nil ? server.host : nil)
  }
}

/// Hands on what the server says, and does what the dialogue wants.
private final class SMTPHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private var dialogue: SMTPDialogue
  private let answer: EventLoopPromise<MailAnswer>
  private let secured: () throws -> NIOSSLClientHandler

  init(
    _ dialogue: SMTPDialogue, answer: EventLoopPromise<MailAnswer>, secured: @escaping () throws -> NIOSSLClientHandler
  ) { (self.dialogue, self.answer, self.secured) = (dialogue, answer, secured) }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    act(dialogue.receive(Self.unwrapInboundIn(data).readableBytesView), context)
  }

  func channelInactive(context: ChannelHandlerContext) {
    act(dialogue.close(), context)
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    answer.succeed(.failed(nil, "the talk with the mail server broke off: \(String(describing: error).prefix(200))"))
    context.close(promise: nil)
  }

  private func act(_ actions: [SMTPDialogue.Action], _ context: ChannelHandlerContext) {
    for action in actions {
      switch action {
      case .send(let bytes): context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
      case .secure:
        // Within this turn of the loop, so that no byte gets past it in clear.
        do { try context.pipeline.syncOperations.addHandler(try secured(), position: .first) } catch {
          errorCaught(context: context, error: error)
        }
      case .end(let result): answer.succeed(result)
      }
    }
  }
}
