import { Schema } from 'mongoose';
import { idField, schemaOptions, type Stored } from '../database/schema-options.js';
import type { ArticleStatus } from './knowledge.types.js';

export const ARTICLE_MODEL = 'KnowledgeArticle';
export const PASSAGE_MODEL = 'KnowledgePassage';
export const KNOWLEDGE_STATE_MODEL = 'KnowledgeState';

export type ArticleDoc = Stored & {
  title: string;
  body: string;
  language: string;
  categories: string[];
  tags: string[];
  status: ArticleStatus;
  /** Goes up with each change: optimistic lock. */
  version: number;
  /** The set of passages that belongs to this version; null for a draft. Switching it publishes all of them at once. */
  passageSet: string | null;
};

export const articleSchema = new Schema<ArticleDoc>(
  {
    _id: idField,
    title: { type: String, required: true },
    body: { type: String, required: true },
    language: { type: String, required: true },
    categories: { type: [String], default: [] },
    tags: { type: [String], default: [] },
    status: { type: String, required: true, enum: ['draft', 'published'] satisfies ArticleStatus[] },
    version: { type: Number, required: true },
    passageSet: { type: String, default: null },
  },
  schemaOptions('knowledge_articles'),
);
articleSchema.index({ status: 1, _id: -1 });

export type PassageDoc = Stored & {
  articleId: string;
  passageSet: string;
  position: number;
  heading: string;
  text: string;
};

export const passageSchema = new Schema<PassageDoc>(
  {
    _id: idField,
    articleId: { type: String, required: true },
    passageSet: { type: String, required: true },
    position: { type: Number, required: true },
    heading: { type: String, default: '' },
    text: { type: String, required: true },
  },
  schemaOptions('knowledge_passages'),
);
passageSchema.index({ articleId: 1, passageSet: 1 });

/** One document, `_id: published`: tells every replica that its index is out of date. */
export type KnowledgeStateDoc = Stored & { revision: number };

export const knowledgeStateSchema = new Schema<KnowledgeStateDoc>(
  { _id: { type: String, required: true }, revision: { type: Number, required: true, default: 0 } },
  schemaOptions('knowledge_state'),
);
