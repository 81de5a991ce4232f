internal import CFFmpeg
internal import CLinux
internal import Glibc

/// The process that forks a child for each job: loading the libraries anew each time would cost far more than a fork.
public enum DecoderZygote {
  /// The command-line argument that makes the program a zygote.
  public static let command = "decoder-zygote"

  /// Where `ZygoteProcess` puts its end of the socket.
  private static let socket: CInt = 3

  /// Serves the service on descriptor 3 until its end. The program calls it before anything else, in its first and only
  /// thread: what it forks must be able to go on.
  public static func run() -> Never { run(leavingOut: [], DecoderChild.decode) }

  /// The same for the tests of the jail: its children lack some layers, and do `work` with descriptors 0 and 1.
  package static func run(
    leavingOut leftOut: Set<JailLayer>, _ work: @escaping (DecodeRequest) throws(DecodeFailure) -> Void
  ) -> Never {
    run(leavingOut: leftOut) { request, _ throws(DecodeFailure) in try work(request) }
  }

  private static func run(leavingOut leftOut: Set<JailLayer>, _ work: @escaping DecoderChild.Work) -> Never {
    detach()
    cffmpeg_silence_log()
    AudioDecoder.prepare()
    let signals = clinux_child_signal_descriptor()
    guard signals >= 0, let walls = try? ZygoteWalls(leavingOut: leftOut) else { _exit(71) }  // EX_OSERR, sysexits.h
    var zygote = Zygote(socket: socket, signals: signals, walls, work)
    zygote.serve()
    zygote.endChildren()
    _exit(0)
  }

  /// Away from the terminal and from the service's process group: what ends the service politely must not end its jobs,
  /// which are the service's to end.
  private static func detach() {
    // A crash must be seen as its signal, not be caught and written about by Swift's runtime.
    clinux_default_signals()
    setsid()
    _ = unsafe chdir("/")
    _ = signal(SIGTERM, SIG_IGN)
    _ = signal(SIGHUP, SIG_IGN)
    _ = signal(SIGINT, SIG_IGN)
  }
}

/// The zygote's loop: hears orders, forks, reaps, reports.
private struct Zygote {
  private let socket: CInt
  private let signals: CInt
  private let walls: ZygoteWalls
  private let work: DecoderChild.Work
  private var jobs: [pid_t: UInt64] = [:]

  init(socket: CInt, signals: CInt, _ walls: ZygoteWalls, _ work: @escaping DecoderChild.Work) {
    (self.socket, self.signals, self.walls, self.work) = (socket, signals, walls, work)
  }

  /// Returns at the socket's end.
  mutating func serve() {
    while true {
      var entries = [
        pollfd(fd: socket, events: Int16(POLLIN), revents: 0), pollfd(fd: signals, events: Int16(POLLIN), revents: 0),
      ]
      guard unsafe poll(&entries, nfds_t(entries.count), -1) > 0 else { continue }
      if entries[1].revents != 0 { reap() }
      if entries[0].revents != 0, !hear() { return }
    }
  }

  /// Kills and reaps every child, so that none is left to whoever inherits orphans.
  mutating func endChildren() {
    for process in jobs.keys { kill(process, SIGKILL) }
    while waitpid(-1, nil, 0) > 0 || errno == EINTR {}
  }

  private mutating func reap() {
    clinux_drain_signals(signals)
    var status: CInt = 0
    while case let process = unsafe waitpid(-1, &status, WNOHANG), process > 0 {
      guard let job = jobs.removeValue(forKey: process) else { continue }
      report(.ended(job: job, status: status))
    }
  }

  /// Carries one order out; false at the socket's end.
  private mutating func hear() -> Bool {
    var bytes = [UInt8](repeating: 0, count: ZygoteOrder.largest)
    var descriptors: [CInt] = [-1, -1]
    let count = unsafe clinux_receive_message(socket, &bytes, bytes.count, &descriptors)
    guard count > 0 else { return false }
    defer { for descriptor in descriptors where descriptor >= 0 { close(descriptor) } }
    carryOut(ZygoteOrder(Array(bytes.prefix(count))), descriptors)
    return true
  }

  private mutating func carryOut(_ order: ZygoteOrder?, _ descriptors: [CInt]) {
    let zygote = getpid()
    switch order {
    case .start(let job, let request, let needed):
      start(job, descriptors) { [walls, work] in
        let jail = Jail(parent: zygote, walls: walls, limits: request.limits, needed: needed)
        DecoderChild.run(request, input: descriptors[0], output: descriptors[1], jail, work)
      }
    case .report(let job):
      start(job, descriptors) { [walls] in
        let jail = Jail(parent: zygote, walls: walls, limits: DecodeLimits(), needed: [])
        DecoderChild.report(output: descriptors[1], jail)
      }
    case .kill(let job): for (process, number) in jobs where number == job { kill(process, SIGKILL) }
    case nil: break
    }
  }

  private mutating func start(_ job: UInt64, _ descriptors: [CInt], _ child: () -> Never) {
    // The kernel leaves descriptors out where this process has no room for them (MSG_CTRUNC, recvmsg(2)).
    guard descriptors.allSatisfy({ $0 >= 0 }) else { return report(.notStarted(job: job, errno: EMFILE)) }
    let process = clinux_fork()
    switch process {
    case -1: report(.notStarted(job: job, errno: errno))
    case 0: child()
    default: jobs[process] = job
    }
  }

  /// A report that can't be sent has nobody to hear it: the socket's end comes next.
  private func report(_ report: ZygoteReport) {
    let bytes = report.bytes
    _ = unsafe clinux_send_message(socket, bytes, bytes.count, [], 0)
  }
}
