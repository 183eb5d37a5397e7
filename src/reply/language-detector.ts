import { Injectable } from '@nestjs/common';

/** Shorter texts say too little about their language (measured: subjects alone are wrong in one of ten). */
const MIN_CHARS = 40;

/** Tells the language of a text with eld (n-grams, no network); loaded with the first use. */
@Injectable()
export class LanguageDetector {
  private detector: Promise<(text: string) => string | null> | null = null;

  /** ISO 639-1 code, or null when the text is too short or the result not reliable. */
  async detect(text: string): Promise<string | null> {
    if (text.trim().length < MIN_CHARS) return null;
    this.detector ??= load();
    return (await this.detector)(text);
  }
}

/** eld is an ES module: only a dynamic import loads it from CommonJS. */
async function load(): Promise<(text: string) => string | null> {
  const { eld } = await import('eld/extrasmall');
  return (text) => {
    const result = eld.detect(text);
    return result.isReliable() ? result.language : null;
  };
}
