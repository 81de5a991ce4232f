import Foundation
public import Spool
public import Tokens

/// What a webhook's receiver reads, and what a mail says of the job: made of the job as it was when it ended.
public struct NoticeContent: Sendable {
  /// A job as `GET /jobs/{fid}` shows it.
  public typealias View = @Sendable (JobRecord) -> any Encodable & Sendable
  /// A value as the service's answers write it.
  public typealias JSON = @Sendable (any Encodable) throws -> [UInt8]

  private let view: View
  private let json: JSON
  private let links: LinkSigner
  let address: String?

  /// Seconds for which the link to an MP3 is good: a week.
  private static let linkLife: Int64 = 7 * 86_400

  /// - Parameters:
  ///   - links: signs links that need no token.
  ///   - address: where people reach the gateway, without a slash at its end; nil: there are no links.
  public init(view: @escaping View, json: @escaping JSON, links: LinkSigner, address: String?) {
    (self.view, self.json, self.links, self.address) = (view, json, links, address)
  }

  /// A webhook's body: the same at each try.
  func json(event: String, id: String, at time: Date, _ record: JobRecord?) throws -> [UInt8] {
    try json(
      Message(
        event: event, id: id, fid: record?.id, time: time, job: record.map { Opened(value: view($0)) },
        download: record.flatMap { download($0, at: time) }))
  }

  /// A link that anybody can fetch the MP3 by, for a week; nil where there is none, or where it is not known where people
  /// reach the gateway.
  func download(_ record: JobRecord, at time: Date) -> String? {
    guard let address, record.state == .done else { return nil }
    let expiry = Int64(time.timeIntervalSince1970) + Self.linkLife
    let signature = links.signature(of: record.id, expiry: expiry)
    return "\(address)/download?fid=\(record.id)&expires=\(expiry)&signature=\(signature)"
  }

  private struct Message: Encodable {
    let event: String
    let id: String
    let fid: JobID?
    let time: Date
    let job: Opened?
    let download: String?
  }

  private struct Opened: Encodable {
    let value: any Encodable & Sendable
    func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
  }
}
