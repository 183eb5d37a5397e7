import { z } from 'zod';
import { pageOf, pageQuery } from '../common/http/page.js';
import type { Article, RankedPassage } from './knowledge.types.js';

const status = z.enum(['draft', 'published']);
const language = z
  .string()
  .regex(/^[a-z]{2}$/, 'must be an ISO 639-1 code such as en')
  .meta({ example: 'en' });
const label = z.string().trim().min(1).max(50);

export const articleContent = z
  .strictObject({
    title: z.string().trim().min(1).max(200).describe('What the article answers').meta({ example: 'Refunds' }),
    body: z.string().min(1).max(100_000).describe('Markdown or plain text; headings become part of the citation'),
    language: language.default('en').describe('ISO 639-1 code of the text'),
    categories: z.array(label).max(20).default([]).describe('Use only for mails of these categories; empty for all'),
    tags: z.array(label).max(20).default([]).describe('Free labels for people'),
    status: status.default('published').describe('Only published articles are found'),
  })
  .meta({ id: 'ArticleContent' });

export const articleChange = articleContent
  .extend({ version: z.int().min(1).describe('The version that was edited; 409 when there is a newer one') })
  .meta({ id: 'ArticleChange' });
export type ArticleChange = z.infer<typeof articleChange>;

const time = z.string().meta({ format: 'date-time' });

export const articleView = z
  .object({
    id: z.string(),
    title: z.string(),
    body: z.string(),
    language: z.string(),
    categories: z.array(z.string()),
    tags: z.array(z.string()),
    status,
    version: z.int().describe('From 1; goes up with each change'),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'Article' });
export type ArticleView = z.infer<typeof articleView>;
export const articlePage = pageOf(articleView, 'ArticlePage');

export const articleQuery = pageQuery.extend({
  status: status.optional().describe('draft or published; left out: both'),
});
export type ArticleListQuery = z.infer<typeof articleQuery>;

export const searchQuery = z.strictObject({
  q: z.string().trim().min(1).max(8_000).describe('A question or a whole mail'),
  language: language.optional().describe('Only passages of this language, if there are any'),
  category: label.optional().describe('Leave out articles that are for other categories'),
  limit: z.coerce.number().int().min(1).max(50).default(5).describe('Passages, 1 to 50'),
});
export type SearchQuery = z.infer<typeof searchQuery>;

export const searchResult = z
  .object({
    items: z.array(
      z
        .object({
          id: z.string(),
          articleId: z.string(),
          title: z.string(),
          heading: z.string().describe('Headings inside the article, joined by " > "'),
          text: z.string(),
          language: z.string(),
          score: z.number().describe('Comparable within this answer only'),
          coverage: z.number().describe('Share of the question that the passage covers, 0 to 1'),
        })
        .meta({ id: 'RankedPassage' }),
    ),
  })
  .meta({ id: 'KnowledgeSearchResult' });
export type SearchResult = { items: RankedPassage[] };

export const toArticleView = ({ createdAt, updatedAt, ...article }: Article): ArticleView => ({
  ...article,
  createdAt: createdAt.toISOString(),
  updatedAt: updatedAt.toISOString(),
});
