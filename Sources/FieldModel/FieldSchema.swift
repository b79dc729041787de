package import SyncCore
package import SyncSQLite

/// The field's tables and the policies by which they merge.
package enum FieldSchema {
  /// Rises with every migration.
  package static let version = 2

  package static let migrations = [
    Migration(name: "field-v1", embedded: PackageResources.v1_field_sql),
    Migration(name: "field-v2", embedded: PackageResources.v2_field_sql),
  ]

  /// The declaration beside the SQL, read.
  ///
  /// - Throws: `SchemaError` with the line that is wrong.
  package static func load() throws -> SyncSchema {
    try SyncSchema(
      parsing: String(decoding: PackageResources.policies_txt, as: UTF8.self), version: version)
  }
}
