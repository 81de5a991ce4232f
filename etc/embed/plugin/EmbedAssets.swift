import Foundation
import PackagePlugin

/// Makes a Swift source of a target's `Assets`, so that the program has their text in it and there is no file to lose.
@main struct EmbedAssets: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
    let assets = target.directoryURL.appending(path: "Assets")
    let names = try FileManager.default.subpathsOfDirectory(atPath: assets.path).sorted()
    let files = names.map { assets.appending(path: $0) }.filter { Self.types.contains($0.pathExtension) }
    let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedAssets.swift")
    return [
      .buildCommand(
        displayName: "Embedding \(files.count) assets of \(target.name)",
        executable: try context.tool(named: "embed-assets").url,
        arguments: [assets.path, output.path] + files.map(\.path), inputFiles: files, outputFiles: [output])
    ]
  }

  private static let types: Set = ["html", "css", "js", "svg", "yaml"]
}
