import { Injectable } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { Clock } from '../common/clock.js';
import { Bm25Index } from './bm25-index.js';
import type { PublishedPassage, RankedPassage, SearchOptions } from './knowledge.types.js';
import { PassageRepository } from './passage.repository.js';

/** How long an index is used before the store is asked whether it is out of date. */
const REVISION_MAX_AGE_MS = 5_000;
/** A mail's question is in its first pages; more only costs time. */
const MAX_QUERY_CHARS = 8_000;

interface Loaded {
  revision: number;
  passages: PublishedPassage[];
  index: Bm25Index;
  languages: ReadonlySet<string>;
}

/**
 * Finds passages by their words (BM25 over words and character runs; no language model, no network). The index lives in this
 * process and is rebuilt when the published articles change: at once after own writes, within 5 s after those of others.
 */
@Injectable()
export class RetrieverService {
  private loaded: Loaded | null = null;
  private checkedAtMs = -Infinity;
  private checking: Promise<Loaded> | null = null;

  constructor(
    private readonly passages: PassageRepository,
    private readonly clock: Clock,
    @InjectPinoLogger(RetrieverService.name) private readonly logger: PinoLogger,
  ) {}

  /** The best passages, best first; none for a query without a word of the knowledge base. */
  async search(query: string, { language, category, limit }: SearchOptions): Promise<RankedPassage[]> {
    const { passages, index, languages } = await this.current();
    const only = language && languages.has(language) ? language : null;
    const allowed = (at: number): boolean => {
      const passage = passages[at]!;
      const inScope = passage.categories.length === 0 || !category || passage.categories.includes(category);
      return inScope && (only === null || passage.language === only);
    };
    return index.search(query.slice(0, MAX_QUERY_CHARS), limit, allowed).map(({ index: at, score, coverage }) => {
      const { categories: _, ...passage } = passages[at]!;
      return { ...passage, score, coverage };
    });
  }

  /** Number of passages that can be found. */
  async size(): Promise<number> {
    return (await this.current()).passages.length;
  }

  /** The next search looks at the store again. */
  invalidate(): void {
    this.checkedAtMs = -Infinity;
  }

  private async current(): Promise<Loaded> {
    if (this.loaded && this.clock.monotonicMs() - this.checkedAtMs < REVISION_MAX_AGE_MS) return this.loaded;
    // One look at a time, shared by all who wait for it.
    this.checking ??= this.check().finally(() => (this.checking = null));
    return this.checking;
  }

  private async check(): Promise<Loaded> {
    const askedAtMs = this.clock.monotonicMs();
    this.checkedAtMs = askedAtMs; // before the read: a write during it resets this, and the next search looks again
    // Read before the passages: a change in between shows as a newer revision at the next look.
    const revision = await this.passages.revision();
    if (this.loaded?.revision === revision) return this.loaded;
    const passages = await this.passages.findPublished();
    const index = await Bm25Index.build(
      passages.map(({ title, heading, text }) => ({ title: `${title} ${heading}`, text })),
    );
    this.loaded = { revision, passages, index, languages: new Set(passages.map((passage) => passage.language)) };
    this.logger.info(
      { revision, passages: passages.length, ms: Math.round(this.clock.monotonicMs() - askedAtMs) },
      'index built',
    );
    return this.loaded;
  }
}
