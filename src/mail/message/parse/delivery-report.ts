import type { DeliveryReport } from '../parsed-mail.types.js';
import { cleanLine } from './clean-text.js';
import { headerEnd, readHeaders } from './header-block.js';
import { firstMessageId } from './message-ids.js';

const ACTIONS = ['failed', 'delayed', 'delivered', 'relayed', 'expanded'] as const;
/** Reports of one mail to many recipients: the first failed one decides, more are not kept. */
const MAX_GROUPS = 50;
const MAX_PART_BYTES = 256 * 1024;

interface Part {
  contentType: string;
  bytes: Uint8Array;
}

/**
 * Reads a delivery status notification (RFC 3464): the field groups of message/delivery-status, and the Message-ID of the
 * returned mail (message/rfc822 or text/rfc822-headers). A failed recipient comes before a delayed one. Null when the mail
 * has no such part.
 */
export function deliveryReport(parts: readonly Part[]): DeliveryReport | null {
  const status = parts.find((part) => /^message\/(?:global-)?delivery-status$/i.test(part.contentType));
  if (!status) return null;
  const groups = fieldGroups(status.bytes).slice(0, MAX_GROUPS);
  const recipients = groups.filter((group) => group.has('final-recipient') || group.has('action'));
  const chosen = recipients.find((group) => actionOf(group) === 'failed') ?? recipients[0];
  if (!chosen) return null;
  const returned = parts.find((part) => /^(?:message\/(?:rfc822|global)|text\/rfc822-headers)/i.test(part.contentType));
  return {
    action: actionOf(chosen) ?? 'failed',
    status: /\b([245]\.\d{1,3}\.\d{1,3})\b/.exec(chosen.get('status') ?? '')?.[1] ?? null,
    recipient: addressOf(chosen.get('final-recipient') ?? chosen.get('original-recipient')),
    diagnostic: typedValue(chosen.get('diagnostic-code'), 500),
    originalMessageId: returned ? messageIdOf(returned.bytes) : null,
  };
}

/** Field groups are separated by empty lines; the first one is about the message, the others about recipients. */
function fieldGroups(bytes: Uint8Array): Map<string, string>[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, MAX_PART_BYTES)).toString('latin1');
  return text
    .replace(/\r\n?/g, '\n')
    .split(/\n{2,}/)
    .map((group) => new Map(readHeaders(Buffer.from(group, 'latin1'))))
    .filter((group) => group.size > 0);
}

function actionOf(group: Map<string, string>): DeliveryReport['action'] | null {
  const word = /[a-z]+/.exec((group.get('action') ?? '').toLowerCase())?.[0];
  return ACTIONS.find((action) => action === word) ?? null;
}

/** The value behind `rfc822;` or `smtp;`. */
function typedValue(value: string | undefined, max: number): string | null {
  const text = cleanLine((value ?? '').replace(/^[^;]{0,40};/, ''), max);
  return text === '' ? null : text;
}

function addressOf(value: string | undefined): string | null {
  const address = typedValue(value, 254)?.replace(/^<|>$/g, '').toLowerCase();
  return address && /^[^\s<>@]+@[^\s<>@]+$/.test(address) ? address : null;
}

function messageIdOf(bytes: Uint8Array): string | null {
  const part = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, MAX_PART_BYTES));
  // Only the headers of the returned mail: its body may quote other ids.
  const headers = readHeaders(part.subarray(0, headerEnd(part)));
  return firstMessageId(headers.find(([name]) => name === 'message-id')?.[1]);
}
