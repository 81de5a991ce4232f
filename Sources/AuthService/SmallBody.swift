import Foundation
import HTTPTypes
public import Hummingbird
public import NIOCore

/// A request's body that holds a few values.
public struct SmallBody: Sendable {
  private let request: Request
  private let name: String

  /// More than any such body needs, in bytes.
  private static let limit = 16 << 10

  /// - Parameter name: what it is called where it is too large.
  public init(_ request: Request, called name: String = "the body") { (self.request, self.name) = (request, name) }

  /// Its media type, without parameters and in lower case.
  public var mediaType: String? {
    request.headers[.contentType]?.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces).lowercased()
  }

  /// - Throws: 413.
  public func bytes() async throws -> ByteBuffer {
    do { return try await request.body.collect(upTo: Self.limit) } catch is NIOTooManyBytesError {
      throw HTTPFailure(.contentTooLarge, "\(name) is larger than \(Self.limit) bytes")
    }
  }

  /// The values in it, as JSON.
  ///
  /// - Parameter example: a right body, for whoever sent a wrong one.
  /// - Throws: 413, 415, 400.
  public func read<Value: Decodable>(_ type: Value.Type, example: String) async throws -> Value {
    let bytes = try await bytes()
    guard mediaType == "application/json" else {
      throw HTTPFailure(.unsupportedMediaType, "the body must be JSON, such as \(example)")
    }
    return try Self.json(type, in: bytes, example: example)
  }

  static func json<Value: Decodable>(_ type: Value.Type, in bytes: ByteBuffer, example: String) throws -> Value {
    do { return try JSONDecoder().decode(type, from: Data(bytes.readableBytesView)) } catch {
      throw HTTPFailure(.badRequest, "the body must be JSON such as \(example)")
    }
  }
}
