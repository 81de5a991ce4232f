import Foundation
import Testing

/// A client of tus 1.0 that sends what it is told to, by curl.
struct Tus: Sendable {
  let service: Service

  static let bytes = "application/offset+octet-stream"

  /// Sends a request with the version's header and `headers`, and `body` as it is.
  func send(
    _ method: String, _ path: String, _ headers: [String: String] = [:], body: [UInt8]? = nil,
    version: String? = "1.0.0", token: String? = Accounts.adminToken
  ) async throws -> Response {
    var words = method == "HEAD" ? ["-I"] : ["-X", method]
    var headers = headers
    headers["Tus-Resumable"] = version
    for (name, value) in headers { words += ["-H", "\(name): \(value)"] }
    if let body {
      let file = try service.scratch.write("logs/\(UUID().uuidString).part", body)
      if headers["Content-Type"] == nil { words += ["-H", "Content-Type:"] }
      words += ["--data-binary", "@\(file)"]
    }
    return try await service.scratch.curl(service.gateway + path, words, token: token)
  }

  /// Creates an upload and returns its path.
  func create(length: Int, metadata: [String: String] = ["filename": "clip.mp4"]) async throws -> String {
    let answer = try await send(
      "POST", "/files", ["Upload-Length": "\(length)", "Upload-Metadata": Self.metadata(metadata)])
    #expect(answer.status == 201, "\(answer)")
    return try #require(answer.headers["location"])
  }

  func patch(_ path: String, at offset: Int, _ body: some Sequence<UInt8>, _ headers: [String: String] = [:])
    async throws -> Response
  {
    try await send(
      "PATCH", path,
      ["Upload-Offset": "\(offset)", "Content-Type": Self.bytes].merging(headers) { $1 }, body: Array(body))
  }

  func offset(_ path: String) async throws -> Int? {
    try await send("HEAD", path).headers["upload-offset"].flatMap { Int($0) }
  }

  /// Sends the head of a PATCH and `bytes`, and hangs up before the announced rest.
  func breakOff(_ path: String, at offset: Int, announcing length: Int, after bytes: some Collection<UInt8>)
    async throws
  {
    let file = try request(path, offset, length, bytes)
    let script = #"exec 3<>"/dev/tcp/127.0.0.1/$1"; cat "$2" >&3"#
    try await service.scratch.run("bash", ["-c", script, "break-off", service.port, file])
  }

  /// The same, but it stays silent instead of hanging up.
  func hold(_ path: String, at offset: Int, announcing length: Int, after bytes: some Collection<UInt8>) throws
    -> Command
  {
    let file = try request(path, offset, length, bytes)
    let script = #"exec 3<>"/dev/tcp/127.0.0.1/$1"; cat "$2" >&3; exec sleep 200"#
    return try service.scratch.launch("bash", ["-c", script, "hold", service.port, file])
  }

  private func request(_ path: String, _ offset: Int, _ length: Int, _ bytes: some Collection<UInt8>) throws -> String {
    let head = """
      PATCH \(path) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(Accounts.adminToken)\r\nTus-Resumable: 1.0.0\r\n\
      Upload-Offset: \(offset)\r\nContent-Type: \(Self.bytes)\r\nContent-Length: \(length)\r\n\r\n
      """
    return try service.scratch.write("logs/\(UUID().uuidString).request", Array(head.utf8) + Array(bytes))
  }

  static func metadata(_ values: [String: String]) -> String {
    values.map { "\($0.key) \(Data($0.value.utf8).base64EncodedString())" }.joined(separator: ",")
  }
}

extension Data {
  var bytes: [UInt8] { Array(self) }
}
