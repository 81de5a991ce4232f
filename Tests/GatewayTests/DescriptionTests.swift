import Hummingbird
import Testing
import Yams

@testable import Gateway

/// openapi.yaml against the routes. What the routes answer, `etc/test http` compares with it.
@Suite struct DescriptionTests {
  private let description: [String: Any]

  init() throws {
    description = try #require(try Yams.load(yaml: Asset.openAPI.text) as? [String: Any])
  }

  @Test func eachRouteIsDescribedAndEachDescribedOneIsThere() async throws {
    let servers = try await GatewayUnderTest()
    let described = operations.map(\.route)
    let routes = Set(Self.routes(of: servers.gateway) + Self.routes(of: servers.auth))
    #expect(routes.count > 20)
    #expect(routes.subtracting(described) == [], "routes that openapi.yaml leaves out")
    #expect(Set(described).subtracting(routes) == [], "openapi.yaml describes what is not there")
  }

  /// What only the auth service has names that as its server.
  @Test func eachOperationNamesTheServerThatHasIt() async throws {
    let gateway = Self.routes(of: try await GatewayUnderTest().gateway)
    for operation in operations {
      #expect((paths[operation.path]?["servers"] == nil) == gateway.contains(operation.route), "\(operation.route)")
    }
  }

  @Test func eachReferenceLeadsSomewhere() {
    let references = Self.references(in: description)
    #expect(references.count > 100)
    for reference in references where !reference.hasPrefix("#/") || target(of: reference) == nil {
      Issue.record("\(reference) leads nowhere")
    }
  }

  @Test func whatIsReusableIsUsed() {
    let used = Set(Self.references(in: description))
    for (kind, values) in description["components"] as? [String: [String: Any]] ?? [:] where kind != "securitySchemes" {
      for name in values.keys { #expect(used.contains("#/components/\(kind)/\(name)")) }
    }
  }

  @Test func eachOperationIsExplained() {
    let names = operations.compactMap { $0.value["operationId"] as? String }
    #expect(Set(names).count == operations.count, "operations need names of their own")
    let tags = (description["tags"] as? [[String: Any]] ?? []).compactMap { $0["name"] as? String }
    for (_, route, value) in operations {
      #expect((value["summary"] as? String)?.isEmpty == false, "\(route)")
      #expect(tags.contains { $0 == (value["tags"] as? [String])?.first }, "\(route)")
      let statuses = (value["responses"] as? [String: Any] ?? [:]).keys.compactMap { Int($0) }
      #expect(statuses.contains { 200..<300 ~= $0 } && statuses.contains(400), "\(route) has \(statuses)")
      let isOpen = (value["security"] as? [Any])?.isEmpty ?? false
      #expect(statuses.contains(401) != isOpen, "\(route): 401 belongs to what is not open to all")
    }
  }

  // MARK: -

  private typealias Operation = (path: String, route: String, value: [String: Any])

  private static let methods: Set = ["get", "put", "post", "delete", "options", "head", "patch", "trace"]

  private var paths: [String: [String: Any]] { description["paths"] as? [String: [String: Any]] ?? [:] }

  private var operations: [Operation] {
    paths.flatMap { path, item in
      item.compactMap { name, value in
        guard Self.methods.contains(name), let value = value as? [String: Any] else { return nil }
        return (path, "\(name.uppercased()) \(path)", value)
      }
    }
  }

  private static func routes(of router: Router<some RequestContext>) -> [String] {
    router.routes.map { "\($0.method.rawValue) \($0.path)" }
  }

  private static func references(in value: Any) -> [String] {
    switch value {
    case let object as [String: Any]:
      object.flatMap { name, value in
        if name == "$ref", let text = value as? String { return [text] }
        return references(in: value)
      }
    case let list as [Any]: list.flatMap { references(in: $0) }
    default: []
    }
  }

  private func target(of reference: String) -> Any? {
    reference.split(separator: "/").dropFirst().reduce(description as Any?) { value, name in
      (value as? [String: Any])?[String(name)]
    }
  }
}
