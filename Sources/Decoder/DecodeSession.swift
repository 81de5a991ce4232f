/// One file that is being decoded. Dropping it ends its child.
///
/// One thread at a time calls `next`, which blocks; any thread may cancel.
public struct DecodeSession: ~Copyable, Sendable {
  /// What a step gave.
  public enum Step: Sendable, Hashable {
    /// PCM in the block's `left` and `right`.
    case samples
    /// The position of what was given so far, now and then.
    case progress(position: Duration)
    /// A whole MP3 frame in the block's `bytes`.
    case frame
    /// The end of the track; every further step says the same.
    case end(DecodeSummary)
  }

  /// What the file is.
  public let source: SourceDescription
  /// Cancels this session from any thread; outlives it.
  public let canceller: DecodeCanceller
  private var reader: PipeReader<PipeInput>
  private let patience: Duration
  private var decoded = 0
  private var outcome: Result<DecodeSummary, DecodeFailure>?

  /// Waits for the child's description of its file.
  init(_ pipe: consuming PipeInput, _ canceller: DecodeCanceller, _ request: DecodeRequest) throws(DecodeFailure) {
    var reader = PipeReader(pipe, request.limits)
    var block = PCMBlock(capacity: 0)
    do throws(PipeReader<PipeInput>.Failure) {
      let event = try reader.next(&block)
      guard case .described(let source) = event else { throw .refused(event.asFailure) }
      self.source = source
    } catch {
      throw canceller.end(after: error)
    }
    reader.source.forgive()
    patience = request.patienceForSamples
    reader.source.patience = patience
    self.reader = reader
    self.canceller = canceller
  }

  deinit { canceller.endChild() }

  /// Waits for what comes next. After a failure every further step throws the same one.
  public mutating func next(_ block: inout PCMBlock) throws(DecodeFailure) -> Step {
    if let outcome { return .end(try outcome.get()) }
    do throws(DecodeFailure) {
      return try step(&block)
    } catch {
      outcome = .failure(error)
      throw error
    }
  }

  /// Ends the child; `next` throws `cancelled` at once, also where it is waiting.
  public func cancel() { canceller.cancel() }

  private mutating func step(_ block: inout PCMBlock) throws(DecodeFailure) -> Step {
    if canceller.isCancelled { throw DecodeFailure(.cancelled) }
    let event: PipeProtocol.Event
    do { event = try reader.next(&block) } catch { throw canceller.end(after: error) }
    switch event {
    case .samples(let count):
      decoded += count
      reader.source.patience = patience + .seconds(decoded / source.sampleRate / 2)
      return .samples
    case .progress(let position):
      reader.source.patience = patience + position / 2
      return .progress(position: position)
    case .frame: return .frame
    case .end(let summary):
      outcome = .success(summary)
      return .end(summary)
    case .failure, .described: throw event.asFailure
    }
  }
}

extension DecodeRequest {
  /// How long the description may take.
  var patienceForDescription: Duration {
    limits.wallClock + (channels == .auto ? limits.maximumDuration / 2 : .zero)
  }

  /// How long what follows may take, apart from the time that what is given is worth.
  fileprivate var patienceForSamples: Duration { limits.wallClock + max(.zero, start ?? .zero) / 2 }
}

/// Cancels a session, from any thread.
public struct DecodeCanceller: Sendable {
  let job: DecodeJob
  let zygote: ZygoteProcess

  /// Ends the session's child. Nothing happens if it has ended.
  public func cancel() {
    job.cancel()
    endChild()
  }

  var isCancelled: Bool { job.isCancelled }

  func endChild() { if !job.hasEnded { zygote.kill(job) } }

  /// The failure that the end of the child's messages amounts to; sees to it that the child ends.
  func end(after failure: PipeReader<PipeInput>.Failure) -> DecodeFailure {
    switch failure {
    case .interrupted(.endOfPipe):
      defer { endChild() }
      return job.failure()
    case .interrupted(.timedOut(let patience)):
      endChild()
      let sentence = "the decoder took longer than \(patience.components.seconds) s and was ended"
      return job.isCancelled ? DecodeFailure(.cancelled) : DecodeFailure(.timedOut, sentence)
    case .interrupted(.failed(let errno)):
      endChild()
      return .unavailable("the decoder's pipe cannot be read", errno)
    case .refused(let failure):
      endChild()
      return failure
    }
  }
}

extension PipeProtocol.Event {
  /// The failure that the child reported.
  fileprivate var asFailure: DecodeFailure {
    if case .failure(let failure) = self { return failure }
    return DecodeFailure(.violatedProtocol("a message out of order"))
  }
}
