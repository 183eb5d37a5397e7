/** Cases that need a feature the embedded store refuses on purpose; the table is repeated in docs/embedded-store.md. */
export const REFUSED: ReadonlyArray<{ pattern: RegExp; reason: string }> = [
  { pattern: /[sS]earchIndex/, reason: 'Atlas Search' },
  { pattern: /snapshot-sessions|readConcern level is snapshot/, reason: 'snapshot reads outside of transactions' },
  { pattern: /prepareUnique/, reason: 'collMod with prepareUnique and unique' },
  { pattern: /[mM]ap[rR]educe/, reason: 'server-side JavaScript' },
  { pattern: /secondary read preference|readPreference inherited from client/, reason: 'a secondary' },
  {
    pattern: /test-commands-(strict-mode|deprecation-errors)/,
    reason: 'commands of a mongod built for tests (testVersion2)',
  },
];

/** Cases the driver cannot run, or runs otherwise than the specification says: no server could make them pass. */
export const DRIVER_DIFFERS: ReadonlyArray<{ pattern: RegExp; reason: string }> = [
  { pattern: /list(Collection|Database)Objects/, reason: 'the driver has no such operation' },
  { pattern: /(delete|rename)ByName/, reason: 'the driver has no such operation' },
  { pattern: /create-null-ids/, reason: 'the driver replaces an _id of null' },
  { pattern: /bypassDocumentValidation: false/, reason: 'the driver does not send false' },
  {
    pattern: /gridfs\/download\.json: download when final chunk is missing/,
    reason: 'the driver ends the stream without an error',
  },
  {
    pattern: /First insertOne is never committed/,
    reason: 'the driver lists ids of documents it only tried to insert',
  },
  { pattern: /gridfs-download/, reason: 'the driver sends { _id: { $eq: id } }' },
];
