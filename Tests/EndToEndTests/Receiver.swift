import Foundation
import Glibc

/// A webhook's receiver: Python's own HTTP server, which notes all that comes.
///
/// `/hook` is answered with the status that the file `answer` holds, or with nothing for as long as it holds `wait`; any
/// other path with the number that it is, such as `/410`. `/v1/traces` is a collector's, which takes all. Below `/stall` each
/// answer is 200 and breaks off within its body, while the connection stays.
struct Receiver: Sendable {
  struct Request: Decodable, Equatable {
    let path: String
    /// With names in small letters.
    let headers: [String: String]
    let body: String

    var message: Message {
      get throws {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        return try decoder.decode(Message.self, from: Data(body.utf8))
      }
    }
  }

  struct Message: Decodable {
    let event: String
    let id: String
    let fid: String?
    let time: Date
    let job: Job?
    let download: String?
  }

  let scratch: Scratch
  let scheme: String
  let port: Int
  private let command: Command

  var url: String { "\(scheme)://127.0.0.1:\(port)" }

  /// Runs one for as long as `body` takes.
  ///
  /// - Parameter certificate: a PEM file with a key and its certificate, for HTTPS.
  static func run(
    in scratch: Scratch, certificate: String? = nil, _ body: (Receiver) async throws -> Void
  ) async throws {
    try scratch.write("answer", "204".utf8)
    try scratch.write("received", [])
    let command = try scratch.launch(
      "python3", ["-c", script, scratch.path("received"), scratch.path("answer")] + [certificate].compactMap(\.self))
    defer { command.send(SIGKILL) }
    let port = try await eventually("a receiver that listens") { Int(command.said.split(separator: "\n").first ?? "") }
    let scheme = certificate == nil ? "http" : "https"
    try await body(Receiver(scratch: scratch, scheme: scheme, port: port, command: command))
  }

  func answer(_ text: String) throws { try scratch.write("answer", text.utf8) }

  func requests() throws -> [Request] {
    let text = try String(contentsOfFile: scratch.path("received"), encoding: .utf8)
    // The last line may still be on its way.
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    return try lines.map { try JSONDecoder().decode(Request.self, from: Data($0.utf8)) }
  }

  /// The requests, once there are so many.
  func requests(_ count: Int) async throws -> [Request] {
    try await eventually("\(count) webhooks") {
      let found = try requests()
      return found.count >= count ? found : nil
    }
  }

  private static let script = """
    import http.server, json, ssl, sys, threading, time
    log, answer, *certificate = sys.argv[1:]
    lock = threading.Lock()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers.get('Content-Length', 0))).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            line = json.dumps({'path': self.path, 'headers': headers, 'body': body}) + '\\n'
            with lock, open(log, 'a') as file:
                file.write(line)
            if self.path.startswith('/stall'):
                return self.stall()
            if self.path.endswith('/v1/traces'):
                status = '200'
            else:
                status = self.path[1:] if self.path != '/hook' else self.wanted()
            self.send_response(int(status))
            if status.startswith('3'):
                self.send_header('Location', '/hook')
            self.send_header('Content-Length', '0')
            self.end_headers()

        def do_GET(self):
            self.stall()

        def stall(self):
            self.send_response(200)
            self.send_header('Content-Length', '100')
            self.end_headers()
            self.wfile.write(b'half')
            self.wfile.flush()
            time.sleep(600)

        def wanted(self):
            while True:
                with open(answer) as file:
                    text = file.read()
                if text and text != 'wait':
                    return text
                time.sleep(0.05)

        def log_message(self, *words):
            pass

    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate[0])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    print(server.server_port, flush=True)
    server.serve_forever()
    """
}

/// A delivery as the log shows it.
struct LoggedDelivery: Decodable, Equatable {
  let number: Int
  let id: String
  let kind: String
  let webhook: String?
  let target: String
  let owner: String
  let fid: String?
  let event: String
  let state: String
  let tries: Int
  let status: Int?
  let error: String?
}

struct DeliveryList: Decodable {
  let deliveries: [LoggedDelivery]
  let next: String?
}

struct WebhookAnswer: Decodable, Equatable {
  let id: String
  let owner: String
  let url: String
  let secret: String?
}

extension Service {
  func addWebhook(_ url: String, token: String = Accounts.adminToken) async throws -> Response {
    try await request(
      "/webhooks", "-H", "Content-Type: application/json", "-d", "{\"url\": \"\(url)\"}", token: token)
  }

  func deliveries(_ query: String = "", token: String = Accounts.adminToken) async throws -> [LoggedDelivery] {
    try await request("/webhooks/deliveries?\(query)", token: token).json(DeliveryList.self).deliveries
  }

  /// The newest delivery once it is as wanted.
  func delivery(_ what: String, _ isSo: (LoggedDelivery) -> Bool) async throws -> LoggedDelivery {
    try await eventually("a delivery that \(what)") { try await deliveries().first.flatMap { isSo($0) ? $0 : nil } }
  }

  /// Lets the pauses of all that waits be over, as time would.
  func endPauses(tries: Int? = nil) async throws {
    let more = tries.map { ", tries = \($0)" } ?? ""
    try await scratch.run(
      "sqlite3",
      ["-cmd", ".timeout 5000", scratch.spool.path + "/mp3spool.sqlite"]
        + ["UPDATE deliveries SET next_at = 0\(more) WHERE state = 'waiting'"])
  }
}
