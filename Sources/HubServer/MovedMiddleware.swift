import HTTPTypes
import Hummingbird
import SyncCore

/// Sends whoever asks to where the hub is now.
///
/// Devices believe the hub's signed statement of it, which is handed out here as well.
struct MovedMiddleware: RouterMiddleware {
  typealias Context = BasicRequestContext
  private let address: String

  init(to address: String) { self.address = address }

  private static let answered = [
    HTTPContract.healthPath, HTTPContract.readyPath, HTTPContract.addressPath,
  ]

  @concurrent
  func handle(
    _ request: Request, context: Context,
    next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    let path = request.uri.path
    if Self.answered.contains(path) || !HTTPContract.paths.contains(path) {
      return try await next(request, context)
    }
    return Response(status: .permanentRedirect, headers: [.location: address + path])
  }
}
