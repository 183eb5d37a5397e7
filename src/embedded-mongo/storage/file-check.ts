import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';

/** The data file cannot be used. The message is one line for the operator. */
export class CorruptStoreError extends Error {
  override readonly name = 'CorruptStoreError';
}

const PAGE_HEADER = 24;
const MAGIC = 0xbeefc0de;
const META_PAGES = 2;
const PAGE = { branch: 0x01, leaf: 0x02, overflow: 0x04, meta: 0x08, leaf2: 0x20 } as const;
const NODE_BIG_DATA = 0x01;
const NODE_SUB_DATABASE = 0x02;
const NO_ROOT = 0xffff_ffff_ffff_ffffn;
/** A whole-file walk is bounded so that a huge store still starts quickly; the newest pages are near the roots. */
const WALK_BUDGET_MS = 150;

interface Meta {
  pageSize: number;
  lastPage: number;
  transaction: bigint;
  freeRoot: bigint;
  mainRoot: bigint;
}

/**
 * Checks an LMDB data file before it is mapped. LMDB reads pages through a memory map without check sums: a truncated
 * file would end the process with SIGBUS, an overwritten page with a crash. So the two meta pages and then, breadth
 * first, every page of the trees (page number, kind, bounds, overflow chains inside the file) are read here first.
 * A missing or empty file is a new store.
 *
 * @throws CorruptStoreError
 */
export function checkDataFile(file: string): void {
  if (!existsSync(file)) return;
  const fd = openSync(file, 'r');
  try {
    const { size } = fstatSync(fd);
    if (size === 0) return;
    const meta = newestMeta(fd, file, size);
    walk(fd, file, size, meta);
  } finally {
    closeSync(fd);
  }
}

function newestMeta(fd: number, file: string, size: number): Meta {
  const first = readMeta(fd, 0);
  // The second meta page follows the first, so its place depends on the page size the first one names.
  const second = first ? readMeta(fd, first.pageSize) : undefined;
  const metas = [first, second].filter((meta): meta is Meta => meta !== undefined);
  if (!first || metas.length < META_PAGES) {
    throw new CorruptStoreError(`${file} is not a readable data file (${size} bytes): restore it from a backup`);
  }
  return metas.reduce((newest, meta) => (meta.transaction > newest.transaction ? meta : newest));
}

function readMeta(fd: number, offset: number): Meta | undefined {
  const page = Buffer.alloc(PAGE_HEADER + 144);
  if (readSync(fd, page, 0, page.length, offset) < page.length) return undefined;
  const body = page.subarray(PAGE_HEADER);
  const pageSize = body.readUInt32LE(24);
  const plausible = body.readUInt32LE(0) === MAGIC && pageSize >= 512 && pageSize <= 65536;
  if (!plausible) return undefined;
  return {
    pageSize,
    freeRoot: body.readBigUInt64LE(24 + 40),
    mainRoot: body.readBigUInt64LE(72 + 40),
    lastPage: Number(body.readBigUInt64LE(120)),
    transaction: body.readBigUInt64LE(128),
  };
}

function walk(fd: number, file: string, size: number, meta: Meta): void {
  const { pageSize } = meta;
  const pagesInFile = Math.floor(size / pageSize);
  const deadline = Date.now() + WALK_BUDGET_MS;
  const page = Buffer.alloc(pageSize);
  let level: bigint[] = [meta.freeRoot, meta.mainRoot].filter((root) => root !== NO_ROOT);

  const fail = (number: bigint | number, why: string): never => {
    const cut = pagesInFile <= meta.lastPage ? `truncated (${pagesInFile} of ${meta.lastPage + 1} pages)` : 'damaged';
    throw new CorruptStoreError(`${file} is ${cut}: page ${number} ${why}; restore it from a backup`);
  };

  while (level.length > 0) {
    const next: bigint[] = [];
    for (const number of level) {
      if (Date.now() > deadline) return;
      if (number >= BigInt(pagesInFile)) fail(number, 'lies behind the end of the file');
      readSync(fd, page, 0, pageSize, Number(number) * pageSize);
      inspect(page, number, next, fail, pagesInFile);
    }
    level = next;
  }
}

type Fail = (page: bigint | number, why: string) => never;

function inspect(page: Buffer, number: bigint, children: bigint[], fail: Fail, pagesInFile: number): void {
  const flags = page.readUInt16LE(18);
  const lower = page.readUInt16LE(20);
  const upper = page.readUInt16LE(22);
  const kind = flags & (PAGE.branch | PAGE.leaf | PAGE.overflow | PAGE.meta);
  if (page.readBigUInt64LE(0) !== number || (kind !== PAGE.branch && kind !== PAGE.leaf))
    fail(number, 'is overwritten');
  if (flags & PAGE.leaf2) return;
  // LMDB counts the positions on a page from the end of its header.
  if (lower > upper || upper + PAGE_HEADER > page.length) fail(number, 'has impossible bounds');
  const entries = lower >> 1;
  for (let i = 0; i < entries; i++) {
    const node = page.readUInt16LE(PAGE_HEADER + i * 2) + PAGE_HEADER;
    if (node + 8 > page.length) fail(number, 'has an entry outside the page');
    visitNode(page, node, kind, number, children, fail, pagesInFile);
  }
}

function visitNode(
  page: Buffer,
  node: number,
  kind: number,
  number: bigint,
  children: bigint[],
  fail: Fail,
  pagesInFile: number,
): void {
  const low = page.readUInt16LE(node);
  const high = page.readUInt16LE(node + 2);
  const flags = page.readUInt16LE(node + 4);
  const keyLength = page.readUInt16LE(node + 6);
  if (kind === PAGE.branch) {
    children.push(BigInt(low) | (BigInt(high) << 16n) | (BigInt(flags) << 32n));
    return;
  }
  const data = node + 8 + keyLength;
  const length = low + high * 65536;
  if (flags & NODE_BIG_DATA) {
    if (data + 8 > page.length) fail(number, 'has an entry outside the page');
    const overflow = page.readBigUInt64LE(data);
    const pages = Math.ceil((length + PAGE_HEADER) / page.length);
    if (overflow + BigInt(pages) > BigInt(pagesInFile)) fail(number, 'points behind the end of the file');
  } else if (data + length > page.length) {
    fail(number, 'has an entry outside the page');
  } else if (flags & NODE_SUB_DATABASE) {
    const root = page.readBigUInt64LE(data + 40);
    if (root !== NO_ROOT) children.push(root);
  }
}
