import Catalog
import HTTPTypes
import Hummingbird

/// `GET|POST /users`, `PATCH /users/{id}`: the accounts, for admins. They do, and refuse, what the command `user` does.
struct UserRoutes<Context: GuardedContext>: Sendable {
  let door: Door
  let catalog: Catalog
  /// The limits of users for whom no others were set.
  let usual: QuotaLimits

  func add(to router: Router<Context>) {
    router.get("users") { request, context in try await list(request, context) }
    router.post("users") { request, context in try await add(request, context) }
    router.patch("users/:id") { request, context in try await change(request, context) }
  }

  private func list(_ request: Request, _ context: Context) async throws -> Response {
    _ = try await door.admit(request, context, to: .administer)
    var views: [UserView] = []
    for user in try await catalog.users() { views.append(try await view(of: user)) }
    return .json(["users": views], headers: [.cacheControl: "no-store"])
  }

  private func add(_ request: Request, _ context: Context) async throws -> Response {
    let (_, wanted) = try await administer(request, context) { body in
      try await body.read(NewUser.self, example: NewUser.example)
    }
    let user = try await catalog.addUser(
      email: wanted.email, password: wanted.password, isAdmin: wanted.admin ?? false)
    context.visitor.note(account: user.email)
    return .json(
      try await view(of: user), status: .created,
      headers: [.location: "/users/\(user.id)", .cacheControl: "no-store"])
  }

  private func change(_ request: Request, _ context: Context) async throws -> Response {
    let (caller, change) = try await administer(request, context) { body in
      try await body.read(ChangedUser.self, example: ChangedUser.example).change
    }
    guard let id = Int64(context.parameters.get("id") ?? ""), let user = try await catalog.user(id: id) else {
      throw HTTPFailure(.notFound, "there is no such user")
    }
    context.visitor.note(change.events)
    context.visitor.note(account: user.email)
    if caller.subject == String(id), let reason = change.refusalForOneself {
      throw HTTPFailure(.conflict, reason)
    }
    return .json(
      try await view(of: try await catalog.changeUser(id: id, change)), headers: [.cacheControl: "no-store"])
  }

  /// What an admin wants. It is the client who says how long its body takes, and who was an admin need not be one then.
  private func administer<Wish>(
    _ request: Request, _ context: Context, _ read: (SmallBody) async throws -> Wish
  ) async throws -> (caller: Caller, wish: Wish) {
    _ = try await door.admit(request, context, to: .administer)
    let wish = try await read(SmallBody(request))
    return (try await door.admit(request, context, to: .administer), wish)
  }

  private func view(of user: User) async throws -> UserView {
    UserView(
      user, rules: try await catalog.quotaRules(of: user.email), use: try await catalog.quotaUse(of: user.email),
      usual: usual)
  }
}

extension UserChange {
  /// Why admins may not do this to themselves; nil where they may. Nobody else might be left to undo it.
  var refusalForOneself: String? {
    if isDisabled == true { return "you cannot disable your own account" }
    if isAdmin == false { return "you cannot take your own rights as an admin away" }
    return nil
  }

  /// What the audit log is told, a line each.
  var events: [AuditEvent] {
    let all: [AuditEvent?] = [
      isDisabled.map { $0 ? .userDisabled : .userEnabled }, isAdmin.map { $0 ? .adminGiven : .adminTaken },
      password.map { _ in .passwordChanged }, changesQuota ? .quotaChanged : nil,
    ]
    return all.compactMap(\.self)
  }
}
