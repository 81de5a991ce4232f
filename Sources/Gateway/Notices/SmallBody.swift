import AuthService
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// A request's body that holds a few values, as JSON.
struct SmallBody: Sendable {
  private let request: Request

  /// More than any such body needs, in bytes.
  private static let limit = 16 << 10

  init(_ request: Request) { self.request = request }

  /// - Parameter example: a right body, for whoever sent a wrong one.
  /// - Throws: 413, 415, 400.
  func read<Value: Decodable>(_ type: Value.Type, example: String) async throws -> Value {
    let bytes: ByteBuffer
    do { bytes = try await request.body.collect(upTo: Self.limit) } catch is NIOTooManyBytesError {
      throw HTTPFailure(.contentTooLarge, "the body is larger than \(Self.limit) bytes")
    }
    let media = request.headers[.contentType]?.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces).lowercased()
    guard media == "application/json" else {
      throw HTTPFailure(.unsupportedMediaType, "the body must be JSON, such as \(example)")
    }
    do { return try JSONDecoder().decode(type, from: Data(bytes.readableBytesView)) } catch {
      throw HTTPFailure(.badRequest, "the body must be JSON such as \(example)")
    }
  }
}
