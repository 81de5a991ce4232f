import ArgumentParser
import Catalog
import DurableFiles
import Foundation
import Keeper
import Notices
import Settings
import Spool
import SystemPackage
import Tokens
import WireFormats

struct SubmitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "submit",
    abstract: "Hand files over as jobs, to the spool here or to a gateway; their fids are printed.",
    discussion: """
      With --server the files are uploaded; a connection that breaks off is taken up again where it was. With --wait the \
      command shows how far the jobs are, and ends when they have ended; the MP3s are fetched into the current folder, or \
      into that of -o. From the spool here they are copied only with -o: they lie in its directory done. Ctrl-C ends the \
      waiting, not the jobs.

      The exit code is 65 if a job failed.
      """)

  @Argument(help: "The media files.", completion: .file()) var files: [String]
  @OptionGroup var options: ConversionFlags
  @Option(help: "Who owns the jobs; with --server who is logged in.") var owner: String?
  @Flag(help: "Wait until the jobs have ended.") var wait = false
  @Option(
    name: [.customShort("o"), .long], help: "With --wait: put the MP3s into this folder.", completion: .directory)
  var outputDir: String?
  @Option(help: "A URL that is told of the jobs' ends.") var webhook: String?
  @OptionGroup var server: ServerOption
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await command {
      if outputDir != nil, !wait { throw Problem.usage("-o is where the MP3s go that --wait waits for; give both") }
      if let remote = try server.chosen() {
        if owner != nil { throw Problem.usage("--owner is for the spool here; a server knows who is logged in") }
        try await interruptible { try await remotely(remote) }
      } else {
        try await interruptible { try await here() }
      }
    }
  }
}

extension SubmitCommand {
  /// Before anything is handed over: whoever waited for an hour would learn of it too late.
  private func makeOutputFolder() throws {
    guard let outputDir else { return }
    try OutputFolder(outputDir, hint: "the MP3s have the names of the files").make()
  }
}

// MARK: - To a gateway

extension SubmitCommand {
  private func remotely(_ remote: RemoteServer) async throws {
    // Wrong options are told before a gigabyte is sent.
    _ = try options.parsed(over: ConversionOptions())
    var wishes = options.values
    wishes["webhook"] = webhook
    let uploads = try files.map { try UploadFile($0) }
    try makeOutputFolder()
    var jobs: [(file: UploadFile, fid: JobID)] = []
    for file in uploads {
      let fid = try await upload(file, to: remote, wishes)
      jobs.append((file, fid))
      try tell(fid, of: file.name)
    }
    guard wait else { return }
    var outcome = SubmitOutcome(count: jobs.count)
    var placement = Placement(.rename)
    for job in jobs {
      let ended = try await remote.reached { try await end(of: job.fid, label: job.file.name, at: $0) }
      if let failure = ended.error {
        try outcome.note(failure, fid: job.fid, name: job.file.name, json: common.json)
      } else {
        let fetch = MP3Fetch(server: remote, folder: FilePath(outputDir ?? "."))
        let paths = try await fetch.run(ended, &placement)
        for (path, result) in zip(paths, ended.result?.all ?? []) {
          try outcome.note(path, result, fid: job.fid, json: common.json)
        }
      }
    }
    try outcome.end()
  }

  private func upload(_ file: UploadFile, to remote: RemoteServer, _ wishes: [String: String]) async throws -> JobID {
    let bar = SubmitBar(file.name, size: file.size)
    defer { bar.clear() }
    let upload = RemoteUpload(server: remote, file: file, wishes: wishes) { bar.sent($0) }
    return try await upload.run()
  }

  private func end(of fid: JobID, label: String, at remote: RemoteServer) async throws -> RemoteJob {
    let bar = SubmitBar(label, size: 0)
    defer { bar.clear() }
    // Without a bar nobody looks at how far it is, so that the server may answer when it is over.
    let isShown = Terminal.columns(STDERR_FILENO) > 0
    var tries = 0
    while true {
      let job: RemoteJob
      do { job = try await remote.job(fid, wait: isShown ? 0 : 30) } catch let lost as ConnectionLost {
        // The job goes on without us; a service that is started anew is back soon.
        guard tries < RemoteUpload.pauses.count else { throw lost }
        try await Task.sleep(for: .seconds(RemoteUpload.pauses[tries]))
        tries += 1
        continue
      }
      tries = 0
      if job.state == .done || job.state == .failed { return job }
      bar.converting(job.state, job.progress)
      if isShown { try await Task.sleep(for: .milliseconds(300)) }
    }
  }

  private func tell(_ fid: JobID, of name: String) throws {
    if common.json { try Output.json(["fid": "\(fid)", "file": name]) } else { Output.line("\(fid)") }
  }
}

// MARK: - To the spool here

