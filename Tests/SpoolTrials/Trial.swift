import Crypto
import DurableFiles
import Foundation
import Spool
import SystemPackage
import WireFormats

/// The steps by which jobs, and those who work on them, go through the spool.
enum Step: String, CaseIterable, Sendable {
  /// Nothing but what all others begin with.
  case open
  case keys, clock, register, beat, declareDead
  case enqueue, resume, adopt, claim, publish, convert, fail, giveBack, reclaim
  case export, clean, cancel, retry, recover
  case list
}

/// A step that is tried on a spool with one job at most.
struct Trial {
  let spool: Spool
  /// Such as the owner of claims, or a sidecar; each step has its own.
  let words: [String]

  /// What the step reports.
  func run(_ step: Step) throws -> String {
    switch step {
    case .open: "done"
    case .keys: try publishKeys()
    case .clock: try spool.now() > .zero ? "done" : "nothing"
    case .register: "done \(try spool.register(owner).incarnation)"
    case .beat: try spool.beat(spool.register(owner)) == nil ? "lost" : "done"
    case .declareDead: try declareDead()
    case .enqueue: try enqueue(sidecar: words[0], source: words[1])
    case .resume: try resume(sidecar: words[0], source: words[1])
    case .adopt: try adopt(sidecar: words[0], name: words[1])
    case .claim: try claim().map { "done \($0.number)" } ?? "lost"
    case .publish: try withClaim(convert)
    case .convert: try claim().map(convert) ?? "lost"
    case .fail: try withClaim { told(try spool.fail($0, .hopeless)) }
    case .giveBack: try withClaim { told(try spool.giveBack($0)) }
    case .reclaim: "done \(try spool.reclaim(from: owner).count)"
    case .export: try withEnded(.done, export)
    case .clean: try withEnded(.done, clean)
    case .cancel: try told(spool.cancel(id, because: .cancelled))
    case .retry: try told(spool.retry(id))
    case .recover: try recover(sidecar: words[0])
    case .list: try list().map { "done \($0)" } ?? "nothing"
    }
  }

  private var owner: Incarnation { Incarnation(words[0][...])! }
  private var id: JobID { JobID(words[0])! }

  private func told(_ isDone: Bool) -> String { isDone ? "done" : "nothing" }

  private func told(_ end: ClaimEnd) -> String {
    switch end {
    case .moved(_, let name): "done \(name)"
    case .quarantined: "done"
    case .lost: "lost"
    }
  }
}

// MARK: - Into the spool

extension Trial {
  private func publishKeys() throws -> String {
    try spool.publish(keys: Array("{}".utf8))
    return "done"
  }

  /// As the gateway does it, which writes what comes as it comes.
  private func enqueue(sidecar: String, source: String) throws -> String {
    var staged = try spool.stage(JobID(at: Date()))
    let id = staged.id
    do {
      for part in [source.utf8.prefix(5), source.utf8.dropFirst(5)] { try staged.write(Array(part).span) }
    } catch {
      staged.discard()
      throw error
    }
    try staged.commit(sidecar: Array(sidecar.utf8), announced: Int64(source.utf8.count))
    return "done \(id)"
  }

  /// As the gateway takes a resumable upload in, also one that a process before it has begun.
  private func resume(sidecar: String, source: String) throws -> String {
    let bytes = Array(source.utf8)
    let begun = try spool.uploads().first { try spool.upload($0.id) != nil }?.id
    let id = begun ?? JobID(at: Date())
    if begun == nil {
      try spool.beginUpload(
        id,
        UploadDescription(owner: "a", name: "video.mp4", options: ConversionOptions(), length: Int64(bytes.count)))
    }
    while let offset = try spool.upload(id)?.offset, offset < bytes.count {
      var writer = try spool.write(upload: id, at: offset)
      try writer.write(Array(bytes.dropFirst(Int(offset)).prefix(12)).span)
      try writer.synchronize()
    }
    try spool.complete(upload: id, length: Int64(bytes.count), sidecar: Array(sidecar.utf8))
    return "done \(id)"
  }

  private func adopt(sidecar: String, name: String) throws -> String {
    guard let adoption = try spool.adopt(FilePath.Component(name)!, as: JobID(at: Date())) else { return "nothing" }
    try spool.commit(adoption, sidecar: Array(sidecar.utf8))
    return "done \(adoption.id)"
  }

