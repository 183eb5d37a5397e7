import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { type Example, ExampleRepository } from '../classification/example.repository.js';
import type { ExampleSource } from '../classification/example.schema.js';

/** One line of the export: input text and what people or engines said of it. */
export interface ExportedLabel {
  id: string;
  emailId: string;
  subject: string;
  text: string;
  language: string | null;
  category: string;
  priority: string | null;
  sentiment: string | null;
  source: ExampleSource;
  weight: number;
  labelledAt: string;
}

const PAGE = 100;

/** Labels as JSON lines (https://jsonlines.org), newest first, read page by page so that size does not matter. */
@Injectable()
export class LabelExport {
  constructor(private readonly examples: ExampleRepository) {}

  stream(source?: ExampleSource): Readable {
    return Readable.from(this.lines(source), { objectMode: false });
  }

  private async *lines(source?: ExampleSource): AsyncGenerator<Buffer> {
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page = await this.examples.page({ limit: PAGE, ...(cursor && { cursor }) }, source ? { source } : {});
      for (const example of page.items) yield Buffer.from(JSON.stringify(toExported(example)) + '\n');
      cursor = page.nextCursor;
    }
  }
}

function toExported(example: Example): ExportedLabel {
  return {
    id: example.id,
    emailId: example.emailId,
    subject: example.subject,
    text: example.text,
    language: example.language,
    category: example.category,
    priority: example.priority,
    sentiment: example.sentiment,
    source: example.source,
    weight: example.weight,
    labelledAt: example.updatedAt.toISOString(),
  };
}
