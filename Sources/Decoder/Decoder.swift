internal import CLinux
internal import Glibc
internal import Synchronization
public import SystemPackage

/// Decodes files that nobody vouches for: each in a process of its own that sees nothing but that file.
///
/// It owns the zygote, the process whose children do the decoding. A zygote that died is started anew for the next job.
/// All of it may be used from any thread; `open` and a session's `next` block, so they don't belong on the cooperative
/// pool.
public final class Decoder: Sendable {
  private let executable: FilePath
  private let arguments: [String]
  private let zygote: Mutex<ZygoteProcess>
  /// What holds the decoder's children, as the first of them found it. Unless the policy is `bestEffort`, none of them
  /// decodes where less holds it.
  public let jail: JailReport
  private let needed: Set<JailLayer>

  /// A decoder whose processes are `executable` (this program itself, as a rule: `/proc/self/exe`) with `arguments`,
  /// which must make it call `DecoderZygote.run` first of all. Throws `unavailable` where it can't be started, and where
  /// `sandbox` requires what the system does not offer: then the sentence names it.
  public init(
    executable: FilePath, arguments: [String] = [DecoderZygote.command], sandbox: SandboxPolicy = .automatic
  ) throws(DecodeFailure) {
    self.executable = executable
    self.arguments = arguments
    let zygote = try ZygoteProcess(executable, arguments)
    do throws(DecodeFailure) { jail = try Self.report(of: zygote, sandbox) } catch {
      zygote.stop()
      throw error
    }
    needed = sandbox == .bestEffort ? [] : jail.active
    self.zygote = Mutex(zygote)
  }

  deinit { shutdown() }

  /// Starts a child that decodes a regular file and waits until it has understood the file's head.
  ///
  /// `input` must be open for reading only. It stays the caller's, who may close it as soon as this returns; its offset
  /// is neither used nor changed. Throws whatever makes the file impossible to convert, and `unavailable` where no
  /// child can be had.
  ///
  /// - Parameter started: gets, before the waiting begins, what ends it: to understand a head can take minutes.
  public func open(
    _ input: CInt, _ request: DecodeRequest, started: (DecodeCanceller) -> Void = { _ in }
  ) throws(DecodeFailure) -> DecodeSession {
    try Self.check(input)
    let pipe = try Self.pipe()
    let source = PipeInput(Descriptor(owning: pipe.reading), patience: request.patienceForDescription)
    let (job, zygote) = try start(request, input, Descriptor(owning: pipe.writing))
    let canceller = DecodeCanceller(job: job, zygote: zygote)
    started(canceller)
    return try DecodeSession(source, canceller, request)
  }

  /// Ends the zygote and every session's child, and waits for that. A session then throws `unavailable`. Opening
  /// another file starts a zygote again.
  public func shutdown() { zygote.withLock { $0 }.stop() }

  /// The zygote's process id.
  var zygoteProcess: CInt { zygote.withLock { $0.process } }

  /// `output` closes with this call: the child has its own, and only the child's may keep the pipe open.
  private func start(
    _ request: DecodeRequest, _ input: CInt, _ output: consuming Descriptor
  ) throws(DecodeFailure) -> (DecodeJob, ZygoteProcess) {
    let present = zygote.withLock { $0 }
    do {
      return (try present.start(request, needing: needed, input: input, output: output.raw), present)
    } catch {
      guard let fresh = try replacement(of: present) else { throw error }
      return (try fresh.start(request, needing: needed, input: input, output: output.raw), fresh)
    }
  }

  /// A zygote in the place of one that is gone, which another thread may have started already; nil where the present
  /// one serves.
  private func replacement(of failed: ZygoteProcess) throws(DecodeFailure) -> ZygoteProcess? {
    guard failed.isGone else { return nil }
    return try zygote.withLock { (zygote) throws(DecodeFailure) in
      if zygote === failed {
        failed.stop()
        zygote = try ZygoteProcess(executable, arguments)
      }
      return zygote
    }
  }

  /// Has a child of the zygote say what holds it. Throws where that is less than the policy wants.
  private static func report(
    of zygote: ZygoteProcess, _ policy: SandboxPolicy
  ) throws(DecodeFailure) -> JailReport {
    let pipe = try pipe()
    var source = PipeInput(Descriptor(owning: pipe.reading), patience: .seconds(60))
    let output = Descriptor(owning: pipe.writing)
    _ = try zygote.report(to: output.raw)
    _ = consume output
    guard let report = JailReport(&source) else {
      throw DecodeFailure(.unavailable, "no decoder process could be put into its jail")
    }
    guard policy == .required, !report.lacking.isEmpty else { return report }
    let missing = report.lacking.map(report.sentence).joined(separator: "; ")
    throw DecodeFailure(.unavailable, "the decoder's jail is not complete: \(missing)")
  }

  private static func pipe() throws(DecodeFailure) -> (reading: CInt, writing: CInt) {
    var pipe: [CInt] = [-1, -1]
    guard unsafe clinux_pipe(&pipe, 1 << 20) == 0 else { throw .unavailable("no pipe could be made", errno) }
    return (pipe[0], pipe[1])
  }

  private static func check(_ input: CInt) throws(DecodeFailure) {
    var status = stat()
    guard unsafe fstat(input, &status) == 0 else { throw .unavailable("the file cannot be read", errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw DecodeFailure(.notMedia, "this is not a regular file") }
    guard fcntl(input, F_GETFL) & O_ACCMODE == O_RDONLY else {
      throw .unavailable("a file that is open for writing is not given to the decoder", EBADF)
    }
  }
}
