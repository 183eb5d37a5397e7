import fc from 'fast-check';
import { MailTokens } from './loop-token.js';

const key = (text: string): Buffer => Buffer.from(text.padEnd(32, '-'));
const tokens = new MailTokens([key('new'), key('old')]);
const others = new MailTokens([key('other installation')]);

it('a Message-ID is 26 base32 characters at the domain, the same each time, another for each answer', () => {
  const id = tokens.messageId('m', 'e', 1, 'shop.test');
  expect(id).toMatch(/^<[a-z2-7]{26}@shop\.test>$/);
  expect(tokens.messageId('m', 'e', 1, 'shop.test')).toBe(id);
  const different = [tokens.messageId('m', 'e', 2, 'shop.test'), tokens.messageId('m', 'f', 1, 'shop.test')];
  expect(new Set([id, ...different, others.messageId('m', 'e', 1, 'shop.test')]).size).toBe(4);
});

it('recognises its own, also those of the previous key, in any case and with or without brackets', () => {
  const own = tokens.messageId('m', 'e', 1, 'shop.test');
  const older = new MailTokens([key('old')]).messageId('m', 'e', 1, 'shop.test');
  for (const id of [own, older, own.toUpperCase(), own.slice(1, -1), ` ${own} `])
    expect(tokens.isOwnMessageId(id)).toBe(true);
});

it('recognises no other, not even with one character changed', () => {
  const own = tokens.messageId('m', 'e', 1, 'shop.test');
  const changed = (at: number): string => own.slice(0, at) + (own[at] === 'a' ? 'b' : 'a') + own.slice(at + 1);
  for (let at = 1; at <= 26; at++) expect(tokens.isOwnMessageId(changed(at))).toBe(false);
  expect(tokens.isOwnMessageId(own.replace('shop', 'chop'))).toBe(false);
  expect(tokens.isOwnMessageId(others.messageId('m', 'e', 1, 'shop.test'))).toBe(false);
  fc.assert(fc.property(fc.string(), (text) => !tokens.isOwnMessageId(text) && !tokens.isOwnLoopToken(text)));
});

it('makes loop tokens that stand by themselves', () => {
  const token = tokens.loopToken('<x@y>');
  expect(tokens.isOwnLoopToken(` ${token}\r\n`)).toBe(true);
  expect(others.isOwnLoopToken(token)).toBe(false);
  expect(tokens.isOwnLoopToken(token.slice(0, -1) + (token.endsWith('a') ? 'b' : 'a'))).toBe(false);
});

it('gives addresses pseudonyms that do not show them', () => {
  expect(tokens.pseudonym('Ann@x.test')).toBe(tokens.pseudonym('ann@x.test'));
  expect(tokens.pseudonym('ann@x.test')).not.toContain('ann');
});
