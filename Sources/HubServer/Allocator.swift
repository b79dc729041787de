import CAllocator

/// What the process holds of the memory that nobody uses any more.
enum Allocator {
  /// Has large blocks given back to the system as soon as they are free.
  ///
  /// The GNU allocator keeps blocks as large as the largest that has been freed once, for the next: after
  /// a body of sixty-four megabytes a process would hold as much for ever, and during it several times.
  static func giveBackLargeBlocks() { allocator_give_back(1 << 20, 4 << 20) }
}
