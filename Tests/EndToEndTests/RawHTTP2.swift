import Foundation
import Testing

extension Scratch {
  /// Runs a script in Python that speaks HTTP/2 frame by frame with a server whose certificate it believes.
  ///
  /// Beside what ``python(_:port:_:)`` gives it has `secure()`: a socket after the handshake, `frame(...)`, `preface`,
  /// `head(...)`: the fields of a request, `ending(client)`: the frames that come and after how many seconds the server
  /// closed, and `threads(functions)`: what each of them returned, all run at once.
  func http2(_ script: String, port: String, _ arguments: String...) async throws -> String {
    try await python(Self.http2Prelude + script, port: port, arguments)
  }

  /// Starts such a script, and does not wait for its end.
  func launchHTTP2(_ script: String, port: String, _ arguments: String...) throws -> Command {
    try launchPython(Self.http2Prelude + script, port: port, arguments)
  }

  private static let http2Prelude = #"""
    import ssl, struct, threading

    def secure(protocol="h2", client=None):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols([protocol])
        return context.wrap_socket(client or connect())

    def frame(kind, flags, stream, payload=b""):
        return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload

    def number(value, bits, first=0):
        "RFC 7541 section 5.1."
        limit = (1 << bits) - 1
        if value < limit: return bytes([first | value])
        words, value = [first | limit], value - limit
        while value >= 128: words, value = words + [value % 128 + 128], value // 128
        return bytes(words + [value])

    def fields(**pairs):
        def text(word): return number(len(word), 7) + word
        names = [(name.replace("_", "-").replace("pseudo-", ":"), value) for name, value in pairs.items()]
        return b"".join(b"\0" + text(name.encode()) + text(value.encode()) for name, value in names)

    def head(method="GET", path="/healthz", **others):
        return fields(pseudo_method=method, pseudo_scheme="https", pseudo_path=path, pseudo_authority="x", **others)

    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0)
    names = ["DATA", "HEADERS", "PRIORITY", "RST", "SETTINGS", "PUSH", "PING", "GOAWAY", "WINDOW", "CONTINUATION"]

    def ending(client, step=None, answers=False, limit=20):
        "What comes, until the server closes; `step` is done ten times a second, pings are answered if wished."
        start, words, said = time.time(), b"", []
        client.settimeout(0.1)
        while time.time() - start < limit:
            try:
                portion = client.recv(65536)
                if not portion: return said, int(time.time() - start)
                words += portion
            except (TimeoutError, ssl.SSLWantReadError): pass
            except OSError: return said, int(time.time() - start)
            while len(words) >= 9 and len(words) >= 9 + (size := int.from_bytes(words[:3], "big")):
                name = names[words[3]]
                if name == "GOAWAY": name += " " + str(int.from_bytes(words[13:17], "big"))
                if name == "PING" and not words[4] & 1 and answers: client.sendall(frame(6, 1, 0, words[9:17]))
                said.append(name)
                words = words[9 + size:]
            try:
                if step: step(client)
            except OSError: pass
        return said, "never"

    def threads(functions):
        results = [None] * len(functions)
        def run(place): results[place] = functions[place]()
        running = [threading.Thread(target=run, args=(place,)) for place in range(len(functions))]
        for thread in running: thread.start()
        for thread in running: thread.join()
        return results


    """#
}
