import AuthService
import HTTPTypes
import Hummingbird

/// What lists are asked for in the URL's query. A value that is not there says nothing.
extension Request {
  /// - Throws: 400 where the value is no number within the range.
  func number<Number: FixedWidthInteger>(_ name: String, _ range: ClosedRange<Number>) throws -> Number? {
    guard let text = uri.queryParameters[Substring(name)] else { return nil }
    guard let number = Number(text), range.contains(number) else {
      throw HTTPFailure(.badRequest, "\(name) must be a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// The value of `state`.
  ///
  /// - Throws: 400 with the states that there are.
  func state<State: RawRepresentable<String> & CaseIterable>(_ type: State.Type) throws -> State? {
    guard let text = uri.queryParameters["state"] else { return nil }
    guard let state = State(rawValue: String(text)) else {
      let names = State.allCases.map(\.rawValue).joined(separator: ", ")
      throw HTTPFailure(.badRequest, "there is no state '\(text)'; the states are \(names)")
    }
    return state
  }
}

extension Caller {
  /// Whose things the caller may touch; nil: everybody's.
  var ownerLimit: String? { isAdmin ? nil : username }

  /// Whose things a list is to show: the caller's own, and for an admin those of `?owner=`, or all.
  func owner(wantedBy request: Request) -> String? {
    isAdmin ? request.uri.queryParameters["owner"].map(String.init) : username
  }
}
