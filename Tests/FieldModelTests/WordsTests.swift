import FieldModel
import SyncCore
import Testing

/// What the engine and the database say, in words for people.
struct WordsTests {
  private func text(_ receipt: String) -> Phrase? { QuarantineWords(receipt: receipt).concerns }

  @Test func `a receipt's reason names the record and the field, and no SQL`() {
    let late = text(
      "constraint: session 018f0000-0000-7000-8000-0000deadbeef: CHECK constraint failed: held_from <= held_to"
    )
    #expect(
      late?.vi
        == "Cuộc giám sát, phản biện deadbeef: “Tổ chức từ ngày” (--from) không được sau “Tổ chức đến ngày” (--to)."
    )
    #expect(
      text("constraint: attendance a: CHECK constraint failed: paid_days >= 0")?.en.contains(
        "must not be negative") == true)
    #expect(
      text("constraint: finding f: NOT NULL constraint failed: finding.text")?.vi.contains(
        "Cần ghi")
        == true)
    #expect(text("missingParent: finding f1 → session s1")?.vi.contains("thuộc về") == true)
    #expect(text("dependent: change set 12")?.vi == "lần ghi số 12")
    #expect(text("unknownRow: session s1")?.uk != nil)
    #expect(text("unknownColumn: session, column 40")?.vi.hasSuffix("mục 40") == true)
    #expect(text("revoked") == nil)
  }

  @Test func `whatever an operator's value is refused with has words`() {
    for detail in [
      "children", "session s: CHECK constraint failed: title <> ''",
      "session s: UNIQUE constraint failed: session.id",
      "session s: cannot store TEXT value in INTEGER column session.x", "session s: held_from",
    ] {
      let phrase = text("constraint: " + detail)
      for language in Language.allCases {
        let said = phrase?.text(language) ?? ""
        #expect(!said.isEmpty && !said.contains("constraint") && !said.contains("cannot store"))
      }
    }
  }

  @Test func `a refused value of an operator's names the field`() {
    #expect(
      text("constraint: session s: CHECK constraint failed: attendance_total >= 0")?.vi
        .hasSuffix("“Số người dự” (--attendance) không được âm.") == true)
  }

  @Test func `every decision has a name`() {
    let unknown = Phrase.decision("nothing")
    for choice in ["current", "candidate", "written", "keep", "delete", "both", "amend", "undo"] {
      #expect(Phrase.decision(choice) != unknown)
    }
  }

  @Test func `every table and column has a title`() throws {
    for table in try FieldSchema.load().tables {
      #expect(RecordKinds.title(ofTable: table.name).vi != table.name)
      for column in table.columns where column.unit != nil {
        let title = RecordKinds.title(ofColumn: column.name, in: table.name)
        #expect(title.vi != column.name, "\(table.name).\(column.name)")
      }
    }
  }
}
