public import DurableFiles

/// Something about the place where a spool is that its operator should know.
public struct PlaceFinding: Sendable, Hashable, Codable {
  public enum Weight: String, Sendable, Codable {
    /// Jobs may be lost, or nothing works at all.
    case problem
    /// It works, but not as well as it could.
    case advice
  }

  public let weight: Weight
  /// What is so, and what to do.
  public let sentence: String

  static func problem(_ sentence: String) -> PlaceFinding { PlaceFinding(weight: .problem, sentence: sentence) }
  static func advice(_ sentence: String) -> PlaceFinding { PlaceFinding(weight: .advice, sentence: sentence) }
}

/// What was found out about a place by trying it out.
public struct PlaceReport: Sendable {
  public var mount: Mount?
  public var fileSystem: FileSystem
  /// What the protocol rests on and did not work, each as a sentence without its end.
  public var failures: [String] = []
  /// Directories of the spool that are on another file system than its root.
  public var foreign: [String] = []
  /// Whose files this process makes, and who it is.
  public var owner: UInt32?
  public var user: UInt32 = 0
  /// How much the clock of the disk or file server is ahead of this host's.
  public var clockOffset: Duration?
  /// All times that were seen are whole seconds.
  public var hasWholeSeconds = false
  /// How long one fsync of a small file took, the middle one of three.
  public var fsync: Duration?

  public init(mount: Mount?, fileSystem: FileSystem) { (self.mount, self.fileSystem) = (mount, fileSystem) }

  /// The sentences of all that is not as it should be, problems first.
  public var findings: [PlaceFinding] {
    let found = (mount?.findings ?? []) + kindFindings + probeFindings
    return found.filter { $0.weight == .problem } + found.filter { $0.weight == .advice }
  }

  private var kindFindings: [PlaceFinding] {
    guard case .remote(let name) = fileSystem, name != "NFS" else { return [] }
    return [
      .advice(
        "mp3spool is tested on local disks and on NFS 3 and 4, not on \(name): try yours out before you rely on it.")
    ]
  }

  private var probeFindings: [PlaceFinding] {
    var found = failures.map { PlaceFinding.problem("The spool's file system fails mp3spool: \($0).") }
    if !foreign.isEmpty {
      found.append(
        .problem(
          """
          \(foreign.joined(separator: ", ")) is on another file system than the spool, so that no job can be moved there: mount one \
          file system for the whole spool.
          """))
    }
    if let owner, owner != user {
      found.append(
        .advice(
          """
          What this process, of the user \(user), makes in the spool belongs to the user \(owner): the file server maps users. That is \
          good only if it maps all hosts of the spool to the same user; see no_root_squash, all_squash and anonuid of exports(5).
          """))
    }
    if let clockOffset, abs(clockOffset / .seconds(1)) > Self.toleratedOffset {
      let seconds = Int((abs(clockOffset / .seconds(1))).rounded())
      found.append(
        .advice(
          """
          The clock of the file server is \(seconds) s \(clockOffset > .zero ? "ahead of" : "behind") this host's. No job depends on \
          it, but the times that are shown and kept for the end of jobs are the server's: have both set by NTP.
          """))
    }
    if hasWholeSeconds {
      found.append(
        .advice("The file system keeps times in whole seconds only: some changes are noticed up to 30 s late."))
    }
    if let fsync, fsync > Self.slowSync {
      found.append(
        .advice(
          """
          Making a small file durable takes \(Int(fsync / .milliseconds(1))) ms, and every upload waits for some of them: look for a \
          faster disk, or for what keeps this one busy.
          """))
    }
    return found
  }

  private static let toleratedOffset = 2.0
  private static let slowSync = Duration.milliseconds(500)
}

extension Mount {
  /// What the options say of the place; nfs(5), ext4(5), xfs(5).
  public var findings: [PlaceFinding] {
    let general =
      options.contains("ro") ? [PlaceFinding.problem("\(point) is mounted read-only: mount it with rw.")] : []
    switch kind {
    case "nfs", "nfs4": return general + nfsProblems + nfsAdvice
    case "tmpfs", "ramfs":
      return general + [.problem("The spool is in memory (\(kind)), and all jobs go with the power: put it on a disk.")]
    case "overlay":
      return general + [
        .advice("The spool is in a container's own layer (overlay) and goes with the container: mount a volume there.")
      ]
    default:
      let isUnsafe = options.contains("nobarrier") || options.contains("barrier=0")
      return general
        + (isUnsafe
          ? [
            .problem(
              "\(point) is mounted with nobarrier: a power cut may take jobs that were acknowledged. Mount it without.")
          ]
          : [])
    }
  }

  private var nfsProblems: [PlaceFinding] {
    var found: [PlaceFinding] = []
    if options.contains("soft") || options.contains("softerr") {
      found.append(
        .problem(
          "\(point) is mounted soft: while the file server is away, writes fail instead of waiting. Mount it with hard."
        ))
    }
    if options.contains("nocto") {
      found.append(
        .problem("\(point) is mounted with nocto, so that other hosts' jobs are seen late or never: mount it without."))
    }
    if value(of: "proto")?.hasPrefix("udp") ?? false {
      found.append(
        .problem("\(point) is mounted over UDP, which may mix up the parts of packets unseen: mount it with proto=tcp.")
      )
    }
    if value(of: "vers")?.hasPrefix("2") ?? false {
      found.append(.problem("\(point) is mounted with NFS 2, which has no files beyond 2 GB: mount it with vers=4.2."))
    }
    return found
  }

  private var nfsAdvice: [PlaceFinding] {
    var found: [PlaceFinding] = []
    // Without attributes the names are not cached either.
    if options.contains("noac") {
      return [
        .advice(
          "\(point) is mounted with noac, so that every look costs a request: acdirmin=1,acdirmax=5 is enough for mp3spool."
        )
      ]
    }
    // Defaults are not shown.
    let latest = value(of: "acdirmax").flatMap { Int($0) } ?? Self.usualLongestAge
    if latest > Self.goodLongestAge {
      found.append(
        .advice(
          "\(point) may show other hosts' changes up to \(latest) s late: mount it with acdirmin=1,acdirmax=\(Self.goodLongestAge)."
        ))
    }
    if ![.some("none"), .some("pos"), .some("positive")].contains(value(of: "lookupcache")) {
      found.append(
        .advice(
          """
          \(point) remembers that a name was absent when it has come meanwhile (lookupcache=all): mount it with \
          lookupcache=positive or lookupcache=none.
          """))
    }
    if options.contains("sync") {
      found.append(
        .advice(
          "\(point) is mounted with sync, which makes every write wait: mp3spool waits where it must. Mount it without."
        ))
    }
    return found
  }

  /// In seconds; nfs(5).
  private static let usualLongestAge = 60
  private static let goodLongestAge = 5
}
