internal import CFFmpeg

/// A version of FFmpeg, and whether holes in it are known that its makers have closed since.
public struct FFmpegVersion: Sendable, Hashable, CustomStringConvertible {
  /// What is known of a version.
  public enum Standing: Sendable, Hashable {
    /// At the floor of its branch or above.
    case current
    /// Below the floor, but as a distribution's package that is listed as patched.
    case patched
    /// Below this floor, and what is known to be open.
    case outdated(floor: String, holes: [String])
    /// No release of which anything is known, such as one built from a repository.
    case unknown
  }

  /// As the library calls itself, such as `5.1.9-0+deb12u1` (a Debian package says its own version too).
  public let description: String
  private let release: Release?

  /// A version by its name; one that does not begin as a release's does has an unknown standing.
  public init(_ name: String) {
    description = PlainText.clean(Array(name.utf8)[...], limit: 100) ?? ""
    release = Release(name)
  }

  /// The version of the libraries that decode here.
  public static let loaded = unsafe FFmpegVersion(String(cString: av_version_info()))

  /// Where this version stands. `patched` are names of versions that are taken for patched whatever their number, as
  /// `description` has them: this list has none of its own, since a package without a fix must not be taken for one with it.
  public func standing(patched: Set<String> = []) -> Standing {
    guard let release else { return .unknown }
    guard let floor = Self.floor(of: release), release < floor else { return .current }
    if patched.contains(description) { return .patched }
    return .outdated(floor: "\(floor)", holes: Self.holes.filter { $0.isOpen(in: release) }.map(\.name))
  }

  /// The standing for people: a clause without capital and full stop.
  public func sentence(patched: Set<String> = []) -> String {
    switch standing(patched: patched) {
    case .current: "FFmpeg \(self) is as new as mp3spool asks for"
    case .patched: "FFmpeg \(self) is listed as patched"
    case .unknown: "FFmpeg \(self) is no release that mp3spool knows"
    case .outdated(let floor, let holes):
      "FFmpeg \(self) is older than \(floor)"
        + (holes.isEmpty ? "" : " and open to \(holes.joined(separator: ", "))")
    }
  }

  /// The first good release of each branch that still gets any. Another branch ended before the next one's floor.
  private static let floors = [
    Release(5, 1, 10), Release(6, 1, 6), Release(7, 1, 5), Release(8, 1, 3), Release(9, 0, 2),
  ]

  /// Nil for a branch that is younger than all floors.
  private static func floor(of release: Release) -> Release? {
    floors.first { ($0.major, $0.minor) >= (release.major, release.minor) }
  }

  /// Holes that the floors close: since when each is known to be there, and the first release without it in each branch
  /// that has one. All of them are in code that mp3spool never runs, which is why their like is not refused as a rule.
  private static let holes = [
    // The decoder of MagicYUV, a video codec. Closed in 8.1.2 (its record), 8.0.3 and 9.0 (ffmpeg.org/security.html), and
    // 7.1.5, 6.1.6, 5.1.10 (release notes of Mastodon 4.6.2).
    Hole(
      "CVE-2026-8461", since: Release(0, 0, 0),
      closed: [
        Release(5, 1, 10), Release(6, 1, 6), Release(7, 1, 5), Release(8, 0, 3), Release(8, 1, 2), Release(9, 0, 0),
      ]),
    // AV1 by Vulkan, and the encoder of DVD subtitles: before 8.1.3, and 9.x before 9.0.2 (their records). Older branches
    // have no release without them.
    Hole("CVE-2026-125201", since: Release(8, 0, 0), closed: [Release(8, 1, 3), Release(9, 0, 2)]),
    Hole("CVE-2026-125209", since: Release(8, 0, 0), closed: [Release(8, 1, 3), Release(9, 0, 2)]),
  ]

  private struct Hole {
    let name: String
    let since: Release
    let closed: [Release]

    init(_ name: String, since: Release, closed: [Release]) {
      (self.name, self.since, self.closed) = (name, since, closed)
    }

    func isOpen(in release: Release) -> Bool {
      guard release >= since, let last = closed.last, release < last else { return false }
      return !closed.contains { $0.major == release.major && $0.minor == release.minor && release >= $0 }
    }
  }
}

/// Three numbers of a release; missing ones are 0.
private struct Release: Comparable, Hashable, CustomStringConvertible {
  let major: Int
  let minor: Int
  let patch: Int

  init(_ major: Int, _ minor: Int, _ patch: Int) { (self.major, self.minor, self.patch) = (major, minor, patch) }

  /// The begin of a name such as `5.1.9-0+deb12u1` or `n8.1`. A name of a build between releases, such as
  /// `n8.1.2-17-g2a571b6068` or `N-12345-gabcdef`, says no more of what is in it than the release before, if that.
  init?(_ name: String) {
    let digits = name.drop { $0 == "n" }
    let numbers = digits.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }.split(separator: ".")
    guard 1...3 ~= numbers.count, digits.first?.isNumber == true else { return nil }
    let parts = numbers.map { Int($0) ?? 0 } + [0, 0]
    self.init(parts[0], parts[1], parts[2])
  }

  static func < (one: Release, other: Release) -> Bool {
    (one.major, one.minor, one.patch) < (other.major, other.minor, other.patch)
  }

  var description: String { "\(major).\(minor).\(patch)" }
}
