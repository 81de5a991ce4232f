public import Catalog
import HTTPTypes

extension HTTPFailure {
  /// What the catalog refused, in HTTP's terms; nil for what is nobody's fault but ours.
  public init?(translating error: CatalogError) {
    switch error.kind {
    case .invalid: self.init(.badRequest, error.description)
    case .unknownUser: self.init(.notFound, "there is no such user")
    case .unknownToken: self.init(.notFound, "there is no such token")
    case .unknownWebhook: self.init(.notFound, "there is no such webhook")
    case .unknownDelivery: self.init(.notFound, "there is no such delivery")
    case .duplicateUser, .tooManyTokens, .surplusWebhook, .lostDelivery: self.init(.conflict, error.description)
    case .busy: self.init(.serviceUnavailable, "too much is going on at once; try again", headers: [.retryAfter: "2"])
    case .outOfSpace, .cancelled, .remoteFileSystem, .newerSchema, .unusable, .missingBackup, .noBackup, .notReplaced:
      return nil
    }
  }
}
