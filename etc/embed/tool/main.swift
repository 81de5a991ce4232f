// embed-assets DIRECTORY OUTPUT FILE…: writes a Swift source with the text of each file.
//
// Each is a raw string. SwiftPM's `.embedInCode` makes a literal with an element for each byte, which took the compiler
// 40 s for 72 KB; a string takes it a third of a second (Swift 6.3).
import Foundation

/// A literal that stands for this text and nothing else.
func literal(_ text: String) -> String {
  // One # more than the text has behind any quotation mark or backslash, so that none in it means anything.
  let runs = text.matches(of: /["\\](#*)/).map { $0.1.count }
  let fence = String(repeating: "#", count: (runs.max() ?? 0) + 1)
  return "\(fence)\"\"\"\n\(text)\n\"\"\"\(fence)"
}

let arguments = CommandLine.arguments
guard arguments.count > 3 else {
  print("usage: embed-assets DIRECTORY OUTPUT FILE…")
  exit(64)
}
let directory = arguments[1] + "/"
var source = "enum EmbeddedAssets {\n  /// By their paths.\n  static let texts: [String: String] = [\n"
for path in arguments[3...] {
  let text = try String(contentsOfFile: path, encoding: .utf8)
  guard !text.utf8.contains(UInt8(ascii: "\r")) else {
    print("\(path) has carriage returns, which a Swift literal loses")
    exit(65)
  }
  source += "\(literal(String(path.trimmingPrefix(directory)))):\n\(literal(text)),\n"
}
try (source + "  ]\n}\n").write(toFile: arguments[2], atomically: true, encoding: .utf8)
