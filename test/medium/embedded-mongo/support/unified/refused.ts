/** Cases that need a feature the embedded store refuses on purpose; the table is repeated in docs/embedded-store.md. */
export const REFUSED: ReadonlyArray<{ pattern: RegExp; reason: string }> = [
  { pattern: /[sS]earchIndex/, reason: 'Atlas Search' },
  { pattern: /snapshot-sessions/, reason: 'snapshot reads outside of transactions' },
  { pattern: /mapReduce/, reason: 'server-side JavaScript' },
];
