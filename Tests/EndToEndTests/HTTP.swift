import Foundation

/// An answer to a request that curl sent.
struct Response: Sendable, CustomStringConvertible {
  let status: Int
  /// The last answer's header fields, with their names in small letters.
  let headers: [String: String]
  let body: Data

  var text: String { String(decoding: body, as: UTF8.self) }
  var description: String { "\(status) \(headers) \(text.prefix(500))" }

  /// The body, read as JSON.
  func json<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    do { return try decoder.decode(type, from: body) } catch {
      throw Disappointment(description: "\(self) is not the JSON that was expected: \(error)")
    }
  }
}

extension Scratch {
  /// Sends one request with curl.
  func curl(_ url: String, _ arguments: [String] = [], token: String? = nil, input: String? = nil) async throws
    -> Response
  {
    let number = UUID().uuidString
    let (head, body) = (path("logs/\(number).head"), path("logs/\(number).body"))
    let bearer = token.map { ["-H", "Authorization: Bearer \($0)"] } ?? []
    let outcome = try await tool(
      "curl", ["-sS", "-m", "200", "-D", head, "-o", body] + bearer + arguments + [url], input: input)
    // A server that refuses an upload may close before it has read it all: 55 and 56 then come with an answer.
    guard [0, 55, 56].contains(outcome.status), let answer = Self.lastAnswer(in: head) else {
      throw Disappointment(description: "curl \(arguments) \(url): \(outcome)")
    }
    let content = FileManager.default.contents(atPath: body) ?? Data()
    return Response(status: answer.status, headers: answer.headers, body: content)
  }

  /// `100 Continue` is an answer with a head of its own.
  private static func lastAnswer(in file: String) -> (status: Int, headers: [String: String])? {
    let text = String(decoding: FileManager.default.contents(atPath: file) ?? Data(), as: UTF8.self)
    let heads = text.components(separatedBy: "\r\n\r\n").filter { !$0.isEmpty }
    guard let lines = heads.last?.components(separatedBy: "\r\n"), let first = lines.first,
      let status = first.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
    else { return nil }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
    }
    return (status, headers)
  }

  /// Sends these very bytes to a port of this host.
  ///
  /// - Parameter hangUp: the connection is closed right after the bytes, as by a client that dies.
  /// - Returns: all that the server says until it closes, or says nothing for a while.
  @discardableResult
  func exchange(_ bytes: String, port: String, hangUp: Bool = false) async throws -> String {
    let file = try write("logs/\(UUID().uuidString).request", bytes.utf8)
    let listening = hangUp ? "" : "timeout 200 cat <&3"
    let script = #"exec 3<>"/dev/tcp/127.0.0.1/$1"; cat "$2" >&3; "# + listening
    return try await tool("bash", ["-c", script, "exchange", port, file]).output
  }
}

/// A job as `GET /jobs/{fid}` and `show --json` describe it.
struct Job: Decodable, Equatable {
  struct Failure: Decodable, Equatable {
    let code: String
    let sentence: String
  }

  struct Chapter: Decodable, Equatable {
    let start: Double
    let end: Double
    let title: String?
  }

  struct Cover: Decodable, Equatable {
    let type: String
    let length: Int
  }

  struct Result: Decodable, Equatable {
    let sha256: String
    let byteCount: Int
    let duration: Double
    let sampleRate: Int
    let channels: Int
    let bitrate: Int
    let codec: String
    let track: Int
    let language: String?
    let loudness: Double?
    let otherTracks: [Result]?
    let output: String
    let tags: [String: String]?
    let chapters: [Chapter]?
    let cover: Cover?
  }

  struct Progress: Decodable, Equatable {
    let position: Double
    let fraction: Double?
    let speed: Double
    let timeLeft: Double?
  }

  let fid: String
  let state: String
  let name: String
  let owner: String
  let size: Int
  let origin: String
  let attempt: Int
  let host: String?
  let submitted: Date
  let finished: Date?
  let progress: Progress?
  let download: String?
  let exported: String?
  let result: Result?
  let error: Failure?
  let request: String?

  var hasEnded: Bool { state == "done" || state == "failed" }
}

struct JobList: Decodable { let jobs: [Job] }

/// The name-value pairs at the end of a token; nobody checks the signature here.
func claims(of token: String) throws -> [String: Claim] {
  try tokenPart(1, of: token)
}

func tokenPart(_ index: Int, of token: String) throws -> [String: Claim] {
  let parts = token.split(separator: ".")
  guard parts.count == 3 else { throw Disappointment(description: "'\(token)' is no token") }
  var text = String(parts[index]).replacing("-", with: "+").replacing("_", with: "/")
  while text.count % 4 != 0 { text += "=" }
  return try JSONDecoder().decode([String: Claim].self, from: Data(base64Encoded: text) ?? Data())
}

/// One value in a token.
enum Claim: Decodable, Equatable {
  case number(Int)
  case text(String)
  case flag(Bool)
  case other

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let flag = try? container.decode(Bool.self) {
      self = .flag(flag)
    } else if let number = try? container.decode(Int.self) {
      self = .number(number)
    } else if let text = try? container.decode(String.self) {
      self = .text(text)
    } else {
      self = .other
    }
  }
}