extension SubmitCommand {
  private func here() async throws {
    let parts = Parts(settings: try await common.settings())
    let (spool, catalog) = (try parts.spool(), try parts.catalog())
    let signer = try await parts.sidecarSigner(catalog, spool)
    let options = try options.parsed(over: parts.conversionDefaults())
    let (owner, fairShare) = (owner ?? "local", FairShare(catalog: catalog))
    let wish = try await wish(parts, catalog, owner)
    try makeOutputFolder()
    var jobs: [JobRecord] = []
    for file in files {
      let record = try await fairShare.withNewID(for: owner) { id in
        let record = try await submit(FilePath(file), as: id, owner, options, signer, spool) {
          try await catalog.note(wish, for: id)
        }
        try await catalog.upsert(record)
        return record
      }
      jobs.append(record)
      try tell(record.id, of: record.name)
    }
    if wait { try await waitForEnd(of: jobs, spool) }
  }

  /// Who else is to be told: by the rules that uploads have.
  private func wish(_ parts: Parts, _ catalog: Catalog, _ owner: String) async throws -> NoticeWish {
    guard let webhook else { return NoticeWish() }
    let url: String
    do { url = try await parts.webhookGate().check(webhook, of: owner).description } catch {
      throw Problem.usage("no webhook can go to this URL: \(error)")
    }
    guard try await catalog.hasWebhookSecret(owner) else {
      throw Problem.usage(
        "there is nothing to sign the webhook with: make a signing secret for an account with 'mp3spool webhook secret', and give --owner EMAIL"
      )
    }
    return NoticeWish(webhook: url)
  }

  /// - Parameter note: is called when all is ready but nobody can see the job yet.
  private func submit(
    _ path: FilePath, as id: JobID, _ owner: String, _ options: ConversionOptions, _ signer: SidecarSigner,
    _ spool: Spool, note: () async throws -> Void
  ) async throws -> JobRecord {
    let name = try FileName.checked(path.lastComponent?.string ?? "")
    var source = try SourceFile(reading: path)
    var staged = try spool.stage(id)
    do {
      try source.handOn { try staged.write($0.span) }
      try await note()
    } catch {
      staged.discard()
      throw error
    }
    let sidecar = Sidecar(
      id: staged.id, owner: owner, name: name, size: staged.byteCount, sha256: nil, options: options, origin: .upload,
      issuedAt: Date(), trace: Trace())
    try staged.commit(sidecar: try await signer.sign(sidecar))
    return JobRecord(waiting: sidecar)
  }

  private func waitForEnd(of jobs: [JobRecord], _ spool: Spool) async throws {
    var outcome = SubmitOutcome(count: jobs.count)
    var placement = Placement(.rename)
    for job in jobs {
      let bar = SubmitBar(job.name, size: job.size)
      let place = try await end(of: job, spool, bar)
      bar.clear()
      if place.state == .failed {
        outcome.failed += 1
      } else if let outputDir {
        for path in try copy(job, place, spool, to: FilePath(outputDir), &placement) { Output.note("\(path)") }
      }
    }
    try outcome.end()
  }

  private func end(of job: JobRecord, _ spool: Spool, _ bar: SubmitBar) async throws -> (state: JobState, name: JobName)
  {
    while true {
      if let place = try spool.find(job.id) {
        if place.state == .done || place.state == .failed { return place }
        var record = job
        (record.state, record.directory) = (place.state, place.name.description)
        bar.converting(place.state, spool.progress(of: record))
      }
      try await Task.sleep(for: .milliseconds(200))
    }
  }

  private func copy(
    _ job: JobRecord, _ place: (state: JobState, name: JobName), _ spool: Spool, to folder: FilePath,
    _ placement: inout Placement
  ) throws -> [FilePath] {
    guard case .ended(_, _, let number) = place.name,
      let result = try spool.result(of: number, in: spool.layout.job(place.name, in: place.state))
    else { return [] }
    var record = job
    record.directory = place.name.description
    var paths: [FilePath] = []
    for one in result.all {
      let name =
        result.all.count > 1
        ? FileName.mp3Name(for: job.name, track: one.track, language: one.language) : FileName.mp3Name(for: job.name)
      var landing = try Landing(name, in: folder)
      var source = try SourceFile(reading: spool.layout.audio(one, of: record))
      try source.handOn { try landing.write($0) }
      paths.append(try landing.finish(&placement))
    }
    return paths
  }
}

extension SourceFile {
  /// Hands all of it on, a MiB at a time, until somebody interrupts the command.
  fileprivate mutating func handOn(_ write: ([UInt8]) throws -> Void) throws {
    while case let bytes = try read(upTo: 1 << 20), !bytes.isEmpty {
      try Task.checkCancellation()
      try write(bytes)
    }
  }
}