  /// What a service does at its start.
  private func recover(sidecar: String) throws -> String {
    try spool.emptyTrash()
    for adoption in try spool.interruptedAdoptions() { try spool.commit(adoption, sidecar: Array(sidecar.utf8)) }
    let strangers = try spool.quarantineUnknown()
    for lease in try spool.leases() where spool.hasEnded(lease, seenFrom: .here(), isLocal: true) {
      try spool.reclaim(from: lease.incarnation)
      try spool.forget(lease)
    }
    return "done \(strangers.joined(separator: " "))"
  }
}

// MARK: - From claim to publish

extension Trial {
  private func claim() throws -> Claim? {
    try spool.waitingJobs().first.flatMap { try spool.claim($0, for: owner) }
  }

  private func declareDead() throws -> String {
    guard let lease = try spool.leases().first(where: { $0.incarnation == owner }) else { return "lost" }
    return try spool.declareDead(lease) ? "done" : "lost"
  }

  private func withClaim(_ work: (Claim) throws -> String) throws -> String {
    guard let claim = try spool.claims(of: owner).first else { return "nothing" }
    return try work(claim)
  }

  /// As the converter does it: what keeps the MP3 from being made ends the attempt.
  private func convert(_ claim: Claim) throws -> String {
    let result: JobResult
    do { result = try makeMP3(of: claim) } catch {
      return told(try spool.fail(claim, JobFailure(code: "file-error", sentence: "\(error)", isCertain: false)))
    }
    return told(try spool.publish(claim, result: result))
  }

  /// An MP3 that is like no other claim's.
  private func makeMP3(of claim: Claim) throws -> JobResult {
    let path = JobFiles.audio(inOutput: try spool.makeOutput(of: claim))
    let bytes = Array("an MP3 by claim \(claim.number)".utf8)
    var file = try NewFile(creating: path)
    try file.write(bytes.span.extracting(first: 8))
    try? spool.report(JobProgress(position: 1, fraction: 0.5, speed: 1, timeLeft: 1), of: claim)
    try file.write(bytes.span.extracting(droppingFirst: 8))
    try file.synchronize()
    try file.close()
    return JobResult(
      sha256: sha256(of: bytes), byteCount: Int64(bytes.count), duration: 1, sampleRate: 44_100, channels: 2,
      bitrate: 190_000, container: "mov", codec: "aac",
      output: JobFiles.path(of: path, fromOutputOf: claim.number))
  }
}

// MARK: - After the end

extension Trial {
  private func withEnded(_ state: JobState, _ work: (JobName) throws -> String) throws -> String {
    guard let name = try spool.list(state).first else { return "nothing" }
    return try work(name)
  }

  /// As the index's owner does it.
  private func export(_ name: JobName) throws -> String {
    if let earlier = try spool.earlierExport(of: name) { return "done \(earlier)" }
    return try spool.export(name, as: ["video.mp3", "video (2).mp3"]).map { "done \($0)" } ?? "nothing"
  }

  private func clean(_ name: JobName) throws -> String {
    try spool.clean(name, in: .done, exported: words.first)
    return "done"
  }
}

// MARK: - Looking only

extension Trial {
  /// What `jobs`, `hosts`, the index's owner and `check` ask of the spool.
  ///
  /// - Returns: the one job that is in `done/`; nil where anything of it was not to be seen as it is.
  private func list() throws -> JobName? {
    guard try spool.leases().count == 1, try spool.unknownNames().isEmpty,
      try spool.droppedFiles(except: { _ in false }).isEmpty
    else { return nil }
    let found = try JobState.allCases.flatMap { state in try spool.list(state).map { ($0, state) } }
    guard found.count == 1, case (let name, .done) = found[0], case .ended(let id, _, let number) = name,
      try spool.find(id)?.name == name, try spool.complaints(about: name, in: .done).isEmpty
    else { return nil }
    let job = spool.layout.job(name, in: .done)
    guard try spool.sourceSize(in: job) > 0, try !spool.sidecar(in: job).isEmpty,
      try spool.failure(of: number, in: job) == nil, try spool.result(of: number, in: job) != nil,
      try spool.end(of: number, in: job) != nil
    else { return nil }
    return name
  }
}

/// As a result has it, in hexadecimal digits.
func sha256(of bytes: some DataProtocol) -> String {
  SHA256.hash(data: bytes).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

extension JobFailure {
  fileprivate static let hopeless = JobFailure(code: "no-audio", sentence: "the file has no sound", isCertain: true)
}
