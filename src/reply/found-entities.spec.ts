import { findAddresses, findCards, findIbans, findLinks, findPhones } from './found-entities.js';

const keys = (entities: { key: string }[]): string[] => entities.map(({ key }) => key);

describe('findLinks', () => {
  it.each([
    ['see https://Shop.Example/a?b=1.', ['shop.example']],
    ['(www.shop.example)', ['shop.example']],
    ['at shop.example/help, please', ['shop.example']],
    ['Shop:https://evil.example', ['evil.example']],
    ['https://bank.example@evil.example/x', ['evil.example']],
    ['https://b\u00e0nk.example', ['xn--bnk-9ka.example']],
    ['https://%zz/login', ['https://%zz/login']],
    ['<a href="http://evil.example">', ['evil.example']],
    ['a@shop.example', []],
    ['e.g. file.txt, v1.2.3, and so on.Next', []],
  ])('%p', (text, hosts) => expect(keys(findLinks(text))).toEqual(hosts));

  it('says where it is', () => {
    const text = 'go to https://evil.example/x.';
    const [link] = findLinks(text);
    expect(text.slice(link!.start, link!.end)).toBe('https://evil.example/x');
  });
});

describe('findAddresses', () => {
  it.each([
    ['Write to Help@Shop.example.', ['help@shop.example']],
    ['<mailto:a.b+c@x.example>', ['a.b+c@x.example']],
    ['@handle, a@b, 5@6', []],
  ])('%p', (text, addresses) => expect(keys(findAddresses(text))).toEqual(addresses));
});

describe('numbers', () => {
  it.each([
    ['call +1 (555) 010-0123 today', ['50100123']],
    ['0030 123 45 67-89', ['23456789']],
    ['on 24.12.2026 or 2026-12-24', []],
    ['order 123456789', []],
    ['30 days, 500 ml, 2 to 3', []],
  ])('phones in %p', (text, phones) => expect(keys(findPhones(text))).toEqual(phones));

  it('accounts are told by their checksum', () => {
    expect(keys(findIbans('DE89 3704 0044 0532 0130 00'))).toEqual(['DE89370400440532013000']);
    expect(findIbans('DE00 3704 0044 0532 0130 00')).toEqual([]);
  });

  it('cards are told by their checksum', () => {
    expect(keys(findCards('4111 1111 1111 1111'))).toEqual(['4111111111111111']);
    expect(findCards('4111 1111 1111 1112')).toEqual([]);
  });
});

it.each([
  'a'.repeat(200_000),
  'a.'.repeat(100_000),
  '1 '.repeat(100_000),
  'http://'.repeat(30_000),
  'é-'.repeat(100_000),
])('looks through a hostile text in bounded time (%#)', (text) => {
  const startedMs = performance.now();
  for (const find of [findLinks, findAddresses, findIbans, findCards, findPhones]) find(text);
  expect(performance.now() - startedMs).toBeLessThan(2_000);
});
