import Glibc
import NIOCore
import NIOHTTP1
import NIOHTTP2

/// Tells a client that has gone from a fault of the service: networks break and people close windows, and strangers must
/// not be able to fill a log with errors by doing so.
public enum ClientEnd {
  /// Did `error` come about because the client ended its request or its connection before it was done, or was refused?
  public static func isCause(of error: any Error) -> Bool {
    switch error {
    case is Refusal, is HTTPParserError, is NIOHTTP2Errors.StreamClosed, is CancellationError: true
    case let error as ChannelError: closed.contains(error)
    case let error as IOError: [EPIPE, ECONNRESET, ENOTCONN].contains(error.errnoCode)
    default: false
    }
  }

  private static let closed: [ChannelError] = [.ioOnClosedChannel, .outputClosed, .inputClosed, .eof, .alreadyClosed]
}
