import Crypto
import Decoder
import DurableFiles
import MP3Encoder
import Spool
import SystemPackage
import Telemetry
import Tokens
import WireFormats

/// One claimed job, from its first byte to its published MP3.
///
///     verify the sidecar ─► convert ─► seal: read back and hash ─► publish
///                  │            └─ fails ─► failed/, or incoming/ again
///                  └─ not ours, or not what it says ─► corrupt/
struct JobRun: Sendable {
  let spool: Spool
  let conversion: Conversion
  let claim: Claim
  let metrics: ConversionMetrics
  /// What it is part of.
  let trace: Trace?

  /// Converts and publishes. It blocks for as long as that takes.
  func convert(
    _ sidecar: Sidecar, handle: CancelHandle
  ) throws(SpoolError) -> (end: ClaimEnd, problem: ConversionFailure?) {
    let started = ContinuousClock.now
    let result: JobResult
    do throws(ConversionFailure) {
      result = try Telemetry.span("decode and encode", in: trace) { () throws(ConversionFailure) in
        try makeMP3s(sidecar, handle)
      }
    } catch {
      if error.isCancellation { return (try spool.giveBack(claim), error) }
      let problem = error.isTimeout && spoolIsSlow() ? error.blamedOnHost : error
      return (try spool.fail(claim, problem.forJob), problem)
    }
    let time = ContinuousClock.now - started
    do throws(SpoolError) {
      let end = try Telemetry.span("publish", in: trace) { () throws(SpoolError) in
        try spool.publish(claim, result: result)
      }
      metrics.made(result, of: sidecar.size, in: time, end)
      return (end, nil)
    } catch {
      let problem = ConversionFailure(error)
      return (try spool.fail(claim, problem.forJob), problem)
    }
  }

  /// Is the spool's server, or disk, away or slow? A decoder that waits for its file gives nothing either, and that is no
  /// fault of the file's. The question is not answered from memory, and so as late as the decoder's would be.
  private func spoolIsSlow() -> Bool {
    let begin = ContinuousClock.now
    let isAnswered = (try? spool.times(of: .active)) != nil
    return !isAnswered || ContinuousClock.now - begin > .seconds(1)
  }

  private func makeMP3s(_ sidecar: Sidecar, _ handle: CancelHandle) throws(ConversionFailure) -> JobResult {
    do {
      let output = try spool.makeOutput(of: claim)
      let source = try openSource(in: spool.directory(of: claim))
      let makesAll = sidecar.options.track == .all
      let path = { JobFiles.audio(inOutput: output, track: makesAll ? $0 : nil) }
      var unfinished: Set<FilePath> = []
      let outcomes = try conversion.run(
        source.fileDescriptor, options: sidecar.options, handle: handle, progress: report(cancelling: handle)
      ) { source throws(FileError) in
        unfinished.insert(path(source.chosenTrack))
        return try NewFile(creating: path(source.chosenTrack))
      }
      for outcome in outcomes { unfinished.remove(path(outcome.source.chosenTrack)) }
      for leftOver in unfinished { try Files.unlinkIfPresent(leftOver) }
      return JobResult(try outcomes.map { try seal(path($0.source.chosenTrack), $0) })
    } catch { throw ConversionFailure(anything: error) }
  }

  /// Once a second at most it says in the spool how far the conversion is, and looks whether somebody took the job away,
  /// as `cancel` does: safety does not need to know, but the work would be for nothing. What fails here says nothing.
  private func report(cancelling handle: CancelHandle) -> (ConversionProgress) -> Void {
    var last = ContinuousClock.now
    return { progress in
      guard ContinuousClock.now - last > .seconds(1) else { return }
      last = .now
      if (try? spool.owns(claim)) == false { return handle.cancel() }
      try? spool.report(progress.forJob, of: claim)
    }
  }

  private func openSource(in directory: FilePath) throws -> SourceFile {
    let source = try SourceFile(reading: JobFiles.source(in: directory))
    guard try source.status().size > 0 else {
      throw ConversionFailure(code: "empty-file", "the file is empty", isCertain: true)
    }
    return source
  }

  /// Reads an MP3 back as others will see it, and describes it. What was written and closed must be what is there.
  private func seal(_ audio: FilePath, _ outcome: ConversionOutcome) throws -> JobResult {
    let (sha256, byteCount) = try digest(audio)
    guard byteCount == outcome.encoded.byteCount else {
      throw ConversionFailure(
        code: "file-error", "\(byteCount) of the MP3's \(outcome.encoded.byteCount) bytes are on the disk",
        isCertain: false)
    }
    let (source, encoded) = (outcome.source, outcome.encoded)
    var result = JobResult(
      track: source.chosenTrack, language: source.tags.language, sha256: sha256, byteCount: Int64(byteCount),
      duration: encoded.duration / .seconds(1), sampleRate: encoded.sampleRate, channels: encoded.channels,
      bitrate: Int((encoded.averageBitrate * 1000).rounded()), loudness: outcome.loudness,
      container: source.container, codec: source.codec, warnings: outcome.warnings, copied: outcome.copied,
      peaks: outcome.peaks, output: JobFiles.path(of: audio, fromOutputOf: claim.number))
    result.describe(source, encoded)
    return result
  }

  private func digest(_ path: FilePath) throws(FileError) -> (sha256: String, byteCount: Int) {
    var file = try SourceFile(reading: path)
    var hasher = SHA256()
    var byteCount = 0
    while case let bytes = try file.read(upTo: 1 << 20), !bytes.isEmpty {
      hasher.update(data: bytes)
      byteCount += bytes.count
    }
    return (Digest.hex(hasher.finalize()), byteCount)
  }
}

extension JobResult {
  /// The results of one job's tracks, of one at least. What the file says of itself the first one tells for all.
  fileprivate init(_ tracks: [JobResult]) {
    self = tracks[0]
    guard tracks.count > 1 else { return }
    otherTracks = tracks.dropFirst().map { track in
      var track = track
      (track.tags, track.chapters) = (nil, nil)
      return track
    }
  }
}
