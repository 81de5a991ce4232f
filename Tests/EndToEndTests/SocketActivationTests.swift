import Foundation
import Glibc
import Testing

/// A service whose sockets a service manager opened, as etc/systemd's socket units have it.
@Suite struct SocketActivationTests {
  /// A service manager: listens, starts the service that its arguments are with that socket, and again after a stop.
  /// Before each start it connects and asks; beside that it asks all the time.
  private static let manager = #"""
    import os, signal, socket, sys, threading, time
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    def start():
        child = os.fork()
        if child: return child
        os.dup2(listener.fileno(), 3)
        os.set_inheritable(3, True)
        os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES=os.environ.pop("FDNAME"))
        os.execv(sys.argv[1], sys.argv[1:])
    def asked():
        client = socket.create_connection(listener.getsockname(), timeout=100)
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return client
    def answer(client):
        words = b""
        while portion := client.recv(65536): words += portion
        return words.split(b"\r\n")[0].decode()
    answers, done = [], threading.Event()
    def ask():
        while not done.is_set():
            try: answers.append(answer(asked()))
            except OSError as error: answers.append(str(error))
    early = asked()
    child = start()
    print("first", answer(early), flush=True)
    thread = threading.Thread(target=ask)
    thread.start()
    for _ in range(3):
        count = len(answers)
        while len(answers) < count + 20: time.sleep(0.01)
        os.kill(child, signal.SIGTERM)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        late = asked()
        child = start()
        print("stopped", status, "late", answer(late), flush=True)
    done.set()
    thread.join()
    print("beside", *sorted(set(answers)), flush=True)
    os.kill(child, signal.SIGTERM)
    os.waitpid(child, 0)
    """#

  @Test(arguments: [("gateway", "gateway"), ("gateway", "some.socket"), ("serve", "gateway"), ("auth", "auth")])
  func connectionsWaitWhileTheServiceRestarts(_ part: String, _ name: String) async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      let manager = ["python3", "-c", Self.manager]
      let outcome = try await scratch.start([part], ["FDNAME": name], wrapper: manager).outcome()
      let answer = "HTTP/1.1 200 OK"
      let restart = "stopped 0 late \(answer)"
      #expect(outcome.lines == ["first \(answer)", restart, restart, restart, "beside \(answer)"], "\(outcome)")
    }
  }

  @Test func aSocketForAnotherProcessIsNotTaken() async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      let settings = ["LISTEN_FDS": "1", "LISTEN_PID": "1", "LISTEN_FDNAMES": "gateway"]
      let service = try await Service.start(in: scratch, ["gateway"], settings)
      #expect(try await service.request("/healthz").status == 200)
      await service.stop()
    }
  }

  /// A service manager with as many sockets as there are names: asks each path of the socket at its place, counts how many
  /// connections the first takes while nobody accepts them, and ends the service.
  private static let several = #"""
    import fcntl, os, signal, socket, sys, time
    names, paths = os.environ.pop("FDNAMES").split(":"), os.environ.pop("PATHS").split()
    listeners = [socket.create_server(("127.0.0.1", 0), backlog=2000) for _ in names]
    child = os.fork()
    if not child:
        high = [fcntl.fcntl(listener, fcntl.F_DUPFD, 100) for listener in listeners]
        for place, descriptor in enumerate(high): os.dup2(descriptor, 3 + place)
        os.environ.update(LISTEN_FDS=str(len(names)), LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES=":".join(names))
        os.execv(sys.argv[1], sys.argv[1:])
    for listener, path in zip(listeners, paths):
        client = socket.create_connection(listener.getsockname(), timeout=100)
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        words = b""
        while portion := client.recv(65536): words += portion
        print(words.split(b"\r\n")[0].decode())
    if paths:
        os.kill(child, signal.SIGSTOP)
        clients = []
        try:
            for _ in range(400): clients.append(socket.create_connection(listeners[0].getsockname(), timeout=1))
        except TimeoutError: pass
        print("waiting", len(clients))
        for client in clients: client.close()
        os.kill(child, signal.SIGCONT)
        os.kill(child, signal.SIGTERM)
    print("ended", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """#

  private func outcome(_ part: String, _ names: String, _ paths: String) async throws -> Outcome {
    try await Scratch.use { scratch in
      try await Accounts.add(to: scratch)
      let manager = ["python3", "-c", Self.several]
      return try await scratch.start([part], ["FDNAMES": names, "PATHS": paths], wrapper: manager).outcome()
    }
  }

  @Test(arguments: [
    ("gateway", "gateway:gateway", "/healthz /healthz"), ("gateway", "some.socket:some.socket", "/healthz /healthz"),
    ("serve", "gateway:auth", "/healthz /.well-known/jwks.json"),
    ("serve", "auth:gateway", "/.well-known/jwks.json /healthz"),
    ("serve", "auth:gateway:auth", "/.well-known/jwks.json /healthz /.well-known/jwks.json"),
    ("serve", ":", "/healthz /.well-known/jwks.json"),
  ])
  func eachSocketIsServed(_ part: String, _ names: String, _ paths: String) async throws {
    let outcome = try await outcome(part, names, paths)
    let answers = paths.split(separator: " ").map { _ in "HTTP/1.1 200 OK" }
    #expect(outcome.lines == answers + ["waiting 400", "ended 0"], "\(outcome)")
  }

  @Test(arguments: [
    ("gateway", "gateway:auth", "'auth'"), ("auth", "gateway", "'gateway'"), ("serve", "gateway:else", "'else'"),
    ("serve", "a:b:c", "'c'"),
  ])
  func aSocketThatNobodyTakesStopsTheStart(_ part: String, _ names: String, _ word: String) async throws {
    let outcome = try await outcome(part, names, "")
    #expect(outcome.lines == ["ended 64"] && outcome.errors.contains(word), "\(outcome)")
  }
}
