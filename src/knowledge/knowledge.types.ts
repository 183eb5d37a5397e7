/** A piece of a knowledge article that retrieval returns and a draft cites. */
export interface Passage {
  id: string;
  articleId: string;
  /** Title of the article, for people. */
  title: string;
  /** Heading path inside the article; may be empty. */
  heading: string;
  text: string;
  /** ISO 639-1. */
  language: string;
}

/** A passage with how well it fits a query. */
export interface RankedPassage extends Passage {
  /** BM25 score: comparable within one query only. */
  score: number;
  /** Share of the query's idf weight that occurs in the passage, 0 to 1: comparable between queries. */
  coverage: number;
}

export type ArticleStatus = 'draft' | 'published';

/** What a person writes of an article. */
export interface ArticleContent {
  title: string;
  /** Markdown or plain text. */
  body: string;
  /** ISO 639-1. */
  language: string;
  /** Used only for mails of these categories; empty: for all. */
  categories: string[];
  tags: string[];
  /** Only published articles are found. */
  status: ArticleStatus;
}

export interface Article extends ArticleContent {
  id: string;
  /** From 1; goes up with each change. */
  version: number;
  createdAt: Date;
  updatedAt: Date;
}

/** A published passage with what decides whether it may be used. */
export interface PublishedPassage extends Passage {
  categories: string[];
}

export interface SearchOptions {
  /** ISO 639-1: passages of this language only, if there are any; null or left out: all. */
  language?: string | null;
  /** Leaves out passages of articles that are for other categories. */
  category?: string | null;
  limit: number;
}
