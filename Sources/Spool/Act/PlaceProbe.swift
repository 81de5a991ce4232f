import DurableFiles
import Foundation
import SystemPackage

extension Spool {
  /// Tries out the place where the spool is, in more depth than ``probe()``, and notes instead of throwing what does not
  /// work. It may be called beside running services: its files have the names of probes, which all others leave alone.
  public func examine() throws(SpoolError) -> PlaceReport {
    let (mount, fileSystem) = try spooling { () throws(FileError) in
      (try Files.mount(of: layout.root), try Files.fileSystem(at: layout.root))
    }
    var report = PlaceReport(mount: mount, fileSystem: fileSystem)
    report.user = Files.effectiveUser
    report.foreign = foreignDirectories()
    let place = layout.staging.appending(".probe-\(ClaimNumber())")
    var tried = PlaceTrial(place: place, report: report)
    tried.files()
    tried.folders(through: layout.directories.filter { $0 != layout.state && $0 != layout.staging })
    tried.clear()
    return tried.report
  }

  private func foreignDirectories() -> [String] {
    func device(_ path: FilePath) -> UInt64? { (try? Files.status(Files.realPath(path)))?.device }
    let own = device(layout.root)
    return layout.directories.filter { device($0) != own }.map {
      String($0.string.dropFirst(layout.root.string.utf8.count + 1))
    }
  }
}

/// The probes, each of which leaves what it found in the report.
private struct PlaceTrial {
  let place: FilePath
  var report: PlaceReport
  private var isThere = false

  init(place: FilePath, report: PlaceReport) { (self.place, self.report) = (place, report) }

  private mutating func attempt(_ what: String, _ work: (inout PlaceReport) throws(FileError) -> Bool) {
    do {
      if try !work(&report) { report.failures.append(what) }
    } catch { report.failures.append("\(what) (\(error))") }
  }

  mutating func files() {
    attempt("a folder cannot be made") { [place] _ throws(FileError) in
      try Files.makeDirectory(place)
      return true
    }
    isThere = report.failures.isEmpty
    guard isThere else { return }
    exclusiveCreation()
    secondNames()
    replacement()
    listing()
    times()
    attempt("the names in a folder cannot be made durable") { [place] _ throws(FileError) in
      try Files.synchronize(directory: place)
      return true
    }
  }

  private func make(_ name: String) throws(FileError) -> FilePath {
    let path = place.appending(name)
    try NewFile(creating: path).synchronizeAndClose()
    return path
  }

  private mutating func exclusiveCreation() {
    let trial = self
    attempt("two processes can make the same new file") { report throws(FileError) in
      let path = try trial.make("first")
      report.owner = try Files.status(path)?.owner
      do throws(FileError) { try NewFile(creating: path).close() } catch { return error.errno == .fileExists }
      return false
    }
  }

  private mutating func secondNames() {
    attempt("a second name of a file is not counted") { [place] _ throws(FileError) in
      try Files.link(place.appending("first"), to: place.appending("second"))
      return try Files.status(place.appending("first"))?.linkCount == 2
    }
  }

  private mutating func replacement() {
    let trial = self
    attempt("a file does not take the place of another when it is renamed") { [place] _ throws(FileError) in
      let path = try trial.make("third")
      let inode = try Files.status(path)?.inode
      try Files.rename(path, to: place.appending("second"))
      if try Files.witness(path) { return false }
      return try Files.status(place.appending("second"))?.inode == inode
    }
  }

  private mutating func listing() {
    attempt("a renamed file keeps its old name in listings") { [place] _ throws(FileError) in
      try Files.rename(place.appending("second"), to: place.appending("fourth"))
      return try Set(Files.names(in: place)) == ["first", "fourth"]
    }
  }

  /// The host's clock before and after a file was made: the file's time should lie between them.
  private mutating func times() {
    let trial = self
    attempt("a file has no time") { report throws(FileError) in
      var (fractions, syncs): ([Duration], [Duration]) = ([], [])
      for number in 0..<3 {
        let (before, begin) = (HostClock.now - HostClock.tick, ContinuousClock.now)
        let path = try trial.make("time-\(number)")
        syncs.append(ContinuousClock.now - begin)
        let after = HostClock.now
        guard let time = try Files.status(path)?.modified else { return false }
        report.clockOffset = time < before ? time - before : max(time - after, .zero)
        fractions.append(time - .seconds(time.components.seconds))
      }
      report.hasWholeSeconds = fractions.allSatisfy { $0 == .zero }
      report.fsync = syncs.sorted()[1]
      return true
    }
  }

  /// Moves the folder through all places through which a job's may go, and back.
  mutating func folders(through directories: [FilePath]) {
    guard isThere, let name = place.lastComponent else { return }
    var current = place
    for directory in directories + [place.removingLastComponent()] {
      let next = directory.appending(name)
      attempt("a folder cannot be moved to \(directory)") { [current] _ throws(FileError) in
        try Files.rename(current, to: next)
        if try Files.witness(current) { return false }
        return try Files.witness(next.appending("first"))
      }
      if (try? Files.status(next)) != nil { current = next }
    }
    last = current
  }

  private var last: FilePath?

  func clear() {
    guard isThere else { return }
    let folder = last ?? place
    for name in (try? Files.names(in: folder)) ?? [] { try? Files.unlink(folder.appending(name)) }
    try? Files.removeDirectory(folder)
  }
}

/// The host's own clock.
private enum HostClock {
  /// Since 1970. File systems note the time of the last tick of a coarser clock, up to 10 ms ago.
  static var now: Duration { .seconds(Date.now.timeIntervalSince1970) }
  static let tick = Duration.milliseconds(10)
}
