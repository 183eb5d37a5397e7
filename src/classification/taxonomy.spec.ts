import type { AppConfig } from '../config/app-config.js';
import { DEFAULT_CATEGORIES } from './classification.types.js';
import { Taxonomy } from './taxonomy.js';

const taxonomy = (...names: string[]) => new Taxonomy({ env: { CATEGORIES: names } } as unknown as AppConfig);

describe('Taxonomy', () => {
  it('has the built-in categories first, then the configured ones', () => {
    const { categories, list } = taxonomy('Warranty', 'press');

    expect(categories).toEqual([...DEFAULT_CATEGORIES, 'warranty', 'press']);
    expect(list.at(-1)).toEqual({ name: 'press', description: 'mails about press', builtIn: false });
  });

  it('ignores what it has already', () => {
    expect(taxonomy('billing', 'press', 'PRESS').categories).toEqual([...DEFAULT_CATEGORIES, 'press']);
  });
});
