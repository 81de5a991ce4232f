import Foundation
import SystemPackage

/// The folder of `-o`, for commands whose MP3s keep their own names.
struct OutputFolder {
  let path: FilePath

  /// - Parameter hint: what to write instead of the name of an MP3, which is what `-o` takes in other programs.
  init(_ name: String, hint: String) throws(Problem) {
    path = FilePath(name)
    let there = try? path.stat()
    guard there.map({ $0.type == .directory }) ?? (path.extension?.lowercased() != "mp3") else {
      throw .usage("-o names a folder, and '\(name)' is \(there == nil ? "the name of an MP3" : "none"): \(hint)")
    }
  }

  /// Makes it, or a folder in it, with all that are above.
  func make(_ folder: FilePath? = nil) throws(Problem) {
    let folder = folder ?? path
    do {
      try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
    } catch { throw .unavailable("the folder \(folder) cannot be made: \(error.localizedDescription)") }
  }
}
