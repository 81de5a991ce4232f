internal import CLinux
internal import Glibc
internal import Synchronization
internal import SystemPackage

/// A running zygote as the service knows it: its socket, its jobs, and a thread that hears its reports.
///
/// It stays until the zygote's end, whatever brings that about: the socket's end is noticed, the process reaped, and
/// every job that had not ended counts as lost.
final class ZygoteProcess: Sendable {
  private struct State {
    var jobs: [UInt64: DecodeJob] = [:]
    var lastNumber: UInt64 = 0
    /// Whether it has ended, or its socket says so before its thread does.
    var isGone = false
  }

  let process: pid_t
  private let socket: Descriptor
  private let state = Mutex(State())
  private let thread = Mutex<ThreadHandle?>(nil)

  /// Starts `executable` with `arguments`, which must lead it to `DecoderZygote.run`.
  init(_ executable: FilePath, _ arguments: [String]) throws(DecodeFailure) {
    var pair: [CInt] = [-1, -1]
    guard unsafe clinux_message_sockets(&pair) == 0 else { throw .unavailable("no socket could be made", errno) }
    socket = Descriptor(owning: pair[0])
    let childSide = Descriptor(owning: pair[1])
    process = try Self.spawn(executable, arguments, childSide.raw)
    guard let listener = ThreadHandle({ [self] in hear() }) else {
      reap(afterKilling: true)
      throw .unavailable("no thread could be made", EAGAIN)
    }
    thread.withLock { $0 = listener }
  }

  /// Whether it takes no more jobs. The socket of a zygote that runs may still refuse one for want of memory.
  var isGone: Bool { state.withLock { $0.isGone } }

  /// Has the zygote fork a child for this request, in a jail that has these layers. The two descriptors stay the caller's.
  func start(
    _ request: DecodeRequest, needing layers: Set<JailLayer>, input: CInt, output: CInt
  ) throws(DecodeFailure) -> DecodeJob {
    try start(request.limits, [input, output]) { .start(job: $0, request, needed: layers) }
  }

  /// Has a child report on the jail to a pipe, whose end stays the caller's.
  func report(to output: CInt) throws(DecodeFailure) -> DecodeJob {
    try start(DecodeLimits(), [output, output]) { .report(job: $0) }
  }

  private func start(
    _ limits: DecodeLimits, _ descriptors: [CInt], _ order: (UInt64) -> ZygoteOrder
  ) throws(DecodeFailure) -> DecodeJob {
    guard let job = enroll(limits) else { throw .unavailable("the decoder's parent process is gone", EPIPE) }
    let failure = send(order(job.number).bytes, descriptors)
    guard failure == 0 else {
      state.withLock { state in
        state.jobs.removeValue(forKey: job.number)
        state.isGone = state.isGone || [EPIPE, ECONNRESET, ENOTCONN].contains(failure)
      }
      throw .unavailable("the decoder's parent process cannot be reached", failure)
    }
    return job
  }

  /// Has the zygote kill the job's child; nothing happens if it has ended.
  func kill(_ job: DecodeJob) { _ = send(ZygoteOrder.kill(job: job.number).bytes, []) }

  /// Ends the zygote and all its children, and waits for that.
  func stop() {
    shutdown(socket.raw, CInt(SHUT_RDWR))
    thread.withLock { handle in
      handle?.join()
      handle = nil
    }
  }

  private func enroll(_ limits: DecodeLimits) -> DecodeJob? {
    state.withLock { state in
      guard !state.isGone else { return nil }
      state.lastNumber += 1
      let job = DecodeJob(number: state.lastNumber, limits)
      state.jobs[job.number] = job
      return job
    }
  }

  private func send(_ bytes: [UInt8], _ descriptors: [CInt]) -> CInt {
    unsafe clinux_send_message(socket.raw, bytes, bytes.count, descriptors, descriptors.count) == 0 ? 0 : errno
  }

  /// The thread: one report after the other, until the socket's end.
  private func hear() {
    while let report = receive() {
      switch report {
      case .ended(let job, let status): end(job, .init(waitStatus: status))
      case .notStarted(let job, let errno): end(job, .notStarted(errno))
      }
    }
    // Also a zygote that talks nonsense must end now.
    shutdown(socket.raw, CInt(SHUT_RDWR))
    reap(afterKilling: false)
    let lost = state.withLock { state in
      state.isGone = true
      defer { state.jobs = [:] }
      return state.jobs.values.map { $0 }
    }
    for job in lost { job.end(.lost) }
  }

  private func reap(afterKilling: Bool) {
    if afterKilling { Glibc.kill(process, SIGKILL) }
    while waitpid(process, nil, 0) < 0 && errno == EINTR {}
  }

  private func receive() -> ZygoteReport? {
    var bytes = [UInt8](repeating: 0, count: ZygoteReport.largest)
    var descriptors: [CInt] = [-1, -1]
    let count = unsafe clinux_receive_message(socket.raw, &bytes, bytes.count, &descriptors)
    return count > 0 ? ZygoteReport(Array(bytes.prefix(count))) : nil
  }

  private func end(_ number: UInt64, _ how: DecodeJob.Ending) {
    state.withLock { $0.jobs.removeValue(forKey: number) }?.end(how)
  }

  private static func spawn(
    _ executable: FilePath, _ arguments: [String], _ socket: CInt
  ) throws(DecodeFailure) -> pid_t {
    var process: pid_t = 0
    var words: [UnsafeMutablePointer<CChar>?] = unsafe ([executable.string] + arguments).map { unsafe strdup($0) }
    unsafe words.append(nil)
    defer { unsafe words.forEach { unsafe free($0) } }
    let failure = unsafe clinux_spawn_with_socket(&process, executable.string, words, socket)
    guard failure == 0 else { throw .unavailable("\(executable) cannot be started as the decoder", failure) }
    return process
  }
}
