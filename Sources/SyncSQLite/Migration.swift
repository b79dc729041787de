package import GRDB

/// One numbered step of a schema: a file of SQL that runs once.
package struct Migration: Sendable {
  package let name: String
  package let sql: String

  package init(name: String, sql: String) {
    self.name = name
    self.sql = sql
  }

  /// The names of the tables that it makes.
  package var tables: [String] { sql.matches(of: /CREATE TABLE (\w+)/).map { String($0.1) } }

  /// A file that was compiled into the program.
  package init(name: String, embedded: [UInt8]) {
    self.init(name: name, sql: String(decoding: embedded, as: UTF8.self))
  }
}

extension DatabaseMigrator {
  /// A migrator that runs the given steps in order.
  ///
  /// Foreign keys are off meanwhile and are not judged: what lies over the hub's rows need not be
  /// whole, and a table that is rebuilt must not take its children with it.
  package init(_ migrations: [Migration]) {
    self = DatabaseMigrator().disablingDeferredForeignKeyChecks()
    for migration in migrations {
      registerMigration(migration.name) { db in try db.execute(sql: migration.sql) }
    }
  }
}
