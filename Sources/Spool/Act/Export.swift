import DurableFiles
import SystemPackage

// MP3s of dropped files under names for people: links beside the jobs, never the commit.

extension Spool {
  /// Links the MP3 of the done job `name` as a plain file into `done/`, under the first of `names` that is free.
  ///
  /// - Parameter names: `video.mp3`, `video (2).mp3` and so on, without end.
  /// - Returns: the name of the link, also where it had been made before; nil where the job is gone.
  public func export(_ name: JobName, as names: some Sequence<String>) throws(SpoolError) -> String? {
    guard case .ended(_, _, let number) = name else { return nil }
    let audio = JobFiles.audio(inOutput: JobFiles.output(of: number, in: layout.job(name, in: .done)))
    guard let inode = try spooling({ () throws(FileError) in try Files.status(audio) })?.inode else { return nil }
    for candidate in names {
      let link = layout.done.appending(candidate)
      do {
        try Files.link(audio, to: link)
        try synchronize(layout.done)
        return candidate
      } catch let error as FileError {
        // Never by errno (R3): a link that is there with our inode was made, whatever the answer was.
        switch try spooling({ () throws(FileError) in try Files.status(link) }) {
        case .some(let status) where status.inode == inode: return candidate
        case .some: continue
        case .none: throw SpoolError(error)
        }
      } catch let error as SpoolError { throw error } catch { return nil }
    }
    return nil
  }

  /// The name under which the MP3 of the done job `name` was exported before; nil where it has no other name.
  public func earlierExport(of name: JobName) throws(SpoolError) -> String? {
    guard case .ended(_, _, let number) = name else { return nil }
    let audio = JobFiles.audio(inOutput: JobFiles.output(of: number, in: layout.job(name, in: .done)))
    guard let status = try spooling({ () throws(FileError) in try Files.status(audio) }), status.linkCount > 1 else {
      return nil
    }
    let isJob = { JobName($0) != nil }
    for entry in try spooling({ () throws(FileError) in try Files.list(layout.done, except: isJob) })
    where entry.kind == .file {
      let path = layout.done.appending(entry.component)
      let inode = try spooling { () throws(FileError) in try Files.status(path) }?.inode
      if inode == status.inode { return entry.name }
    }
    return nil
  }

  /// Removes an exported MP3, if it is still this job's own: a person may have put another file there.
  func unexport(_ exported: String, of number: ClaimNumber, in job: FilePath) throws(SpoolError) {
    let link = layout.done.appending(exported)
    let audio = JobFiles.audio(inOutput: JobFiles.output(of: number, in: job))
    let (one, other) = try spooling { () throws(FileError) in (try Files.status(link), try Files.status(audio)) }
    if let one, let other, one.inode == other.inode { try throwAway(link) }
  }

  /// Throws away what other claims left of MP3s in the done job `name`. A converter that was taken for dead writes to its
  /// own output as long as it likes; nobody but the owner of the index removes that, and only here, where the job stays.
  public func discardOthersAudio(of name: JobName) throws(SpoolError) {
    guard case .ended(_, _, let number) = name else { return }
    let job = layout.job(name, in: .done)
    for entry in try spooling({ () throws(FileError) in try Files.list(job) }) {
      guard let other = JobFiles.number(ofOutput: entry.name), other != number else { continue }
      try discardAudio(in: job.appending(entry.component))
    }
  }
}
