import { Injectable } from '@nestjs/common';
import { AppConfig } from '../config/app-config.js';
import { DEFAULT_CATEGORIES } from './classification.types.js';

/** What belongs where, in words that a person and a model both understand. */
export const CATEGORY_DESCRIPTIONS: Readonly<Record<(typeof DEFAULT_CATEGORIES)[number], string>> = {
  billing: 'invoices, charges, payments, refunds, payment methods, tax and subscription fees, cancelling a paid plan',
  support: 'something does not work, or a question about how to do something with the product or an order',
  sales: 'wants to buy: prices, plans, quotes, offers, demos, trials, resellers, availability before a purchase',
  complaint: 'is angry or disappointed about service, quality, delay or staff and wants that put right',
  account: 'sign-in, passwords, two-factor codes, user data, access rights, closing or changing an account',
  feedback: 'praise, ideas, feature wishes and opinions that need no help',
  spam: 'unasked advertising, scams, phishing, chain letters',
  other: 'everything else: partnerships, press, jobs, events, wrong recipient, unclear',
};

/** One category as the API shows it. */
export interface CategoryInfo {
  name: string;
  description: string;
  /** False for the ones that CATEGORIES adds. */
  builtIn: boolean;
}

/** The categories that a mail can have: the built-in ones, then those of CATEGORIES. */
@Injectable()
export class Taxonomy {
  readonly list: readonly CategoryInfo[];
  readonly categories: readonly string[];

  constructor(config: AppConfig) {
    const builtIn = DEFAULT_CATEGORIES.map((name) => ({
      name,
      description: CATEGORY_DESCRIPTIONS[name],
      builtIn: true,
    }));
    const names: readonly string[] = DEFAULT_CATEGORIES;
    const added = [...new Set(config.env.CATEGORIES.map((name) => name.toLowerCase()))].filter(
      (name) => !names.includes(name),
    );
    this.list = [...builtIn, ...added.map((name) => ({ name, description: `mails about ${name}`, builtIn: false }))];
    this.categories = this.list.map(({ name }) => name);
  }

  has(category: string): boolean {
    return this.categories.includes(category);
  }
}
