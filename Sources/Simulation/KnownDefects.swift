/// Known, awaiting fix: what the simulator does not do yet because the engine is known to fail at
/// it, so that one defect does not hide the others.
///
/// Every line names what has to land. Take it out when it has.
enum KnownDefects {
  static let withheld: Set<Workload.Kind> = [
    // Found differences: rows that a connection with its triggers off has changed.
    .writePastTriggers,
    // Proven cursors and epoch ancestry.
    .backUp, .restoreDevice, .restoreHub, .clone, .reinstall,
    // Compaction and scrub at the hub.
    .compact, .scrub,
    .upgrade,
  ]
}
