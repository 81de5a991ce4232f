public import SystemPackage

/// The four places in which a job can be, and thereby its state.
///
/// | directory   | a job's name | means                                | leaves by                                      |
/// |-------------|--------------|--------------------------------------|------------------------------------------------|
/// | `incoming/` | `J.e/`       | waits for a converter                | claim → `active/`; cancel → `failed/`          |
/// | `active/`   | `J.e.H.N/`   | incarnation H converts it (claim N)  | publish → `done/`; failure, take back → `failed/` or `incoming/` with e + 1; not readable → `corrupt/` |
/// | `done/`     | `J.e.N/`     | the MP3 is in `a.N/audio.mp3`        | clean → `.state/trash/`                        |
/// | `failed/`   | `J.e.N/`     | given up; the reason is in `a.N/`    | retry → `incoming/` with e + 1; clean          |
///
/// Each arrow is one RENAME of the job's directory (rule R2), as `Transition` has it. Before it reaches `incoming/`, a job is
/// built in `.state/tmp/` (uploads), `.state/uploads/` (resumable ones) or `.state/adopt/` (dropped files), where nobody but
/// its builder and recovery looks.
public enum JobState: String, Sendable, CaseIterable, Codable {
  case waiting, active, done, failed

  /// Done or failed; of these only a failed job ever changes, by a retry.
  public var hasEnded: Bool { self == .done || self == .failed }

  var directory: FilePath.Component {
    switch self {
    case .waiting: "incoming"
    case .active: "active"
    case .done: "done"
    case .failed: "failed"
    }
  }

  /// Does `name` have the shape that jobs have in this place?
  func admits(_ name: JobName) -> Bool {
    switch (self, name) {
    case (.waiting, .waiting), (.active, .owned), (.done, .ended), (.failed, .ended): true
    default: false
    }
  }
}

/// Every path of a spool; no other code puts one together.
public struct SpoolLayout: Sendable, Hashable {
  public let root: FilePath

  public init(root: FilePath) { self.root = root }

  public var incoming: FilePath { self[.waiting] }
  public var active: FilePath { self[.active] }
  public var done: FilePath { self[.done] }
  public var failed: FilePath { self[.failed] }
  public var corrupt: FilePath { root.appending("corrupt") }
  public var state: FilePath { root.appending(".state") }
  public var staging: FilePath { state.appending("tmp") }
  public var adopting: FilePath { state.appending("adopt") }
  /// Resumable uploads that have not become jobs; see PartialUpload.swift.
  public var uploads: FilePath { state.appending("uploads") }
  public var trash: FilePath { state.appending("trash") }
  public var hosts: FilePath { state.appending("hosts") }
  var gateways: FilePath { state.appending("gateways") }
  /// The public keys that sidecars are checked with, as a JSON Web Key Set.
  public var publicKeys: FilePath { state.appending("jwks.json") }

  public subscript(_ state: JobState) -> FilePath { root.appending(state.directory) }

  /// Parents before their children.
  var directories: [FilePath] {
    [incoming, active, done, failed, corrupt, state, staging, adopting, uploads, trash, hosts, gateways]
  }

  func leases(_ role: LeaseRole) -> FilePath {
    switch role {
    case .converter: hosts
    case .gateway: gateways
    }
  }

  /// Where the job called `name` is in `state`.
  public func job(_ name: JobName, in state: JobState) -> FilePath { self[state].appending(name.description) }

  /// Where the resumable upload lies that becomes the job `id`.
  func upload(_ id: JobID) -> FilePath { uploads.appending(id.description) }

  /// Where the MP3 is that `result` describes, one of those of the done job `job`.
  public func audio(_ result: JobResult, of job: JobRecord) -> FilePath {
    done.appending(job.directory).appending(result.output)
  }
}

/// The names inside a job's directory.
public enum JobFiles {
  /// The bytes that were uploaded or dropped.
  public static func source(in job: FilePath) -> FilePath { job.appending("source") }

  /// The signed sidecar.
  public static func sidecar(in job: FilePath) -> FilePath { job.appending("job.jwt") }

  /// What the sender of a resumable upload said, and how many of its bytes count; only jobs of such uploads have them.
  static func upload(in job: FilePath) -> FilePath { job.appending("upload.json") }
  static func offset(in job: FilePath) -> FilePath { job.appending("offset") }

  /// The dropped file's own name; only adopted jobs have it.
  static func droppedName(in job: FilePath) -> FilePath { job.appending("name") }

  /// The directory for the output of one claim; inside a job its converter writes nowhere else (rule R4).
  public static func output(of number: ClaimNumber, in job: FilePath) -> FilePath { job.appending("a.\(number)") }

  /// The number of the claim whose output is called `name`; nil where that is no output.
  static func number(ofOutput name: String) -> ClaimNumber? {
    name.hasPrefix("a.") ? ClaimNumber(name.dropFirst(2)) : nil
  }

  /// The MP3 of the source's audio track `track`, or of the only one that was asked for.
  public static func audio(inOutput output: FilePath, track: Int? = nil) -> FilePath {
    output.appending(track.map { "audio.\($0).mp3" } ?? "audio.mp3")
  }

  /// The path of a file of one claim's output within its job's directory.
  public static func path(of file: FilePath, fromOutputOf number: ClaimNumber) -> String {
    output(of: number, in: "").appending(file.lastComponent?.string ?? "").string
  }

  /// Names that are used for a moment: of a probe, a look at the clock, a file that is being saved.
  static func isTemporary(_ name: String) -> Bool {
    name.hasPrefix(".probe-") || name.hasPrefix(".clock-") || (name.hasPrefix(".save-") && name.hasSuffix(".tmp"))
  }

  static func isAudio(_ name: String) -> Bool { name.hasPrefix("audio.") && name.hasSuffix("mp3") }

  /// How far the conversion is; a hint that nobody relies on.
  static func progress(inOutput output: FilePath) -> FilePath { output.appending("progress.json") }
  public static func result(inOutput output: FilePath) -> FilePath { output.appending("result.json") }
  public static func failure(inOutput output: FilePath) -> FilePath { output.appending("failure.json") }
}
