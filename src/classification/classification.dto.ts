import { z } from 'zod';

export const categoryView = z
  .object({
    name: z.string().describe('The category as it stands in classifications'),
    description: z.string().describe('What belongs in it; the model is told the same'),
    builtIn: z.boolean().describe('False for categories added by CATEGORIES'),
  })
  .meta({ id: 'Category' });

export const categoryListView = z.object({ items: z.array(categoryView) }).meta({ id: 'CategoryList' });
export type CategoryListView = z.infer<typeof categoryListView>;
