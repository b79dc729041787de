package import SyncHub

/// What the hub looks at after every change set: right on each device, wrong of the union.
///
/// A finding is a question to the operator and never stops a sync. Each rule costs a few index
/// look-ups for each row that it concerns. R1 and R2 of the model are soft keys, R10 is the
/// engine's; R9 and R12 need tables that the schema does not have: the text of a signed paper, and
/// report periods.
package enum FieldRules {
  package static let all: [any HubRule] = [
    DuplicateSessions(), UnitOfTheDay(), ClosedUnfinished(), PaperBeforeSession.report,
    PaperBeforeSession.criticism, IssuerOfTheDay(), AnsweredBeforeIssue(), PaidTwice(),
    JointSeries(), AddresseeGone(),
  ]
}
