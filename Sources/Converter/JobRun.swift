import Crypto
import Decoder
import DurableFiles
import MP3Encoder
import Spool
import Synchronization
import SystemPackage
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

  /// Converts and publishes. It blocks for as long as that takes.
  func convert(
    _ sidecar: Sidecar, willDecode: (DecodeCanceller) -> Void, progress: (ConversionProgress) -> Void
  ) throws(SpoolError) -> (end: ClaimEnd, problem: ConversionFailure?) {
    let result: JobResult
    do throws(ConversionFailure) {
      result = try makeMP3(sidecar, willDecode, progress)
    } catch {
      return (error.isCancellation ? try spool.giveBack(claim) : try spool.fail(claim, error.forJob), error)
    }
    return (try spool.publish(claim, result: result), nil)
  }

  private func makeMP3(
    _ sidecar: Sidecar, _ willDecode: (DecodeCanceller) -> Void, _ progress: (ConversionProgress) -> Void
  ) throws(ConversionFailure) -> JobResult {
    let directory = spool.directory(of: claim)
    do {
      let output = try spool.makeOutput(of: claim)
      let audio = JobFiles.audio(inOutput: output)
      let source = try openSource(in: directory, sidecar)
      var canceller: DecodeCanceller?
      var lastLook = ContinuousClock.now
      let outcome = try conversion.run(
        source.fileDescriptor, options: sidecar.options, into: try NewFile(creating: audio),
        willDecode: {
          canceller = $0
          willDecode($0)
        },
        progress: {
          progress($0)
          if isLost(lastLook: &lastLook) { canceller?.cancel() }
        })
      return try seal(audio, outcome)
    } catch { throw ConversionFailure(anything: error) }
  }

  /// Has somebody taken the job away, as `cancel` does? Safety does not need to know, but the work would be for nothing.
  /// It looks once a second at most, and a look that fails says nothing.
  private func isLost(lastLook: inout ContinuousClock.Instant) -> Bool {
    guard ContinuousClock.now - lastLook > .seconds(1) else { return false }
    lastLook = .now
    return (try? spool.owns(claim)) == false
  }

  private func openSource(in directory: FilePath, _ sidecar: Sidecar) throws -> SourceFile {
    let source = try SourceFile(reading: JobFiles.source(in: directory))
    let size = try source.status().size
    guard size > 0 else {
      throw ConversionFailure(code: "empty-file", "the file is empty", isCertain: true)
    }
    return source
  }

  /// Reads the MP3 back as others will see it, and describes it. What was written and closed must be what is there.
  private func seal(_ audio: FilePath, _ outcome: ConversionOutcome) throws -> JobResult {
    var file = try SourceFile(reading: audio)
    var hasher = SHA256()
    var byteCount = 0
    while case let bytes = try file.read(upTo: 1 << 20), !bytes.isEmpty {
      hasher.update(data: bytes)
      byteCount += bytes.count
    }
    guard byteCount == outcome.encoded.byteCount else {
      throw ConversionFailure(
        code: "file-error", "\(byteCount) of the MP3's \(outcome.encoded.byteCount) bytes are on the disk",
        isCertain: false)
    }
    let encoded = outcome.encoded
    return JobResult(
      sha256: hasher.finalize().map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined(),
      byteCount: Int64(byteCount), duration: encoded.duration / .seconds(1), sampleRate: encoded.sampleRate,
      channels: encoded.channels, bitrate: Int((encoded.averageBitrate * 1000).rounded()),
      container: outcome.source.container,
      codec: outcome.source.codec, warnings: outcome.warnings, copied: outcome.copied,
      output: "a.\(claim.number)/\(audio.lastComponent?.string ?? "")")
  }
}
