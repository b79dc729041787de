import Foundation

/// Says to other programs of ours that a store is in use, until this one ends.
///
/// SQLite guards what is in a file, and not which file has the name: whoever puts another in its
/// place has to be alone with it.
package enum StoreLock {
  /// Locks a store until the program ends, however it ends.
  ///
  /// A folder that cannot be written has no locks, and nobody puts another file there either.
  ///
  /// - Parameters:
  ///   - path: The store's file.
  ///   - isAlone: Whether nobody else may use it meanwhile.
  ///   - patienceMilliseconds: How long to wait for others.
  /// - Returns: Whether it could be had.
  package static func hold(
    _ path: String, isAlone: Bool = false, patienceMilliseconds: Int = 10_000
  ) -> Bool {
    let descriptor = unsafe open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return true }
    var waited = 0
    while flock(descriptor, (isAlone ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0 {
      guard errno == EWOULDBLOCK || errno == EINTR else { return true }
      guard waited < patienceMilliseconds else {
        close(descriptor)
        return false
      }
      usleep(20_000)
      waited += 20
    }
    return true
  }
}
