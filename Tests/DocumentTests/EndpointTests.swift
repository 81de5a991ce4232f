import Foundation
import Testing
import Yams

/// Endpoints.md against openapi.yaml, which a test of the gateway compares with the routes.
@Suite struct EndpointTests {
  private struct Operation {
    let route: String
    let tag: String
    let value: [String: Any]

    var row: [String] {
      let statuses = (value["responses"] as? [String: Any] ?? [:]).keys.sorted().joined(separator: ", ")
      let summary = value["summary"] as? String ?? ""
      return ["`\(route)`", summary, statuses]
    }
  }

  @Test func eachEndpointIsDescribedAsItIs() throws {
    let file = Page.root.appending(path: "Sources/Gateway/Assets/openapi.yaml")
    let description = try #require(try Yams.load(yaml: try String(contentsOf: file, encoding: .utf8)) as? [String: Any])
    let operations = try Self.operations(of: description)
    #expect(operations.count > 40)
    var lines: [String] = []
    for tag in description["tags"] as? [[String: Any]] ?? [] {
      let name = try #require(tag["name"] as? String)
      let rows = operations.filter { $0.tag == name }.map(\.row)
      lines += ["### \(name.prefix(1).uppercased() + name.dropFirst())", ""]
      lines += [((tag["description"] as? String) ?? "").trimmingCharacters(in: .newlines), ""]
      lines += Page.table(["request", "", "answers"], rows) + [""]
    }
    try Page("Endpoints").expect(lines, below: "All endpoints")
  }

  private static func operations(of description: [String: Any]) throws -> [Operation] {
    let methods = ["get", "post", "put", "patch", "delete", "head", "options"]
    let paths = try #require(description["paths"] as? [String: [String: Any]])
    return paths.sorted { $0.key < $1.key }.flatMap { path, item in
      methods.compactMap { method in
        guard let value = item[method] as? [String: Any] else { return nil }
        let tag = (value["tags"] as? [String])?.first ?? ""
        return Operation(route: "\(method.uppercased()) \(path)", tag: tag, value: value)
      }
    }
  }
}
