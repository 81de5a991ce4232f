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
}
