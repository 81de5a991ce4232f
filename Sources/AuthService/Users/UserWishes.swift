import Catalog

/// The body of `POST /users`.
struct NewUser: Decodable {
  let email: String
  let password: String
  let admin: Bool?

  static let example = #"{"email": "ann@example.org", "password": "correct horse", "admin": false}"#

  private enum CodingKeys: String, CodingKey, CaseIterable { case email, password, admin }

  init(from decoder: any Decoder) throws {
    try decoder.refuseOthers(than: CodingKeys.allCases.map(\.rawValue))
    let values = try decoder.container(keyedBy: CodingKeys.self)
    email = try values.decode(String.self, forKey: .email)
    password = try values.decode(String.self, forKey: .password)
    admin = try values.decodeIfPresent(Bool.self, forKey: .admin)
  }
}

/// The body of `PATCH /users/{id}`.
struct ChangedUser: Decodable {
  let change: UserChange

  static let example =
    #"{"disabled": false, "admin": true, "password": "correct horse", "quota": {"bytes": 1000000, "minutes": "none", "waiting": "default"}}"#

  private enum CodingKeys: String, CodingKey, CaseIterable { case disabled, admin, password, quota }

  private struct Quota: Decodable {
    let rules: WrittenRules

    init(from decoder: any Decoder) throws {
      try decoder.refuseOthers(than: ["bytes", "minutes", "waiting"])
      rules = try WrittenRules(from: decoder)
    }
  }

  init(from decoder: any Decoder) throws {
    // Whoever misspells a name is not to believe that the account is disabled.
    try decoder.refuseOthers(than: CodingKeys.allCases.map(\.rawValue))
    let values = try decoder.container(keyedBy: CodingKeys.self)
    var change = UserChange()
    change.isDisabled = try values.decodeIfPresent(Bool.self, forKey: .disabled)
    change.isAdmin = try values.decodeIfPresent(Bool.self, forKey: .admin)
    change.password = try values.decodeIfPresent(String.self, forKey: .password)
    if let rules = try values.decodeIfPresent(Quota.self, forKey: .quota)?.rules {
      (change.bytes, change.minutes, change.waiting) = (rules.bytes?.rule, rules.minutes?.rule, rules.waiting?.rule)
    }
    self.change = change
  }
}

/// The name of any member of an object.
private struct AnyKey: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }

  init(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}

extension Decoder {
  /// - Throws: where the object has a member of another name.
  fileprivate func refuseOthers(than names: [String]) throws {
    let values = try container(keyedBy: AnyKey.self)
    for key in values.allKeys where !names.contains(key.stringValue) {
      throw DecodingError.dataCorruptedError(
        forKey: key, in: values, debugDescription: "'\(key.stringValue)' means nothing here")
    }
  }
}
