import { z } from 'zod';
import { ID_PATTERN } from '../id.js';

/** Query parameters of every list: newest first, `cursor` is the id after which the page starts. */
export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(25).describe('Items a page, 1 to 100'),
  cursor: z.string().regex(ID_PATTERN).optional().describe('`nextCursor` of the page before'),
});
export type PageQuery = z.infer<typeof pageQuery>;

export interface Page<T> {
  items: T[];
  /** Give it as `cursor` for the next page; null on the last one. */
  nextCursor: string | null;
}

/** The response schema of a page; `id` names it in the OpenAPI document. */
export const pageOf = <T extends z.ZodType>(item: T, id: string) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() }).meta({ id });

/** Cuts a page out of `limit + 1` rows, the extra one telling that there is more. */
export function toPage<T extends { id: string }>(rows: T[], limit: number): Page<T> {
  const items = rows.slice(0, limit);
  return { items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
}
