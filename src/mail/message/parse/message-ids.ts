import { createHash } from 'node:crypto';

/** RFC 5322 section 2.1.1: no line is longer. */
const MAX_ID_LENGTH = 998;
const MAX_REFERENCES = 50;

/** Every Message-ID of a header value, in order. */
export function messageIdsOf(value: string): string[] {
  return (value.match(/<[^<>\s]+>/g) ?? []).filter((id) => id.length <= MAX_ID_LENGTH);
}

/** The first Message-ID of a header value; one without angle brackets gets them. Null when there is none. */
export function firstMessageId(value: string | undefined): string | null {
  if (!value) return null;
  const bare = value.trim();
  return (
    messageIdsOf(value)[0] ?? (bare.length < MAX_ID_LENGTH && /^[^<>\s@]+@[^<>\s@]+$/.test(bare) ? `<${bare}>` : null)
  );
}

/** References, oldest first. Of too many, the first (it began the thread) and the last ones stay. */
export function referencesOf(value: string | undefined): string[] {
  const ids = [...new Set(messageIdsOf(value ?? ''))];
  return ids.length <= MAX_REFERENCES ? ids : [ids[0]!, ...ids.slice(1 - MAX_REFERENCES)];
}

/** The Message-ID of a mail without a usable one: the same at every parse of the same bytes. */
export function synthesisedMessageId(bytes: Buffer): string {
  return `<${createHash('sha256').update(bytes).digest('hex')}@inbound.local>`;
}
