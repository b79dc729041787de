package import SyncHub

/// What the hub looks at after every change set: right on each device, wrong of the union.
///
/// A finding is a question to the operator and never stops a sync.
package enum FieldRules {
  package static let all: [any HubRule] = [DuplicateSessions(), UnitOfTheDay()]
}
