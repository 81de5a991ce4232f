import AuthService
import DurableFiles
import Hummingbird
import Spool

/// `GET /hosts`: the converters that share the spool, and what each works on, for admins.
struct HostRoute: Sendable {
  let door: Door
  let spool: Spool

  func add(to router: Router<GatewayContext>) {
    router.get("hosts") { request, context in
      _ = try await door.admit(request, context, to: .administer)
      let hosts = try await BlockingThreads.run { [spool] () throws(SpoolError) in try HostView.all(in: spool) }
      return Response.json(["hosts": hosts], headers: [.cacheControl: "no-store"])
    }
  }
}
