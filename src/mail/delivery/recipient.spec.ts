import type { SenderAuthentication } from '../message/parsed-mail.types.js';
import { domainOf, plainAddress, replyRecipient } from './recipient.js';

const address = (text: string) => ({ name: '', address: text });
const dmarc = (verdict: string): SenderAuthentication => ({
  spf: 'none',
  dkim: 'none',
  dmarc: verdict,
  dmarcPolicy: null,
});

it.each<[string, string[], string | null, string | null]>([
  ['ann@customer.test', [], null, 'ann@customer.test'],
  ['ann@customer.test', ['office@customer.test'], null, 'office@customer.test'],
  ['ann@customer.test', ['office@CUSTOMER.test'], null, 'office@customer.test'],
  ['ann@customer.test', ['thief@elsewhere.test'], null, 'ann@customer.test'],
  ['ann@customer.test', ['thief@elsewhere.test'], 'fail', 'ann@customer.test'],
  ['ann@customer.test', ['thief@elsewhere.test'], 'none', 'ann@customer.test'],
  ['ann@customer.test', ['assistant@elsewhere.test'], 'pass', 'assistant@elsewhere.test'],
  ['ann@customer.test', ['a@customer.test', 'b@customer.test'], 'pass', 'ann@customer.test'],
  ['ann@customer.test', ['not an address'], 'pass', 'ann@customer.test'],
  ['ann@customer.test', ['a@sub.customer.test'], null, 'ann@customer.test'],
  ['nonsense', ['a@customer.test'], 'pass', null],
])('From %s with Reply-To %j and DMARC %s is answered at %s', (from, replyTo, verdict, expected) => {
  const authentication = verdict === null ? null : dmarc(verdict);
  const mail = { from: address(from), replyTo: replyTo.map(address), authentication };
  expect(replyRecipient(mail)?.address ?? null).toBe(expected);
});

it('a mail without From is answered nowhere', () => {
  expect(replyRecipient({ from: null, replyTo: [address('a@b.test')], authentication: dmarc('pass') })).toBeNull();
});

it.each([
  ['a@bücher.test', 'a@xn--bcher-kva.test'],
  ["o'neill+tag@x.test", "o'neill+tag@x.test"],
  ['ü@x.test', 'ü@x.test'],
  ['a@x.test\r\nDATA', null],
  ['a@x.test,b@y.test', null],
  ['a"b@x.test', null],
  ['a@b@c.test', null],
  ['@x.test', null],
  ['a@', null],
  [`${'a'.repeat(65)}@x.test`, null],
  [`a@${'b.'.repeat(130)}test`, null],
])('plainAddress(%j) is %j', (text, expected) => expect(plainAddress(text)).toBe(expected));

it('a domain is compared in lower case and punycode', () =>
  expect(domainOf('a@BÜCHER.test')).toBe('xn--bcher-kva.test'));
